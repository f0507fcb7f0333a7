"""Small-loss examples, set apart."""

from __future__ import annotations

from fractions import Fraction
from math import log
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from assay.core.spec import Number, OneOf, Share
from assay.losses import CrossEntropy
from assay.train.draws import Draws
from assay.train.learner import Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.treatments import Case, Leave, Treatment
from assay.train.strategies.wrapper import Wrapper


class SmallLoss(Wrapper):
    """A treatment for the examples whose cross-entropy on the trained input is small, from ``start`` on.

    Small is below ``threshold`` ln(classes), a share of the loss by chance; 0.65 is the published 1.5 at ten classes.
    With ``quantile`` it is that share of each batch which has the smallest losses. Where inputs are treated, losses
    are looked at before the step, under the batch's own statistics; running statistics stay as they are.
    """

    kind: str = "small_loss"
    treatment: OneOf[Treatment] = Leave()
    threshold: Number = Field(0.65, gt=0)
    quantile: Number | None = Field(None, ge=0, lt=1)
    start: Share = Field(Fraction(0), ge=0, lt=1)

    @model_validator(mode="after")
    def _attacked(self) -> Self:
        if self.treatment.attacked and not self.inner.crafts:
            raise ValueError(f"treatment: '{self.treatment.kind}' attacks, and '{self.inner.kind}' does not")
        return self

    @property
    def stacks(self) -> bool:
        """Not where batches end up with different sizes."""
        return self.inner.stacks and not self.treatment.ragged

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Prepared by the inner strategy, then treated."""
        prepared = self.inner.prepare(net, batch, memory, draws)
        if not self.treatment.looks or batch.progress < self.start:
            return prepared

        @torch.no_grad()
        def look(one: Batch) -> tuple[Tensor, Tensor]:
            with net.learner.untouched():
                return self.measured(self.inner.outputs(net, one)["logits"], one.y)

        def again(one: Batch) -> Batch:
            return self.inner.prepare(net, one, memory, draws)

        return self.treatment.treated(Case(batch, prepared, again, look, draws))

    def measured(self, logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropies ``(..., n)``, and the limit ``(..., 1)`` below which they are small."""
        losses = CrossEntropy()(logits, y)
        if self.quantile is None:
            return losses, torch.full_like(losses[..., :1], self.threshold * log(logits.shape[-1]))
        return losses, losses.sort(-1).values[..., int(self.quantile * losses.shape[-1])].unsqueeze(-1)

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Inner losses, changed where the treatment changes losses."""
        losses = super().judged(outputs, batch, memory)
        if batch.progress < self.start:
            return losses
        factor = self.treatment.factor(*self.measured(outputs["logits"].detach(), batch.y))
        losses = losses if factor is None else losses * factor
        return losses * batch.aside["stayed"] if "stayed" in batch.aside else losses
