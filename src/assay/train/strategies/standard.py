"""Plain supervised training."""

from __future__ import annotations

from torch import Tensor

from assay.core.spec import OneOf
from assay.losses import CrossEntropy, Loss
from assay.train.learner import Net
from assay.train.strategies.base import Batch, Memory, Strategy


class Standard(Strategy):
    """Empirical risk minimisation: the mean of a per-example loss on the batch as it is."""

    kind: str = "standard"
    loss: OneOf[Loss] = CrossEntropy()

    def losses(self, net: Net, batch: Batch, memory: Memory) -> Tensor:
        """The loss of each example."""
        return self.loss(net(batch.x, batch_stats=True), batch.y)

    def own_loss(self) -> Loss:
        """The loss in use."""
        return self.loss

    def with_loss(self, loss: Loss) -> Standard:
        """Standard training under another loss."""
        return self.with_(loss=loss)
