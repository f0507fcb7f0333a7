"""How weights follow gradients; torch's own optimisers do the work."""

from __future__ import annotations

from math import cos, pi
from typing import Any, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from assay.core.spec import Number, Share, Spec

Points = tuple[tuple[Share, Number], ...]


def _known(value: Any) -> Any:
    if isinstance(value, str) and value not in ("constant", "cosine"):
        raise ValueError("write constant, cosine, or points: [[0, 1], [0.5, 1], [1, 0.01]]")
    if not isinstance(value, str | None) and not (
        isinstance(value, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in value)
    ):
        raise ValueError("points are pairs (share of training, factor): [[0, 1], [0.5, 1], [1, 0.01]]")
    return value


def _in_order(value: str | Points | None) -> str | Points | None:
    if value is None or isinstance(value, str):
        return value
    shares = [share for share, _ in value]
    if not shares or shares != sorted(set(shares)) or not 0 <= shares[0] <= shares[-1] <= 1:
        raise ValueError("points go from an earlier to a later share of training: [[0, 1], [0.5, 1], [1, 0.01]]")
    if any(factor < 0 for _, factor in value):
        raise ValueError("factors of a learning rate are not below 0")
    return value


class Optimiser(Spec):
    """An optimiser and its settings. ``schedule``: how the learning rate goes on; besides ``constant`` and ``cosine``
    also points (share of training, factor) with straight lines between them.
    """

    name: Literal["adam", "adamw", "sgd"] = "adam"
    lr: Number = Field(1e-3, gt=0)
    weight_decay: Number = Field(0.0, ge=0)
    momentum: Number = Field(0.9, ge=0, lt=1)  # sgd only
    schedule: Literal["constant", "cosine"] | Points = "constant"

    def lr_at(self, progress: float) -> float:
        """The learning rate after a share ``progress`` of training.

        >>> Optimiser(lr=0.2, schedule="cosine").lr_at(0.5)
        0.1
        >>> falling = Optimiser(lr=0.2, schedule=[[0, 1], [0.5, 1], [1, 0]])
        >>> falling.lr_at(0.25), falling.lr_at(0.75)
        (0.2, 0.1)
        """
        if self.schedule == "constant":
            return self.lr
        if isinstance(self.schedule, str):
            return self.lr * (1 + cos(pi * progress)) / 2
        return self.lr * between(self.schedule, progress)

    _readable = field_validator("schedule", mode="before")(_known)
    _sound = field_validator("schedule")(_in_order)


class OwnOptimiser(Spec):
    """What an optimiser has otherwise than the recipe's; what is not given is the recipe's."""

    name: Literal["adam", "adamw", "sgd"] | None = None
    lr: Number | None = Field(None, gt=0)
    weight_decay: Number | None = Field(None, ge=0)
    momentum: Number | None = Field(None, ge=0, lt=1)
    schedule: Literal["constant", "cosine"] | Points | None = None

    _readable = field_validator("schedule", mode="before")(_known)
    _sound = field_validator("schedule")(_in_order)

    def over(self, usual: Optimiser) -> Optimiser:
        """The usual one with these changes.

        >>> OwnOptimiser(weight_decay=0.1).over(Optimiser(name="sgd", lr=0.5))
        Optimiser(name='sgd', lr=0.5, weight_decay=0.1, momentum=0.9, schedule='constant')
        """
        own = {name: getattr(self, name) for name in type(self).model_fields}
        return usual.with_(**{name: value for name, value in own.items() if value is not None})


def between(points: Points, at: float) -> float:
    """Straight lines between points (place, value); before the first and after the last, their values.

    >>> between(((0, 1.0), (1, 3.0)), 0.25)
    1.5
    """
    before = [(float(x), y) for x, y in points if x <= at]
    after = [(float(x), y) for x, y in points if x > at]
    if not before or not after:
        return (before[-1] if before else after[0])[1]
    (a, low), (b, high) = before[-1], after[0]
    return low + (high - low) * (at - a) / (b - a)


_OPTIMISERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def make_optimiser(spec: Optimiser, parameters: list[Tensor]) -> torch.optim.Optimizer:
    """Torch's optimiser for a spec, in its fused form: one pass over the parameters instead of several."""
    extra = {"momentum": spec.momentum} if spec.name == "sgd" else {}
    return _OPTIMISERS[spec.name](parameters, lr=spec.lr, weight_decay=spec.weight_decay, fused=True, **extra)
