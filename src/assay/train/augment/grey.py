"""Colour taken away."""

from __future__ import annotations

from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation, some
from assay.train.augment.colour import luma


class Grey(Augmentation):
    """The image in shades of grey, in as many channels as before, with probability ``p``; grey images stay.

    >>> import torch
    >>> Grey(p=1).augment(torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1), torch.Generator()).flatten()
    tensor([0.5870, 0.5870, 0.5870])
    """

    kind: str = "grey"
    p: Number = Field(0.2, ge=0, le=1)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Every channel of a chosen image is its luma."""
        return some(x, self.p, generator, lambda chosen: luma(chosen).expand_as(chosen)) if x.shape[1] == 3 else x
