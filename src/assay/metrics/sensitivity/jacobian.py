"""How fast a model's outputs change with its inputs: the norm of the input Jacobian."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.sensitivity import probe
from assay.metrics.sensitivity.finite import reduce
from assay.metrics.sensitivity.noise import noise
from assay.metrics.sensitivity.probe import CHUNK, Model, On, Units


@metric(range=(0, float("inf")), unit="output per input", cite="Novak et al. 2018, arXiv 1802.08760")
def jacobian_norm(
    model: Model,
    x: Array,
    *,
    on: On = "logits",
    norm: Literal["rms", "mean"] = "rms",
    probes: int | None = None,
    units: Units = "raw",
    seed: int = 0,
    batch_size: int = CHUNK,
) -> float:
    """Frobenius norm of the input Jacobian of a model, root mean square over samples.

    ||J|| = sqrt(mean_i Σ_co (∂f_c(x_i) / ∂x_io)²)

    Exact by one backward pass a class. With ``probes`` Hutchinson's estimate, ||J||_F² = E ||v'J||² over random signs
    v, instead: one pass a probe, its error falls as 1 / sqrt(probes). norm="mean": mean of the norms, as in the source
    (with few probes it is too low). model, x, on, units: as for `sensitivity`, whose limit this is; samples must not
    see each other (no batch statistics). [0, inf). `BadInput` for NaN, for outputs without a gradient, for probes below
    1.

    >>> weight = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    >>> jacobian_norm(lambda x: x @ weight, [[1.0, 2.0]])  # sqrt(9 + 16)
    5.0
    >>> jacobian_norm(lambda x: x @ weight, [[1.0, 2.0]], probes=1)  # columns at right angles: exact
    5.0
    """
    if probes is not None and probes < 1:
        raise BadInput(f"asked for {probes} probes; one is the least; give probes=1 or more, or None")
    tensor = probe.inputs(x)
    scale = probe.spread(tensor, units)
    squares = []
    with torch.enable_grad(), probe.untouched(model):
        for rows in probe.chunks(len(tensor), batch_size):
            part = tensor[rows].clone().requires_grad_()
            out = probe.outputs(model, part, on)
            gradients = [probe.gradient((out * v).sum(), part) * scale for v in _directions(out, rows, probes, seed)]
            total = sum((g.double().square().flatten(1).sum(1) for g in gradients), torch.zeros_like(out[:, 0]))
            squares.append((total / (probes or 1)).detach())
    return reduce(torch.cat(squares), norm)


def _directions(out: Tensor, rows: slice, probes: int | None, seed: int) -> list[Tensor]:
    """Combinations of outputs to differentiate: each on its own, or random signs for each sample."""
    if probes is None:
        return list(torch.eye(out.shape[1], dtype=out.dtype, device=out.device))
    shape = (out.shape[1],)
    return [torch.sign(noise(rows, shape, seed, "hutchinson", k)).to(out) for k in range(probes)]
