"""Random windows, stretched back to the image's size."""

from __future__ import annotations

from math import log

from pydantic import model_validator
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation, uniform
from assay.train.augment.resample import resample, zoom


class ResizedCrop(Augmentation):
    """A random window of the image, stretched to the image's size (Szegedy et al. 2015, section 6).

    The window covers a share of the area uniform in ``scale``; its width over height, in shares of the image's own, is
    log-uniform in ``ratio``; a side that would leave the image is cut to it; its place is uniform. Bilinear, at real
    positions.
    """

    kind: str = "resized_crop"
    scale: tuple[Number, Number] = (0.2, 1.0)
    ratio: tuple[Number, Number] = (3 / 4, 4 / 3)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Each image's own window."""
        n, _, h, w = x.shape
        area = uniform(n, *self.scale, x, generator)
        ratio = uniform(n, log(self.ratio[0]), log(self.ratio[1]), x, generator).exp()
        tall, wide = (area / ratio).sqrt().clamp(max=1) * h, (area * ratio).sqrt().clamp(max=1) * w
        top, left = ((side - part) * uniform(n, 0, 1, x, generator) for side, part in ((h, tall), (w, wide)))
        return resample(x, zoom(top, tall, h), zoom(left, wide, w))

    @model_validator(mode="after")
    def _in_order(self) -> ResizedCrop:
        if not 0 < self.scale[0] <= self.scale[1] <= 1:
            raise ValueError(f"scale needs two shares of the area, 0 < low <= high <= 1, found {self.scale}")
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(f"ratio needs two positive numbers, low <= high, found {self.ratio}")
        return self
