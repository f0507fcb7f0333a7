"""Training on attacked inputs: what PGD-AT, TRADES and MART have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from pydantic import Field, field_validator, model_validator
from torch import Generator, Tensor

from assay.attacks import FGSM, PGD, Attack
from assay.core.rng import rng
from assay.core.spec import OneOf, Share
from assay.data import Split
from assay.train.draws import Draws
from assay.train.learner import Net
from assay.train.strategies.augmented import Augmented
from assay.train.strategies.base import Batch, Memory
from assay.train.strategies.schedule import warmed

BROKEN = 0.2  # accuracy under FGSM this far above that under PGD: safe from one step of attack only


class Crafted(Augmented):
    """Each step attacks the network as it stands, and learns from what the attack found.

    While crafting, parameters are frozen and batch norm uses its running statistics; with ``attack_batch_stats`` it
    uses those of the batch and updates the running ones, as much released code does. What an ``attack`` leaves out is
    as in the strategy's own attack, where that is of the same kind: TRADES starts near x unless told otherwise. Images
    are not mixed here: the attack, margins, weights and small losses ask for one label an example, and a mixed one has
    two (``mixing`` belongs to `Standard`). ``attack_warmup``: the share of
    training over which the radius grows linearly to its full size. ``watched``: how many images of val are attacked by
    PGD of 10 steps in the same ball at each look; their accuracy is what the best moment is chosen by (0: by accuracy).
    """

    attack: OneOf[Attack] = PGD()
    attack_warmup: Share = Field(Fraction(0), ge=0, le=1)
    attack_batch_stats: bool = False
    watched: int = Field(256, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _unmixed(cls, value: Any) -> Any:
        if isinstance(value, dict) and "mixing" in value and "mixing" not in cls.model_fields:
            raise ValueError(
                "mixing: a mixed example has two labels, and the attack, margins and weights of training on attacked "
                "inputs ask for one; leave it out (augment changes images and keeps labels), or use kind: standard"
            )
        return value

    @field_validator("attack", mode="before")
    @classmethod
    def _as_it_is_done(cls, value: Any) -> Any:
        """A part of an attack of the kind that the strategy has by default: the rest is as there."""
        own = cls.model_fields["attack"].default
        kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", value)
        if not isinstance(own, Attack) or kind != own.kind:
            return value
        if isinstance(value, Attack):
            value = value.model_dump(exclude_unset=True)
        return own.plain() | (value if isinstance(value, dict) else {})

    @field_validator("attack")
    @classmethod
    def _usable(cls, value: Attack) -> Attack:
        if not value.simple:
            known = sorted(name for name, kind in Attack.family.items() if getattr(kind, "simple", False))
            raise ValueError(
                f"'{value.kind}' drops examples on its way and cannot be trained on; use {' or '.join(known)}"
            )
        return value

    @property
    def crafts(self) -> bool:
        """It does."""
        return True

    @property
    def score(self) -> str:
        """Robust accuracy on val where it is watched."""
        return "val_robust_accuracy" if self.watched else "val_accuracy"

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Attacked inputs; aside, the ``clean`` ones and the share of the attack that each example ``endured``."""
        return self.attacked(net, self.seen(batch, draws), draws)

    def attacked(self, net: Net, batch: Batch, draws: Draws) -> Batch:
        """The prepared batch from one as it is looked at in this step."""
        target = Target(net, batch.y, self.attack_batch_stats)
        adversarial = self.craft(target, batch, draws.generators("attack"))
        return replace(batch, x=adversarial).beside(clean=batch.x, endured=target.endured())

    def craft(self, target: Target, batch: Batch, generators: Sequence[Generator]) -> Tensor:
        """Adversarial inputs for a batch of clean ones."""
        return self.attack.attack(target, batch.x, batch.y, generators, eps=self.reach(batch))

    def reach(self, batch: Batch) -> Tensor | None:
        """Each example's radius now, ``(..., n)``; None where all have the attack's own.

        ``strength`` aside multiplies an example's radius.
        """
        factor = warmed(batch.progress, self.attack_warmup)
        if factor == 1 and "strength" not in batch.aside:
            return None
        own = batch.aside.get("strength", torch.ones_like(batch.y, dtype=batch.x.dtype))
        return own * (self.attack.eps * factor)

    def watch(self, net: Net, split: Split) -> list[dict[str, Any]] | None:
        """Robust accuracy of each run on images of a split, always the same: right before and after an attack.

        Under PGD of 10 steps, and under FGSM alone: where only the latter is high, training has broken down
        (catastrophic overfitting).
        """
        if not self.watched:
            return None
        runs, device = net.learner.runs, net.learner.device
        chosen = torch.randperm(len(split), generator=rng(0, "watched"))[: self.watched]
        x, y = split.x[chosen].to(device), split.y[chosen].to(device)
        if net.learner.stacked:
            x, y = x.expand(runs, *x.shape), y.expand(runs, *y.shape)
        ball = {"norm": self.attack.norm, "eps": self.attack.eps}
        before = net(x).argmax(-1) == y

        def endured(attack: Attack) -> list[float]:
            found = attack.attack(Target(net, y), x, y, [rng(0, "watched", "start") for _ in range(runs)])
            return (before & (net(found).argmax(-1) == y)).double().mean(-1).reshape(-1).tolist()

        both = zip(endured(PGD(**ball, steps=10)), endured(FGSM(**ball)), strict=True)
        return [{"robust_accuracy": one, "fgsm_accuracy": two} for one, two in both]


class Target:
    """A network as attacks in training see it: frozen, and counting how often each example is answered right."""

    def __init__(self, net: Net, y: Tensor, batch_stats: bool = False):
        self.net, self.y, self.batch_stats = net, y, batch_stats
        self.right, self.calls = torch.zeros_like(y), 0

    def __call__(self, x: Tensor) -> Tensor:
        """Logits ``(..., n, classes)``."""
        logits = self.net(x, frozen=True, batch_stats=self.batch_stats)
        self._seen(logits)
        return logits

    def features(self, x: Tensor) -> Tensor:
        """What enters the head, ``(..., n, width)``, for attacks that act on it."""
        found, logits = self.net.features(x, frozen=True, batch_stats=self.batch_stats)
        self._seen(logits)
        return found

    def _seen(self, logits: Tensor) -> None:
        self.right += logits.detach().argmax(-1) == self.y
        self.calls += 1

    def endured(self) -> Tensor:
        """The share of looks at which each example was still answered right, ``(..., n)``."""
        return self.right / max(1, self.calls)
