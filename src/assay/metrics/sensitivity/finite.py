"""How far a model's outputs move when its inputs are moved by noise of a finite size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Literal

import torch
from torch import Tensor

from assay.core.errors import BadInput, unknown
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.sensitivity import probe
from assay.metrics.sensitivity.noise import noise
from assay.metrics.sensitivity.probe import CHUNK, Model, On, Units

GUAN = "Guan 2024, arXiv 2409.16086; Novak et al. 2018, arXiv 1802.08760"
SIGMAS = (0.003, 0.01, 0.03, 0.1, 0.3)


@metric(range=(0, float("inf")), unit="output per input", cite=GUAN)
def sensitivity(
    model: Model,
    x: Array,
    sigma: float = 0.1,
    *,
    on: On = "logits",
    norm: Literal["rms", "mean"] = "rms",
    units: Units = "raw",
    draws: int = 8,
    seed: int = 0,
    batch_size: int = CHUNK,
) -> float:
    """Finite-noise sensitivity: how far outputs move under Gaussian input noise, divided by the size of the noise.

    S = sqrt(mean ||f(x + σδ) - f(x)||²) / σ, δ ~ N(0, I)

    The mean is over samples and ``draws``; norm="mean" takes the mean of the norms instead, which is smaller. model: a
    callable from (n, ...) to logits (n, classes) or other real outputs (n,), (n, k), (n, t, k), of which all axes but
    the first count as one vector; called as it is. on: move of the logits, or of the softmax ("probs").
    units: what sigma counts, raw inputs, standard deviations of x ("standardised"), or a number (or tensor, one an
    input) of raw units in one unit; S is per the same unit. As sigma falls S tends to `jacobian_norm`; below about 1e-4
    float32 rounding takes over. Does not depend on the batch size. [0, inf), and grows with the scale of the logits:
    see `margin_sensitivity`. `BadInput` for NaN, sigma not above 0, draws below 1, unknown words.

    >>> sensitivity(lambda x: 0 * x, [[1.0, 2.0]])
    0.0
    >>> twice = sensitivity(lambda x: 2 * x, [[1.0, 2.0]]) / sensitivity(lambda x: x, [[1.0, 2.0]])
    >>> round(twice, 4)
    2.0
    """
    squares = torch.cat([moved for _, moved in _moves(model, x, sigma, on, units, draws, seed, batch_size)], 1)
    return reduce(squares, norm)


@metric(range=(0, float("inf")), unit="1 per input", cite=GUAN)
def margin_sensitivity(
    model: Model,
    x: Array,
    sigma: float = 0.1,
    *,
    units: Units = "raw",
    draws: int = 8,
    seed: int = 0,
    batch_size: int = CHUNK,
) -> float:
    """Finite-noise sensitivity of the logits in units of each sample's margin: does not grow with their scale.

    S_m = median_i sqrt(mean_δ ||f(x_i + σδ) - f(x_i)||²) / (σ margin_i)

    margin_i: largest logit minus second largest, without noise. The median over samples, because margins near zero
    make the mean infinite; infinite where half of the samples are ties that move. 1 / S_m is about the noise at which
    outputs move by as much as the decision was won by. Arguments and errors as for `sensitivity`.

    >>> ten = margin_sensitivity(lambda x: 10 * x, [[3.0, 1.0]]) / margin_sensitivity(lambda x: x, [[3.0, 1.0]])
    >>> round(ten, 4)
    1.0
    """
    ratios = []
    for clean, moved in _moves(model, x, sigma, "logits", units, draws, seed, batch_size):
        best = probe.classes(clean).topk(2, 1).values
        length = moved.mean(0).sqrt()
        ratios.append(torch.where(length > 0, length / (best[:, 0] - best[:, 1]), 0.0))
    ordered = torch.cat(ratios).sort().values
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)  # also where some are infinite


def sigma_sweep(
    model: Model,
    x: Array,
    sigmas: Sequence[float] = SIGMAS,
    *,
    on: On = "logits",
    norm: Literal["rms", "mean"] = "rms",
    units: Units = "raw",
    draws: int = 8,
    seed: int = 0,
) -> dict[float, float]:
    """`sensitivity` against the size of the noise, with the same noise directions at every size.

    sweep = {σ: S_σ}

    Flat for a linear model; where it leaves its limit at small sigma, noise no longer sees the model as linear.
    Arguments and errors as for `sensitivity`.

    >>> {s: round(v, 3) for s, v in sigma_sweep(lambda x: 0 * x, [[1.0, 2.0]], (0.1, 0.2)).items()}
    {0.1: 0.0, 0.2: 0.0}
    """
    if not len(sigmas):
        raise BadInput("asked for a sweep over sigma; found no values; give at least one")
    return {
        float(sigma): sensitivity(model, x, sigma, on=on, norm=norm, units=units, draws=draws, seed=seed)
        for sigma in sigmas
    }


def reduce(squares: Tensor, norm: str) -> float:
    """One number of squared lengths: root mean square, or mean length."""
    if norm not in ("rms", "mean"):
        raise unknown("norm", str(norm), ("rms", "mean"))
    return float(squares.mean().sqrt() if norm == "rms" else squares.sqrt().mean())


def check(sigma: float, draws: int) -> None:
    """`BadInput` unless there is noise, and at least one draw of it."""
    if not (isfinite(sigma) and sigma > 0):
        raise BadInput(f"asked for noise of standard deviation {sigma}; it divides; give a finite sigma above 0")
    if draws < 1:
        raise BadInput(f"asked for {draws} draws of noise; one is the least; give draws=1 or more")


def _moves(
    model: Model, x: Array, sigma: float, on: On, units: Units, draws: int, seed: int, batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batch by batch: outputs without noise (n, outputs), and squared moves over sigma², (draws, n)."""
    check(sigma, draws)
    tensor = probe.inputs(x)
    scale = sigma * probe.spread(tensor, units)
    with torch.no_grad(), probe.untouched(model):
        for rows in probe.chunks(len(tensor), batch_size):
            part = tensor[rows]
            clean = probe.outputs(model, part, on)
            moved = []
            for draw in range(draws):
                delta = noise(rows, tuple(part.shape[1:]), seed, "noise", draw).to(part) * scale
                moved.append((probe.outputs(model, part + delta, on) - clean).square().sum(1) / sigma**2)
            yield clean, torch.stack(moved)
