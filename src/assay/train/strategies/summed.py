"""Adversarial training with a share of the clean loss."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from assay.core.spec import Number
from assay.train.learner import Net
from assay.train.strategies.adversarial import Adversarial
from assay.train.strategies.base import Batch, Memory, Outputs


class Summed(Adversarial):
    """One network for both losses: w L(f(x'), y) + (1 - w) L(f(x), y), x' = attack(x) (Goodfellow et al. 2015, sec. 6).

    w is ``adversarial_weight``: at 1 it is `Adversarial`, bit for bit (the clean inputs are not even looked at), at 0
    its gradient is that of `Standard`, though the attack is paid for.
    """

    kind: str = "summed"
    adversarial_weight: Number = Field(0.5, ge=0, le=1)

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """Logits of the clean and of the attacked inputs."""
        clean = {"clean": net(batch.aside["clean"], batch_stats=True)} if self.adversarial_weight < 1 else {}
        return clean | super().outputs(net, batch)

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """The weighted sum of both losses of each example."""
        attacked = super().judged(outputs, batch, memory)
        if self.adversarial_weight == 1:
            return attacked
        return self.adversarial_weight * attacked + (1 - self.adversarial_weight) * self.loss(outputs["clean"], batch.y)
