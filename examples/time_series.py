"""Complexity and sensitivity of a sequence over time: does a network that runs freely stay as rich as what it learned?

Data: the logistic map x' = 3.9 x (1 - x), written out below. Run: python examples/time_series.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from side_by_side import Claim, arguments, report
from torch import Tensor, nn

from assay.metrics import c_lz, flip_rate, ordinal_patterns, quantile_edges, quantise, sensitivity, series_references

SETTINGS = {"lr .003": 0.003, "lr .01": 0.01}  # learning rate of Adam
LAGS = 2  # values from which the next one is predicted
BINS = 4  # quantile bins, edges from the training targets
TRAIN, PROBE, AHEAD = 300, 1000, 5  # steps to learn from, to run freely for, and to look ahead for the sensitivity
SIGMA = 0.01  # noise on each lag; the series lies between 0 and 1
CLAIM = Claim("the lower learning rate gives a free run that is less complex", figure="complexity", side="below")


def logistic(steps: int, start: float = 0.3, growth: float = 3.9) -> Tensor:
    """The series (steps,): chaotic, so the next value is easy to learn and the far future is not."""
    values = [start]
    while len(values) < steps:
        values.append(growth * values[-1] * (1 - values[-1]))
    return torch.tensor(values)


def train(lags: Tensor, following: Tensor, rate: float, seed: int, steps: int) -> nn.Module:
    """A small network that predicts the next value; settings of one seed begin alike."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(LAGS, 32), nn.Tanh(), nn.Linear(32, 1))
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (net(lags) - following).square().mean().backward()
        optimiser.step()
    return net


def free_run(net: nn.Module, steps: int) -> Callable[[Tensor], Tensor]:
    """A model from lags (n, LAGS) to the next ``steps`` values (n, steps, 1), each fed back as an input."""

    def run(lags: Tensor) -> Tensor:
        seen = list(lags.split(1, dim=1))
        for _ in range(steps):
            seen.append(net(torch.cat(seen[-LAGS:], 1)))
        return torch.stack(seen[LAGS:], 1)

    return run


def main() -> None:
    """Train both settings on every seed, let them run freely from where training ended, report."""
    given = arguments("Complexity and sensitivity of a sequence over time.", steps=1000)
    series = logistic(LAGS + TRAIN + PROBE)
    lags, following = series.unfold(0, LAGS, 1)[:-1], series[LAGS:, None]
    probe, true = lags[TRAIN:], following[TRAIN:]
    edges = quantile_edges(following[:TRAIN], BINS)

    def bins(values: np.ndarray) -> np.ndarray:
        return quantise(values, edges)

    def patterns(values: np.ndarray) -> np.ndarray:
        return ordinal_patterns(np.round(values, 3), length=3)  # near a fixed point only rounding errors rise and fall

    def figures(rate: float, seed: int) -> dict[str, float]:
        net = train(lags[:TRAIN], following[:TRAIN], rate, seed, given.steps)
        ahead = free_run(net, AHEAD)
        with torch.no_grad():
            error = float((net(probe) - true).square().mean().sqrt())
            free = free_run(net, PROBE)(probe[:1])[0].numpy()
        return {
            "error": error,
            "complexity": c_lz(bins(free)),
            "patterns": c_lz(patterns(free)),
            "sensitivity": sensitivity(ahead, probe[:200], SIGMA),
            "moved": flip_rate(ahead, probe[:200], SIGMA, edges=edges),
        }

    one, other = SETTINGS
    pairs = [(figures(SETTINGS[one], seed), figures(SETTINGS[other], seed)) for seed in range(given.seeds)]
    references = {
        "error": {"mean": float((true - following[:TRAIN].mean()).square().mean().sqrt())},
        "complexity": series_references(true, symbols=bins),
        "patterns": series_references(true, symbols=patterns),
    }
    report("logistic map: free run", (one, other), pairs, references, CLAIM)


if __name__ == "__main__":
    main()
