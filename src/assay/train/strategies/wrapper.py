"""A strategy round another one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, ClassVar, Self

from pydantic import model_validator
from torch import Tensor

from assay.core.spec import OneOf
from assay.data import Dataset, Split
from assay.losses import Loss
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory, Outputs, Strategy
from assay.train.strategies.standard import Standard


class Wrapper(Strategy):
    """Does everything as ``inner`` does; a subclass says what it does otherwise. Wrappers nest."""

    examples: ClassVar[bool] = True  # treats each example by itself, so that the inner strategy must do so too

    inner: OneOf[Strategy] = Standard()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.inner.team:
            raise ValueError(
                f"inner: '{self.inner.kind}' has base learners; put {self.kind} round the strategy of one of them"
            )
        if self.examples and not self.inner.per_example:
            raise ValueError(
                f"inner: '{self.inner.kind}' gives no loss that depends on one example alone, and {self.kind} treats "
                "each example by itself; use standard, adversarial, trades or mart"
            )
        return self

    @property
    def embeds(self) -> bool:
        """As the inner one."""
        return self.inner.embeds

    @property
    def per_example(self) -> bool:
        """As the inner one."""
        return self.inner.per_example

    @property
    def crafts(self) -> bool:
        """As the inner one."""
        return self.inner.crafts

    @property
    def stacks(self) -> bool:
        """As the inner one."""
        return self.inner.stacks

    @property
    def score(self) -> str:
        """As the inner one."""
        return self.inner.score

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Self:
        """With the inner one settled."""
        return self.with_(inner=self.inner.settled(data, batch, balanced))

    def reported(self, y: Tensor) -> dict[str, Any]:
        """What the inner one reports."""
        return self.inner.reported(y)

    def watch(self, net: Net, split: Split) -> list[dict[str, Any]] | None:
        """What the inner one watches."""
        return self.inner.watch(net, split)

    def noted(self, batch: Batch) -> dict[str, Tensor]:
        """What the inner one notes."""
        return self.inner.noted(batch)

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What the inner one remembers."""
        return self.inner.init_state(learner, data)

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """As the inner one prepares it."""
        return self.inner.prepare(net, batch, memory, draws)

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """What the inner one asks of the network."""
        return self.inner.outputs(net, batch)

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """The inner loss of each example."""
        return self.inner.judged(outputs, batch, memory)

    def losses(self, net: Net, batch: Batch, memory: Memory) -> Tensor:
        """From the outputs, or whatever the inner one does."""
        return super().losses(net, batch, memory) if self.per_example else self.inner.losses(net, batch, memory)

    def displaced(self, learner: Learner, batch: Batch, memory: Memory) -> AbstractContextManager[None]:
        """Where the inner one has the weights."""
        return self.inner.displaced(learner, batch, memory)

    def after_step(self, learner: Learner, batch: Batch, memory: Memory) -> Memory:
        """What the inner one does then."""
        return self.inner.after_step(learner, batch, memory)

    def shipped(self, learner: Learner, memory: Memory, data: Dataset, draws: Draws) -> dict[str, Tensor] | None:
        """What the inner one ships."""
        return self.inner.shipped(learner, memory, data, draws)

    def own_loss(self) -> Loss:
        """The inner loss."""
        return self.inner.own_loss()

    def with_loss(self, loss: Loss) -> Self:
        """The same round the inner strategy with another loss."""
        return self.with_(inner=self.inner.with_loss(loss))
