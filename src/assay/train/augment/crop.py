"""Shifted crops of padded images."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Generator, Tensor
from torch.nn.functional import pad

from assay.core.errors import BadInput
from assay.train.augment.base import Augmentation


class Crop(Augmentation):
    """The image padded by ``padding`` pixels on every side, cut back to its size at a random place.

    That is a move by up to ``padding`` whole pixels. ``reflect`` mirrors the image into the margin (without its edge),
    ``zero`` leaves the margin black.
    """

    kind: str = "crop"
    padding: int = Field(4, ge=0)
    mode: Literal["reflect", "zero"] = "reflect"

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Each image moved by its own whole pixels."""
        if not self.padding:
            return x
        h, w = x.shape[2:]
        if self.mode == "reflect" and self.padding >= min(h, w):
            asked = f"asked for crop with a mirrored margin of {self.padding} pixels"
            raise BadInput(f"{asked}; found images of {h} x {w}; use a padding below {min(h, w)}, or mode zero")
        margin = (self.padding,) * 4
        padded = pad(x, margin, mode="reflect") if self.mode == "reflect" else pad(x, margin)
        down, right = torch.randint(2 * self.padding + 1, (2, len(x)), generator=generator).to(x.device)
        return windows(padded, down, right, h, w)


def windows(x: Tensor, down: Tensor, right: Tensor, h: int, w: int) -> Tensor:
    """The (h, w) window of each image whose first pixel is at (down, right).

    >>> windows(torch.arange(6.0).view(1, 1, 2, 3), torch.tensor([1]), torch.tensor([1]), 1, 2).flatten().tolist()
    [4.0, 5.0]
    """
    return x.unfold(2, h, 1).unfold(3, w, 1)[torch.arange(len(x), device=x.device), :, down, right]
