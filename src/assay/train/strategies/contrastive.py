"""Supervised contrastive training: embeddings of one class attract, those of one image attract more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import torch
from pydantic import Field, ValidationError, field_validator
from torch import Tensor
from torch.nn import functional as F

from assay.core.spec import Number, OneOf
from assay.data import Dataset, Split
from assay.losses import ContrastiveLoss, CrossEntropy, SupCL
from assay.maths.ssem import alpha_for
from assay.train.augment import Augment, steps_for, views
from assay.train.draws import Draws
from assay.train.learner import Net
from assay.train.strategies.base import Batch, Memory, Strategy

WATCHED = 1024  # validation images on which embeddings are looked at, equally many of each class
FEWEST = 16  # of each class in any case, if it has them


class Contrastive(Strategy):
    """A contrastive loss on the projector's embeddings, and a linear head trained along on the features.

    The loss is `SupCL` with weight ``alpha`` on the self-supervised part; ``alpha: auto`` is the weight for which the
    theory foretells the within-class variance ``within`` for the classes that a batch holds (`alpha_for`). ``loss``
    puts another contrastive loss in its place. Each image is seen as ``views`` random augmentations. With
    ``cross_entropy`` 0 the head is a probe and leaves the body alone; above 0 it is the weight of a second objective.
    """

    kind: str = "contrastive"
    alpha: Number | Literal["auto"] = Field(0.5, union_mode="left_to_right")
    within: Number = Field(0.3, gt=0, lt=1)
    temperature: Number = Field(0.1, gt=0)
    variant: Literal["excl", "incl"] = "excl"
    reduction: Literal["anchor", "pair"] = "anchor"
    loss: OneOf[ContrastiveLoss] | None = None
    views: int = Field(2, ge=1)
    augment: Augment = "weak"
    cross_entropy: Number = Field(0.0, ge=0)
    alarm: Number = Field(0.02, ge=0, lt=1)  # within-class variance below which a class counts as collapsed

    @field_validator("alpha", mode="wrap")
    @classmethod
    def _weight(cls, alpha: Any, check: Callable[[Any], float | Literal["auto"]]) -> float | Literal["auto"]:
        try:
            found = check(alpha)
        except ValidationError:
            found = -1.0
        if found != "auto" and not 0 <= found <= 1:
            raise ValueError("is a share: give a number from 0 to 1, or auto")
        return found

    @property
    def embeds(self) -> bool:
        """It does."""
        return True

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Contrastive:
        """With the weight and the augmentations that suit the data."""
        changes: dict[str, Any] = {}
        if self.alpha == "auto":
            counts = torch.bincount(data.train.y, minlength=len(data.classes)).tolist()
            changes["alpha"] = alpha_for(
                self.within,
                counts,
                batch,
                self.views,
                self.temperature,
                self.variant,
                reduction=self.reduction,
                balanced=balanced,
            )
        changes["augment"] = steps_for(self.augment, data.kind, data.shape)
        return self.with_(**changes)

    def reported(self, y: Tensor) -> dict[str, Any]:
        """The weight ``alpha``, what it is in effect in such a batch (None without positive pairs), and notes on it."""
        loss = self.contrast()
        found: dict[str, Any] = {"notes": loss.notes(y, self.views)}
        if isinstance(loss, SupCL):
            effective = loss.effective_alpha(y, self.views)
            found |= {"alpha": loss.alpha, "effective_alpha": None if math.isnan(effective) else effective}
        return found

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """The views of each image, ``(..., n, views, *shape)``."""
        assert not isinstance(self.augment, str), "settled before training"
        return replace(batch, x=views(batch.x, self.views, self.augment, draws))

    def losses(self, net: Net, batch: Batch, memory: Memory) -> Tensor:
        """The loss of each image, averaged over its views, and the head's cross-entropy."""
        axis = batch.y.dim() - 1
        rows = batch.x.flatten(axis, axis + 1)
        logits, z = net.embed(rows, batch_stats=True, detach=self.cross_entropy == 0)
        labels = batch.y.repeat_interleave(self.views, -1)
        head = CrossEntropy()(logits, labels).unflatten(-1, (-1, self.views)).mean(-1)
        z, broken = _usable(z)
        contrast = self.contrast().per_image(z.unflatten(-2, (-1, self.views)), batch.y)
        return contrast + (self.cross_entropy or 1.0) * head + broken

    def contrast(self) -> ContrastiveLoss:
        """The loss on embeddings."""
        if self.loss is not None:
            return self.loss
        assert self.alpha != "auto", "settled before training"
        return SupCL(alpha=self.alpha, temperature=self.temperature, variant=self.variant, reduction=self.reduction)

    def watch(self, net: Net, split: Split) -> list[dict[str, Any]]:
        """Within-class variance of the embeddings, class by class, and which classes have collapsed.

        ``unwatched`` are the classes of which the split has fewer than two images.
        """
        chosen = torch.from_numpy(split.of_each(max(FEWEST, WATCHED // len(split.y.unique()))))
        y = split.y[chosen].to(net.learner.device)
        parts = [net.embed(split.x[some].to(net.learner.device)) for some in chosen.split(WATCHED)]
        z, broken = _usable(torch.cat([embedding for _, embedding in parts], -2))
        z = F.normalize(z + broken.unsqueeze(-1), dim=-1)
        found = []
        for each in z if z.dim() == 3 else [z]:
            spread = {
                label: 1 - each[y == label].mean(0).square().sum().item()
                for label in y.unique().tolist()
                if (y == label).sum() > 1
            }
            collapsed = [label for label, value in spread.items() if value < self.alarm]
            unwatched = [label for label in range(parts[0][0].shape[-1]) if label not in spread]
            found.append({"within_variance": spread, "collapsed": collapsed, "unwatched": unwatched})
        return found


def _usable(z: Tensor) -> tuple[Tensor, Tensor]:
    """Embeddings that a loss accepts, and a term that is NaN for a run whose embeddings are no numbers.

    A row of zeros (all units silent) has no direction: it is given one, without gradient, and counts on.
    """
    finite = z.isfinite().all(-1).all(-1, keepdim=True)
    empty = (z == 0).all(-1, keepdim=True) | ~finite.unsqueeze(-1)
    return torch.where(empty, torch.ones_like(z), z), torch.where(finite, 0.0, torch.nan).to(z.dtype)
