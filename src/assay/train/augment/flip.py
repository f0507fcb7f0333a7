"""Mirror images."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation, some


class Flip(Augmentation):
    """The mirror image, with probability ``p``; not for images whose meaning it changes, such as digits.

    >>> import torch
    >>> Flip(p=1).augment(torch.tensor([[[[0.0, 0.5, 1.0]]]]), torch.Generator()).flatten().tolist()
    [1.0, 0.5, 0.0]
    """

    kind: str = "flip"
    p: Number = Field(0.5, ge=0, le=1)
    direction: Literal["horizontal", "vertical"] = "horizontal"

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Left and right (or top and bottom) exchanged in the chosen images."""
        axis = -1 if self.direction == "horizontal" else -2
        return some(x, self.p, generator, lambda chosen: chosen.flip(axis))
