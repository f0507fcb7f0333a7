"""Short exposures: noise on every pixel."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation


class Noise(Augmentation):
    """Independent normal noise on every value, of standard deviation ``sigma`` in pixel values 0..1; clipped."""

    kind: str = "noise"
    sigma: Number = Field(0.05, ge=0)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Noise on every pixel and channel."""
        return noisy(x, self.sigma, generator)


def noisy(x: Tensor, sigma: float, generator: Generator) -> Tensor:
    """``x`` plus independent normal noise, clipped to [0, 1]."""
    if not sigma:
        return x
    return torch.randn(x.shape, generator=generator).to(x).mul_(sigma).add_(x).clamp_(0, 1)
