"""Reweighting: some examples count more than others."""

from __future__ import annotations

from fractions import Fraction
from typing import Self

from pydantic import Field, model_validator
from torch import Tensor

from assay.core.spec import OneOf, Share
from assay.data import Dataset
from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.weightings import MAIL, Weighting
from assay.train.strategies.wrapper import Wrapper


class Weighted(Wrapper):
    """Each example's inner loss times its weight by a rule, from ``start`` (a share of training) on.

    With ``normalise`` the weights of a batch have mean 1, so that the rule does not change the learning rate. The
    weight multiplies the whole loss, also that of TRADES and MART.
    """

    kind: str = "weighted"
    rule: OneOf[Weighting] = MAIL()
    normalise: bool = True
    start: Share = Field(Fraction(0), ge=0, lt=1)

    @model_validator(mode="after")
    def _attacked(self) -> Self:
        if self.rule.attacked and not self.inner.crafts:
            raise ValueError(f"rule: '{self.rule.kind}' asks how an attack went, and '{self.inner.kind}' makes none")
        return self

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What the rule and the inner strategy remember."""
        return {**super().init_state(learner, data), **self.rule.init_state(learner, data)}

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Weighted losses."""
        losses = super().judged(outputs, batch, memory)
        if batch.progress < self.start:
            return losses
        weights = self.rule.weights(outputs, batch, memory).detach()
        if self.normalise:
            weights = weights / weights.mean(-1, keepdim=True).clamp_min(1e-12)
        return losses * weights
