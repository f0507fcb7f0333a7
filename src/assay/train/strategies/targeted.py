"""Augmentation of some examples only: those that a column marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import torch

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.train.augment import Augment, steps_for, views
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory
from assay.train.strategies.listing import Listing, column
from assay.train.strategies.treatments import wide
from assay.train.strategies.wrapper import Wrapper

MARKED = "marked"  # the name under which the marks are remembered


class Targeted(Wrapper):
    """Examples whose mark is not 0 pass through ``augment`` before the inner strategy gets them; others do not.

    The marks are a column of the training split (see `column`). ``augment``: a preset (``weak``, ``strong``), or steps
    in order. Rare kinds and odd items, for one, are met in many variants instead of again and again as they are.
    """

    kind: str = "targeted"
    name: str
    file: Listing = None
    augment: Augment = "weak"

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Self:
        """With augmentations that suit the data."""
        inner = self.inner.settled(data, batch, balanced)
        return self.with_(inner=inner, augment=steps_for(self.augment, data.kind, data.shape))

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """The marks, and what the inner strategy remembers."""
        marked = column(data, self.name, self.file) != 0
        if not marked.any():
            raise BadInput(f"asked to augment what '{self.name}' marks; found no mark; leave 'targeted' out")
        return {**super().init_state(learner, data), MARKED: torch.from_numpy(marked).to(learner.device)}

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Marked examples augmented; then prepared by the inner strategy."""
        assert not isinstance(self.augment, str), "settled before training"
        changed = views(batch.x, 1, self.augment, draws, "targeted").squeeze(batch.y.dim())
        marked = wide(memory[MARKED][batch.index], batch.x)
        return super().prepare(net, replace(batch, x=torch.where(marked, changed, batch.x)), memory, draws)
