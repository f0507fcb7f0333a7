"""Temporal ensembling: what the network used to say about an example."""

from __future__ import annotations

from fractions import Fraction
from math import exp
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from assay.core.spec import Number, Share
from assay.data import Dataset
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.wrapper import Wrapper

HISTORY = "temporal"


class Temporal(Wrapper):
    """The inner loss plus w(t) mean_c (f_c(x') - q_c)^2, q the mean of past predictions on x (Dong et al. 2022, eq. 9).

    Per example, h <- momentum h + (1 - momentum) f(x) and q = h / sum h, from ``start`` on, f the softmax in evaluation
    mode. w(t) = weight exp(-5 (1 - t)^2) with t from 0 at ``start`` to 1 at ``until``. The attack keeps its own
    objective, where the published one adds this term to it.
    """

    kind: str = "temporal"
    momentum: Number = Field(0.9, ge=0, lt=1)
    weight: Number = Field(300.0, ge=0)
    start: Share = Field(Fraction(9, 20), ge=0, lt=1)
    until: Share = Field(Fraction(3, 4), gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.start < self.until:
            raise ValueError(f"until must come after start ({float(self.start):g}), found {float(self.until):g}")
        return self

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """No predictions yet: zeros ``(..., training images, classes)``."""
        runs = (learner.runs,) if learner.stacked else ()
        history = torch.zeros(*runs, len(data.train), len(data.classes), device=learner.device)
        return {**super().init_state(learner, data), HISTORY: history}

    @torch.no_grad()
    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Aside, the mean of predictions on the clean inputs, this one included."""
        batch = super().prepare(net, batch, memory, draws)
        if batch.progress < self.start:
            return batch
        now = net(batch.aside.get("clean", batch.x)).softmax(-1)
        past = torch.take_along_dim(memory[HISTORY], batch.index.unsqueeze(-1), -2)
        return batch.beside(history=self.momentum * past + (1 - self.momentum) * now)

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Inner losses, and how far predictions are from those of the past."""
        losses = super().judged(outputs, batch, memory)
        if "history" not in batch.aside:
            return losses
        target = batch.aside["history"] / batch.aside["history"].sum(-1, keepdim=True)
        return losses + self.strength(batch.progress) * (outputs["logits"].softmax(-1) - target).square().mean(-1)

    def strength(self, progress: float) -> float:
        """The weight of the second term after a share of training.

        >>> [round(Temporal(start=0, until=0.5).strength(at), 1) for at in (0, 0.25, 0.5, 1)]
        [2.0, 86.0, 300.0, 300.0]
        """
        t = min(1.0, (progress - float(self.start)) / float(self.until - self.start))
        return self.weight * exp(-5 * (1 - t) ** 2)

    def after_step(self, learner: Learner, batch: Batch, memory: Memory) -> Memory:
        """Remember the predictions of this step."""
        memory = super().after_step(learner, batch, memory)
        if "history" not in batch.aside:
            return memory
        index = batch.index.unsqueeze(-1).expand_as(batch.aside["history"])
        return {**memory, HISTORY: memory[HISTORY].scatter(-2, index, batch.aside["history"])}
