"""Two examples made into one: images and labels are mixed in the same proportion.

A mixed example has two labels and a share ``lam``, so its loss is

    lam loss(logits, y) + (1 - lam) loss(logits, y2),

one number per example like any other: `mixed_losses`. Losses that are linear in the target (cross-entropy) see exactly
the mixed target; for all others this is its definition here. A strategy mixes in ``prepare``, keeps ``y2`` and ``lam``
with its batch, and calls `mixed_losses` in ``losses``. Contrastive losses ask whether two images share a class, which
a mixed image does not answer: mix only for losses on logits. Nor is it mixed for training on attacked inputs: see
`Crafted`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind, Number
from assay.losses import Loss
from assay.train.augment.chance import beta
from assay.train.augment.cutout import boxes
from assay.train.draws import Draws


class Mixed(NamedTuple):
    """Mixed inputs ``(..., n, *shape)``, both labels ``(..., n)``, and the first label's share ``(..., n)``."""

    x: Tensor
    y: Tensor
    y2: Tensor
    lam: Tensor


class Mixing(Kind):
    """How two examples are made into one; each example has a partner from its own batch and a share of its own."""

    def mix(self, x: Tensor, y: Tensor, generator: Generator) -> Mixed:
        """Inputs (n, *shape) and labels (n,) mixed with those of a random permutation of the batch."""
        partner = torch.randperm(len(x), generator=generator).to(x.device)
        mixed, lam = self.change(x, x[partner], generator)
        return Mixed(mixed, y, y[partner], lam)

    def change(self, x: Tensor, other: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """The mixture of ``x`` and ``other``, and the share of ``x`` in it: what each mixing implements."""
        raise NotImplementedError


class MixUp(Mixing):
    """The weighted mean of two examples: lam x + (1 - lam) x2, lam ~ Beta(alpha, alpha) (Zhang et al. 2018).

    ``alpha`` 0 mixes nothing. For images and tables.
    """

    kind: str = "mixup"
    alpha: Number = Field(0.2, ge=0)

    def change(self, x: Tensor, other: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Means by shares."""
        lam = _shares(self.alpha, x, generator)
        return torch.lerp(other, x, lam.view(-1, *[1] * (x.dim() - 1))), lam


class CutMix(Mixing):
    """A box of one image put into another (Yun et al. 2019).

    The box has the image's proportions and an area share of 1 - Beta(alpha, alpha); its centre is uniform and it is
    cut at the edges; lam is the share of pixels that are left. ``alpha`` 0 mixes nothing.
    """

    kind: str = "cutmix"
    alpha: Number = Field(1.0, ge=0)

    def change(self, x: Tensor, other: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Boxes by shares."""
        if x.dim() != 4:
            raise BadInput(f"asked for cutmix; it mixes images and found shape {tuple(x.shape)}; use mixup")
        n, _, h, w = x.shape
        side = (1 - _shares(self.alpha, x, generator)).clamp(min=0).sqrt()
        tall, wide = (side * h).long(), (side * w).long()
        down, across = (torch.randint(length, (n,), generator=generator).to(x.device) for length in (h, w))
        top, left = down - tall // 2, across - wide // 2
        box = boxes(top, top + tall, left, left + wide, h, w)
        return torch.where(box, other, x), 1 - box.to(x).mean((1, 2, 3))


def _shares(alpha: float, like: Tensor, generator: Generator) -> Tensor:
    return beta(alpha, alpha, len(like), generator).to(like) if alpha else like.new_ones(len(like))


def mixed(x: Tensor, y: Tensor, mixing: Mixing, draws: Draws, purpose: str = "mix") -> Mixed:
    """Inputs ``(..., n, *shape)`` and labels ``(..., n)`` mixed; each run of a stack mixes as it would alone."""
    generators = draws.generators(purpose)
    if len(generators) == 1:
        return mixing.mix(x, y, generators[0])
    runs = [mixing.mix(*each) for each in zip(x, y, generators, strict=True)]
    return Mixed(*(torch.stack(parts) for parts in zip(*runs, strict=True)))


def mixed_losses(loss: Loss, logits: Tensor, y: Tensor, y2: Tensor, lam: Tensor) -> Tensor:
    """Losses ``(..., n)`` of mixed examples: lam loss(logits, y) + (1 - lam) loss(logits, y2).

    >>> from assay.losses import CrossEntropy
    >>> z, y, y2 = torch.tensor([[0.0, 0.0]]), torch.tensor([0]), torch.tensor([1])
    >>> round(mixed_losses(CrossEntropy(), z, y, y2, torch.tensor([0.25])).item(), 6)  # ln 2, whichever label
    0.693147
    """
    return lam * loss(logits, y) + (1 - lam) * loss(logits, y2)
