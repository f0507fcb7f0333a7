"""MART: misclassified examples count more."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from assay.core.spec import Number
from assay.losses import kl_divergence
from assay.train.learner import Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.crafted import Crafted

TINY = 1e-4  # keeps the margin's logarithm finite, as in the released code


class Mart(Crafted):
    """MART: BCE(f(x'), y) + beta KL(f(x) || f(x')) (1 - f_y(x)) (Wang et al. 2020, eq. 11), f the softmax.

    BCE = -ln f_y(x') - ln(1 - max_{k != y} f_k(x')), the boosted cross-entropy, x' by the attack. That loss is the
    method: there is no ``loss`` to choose, so no label smoothing and no hot swap of it.
    """

    kind: str = "mart"
    beta: Number = Field(5.0, ge=0)

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """Logits of the clean and of the attacked inputs."""
        clean = net(batch.aside["clean"], batch_stats=True)
        return {"clean": clean, "logits": net(batch.x, batch_stats=True)}

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Boosted cross-entropy and weighted divergence of each example."""
        clean, logits, label = outputs["clean"], outputs["logits"], batch.y.unsqueeze(-1)
        rival = logits.softmax(-1).scatter(-1, label, 0.0).amax(-1)
        boosted = -logits.log_softmax(-1).gather(-1, label).squeeze(-1) - (1 + TINY - rival).log()
        doubt = 1 - clean.softmax(-1).gather(-1, label).squeeze(-1)
        return boosted + self.beta * doubt * kl_divergence(clean, logits)
