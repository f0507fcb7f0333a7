"""How often a model changes its mind when its inputs change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.complexity.quantise import quantise
from assay.metrics.sensitivity import probe
from assay.metrics.sensitivity.finite import check
from assay.metrics.sensitivity.noise import noise
from assay.metrics.sensitivity.probe import CHUNK, Model


@metric(range=(0, 1), better="lower", unit="fraction")
def flip_rate(
    model: Model,
    x: Array,
    perturb: float | Callable[[Tensor], Tensor] = 0.1,
    *,
    edges: Array | None = None,
    draws: int = 8,
    seed: int = 0,
    batch_size: int = CHUNK,
) -> float:
    """Share of predictions that change when the inputs are perturbed; the true labels play no part.

    rate = #{(i, draw) : answer(x_i') ≠ answer(x_i)} / (n draws), answer(x) = argmax f(x) or quantise(f(x), edges)

    perturb: standard deviation of Gaussian noise, in raw units and over ``draws``; or any function from all of x to
    changed inputs of the same shape, called once: a shift, a corruption. edges: for real outputs (n,) or (n, columns)
    the bins of `quantise`, such as `quantile_edges` of the training targets; the answer is the bin. For series
    (n, t, columns) each step is an answer, and the share is over samples and steps. model and x as for `sensitivity`;
    of equal logits the first counts. A fraction in [0, 1]. `BadInput` for NaN, noise not above 0, another shape, and as
    for `quantise`.

    >>> flip_rate(lambda x: x, [[1.0, 0.0], [0.0, 1.0]], lambda x: x + torch.tensor([0.0, 2.0]))
    0.5
    >>> flip_rate(lambda x: x, [[1.0], [2.5], [9.0], [5.0]], lambda x: x + 1, edges=[3.0])  # 2.5 becomes 3.5
    0.25
    """
    tensor = probe.inputs(x)
    with torch.no_grad(), probe.untouched(model):
        before = _answers(model, tensor, batch_size, edges)
        if callable(perturb):
            return _share(before, _answers(model, _changed(perturb, tensor), batch_size, edges))
        check(perturb, draws)
        rows, shape = slice(0, len(tensor)), tuple(tensor.shape[1:])
        shares = [
            _share(before, _answers(model, tensor + perturb * moved.to(tensor), batch_size, edges))
            for moved in (noise(rows, shape, seed, "noise", draw) for draw in range(draws))
        ]
    return sum(shares) / draws


def flip_curve(
    model: Model,
    x: Array,
    strengths: Sequence[float],
    perturb: Callable[[Tensor, float], Tensor] | None = None,
    *,
    edges: Array | None = None,
    draws: int = 8,
    seed: int = 0,
) -> dict[float, float]:
    """`flip_rate` against strength: of Gaussian noise, or of any function of inputs and strength.

    curve = {strength: rate}

    Noise has the same directions at every strength, and none at 0. Arguments and errors as for `flip_rate`.

    >>> flip_curve(lambda x: x, [[1.0, 0.0]], [0.0, 0.5, 2.0], lambda x, s: x + s * torch.tensor([0.0, 1.0]))
    {0.0: 0.0, 0.5: 0.0, 2.0: 1.0}
    """
    if perturb is not None:
        return {s: flip_rate(model, x, _at(perturb, s), edges=edges) for s in map(float, strengths)}
    return {s: flip_rate(model, x, s, edges=edges, draws=draws, seed=seed) if s else 0.0 for s in map(float, strengths)}


def _answers(model: Model, x: Tensor, batch_size: int, edges: Array | None) -> Tensor:
    """Classes (n,), or the bins of real outputs: (n,), or (n, steps) of series."""
    if edges is None:
        return probe.predictions(model, x, batch_size)
    parts = [probe.called(model, x[rows]) for rows in probe.chunks(len(x), batch_size)]
    return torch.from_numpy(quantise(torch.cat(parts), edges))


def _at(perturb: Callable[[Tensor, float], Tensor], strength: float) -> Callable[[Tensor], Tensor]:
    return lambda x: perturb(x, strength)


def _share(before: Tensor, after: Tensor) -> float:
    return float((before != after).double().mean())


def _changed(perturb: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    changed = perturb(x.clone())
    if not isinstance(changed, Tensor) or changed.shape != x.shape:
        found = tuple(changed.shape) if isinstance(changed, Tensor) else type(changed).__name__
        raise BadInput(
            f"asked to perturb inputs of shape {tuple(x.shape)}; found {found}; return a tensor of the same shape"
        )
    return probe.finite(changed, "perturbed inputs", "mend the perturbation")
