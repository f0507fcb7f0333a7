"""log Z of every row of a batch, and the gradient of a weighted sum of them, in blocks: never rows x rows at once."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from assay.losses.contrastive.rowwise import Values, by_rows

# exp(1/temperature) and its inverse, summed over the batch, stay this far (in nats) inside float32
SAFE = 60.0
# This many blocked exponentials (8 MiB in float32) may be kept from the first sweep for the second, and no more than
# this share of rows x rows: what is kept must not be the matrix that blocks avoid
KEPT, SHARE = 2**21, 1 / 8
# Rows of a block that are weighted at a time, so that a large block needs no second one beside it
STRIP = 256


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
    if 1 / temperature + math.log(u.shape[1]) >= SAFE:
        return by_rows(u, temperature, block, weight, lambda s, rows: _one_softmax(s, rows, own))
    triangle = _Triangle(u, temperature, own, block)
    z = triangle.sums(keep=weight is not None)
    z = z.where(z > 0, 1.0)
    return z.log(), None if weight is None else triangle.push(weight / z)


def _one_softmax(s: Tensor, rows: slice, own: bool) -> Values:
    """log Z with the largest exponent taken out: any temperature."""
    if not own:
        s.diagonal(rows.start, -2, -1).fill_(-math.inf)
    log_z = s.logsumexp(-1).clamp(min=torch.finfo(s.dtype).min)
    share = s.sub_(log_z.unsqueeze(-1)).exp_()
    return (log_z if s.shape[-1] > 1 or own else log_z * 0), share


class _Triangle:
    """exp(u u' / temperature) in blocks on and above the diagonal: it is symmetric, each serves its rows and columns.

    No exponent is shifted: the caller has seen to it that none can overflow.
    """

    def __init__(self, u: Tensor, temperature: float, own: bool, block: int):
        self.u, self.scale, self.own, self.block = u, 1 / temperature, own, block
        self.rows = u.split(block, 1)
        self.pairs = [(i, j) for i in range(len(self.rows)) for j in range(i, len(self.rows))]
        self.kept: dict[tuple[int, int], Tensor] = {}

    def exponentials(self, i: int, j: int) -> Tensor:
        """E of one block ``(runs, block, block)``."""
        e = torch.baddbmm(self.u.new_empty(1, 1, 1), self.rows[i], self.rows[j].mT, beta=0, alpha=self.scale).exp_()
        if i == j and not self.own:
            e.diagonal(0, -2, -1).zero_()
        return e

    def sums(self, keep: bool) -> Tensor:
        """Z, the sum of each row ``(runs, rows)``; with ``keep``, what there is room for stays for `push`."""
        z = self.u.new_zeros(self.u.shape[:2])
        room = min(KEPT, SHARE * z.numel() * z.shape[1]) if len(self.rows) > 1 else math.inf
        parts = z.split(self.block, 1)
        for i, j in self.pairs:
            e = self.exponentials(i, j)
            parts[i].add_(e.sum(-1))
            if i != j:
                parts[j].add_(e.sum(-2))
            if keep and e.numel() <= room:
                self.kept[i, j] = e
                room -= e.numel()
            del e  # or it would stand beside the next one
        return z

    def push(self, share: Tensor) -> Tensor:
        """d(sum_a w_a log Z_a) / du for ``share`` = w / Z: E_ab (share_a + share_b) for each unordered pair."""
        push = torch.zeros_like(self.u)
        shares, parts = share.split(self.block, 1), push.split(self.block, 1)
        for i, j in self.pairs:
            e = self.kept.pop((i, j)) if (i, j) in self.kept else self.exponentials(i, j)
            for strip, own in zip(e.split(STRIP, 1), shares[i].split(STRIP, 1), strict=True):
                strip.mul_(own.unsqueeze(-1) + shares[j].unsqueeze(-2))
            parts[i].baddbmm_(e, self.rows[j], alpha=self.scale)
            if i != j:
                parts[j].baddbmm_(e.mT, self.rows[i], alpha=self.scale)
            del e
        return push
