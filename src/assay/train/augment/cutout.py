"""A part of the image covered."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation


class Cutout(Augmentation):
    """A square of ``size`` pixels covered (DeVries and Taylor 2017).

    Its centre is uniform over the pixels, so part of it may lie outside. It is covered with ``fill``, or with the
    mean of each channel of its own image (None).
    """

    kind: str = "cutout"
    size: int = Field(8, ge=0)
    fill: Number | None = Field(None, ge=0, le=1)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Each image covered at its own place."""
        n, _, h, w = x.shape
        down, across = (torch.randint(side, (n,), generator=generator).to(x.device) for side in (h, w))
        half = self.size // 2
        covered = boxes(down - half, down - half + self.size, across - half, across - half + self.size, h, w)
        fill = x.mean((2, 3), keepdim=True) if self.fill is None else torch.full((), self.fill).to(x)
        return torch.where(covered, fill, x)


def boxes(top: Tensor, bottom: Tensor, left: Tensor, right: Tensor, h: int, w: int) -> Tensor:
    """Masks (n, 1, h, w), true from top and left on up to, and without, bottom and right.

    >>> boxes(*(torch.tensor([k]) for k in (0, 1, 1, 5)), 2, 3).int().tolist()
    [[[[0, 1, 1], [0, 0, 0]]]]
    """
    rows, columns = torch.arange(h, device=top.device), torch.arange(w, device=top.device)
    within = (rows >= top[:, None]) & (rows < bottom[:, None])
    across = (columns >= left[:, None]) & (columns < right[:, None])
    return (within[:, :, None] & across[:, None, :]).unsqueeze(1)
