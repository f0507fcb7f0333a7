"""What one training step optimises.

A strategy has four moments. ``init_state``: what it remembers (averages, targets). ``prepare``: all randomness and all
crafting (views, attacks). ``losses``: deterministic, one number per example. ``after_step``: averages, hand-back.
Tensors may have a leading axis of runs; a strategy acts on the last axes and need not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind
from assay.data import Dataset, Split
from assay.losses import Loss
from assay.train.draws import Draws
from assay.train.learner import Learner, Net

Memory = dict[str, Tensor]


@dataclass(frozen=True)
class Batch:
    """What a step learns from: inputs ``(..., n, *shape)``, labels ``(..., n)``, positions in the training split."""

    x: Tensor
    y: Tensor
    index: Tensor


class Strategy(Kind):
    """What a step optimises; see the module's first lines for the four moments."""

    embeds: ClassVar[bool] = False  # whether it acts on embeddings, so that the model needs a projector

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Strategy:
        """The strategy with everything decided that depends on the data and on what a batch of it holds."""
        return self

    def watch(self, net: Net, split: Split) -> list[dict[str, Any]] | None:
        """What is worth knowing at a look at val, for each run; it goes into the run's history."""
        return None

    def init_state(self, learner: Learner) -> Memory:
        """What the strategy remembers between steps, as named tensors; it is checkpointed."""
        return {}

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """The batch to learn from; all randomness comes from ``draws``."""
        return batch

    def losses(self, net: Net, batch: Batch, memory: Memory) -> Tensor:
        """One number per example, ``(..., n)``; deterministic."""
        raise NotImplementedError

    def after_step(self, learner: Learner, memory: Memory, progress: float) -> Memory:
        """Called after each optimiser step with the share of training done."""
        return memory

    def own_loss(self) -> Loss:
        """The per-example loss that a hot swap may replace."""
        raise BadInput(f"asked for the loss of strategy '{self.kind}'; it has none to swap; swap the strategy")

    def with_loss(self, loss: Loss) -> Strategy:
        """The same strategy with another per-example loss (a hot swap)."""
        raise BadInput(f"asked to swap the loss of strategy '{self.kind}'; it has none to swap; swap the strategy")
