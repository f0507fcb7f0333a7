"""Losses with one softmax over the whole batch: positives from sums over sets, negatives from one streamed log Z."""

from __future__ import annotations

import torch
from torch import Tensor

from assay.losses.contrastive.partition import log_partition
from assay.losses.contrastive.sets import Batch

Terms = tuple[Tensor, Tensor | None]


def one_softmax(
    u: Tensor,
    batch: Batch,
    kin: Tensor,
    twin: Tensor,
    *,
    own: bool,
    temperature: float,
    scale: Tensor | None,
    block: int,
) -> Terms:
    """(terms, gradient) of sum over anchors a and their positives b of weight_a (log Z_a - u_a u_b / temperature).

    ``kin (1 or runs, rows)`` is the weight of each positive of the same class and another instance, ``twin`` that of
    each of the same instance; ``own`` counts a row among its own twins and in its own Z. ``scale (runs, rows)`` is what
    each anchor's term is multiplied with before the gradient is taken; None: no gradient.

    Since sum_b u_a u_b = u_a (C - I) for kin and u_a (I - u_a) for twins, with C and I the sums over the class and the
    instance of a, no mask is needed.
    """
    others = batch.classes.size - batch.instances.size
    twins = batch.instances.size - (0 if own else 1)
    count = kin * others + twin * twins
    weight = None if scale is None else count * scale
    log_z, slope = log_partition(u, weight, temperature, own, block)
    near = batch.instances.sums(u)
    far = batch.classes.sums(u).sub_(near)
    near = near if own else near.sub_(u)
    pull = kin * _dots(u, far) + twin * _dots(u, near)
    terms = count * log_z - pull / temperature
    if slope is None or scale is None:
        return terms, None
    kin, twin = (kin * scale).unsqueeze(-1), (twin * scale).unsqueeze(-1)
    slope.addcmul_(kin, far, value=-1 / temperature).addcmul_(twin, near, value=-1 / temperature)
    del far, near
    slope.sub_(batch.classes.sums(kin * u), alpha=1 / temperature)
    slope.sub_(batch.instances.sums((twin - kin) * u), alpha=1 / temperature)
    return terms, slope if own else slope.addcmul_(twin, u, value=1 / temperature)


def _dots(a: Tensor, b: Tensor) -> Tensor:
    return torch.einsum("rvd,rvd->rv", a, b)


def over(weight: float, count: Tensor, like: Tensor) -> Tensor:
    """weight / count where there is anything to count, else 0."""
    count = count.to(like.dtype)
    return torch.where(count > 0, weight / count.clamp(min=1), 0.0)
