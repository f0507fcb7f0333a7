"""Plain supervised training."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from assay.core.spec import OneOf
from assay.losses import CrossEntropy, Loss
from assay.train.augment import Mixing, mixed, mixed_losses
from assay.train.draws import Draws
from assay.train.learner import Net
from assay.train.strategies.augmented import Augmented
from assay.train.strategies.base import Batch, Memory, Outputs


class Standard(Augmented):
    """Empirical risk minimisation: the mean of a per-example loss on the batch, as it is or augmented and mixed."""

    kind: str = "standard"
    loss: OneOf[Loss] = CrossEntropy()
    mixing: OneOf[Mixing] | None = None

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Augmented, then mixed with others of the batch."""
        batch = self.seen(batch, draws)
        if self.mixing is None:
            return batch
        found = mixed(batch.x, batch.y, self.mixing, draws)
        return replace(batch, x=found.x).beside(y2=found.y2, lam=found.lam)

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """Logits of the inputs."""
        return {"logits": net(batch.x, batch_stats=True)}

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """The loss of each example; of a mixed one, by shares of its two labels."""
        if "lam" in batch.aside:
            return mixed_losses(self.loss, outputs["logits"], batch.y, batch.aside["y2"], batch.aside["lam"])
        return self.loss(outputs["logits"], batch.y)
