"""Out of focus."""

from __future__ import annotations

from pydantic import Field, model_validator
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation, some, uniform
from assay.train.augment.resample import bell, resample


class Blur(Augmentation):
    """Normal blur with probability ``p``; its standard deviation is uniform in ``sigma``, in pixels.

    What lies outside the image does not count: weights are over their sum within it.
    """

    kind: str = "blur"
    sigma: tuple[Number, Number] = (0.1, 1.0)
    p: Number = Field(0.5, ge=0, le=1)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Each chosen image with its own width of blur."""

        def blurred(chosen: Tensor) -> Tensor:
            sigma = uniform(len(chosen), *self.sigma, chosen, generator)
            return resample(chosen, bell(sigma, chosen.shape[2]), bell(sigma, chosen.shape[3]))

        return some(x, self.p, generator, blurred)

    @model_validator(mode="after")
    def _in_order(self) -> Blur:
        if not 0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(f"sigma needs two positive numbers of pixels, low <= high, found {self.sigma}")
        return self
