"""Complexity and sensitivity of a regression: does weight decay make it react less to its inputs?

Data: the embedded `diabetes` (442 patients, ten measurements, progression after a year).
Run: python examples/regression.py
"""

from __future__ import annotations

import torch
from side_by_side import Claim, arguments, report
from sklearn.datasets import load_diabetes
from torch import Tensor, nn

from assay.core.rng import numpy_rng
from assay.metrics import (
    complexity_references,
    flip_rate,
    output_complexity,
    projection_orders,
    quantile_edges,
    quantise,
    sensitivity,
)

SETTINGS = {"plain": 0.0, "decay": 3.0}  # weight decay of AdamW
BINS = 4  # quantile bins, edges from the training targets
SIGMA = 0.1  # noise on each measurement, in its standard deviations
TRAIN = 300  # patients; the other 142 are the probe
CLAIM = Claim("without weight decay the model reacts more to noise in its inputs", figure="sensitivity", side="above")


def patients() -> tuple[Tensor, Tensor]:
    """Inputs (442, 10) and targets (442, 1), both in standard deviations, in a shuffled order of fixed seed."""
    data = load_diabetes()
    order = numpy_rng(0, "split").permutation(len(data.target))
    x, y = (torch.tensor(part[order], dtype=torch.float32) for part in (data.data, data.target[:, None]))
    return (x - x[:TRAIN].mean(0)) / x[:TRAIN].std(0), (y - y[:TRAIN].mean()) / y[:TRAIN].std()


def train(x: Tensor, y: Tensor, decay: float, seed: int, steps: int) -> nn.Module:
    """A small network fitted to all training patients at once; settings of one seed begin alike."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
    for _ in range(steps):
        optimiser.zero_grad()
        (net(x) - y).square().mean().backward()
        optimiser.step()
    return net


def main() -> None:
    """Train both settings on every seed, measure on the patients held out, report."""
    given = arguments("Complexity and sensitivity of a regression.", steps=300)
    x, y = patients()
    probe, true = x[TRAIN:], y[TRAIN:]
    edges = quantile_edges(y[:TRAIN], BINS)
    orders = projection_orders(probe)  # patients with like measurements stand near each other

    def figures(decay: float, seed: int) -> dict[str, float]:
        net = train(x[:TRAIN], y[:TRAIN], decay, seed, given.steps)
        with torch.no_grad():
            predicted = net(probe)
        return {
            "error": float((predicted - true).square().mean().sqrt()),
            "complexity": output_complexity(quantise(predicted, edges), orders=orders),
            "sensitivity": sensitivity(net, probe, SIGMA),
            "moved": flip_rate(net, probe, SIGMA, edges=edges),
        }

    one, other = SETTINGS
    pairs = [(figures(SETTINGS[one], seed), figures(SETTINGS[other], seed)) for seed in range(given.seeds)]
    references = {
        "error": {"mean": float(true.square().mean().sqrt())},  # answering the mean of the training targets
        "complexity": complexity_references(quantise(true, edges), classes=BINS, orders=orders),
    }
    report("diabetes: predicted progression", (one, other), pairs, references, CLAIM)


if __name__ == "__main__":
    main()
