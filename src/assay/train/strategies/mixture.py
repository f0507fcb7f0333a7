"""When and by how much base learners count, when they go on from what became of them, and which moment is kept."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from assay.core.spec import Number, Share, Spec
from assay.train.strategies.base import Batch

FLOOR = 0.4  # the first learner's weight at the end, of two or more


class Mix(Spec):
    """How the learners' weights in the mixture go: all on the first until ``start``, then straight to ``weights``.

    ``weights``: one a learner, adding up to 1; none given: 0.4 for the first, and the others share alike.
    """

    start: Share = Field(Fraction(2, 3), ge=0, lt=1)
    weights: tuple[Number, ...] = ()

    def ends(self, count: int) -> tuple[float, ...]:
        """The weights of ``count`` learners at the end.

        >>> Mix().ends(3), Mix().ends(1)
        ((0.4, 0.3, 0.3), (1.0,))
        """
        usual = (FLOOR, *((1 - FLOOR) / (count - 1) for _ in range(count - 1))) if count > 1 else (1.0,)
        return self.weights or usual

    def at(self, share: Fraction | float, count: int) -> tuple[float, ...]:
        """The weights at a share of training, which add up to 1.

        >>> Mix(start=0.5).at(0.5, 2), Mix(start=0.5, weights=[0.5, 0.5]).at(0.75, 2)
        ((1.0, 0.0), (0.75, 0.25))
        """
        gone = max(0.0, float((share - self.start) / (1 - self.start)))
        first, *others = self.ends(count)
        return (1 - gone * (1 - first), *(gone * weight for weight in others))


class HandBack(Spec):
    """From ``start`` on, in every epoch whose number ``every`` divides, base learners go on from the global model.

    ``when``: ``once``, at that epoch's end, or at each ``step`` of it, as the released code does, which throws away
    what the learners learn in that epoch but for what their averages take up. Momentum is kept.
    """

    start: Share = Field(Fraction(5, 8), ge=0, lt=1)
    every: int = Field(5, ge=1)
    when: Literal["once", "step"] = "once"

    def due(self, batch: Batch) -> bool:
        """Whether it is time after this batch."""
        here = batch.through >= self.start and batch.epoch % self.every == 0
        return here and (self.when == "step" or batch.last)

    def ever(self, epochs: int) -> bool:
        """Whether it is ever time in so many epochs.

        >>> HandBack(start=0.5, every=5).ever(10), HandBack(start=0.5, every=7).ever(13)
        (True, True)
        >>> HandBack(start=0.6, every=7).ever(13)
        False
        """
        return any(e % self.every == 0 and Fraction(e, epochs) >= self.start for e in range(1, epochs + 1))

    def lasting(self, epochs: int) -> HandBack:
        """As it is, or as much more often as lets it come at all in so many epochs.

        >>> HandBack(every=5).lasting(8).every, HandBack(every=5).lasting(4).every
        (5, 4)
        """
        often = (self.with_(every=n) for n in range(self.every, 0, -1))
        return next(one for one in often if one.ever(epochs))  # every epoch always comes: `start` lies before the end


class Select(Spec):
    """The score of a look at val: clean_weight A + (1 - clean_weight) R, A accuracy and R robust accuracy.

    With ``floor`` instead: R where A reaches the floor, and A - 1 below it, so that any model above comes before all
    below.
    """

    clean_weight: Number = Field(0.5, ge=0, le=1)
    floor: Number | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _one_rule(self) -> Select:
        if self.floor is not None and self.clean_weight != 0.5:
            raise ValueError("with a floor, clean_weight counts for nothing; leave one of the two out")
        return self

    def score(self, clean: float, robust: float) -> float:
        """Higher is better.

        >>> Select().score(0.8, 0.4), Select(floor=0.7).score(0.8, 0.4), round(Select(floor=0.9).score(0.8, 0.4), 6)
        (0.6000000000000001, 0.4, -0.2)
        """
        if self.floor is None:
            return self.clean_weight * clean + (1 - self.clean_weight) * robust
        return robust if clean >= self.floor else clean - 1
