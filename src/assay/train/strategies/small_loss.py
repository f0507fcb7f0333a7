"""Small-loss examples, set apart."""

from __future__ import annotations

from fractions import Fraction
from math import log
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from assay.core.spec import Number, OneOf, Share
from assay.data import Dataset
from assay.losses import CrossEntropy
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.crafted import Crafted
from assay.train.strategies.treatments import Case, Leave, Treatment
from assay.train.strategies.wrapper import Wrapper


class SmallLoss(Wrapper):
    """A treatment for the examples whose cross-entropy on the trained input is small, from ``start`` on.

    Small is below ``threshold`` ln(classes), a share of the loss by chance; 0.65 is the published 1.5 at ten classes.
    With ``quantile`` it is that share of each batch which has the smallest losses. Where inputs are treated, losses
    are looked at before the step, under the batch's own statistics; running statistics stay as they are.

    Treatments: ``leave``; ``drop`` the example with its perturbation, ``natural`` (without the perturbation alone), and
    as their controls ``drop_random``, ``noise`` and ``stale``; ``harder``, ``augmix``, ``lift``. For an ablation from
    the onset on, swap this strategy in there (`HotSwap`): the swap alone changes nothing.
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
        if self.treatment.replaces and not isinstance(self.inner, Crafted):
            raise ValueError(
                f"treatment: '{self.treatment.kind}' replaces what an attack made, and '{self.inner.kind}' does not "
                "attack itself; put small_loss right round adversarial, trades, mart or fgsm-rs, other wrappers outside"
            )
        return self

    @property
    def stacks(self) -> bool:
        """Not where batches end up with different sizes."""
        return self.inner.stacks and not self.treatment.ragged

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What the treatment and the inner strategy remember."""
        return {**super().init_state(learner, data), **self.treatment.init_state(learner, data)}

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Prepared by the inner strategy, then treated; aside, the share of the batch that was ``small``."""
        prepared = self.inner.prepare(net, batch, memory, draws)
        if not self.treatment.looks or batch.progress < self.start:
            return prepared

        @torch.no_grad()
        def look(one: Batch) -> tuple[Tensor, Tensor]:
            # A look leaves no trace, neither in running statistics nor in the numbers that dropout is about to draw.
            with net.learner.untouched(), torch.random.fork_rng(enabled=net.learner.random):
                losses, limit = self.measured(self.inner.outputs(net, one)["logits"], one.y)
            return losses, losses < limit

        losses, small = look(prepared)
        treated = self.treatment.treated(Case(self.inner, net, memory, draws, batch, prepared, losses, small, look))
        share = small.to(losses.dtype).mean(-1, keepdim=True)
        return treated.beside(small=share.expand(treated.y.shape))

    def noted(self, batch: Batch) -> dict[str, Tensor]:
        """The share of examples whose loss was small, where losses were looked at."""
        own = {"small_share": batch.aside["small"].mean(-1)} if "small" in batch.aside else {}
        return {**super().noted(batch), **own}

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
