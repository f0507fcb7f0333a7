"""log Z of every row of a batch, and the gradient of a weighted sum of them, in blocks: never rows x rows at once."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from assay.losses.contrastive.rowwise import Values, by_rows

# exp(1/temperature) and its inverse, summed over the batch, stay this far (in nats) inside float32
SAFE = 60.0
# This many blocked exponentials (8 MiB in float32) may be kept from the first sweep for the second
KEPT = 2**21


def log_partition(
    u: Tensor, weight: Tensor | None, temperature: float, own: bool, block: int
) -> tuple[Tensor, Tensor | None]:
    """(log Z, gradient): log Z_a = log sum_b exp(u_a u_b / temperature), and d(sum_a weight_a log Z_a) / du.

    ``u (runs, rows, d)`` unit rows, ``weight (runs, rows)`` or None for no gradient. ``own`` leaves b = a in the sum.
    A batch of one row without its own pair has an empty sum; its log Z is given as 0.

    >>> u = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    >>> log_partition(u, None, 1.0, False, 8)[0].tolist()  # log exp(0)
    [[0.0, 0.0]]
    """
    if 1 / temperature + math.log(u.shape[1]) < SAFE:
        return _triangle(u, weight, temperature, own, block)
    return by_rows(u, temperature, block, weight, lambda s, rows: _one_softmax(s, rows, own))


def _one_softmax(s: Tensor, rows: slice, own: bool) -> Values:
    """log Z with the largest exponent taken out: any temperature."""
    if not own:
        s.diagonal(rows.start, -2, -1).fill_(-math.inf)
    log_z = s.logsumexp(-1).clamp(min=torch.finfo(s.dtype).min)
    share = s.sub_(log_z.unsqueeze(-1)).exp_()
    return (log_z if s.shape[-1] > 1 or own else log_z * 0), share


def _triangle(
    u: Tensor, weight: Tensor | None, temperature: float, own: bool, block: int
) -> tuple[Tensor, Tensor | None]:
    """Blocks on and above the diagonal only: exp(s) is symmetric, so each serves its rows and its columns.

    With E = exp(s), the gradient of sum_a w_a log Z_a with respect to s is E_ab (w_a / Z_a + w_b / Z_b), once for each
    unordered pair. No exponent is shifted: the caller has seen to it that none can overflow.
    """
    rows = u.split(block, 1)
    pairs = [(i, j) for i in range(len(rows)) for j in range(i, len(rows))]
    unused = u.new_empty(1, 1, 1)

    def exponentials(i: int, j: int) -> Tensor:
        e = torch.baddbmm(unused, rows[i], rows[j].mT, beta=0, alpha=1 / temperature).exp_()
        if i == j and not own:
            e.diagonal(0, -2, -1).zero_()
        return e

    z, kept, room = u.new_zeros(u.shape[:2]), {}, KEPT if weight is not None else 0
    sums = z.split(block, 1)
    for i, j in pairs:
        e = exponentials(i, j)
        sums[i].add_(e.sum(-1))
        if i != j:
            sums[j].add_(e.sum(-2))
        if e.numel() <= room:
            kept[i, j] = e
            room -= e.numel()
    z = z.where(z > 0, 1.0)
    if weight is None:
        return z.log(), None
    push = torch.zeros_like(u)
    shares, pushes = (weight / z).split(block, 1), push.split(block, 1)
    for i, j in pairs:
        e = kept.pop((i, j)) if (i, j) in kept else exponentials(i, j)
        for strip, share in zip(e.split(STRIP, 1), shares[i].split(STRIP, 1), strict=True):
            strip.mul_(share.unsqueeze(-1) + shares[j].unsqueeze(-2))
        pushes[i].baddbmm_(e, rows[j], alpha=1 / temperature)
        if i != j:
            pushes[j].baddbmm_(e.mT, rows[i], alpha=1 / temperature)
    return z.log(), push


STRIP = 256  # rows of a block that are weighted at a time, so that a large block needs no second one beside it
