"""Adversarial training."""

from __future__ import annotations

from torch import Tensor

from assay.core.spec import OneOf
from assay.losses import CrossEntropy, Loss
from assay.train.learner import Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.crafted import Crafted


class Adversarial(Crafted):
    """PGD-AT: the loss at the point that an attack found, L(f(x'), y), x' = attack(x) (Madry et al. 2018, eq. 2.1)."""

    kind: str = "adversarial"
    loss: OneOf[Loss] = CrossEntropy()

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """Logits of the attacked inputs."""
        return {"logits": net(batch.x, batch_stats=True)}

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """The loss of each attacked example."""
        return self.loss(outputs["logits"], batch.y)
