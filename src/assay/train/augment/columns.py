"""Tables: worn gauges and missing readings."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation
from assay.train.augment.noise import noisy


class ColumnNoise(Augmentation):
    """Independent normal noise on every value, of standard deviation ``sigma`` in train ranges of its column."""

    takes: ClassVar[Literal["image", "table"]] = "table"
    kind: str = "column_noise"
    sigma: Number = Field(0.05, ge=0)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Noise on every value, clipped to [0, 1]."""
        return noisy(x, self.sigma, generator)


class ColumnDrop(Augmentation):
    """Each value lost with probability ``p``.

    In its place comes 0.5, mid train range (``middle``), or the value that another row of the batch, drawn for each
    value, has in that column (``other``; Bahri et al. 2022), which keeps every column's distribution.
    """

    takes: ClassVar[Literal["image", "table"]] = "table"
    kind: str = "column_drop"
    p: Number = Field(0.2, ge=0, le=1)
    fill: Literal["middle", "other"] = "middle"

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Every row loses its own values."""
        lost = (torch.rand(x.shape, generator=generator) < self.p).to(x.device)
        if self.fill == "middle":
            return x.masked_fill(lost, 0.5)
        rows = torch.randint(len(x), x.shape, generator=generator).to(x.device)
        return torch.where(lost, x.gather(0, rows), x)
