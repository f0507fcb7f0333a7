"""Samples that lie near a decision boundary."""

from __future__ import annotations

from math import isfinite

import torch
from torch import Tensor

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.sensitivity import probe
from assay.metrics.sensitivity.probe import CHUNK, Model


@metric(range=(0, 1), unit="fraction", cite="Arpit et al. 2017, arXiv 1706.05394")
def critical_sample_ratio(
    model: Model,
    x: Array,
    radius: float = 0.03,
    *,
    step: float = 0.5,
    steps: int = 20,
    bounds: tuple[float, float] | None = None,
    batch_size: int = CHUNK,
) -> float:
    """Critical sample ratio: share of samples with another prediction within a box around them.

    CSR = #{i : some x' has ||x' - x_i||_∞ <= radius and argmax f(x') ≠ argmax f(x_i)} / n

    Searched for by at most ``steps`` sign-gradient steps of ``step`` radii that lower the margin of the prediction,
    kept in the box and within ``bounds`` (such as (0, 1) for pixels): no noise, and a lower bound, since a search may
    miss. A count of complexity, not of mistakes: labels play no part. model and x as for `jacobian_norm`. A fraction in
    [0, 1]. `BadInput` for NaN, or a radius, step or number of steps not above 0. For Boolean functions, where all
    neighbours are known: `boolean_critical_ratio`.

    >>> critical_sample_ratio(lambda x: x, [[1.0, 0.95], [1.0, 0.0]], radius=0.03)  # gaps 0.05 and 1; 0.06 closes one
    0.5
    """
    for name, value in (("radius", radius), ("step", step), ("steps", steps)):
        if not (isfinite(value) and value > 0):
            raise BadInput(f"asked for a search with {name} {value}; it must move; give a finite {name} above 0")
    tensor = probe.inputs(x)
    with probe.untouched(model):
        found = [
            _search(model, tensor[rows], radius, step * radius, steps, bounds)
            for rows in probe.chunks(len(tensor), batch_size)
        ]
    return float(torch.cat(found).double().mean())


def _search(
    model: Model, x: Tensor, radius: float, step: float, steps: int, bounds: tuple[float, float] | None
) -> Tensor:
    """Which samples were brought to another prediction, (n,)."""
    low, high = x - radius, x + radius
    if bounds is not None:
        low, high = low.clamp(*bounds), high.clamp(*bounds)
    at, own, critical = x, None, torch.zeros(len(x), dtype=torch.bool, device=x.device)
    for taken in range(steps + 1):
        with torch.enable_grad():
            at = at.detach().requires_grad_()
            logits = probe.classes(probe.outputs(model, at))
            own = logits.argmax(1, keepdim=True) if own is None else own
            others = logits.scatter(1, own, -torch.inf).amax(1)
            margin = logits.gather(1, own)[:, 0] - others
            critical |= logits.argmax(1) != own[:, 0]
            if taken == steps or bool(critical.all()):
                break
            gradient = probe.gradient(margin.sum(), at)
        at = torch.minimum(torch.maximum(at - step * gradient.sign(), low), high)
    return critical
