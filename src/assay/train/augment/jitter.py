"""Another lamp, another camera: brightness, contrast, saturation and hue."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment.base import Augmentation, uniform
from assay.train.augment.colour import LUMA, hue_turn, luma


class Jitter(Augmentation):
    """Random brightness, contrast, saturation and hue, with probability ``p``.

    With factors b, c, s uniform in [1 - strength, 1 + strength] (at least 0) and a turn t of the hue uniform in
    [-hue, hue] shares of a full turn, a pixel v of an image of mean luma m becomes

        v' = b (c (s T v + (1 - s) luma(v)) + (1 - c) m),    T: the turn by t in YIQ.

    The four steps commute, because each keeps luma or scales it, so they need no order and cost one 3 x 3 matrix an
    image; values are clipped once, at the end. Images that are not in three channels have no saturation and no hue.
    """

    kind: str = "jitter"
    brightness: Number = Field(0.4, ge=0)
    contrast: Number = Field(0.4, ge=0)
    saturation: Number = Field(0.4, ge=0)
    hue: Number = Field(0.1, ge=0, le=0.5)
    p: Number = Field(0.8, ge=0, le=1)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Each image with its own four numbers."""
        strengths = (self.brightness, self.contrast, self.saturation)
        b, c, s = (uniform(len(x), max(0.0, 1 - by), 1 + by, x, generator) for by in strengths)
        turn = uniform(len(x), -self.hue, self.hue, x, generator)
        chosen = (torch.rand(len(x), generator=generator) < self.p).to(x.device)
        b, c, s = (torch.where(chosen, factor, 1.0) for factor in (b, c, s))
        offset = b * (1 - c) * luma(x.mean((2, 3), keepdim=True)).flatten()  # the mean of lumas is the luma of means
        if x.shape[1] != 3:
            return (x * (b * c).view(-1, 1, 1, 1) + offset.view(-1, 1, 1, 1)).clamp_(0, 1)
        one = torch.eye(3).to(x)
        colour = s.view(-1, 1, 1) * one + (1 - s).view(-1, 1, 1) * torch.tensor(LUMA).to(x)
        if self.hue:
            colour = colour @ torch.where(chosen.view(-1, 1, 1), hue_turn(turn), one)
        matrix = (b * c).view(-1, 1, 1) * colour
        return torch.baddbmm(offset.view(-1, 1, 1), matrix, x.flatten(2)).view(x.shape).clamp_(0, 1)
