"""Training on augmented inputs: what standard and adversarial training have in common."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Self

import torch
from pydantic import Field

from assay.core.spec import Share
from assay.data import Dataset
from assay.train.augment import Augment, steps_for, views
from assay.train.draws import Draws
from assay.train.strategies.base import Batch, Strategy
from assay.train.strategies.schedule import warmed


class Augmented(Strategy):
    """Inputs pass through ``augment``: nothing, a preset (``weak``, ``strong``), or steps in order.

    With ``augment_warmup`` only a share of the examples is changed at first, drawn for each one; the share grows
    linearly to all of them over that share of training.
    """

    augment: Augment = ()
    augment_warmup: Share = Field(Fraction(0), ge=0, le=1)

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Self:
        """With augmentations that suit the data."""
        return self.with_(augment=steps_for(self.augment, data.kind, data.shape))

    def seen(self, batch: Batch, draws: Draws) -> Batch:
        """The batch as it is looked at in this step."""
        assert not isinstance(self.augment, str), "settled before training"
        if not self.augment:
            return batch
        axis = batch.y.dim()
        changed = views(batch.x, 1, self.augment, draws, "augment").squeeze(axis)
        share = warmed(batch.progress, self.augment_warmup)
        if share < 1:
            chance = draws.stack("augmented", lambda generator: torch.rand(batch.y.shape[-1], generator=generator))
            chosen = (chance < share).to(batch.x.device).view(*batch.y.shape, *[1] * (batch.x.dim() - axis))
            changed = torch.where(chosen, changed, batch.x)
        return replace(batch, x=changed)
