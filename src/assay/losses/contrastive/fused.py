"""Losses with one softmax over the whole batch: positives from sums over sets, negatives from one streamed log Z."""

from __future__ import annotations

import torch
from torch import Tensor

from assay.losses.contrastive.partition import log_partition
from assay.losses.contrastive.sets import Batch

Terms = tuple[Tensor, Tensor | None]
# How much each anchor's term counts in the gradient, (runs, rows) or (1, 1) for all alike; None: no gradient
Scale = Tensor | None


def one_softmax(
    u: Tensor, batch: Batch, kin: Tensor, twin: Tensor, *, own: bool, temperature: float, scale: Scale, block: int
) -> Terms:
    """(terms, gradient) of sum over anchors a and their positives b of weight_ab (log Z_a - u_a u_b / temperature).

    ``kin (1 or runs, rows)`` is the weight of each positive of the same class and another instance, ``twin`` that of
    each of the same instance; ``own`` counts a row among its own twins and in its own Z. ``scale`` multiplies each
    anchor's term before the gradient is taken.

    With C and I the sums of u over the class and the instance of a, sum_b weight_ab u_b = kin (C - I) + twin (I - u_a)
    (+ twin u_a if ``own``): no mask is needed.
    """
    others = batch.classes.size - batch.instances.size
    twins = batch.instances.size - (0 if own else 1)
    count = kin * others + twin * twins
    weight = None if scale is None else (count * scale).expand(u.shape[:2])
    log_z, slope = log_partition(u, weight, temperature, own, block)
    kin, twin = kin.unsqueeze(-1), twin.unsqueeze(-1)
    toward = (batch.classes.sums(u) * kin).addcmul_(batch.instances.sums(u), twin - kin)
    if not own:
        toward.addcmul_(u, twin, value=-1)
    terms = count * log_z - torch.einsum("rvd,rvd->rv", u, toward) / temperature
    if slope is None or scale is None:
        return terms, None
    scale = scale.unsqueeze(-1)
    if scale.numel() == 1 and batch.instances.each:  # weights are equal within a class: a pulls b as b pulls a
        return terms, slope.addcmul_(toward, scale, value=-2 / temperature)
    scaled = u * scale
    back = batch.classes.sums(scaled * kin).add_(batch.instances.sums(scaled * (twin - kin))).addcmul_(toward, scale)
    if not own:
        back.addcmul_(scaled, twin, value=-1)
    return terms, slope.sub_(back, alpha=1 / temperature)


def over(weight: float, count: Tensor, like: Tensor) -> Tensor:
    """weight / count where there is anything to count, else 0."""
    count = count.to(like.dtype)
    return torch.where(count > 0, weight / count.clamp(min=1), 0.0)
