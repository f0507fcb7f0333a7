"""Which training examples a batch holds, and in which order batches come: addressed by seed, epoch and forks."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.core.spec import Kind
from assay.train.draws import order


class Sampler(Kind):
    """How an epoch is cut into batches. ``batch`` is the recipe's batch size; labels are those of all examples (n,)."""

    def sizes(self, labels: Tensor, batch: int) -> tuple[int, int]:
        """Images a batch and batches an epoch."""
        raise NotImplementedError

    def order(self, seed: int, epoch: int, labels: Tensor, batch: int, forks: Sequence[int] = ()) -> Tensor:
        """The examples of an epoch, as indices, batch after batch; a fork at a step changes only batches from it on."""
        raise NotImplementedError

    def covers(self, labels: Tensor, batch: int) -> int:
        """How many images an epoch covers; an image that is met twice counts twice."""
        size, steps = self.sizes(labels, batch)
        return size * steps


class Shuffled(Sampler):
    """Every example once an epoch, in an order drawn anew.

    >>> Shuffled().order(0, 0, torch.zeros(5), 2).sort().values.tolist()
    [0, 1, 2, 3, 4]
    """

    kind: str = "shuffled"

    def sizes(self, labels: Tensor, batch: int) -> tuple[int, int]:
        """Images a batch and batches an epoch; the last batch may be smaller.

        A last batch of one is left out: batch norm has no spread to divide by.

        >>> [Shuffled().sizes(torch.zeros(n), 4) for n in (3, 8, 9, 10)]
        [(3, 1), (4, 2), (4, 2), (4, 3)]
        """
        size = min(batch, len(labels))
        return size, max(1, len(labels) // size + (len(labels) % size > 1))

    def order(self, seed: int, epoch: int, labels: Tensor, batch: int, forks: Sequence[int] = ()) -> Tensor:
        """A permutation of all examples; see `assay.train.draws.order`."""
        return order(seed, epoch, len(labels), *self.sizes(labels, batch), forks)

    def covers(self, labels: Tensor, batch: int) -> int:
        """How many images an epoch covers: all, or all but one."""
        size, steps = self.sizes(labels, batch)
        return min(size * steps, len(labels))


class Balanced(Sampler):
    """Every batch holds the same number of images of each of its classes.

    ``classes``: how many classes a batch holds, drawn anew for each batch (None: as many as there are, or as fit when
    ``per_class`` is given). ``per_class``: images of each (None: as many as fit). Given both, they are the batch, and
    the recipe's ``batch`` is not used. An epoch has as many whole batches as would fit into the data.

    Within a class, images come in passes: none comes again before the pass over its class is through, and none is in
    a batch twice, unless its class has fewer than ``per_class``. So a rare class is gone through several times an
    epoch, a frequent one in part, another part each epoch (`meetings` says how often). What is left of a pass when it
    does not fill a batch rests.

    >>> labels = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1])
    >>> labels[Balanced().order(0, 0, labels, 4)].view(2, 4).sort().values.tolist()
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """

    kind: str = "balanced"
    classes: int | None = Field(None, ge=1)
    per_class: int | None = Field(None, ge=1)

    def shares(self, labels: Tensor, batch: int) -> tuple[int, int]:
        """Classes in a batch and images of each; `BadInput` when they do not fit.

        >>> ten = torch.arange(10)
        >>> [Balanced(**given).shares(ten, 64) for given in ({}, {"classes": 4}, {"per_class": 16})]
        [(10, 6), (4, 16), (4, 16)]
        """
        known = len(labels.unique())
        fit = known if self.per_class is None else min(known, batch // self.per_class)
        classes = self.classes or fit
        if classes > known:
            raise BadInput(f"asked for {classes} classes in a batch; found {known} in training; ask for no more")
        per_class = self.per_class or batch // classes
        if not classes or not per_class:
            found = f"{self.per_class} images a class" if self.per_class else f"{classes} classes"
            raise BadInput(f"asked for balanced batches of {batch}; found that {found} do not fit; raise batch")
        return classes, per_class

    def sizes(self, labels: Tensor, batch: int) -> tuple[int, int]:
        """Images a batch and batches an epoch, all of one size."""
        classes, per_class = self.shares(labels, batch)
        return classes * per_class, max(1, len(labels) // (classes * per_class))

    def meetings(self, labels: Tensor, batch: int) -> Tensor:
        """How often an image of each class is met in an epoch, on average; (classes,), in the order of their numbers.

        >>> Balanced().meetings(torch.tensor([0, 0, 0, 0, 0, 0, 1, 1]), 4).tolist()  # 4 of 6, and each of 2 twice
        [0.6666666865348816, 2.0]
        """
        counts = labels.unique(return_counts=True)[1]
        return self.covers(labels, batch) / len(counts) / counts

    def order(self, seed: int, epoch: int, labels: Tensor, batch: int, forks: Sequence[int] = ()) -> Tensor:
        """Indices of an epoch, every batch with its classes in an order drawn anew; images after a fork are drawn anew.

        Images that were not met before the fork come first, so a balanced data set is met once an epoch all the same.
        """
        classes, per_class = self.shares(labels, batch)
        steps = self.sizes(labels, batch)[1]
        members = [(labels == label).nonzero()[:, 0] for label in labels.unique()]
        start = epoch * steps
        passed = [step for step in forks if step <= start]
        found = torch.empty(0, classes * per_class, dtype=torch.long)
        for begin in (start, *(step for step in forks if start < step < start + steps)):
            passed += [begin] if begin > start else []
            met = found[: begin - start]
            generator = rng(seed, "order", epoch, *passed)
            later = _batches(members, classes, per_class, steps - len(met), met, generator)
            found = torch.cat([met, later])
        return found.flatten()


def _batches(
    members: Sequence[Tensor], classes: int, per_class: int, count: int, met: Tensor, generator: Generator
) -> Tensor:
    """``count`` balanced batches as rows of indices; images that are not in ``met`` come first."""
    everyone = torch.arange(len(members))
    here = _passes(everyone, everyone, classes, count, generator)
    found = torch.empty(count, classes, per_class, dtype=torch.long)
    for number, images in enumerate(members):
        at = here == number
        found[at] = _passes(images, images[~torch.isin(images, met)], per_class, int(at.sum()), generator)
    return found.flatten(1)


def _passes(items: Tensor, first: Tensor, size: int, count: int, generator: Generator) -> Tensor:
    """``count`` rows of ``size`` items: a shuffled pass over ``first``, then as many over ``items`` as are needed."""
    if len(items) < size:  # each row is whole passes and a part of one
        keys = torch.rand(count, ceil(size / len(items)), len(items), generator=generator).argsort(-1)
        return items[keys.flatten(1)[:, :size]]
    whole = len(first) // size * size
    head = first[torch.randperm(len(first), generator=generator)][:whole].view(-1, size)[:count]
    rows = len(items) // size  # a pass
    keys = torch.rand(ceil((count - len(head)) / rows), len(items), generator=generator).argsort(-1)
    return torch.cat([head, items[keys[:, : rows * size].reshape(-1, size)[: count - len(head)]]])
