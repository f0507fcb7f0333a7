"""Which rows belong together: the classes and the instances of a batch, and sums over them without a mask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sets:
    """A partition of the rows of every run. ``ids`` is ``(1, rows)`` when all runs share it, else ``(runs, rows)``.

    Ids count from 0; those of different runs differ.

    >>> pairs = Sets.of(torch.tensor([[7, 7, 4]]))
    >>> pairs.size.tolist(), pairs.sums(torch.tensor([[[1.0], [2.0], [5.0]]])).flatten().tolist()
    ([[2, 2, 1]], [3.0, 3.0, 5.0])
    """

    ids: Tensor
    sizes: Tensor  # (sets,)
    each: int = 0  # all sets have this many rows, one after the other; 0: any sizes in any order

    @classmethod
    def of(cls, names: Tensor) -> Sets:
        """The partition by equal names ``(1 or runs, rows)``."""
        _, ids, sizes = names.unique(return_inverse=True, return_counts=True)
        if len(names) > 1:  # the same name in two runs is two sets
            ids = ids + len(sizes) * torch.arange(len(names), device=ids.device)[:, None]
            _, ids, sizes = ids.unique(return_inverse=True, return_counts=True)
        return cls(ids, sizes)

    @classmethod
    def equal(cls, rows: int, each: int, device: torch.device | None = None) -> Sets:
        """Rows ``0 ... each - 1`` together, the next ``each`` together, and so on."""
        ids = torch.arange(rows // each, device=device)
        return cls(ids.repeat_interleave(each)[None], torch.full_like(ids, each), each)

    @cached_property
    def size(self) -> Tensor:
        """How many rows the set of each row has, itself included: the shape of ``ids``."""
        return self.sizes[self.ids]

    def sums(self, x: Tensor) -> Tensor:
        """For every row the sum of ``x (runs, rows, d)`` over the rows of its set, in O(rows d): the shape of ``x``."""
        if self.each:
            sets = x.unflatten(1, (-1, self.each))
            return sets.sum(2, keepdim=True).expand_as(sets).flatten(1, 2)
        flat = x if len(self.ids) == 1 else x.reshape(1, -1, x.shape[-1])
        totals = x.new_zeros(len(flat), len(self.sizes), x.shape[-1])
        return totals.index_add_(1, self.ids.flatten(), flat)[:, self.ids.flatten()].view(x.shape)

    def together(self, rows: slice) -> Tensor:
        """Whether each of some rows and each of all rows share a set: ``(1 or runs, some, rows)``."""
        return self.ids[:, rows, None] == self.ids[:, None, :]


@dataclass(frozen=True)
class Batch:
    """The classes of the rows of a batch, and their instances (the views of one image are one instance)."""

    classes: Sets
    instances: Sets

    @property
    def rows(self) -> int:
        """Embeddings a run."""
        return self.classes.ids.shape[-1]
