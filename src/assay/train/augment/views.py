"""Several random views of each example, for one run or for a stack of runs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from assay.core.errors import BadInput
from assay.train.augment.base import Augmentation
from assay.train.draws import Draws


def chain(steps: Sequence[Augmentation], x: Tensor, generator: Generator) -> Tensor:
    """``x`` changed by each step in turn.

    >>> from assay.train.augment import Flip
    >>> chain([Flip(p=1), Flip(p=1)], torch.tensor([[[[0.0, 1.0]]]]), torch.Generator()).flatten().tolist()
    [0.0, 1.0]
    """
    for step in steps:
        x = step.augment(x, generator)
    return x


def views(x: Tensor, p: int, steps: Sequence[Augmentation], draws: Draws, purpose: str = "views") -> Tensor:
    """``p`` random views ``(..., n, p, *shape)`` of every example of ``x`` ``(..., n, *shape)``.

    With several seeds in ``draws``, the leading axis of ``x`` is the runs, and each run gets the views that it would
    get alone. A step that asks twice gives each question a ``purpose`` of its own.

    >>> from assay.train.augment import Flip
    >>> tuple(views(torch.zeros(5, 1, 2, 2), 3, [Flip()], Draws((0,), 0)).shape)
    (5, 3, 1, 2, 2)
    >>> tuple(views(torch.zeros(2, 5, 1, 2, 2), 3, [Flip()], Draws((0, 1), 0)).shape)
    (2, 5, 3, 1, 2, 2)
    """
    if p < 1:
        raise BadInput(f"asked for {p} views of each example; found nothing to learn from; ask for 1 or more")
    generators = draws.generators(purpose)
    if len(generators) == 1:
        return _views(x, p, steps, generators[0])
    return torch.stack([_views(run, p, steps, generator) for run, generator in zip(x, generators, strict=True)])


def _views(x: Tensor, p: int, steps: Sequence[Augmentation], generator: Generator) -> Tensor:
    """All views of all examples of a run in one batch."""
    return chain(steps, x.repeat_interleave(p, 0), generator).view(len(x), p, *x.shape[1:])
