"""TRADES: clean accuracy and a smooth prediction."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, field_validator
from torch import Generator, Tensor

from assay.attacks import PGD, Attack
from assay.attacks.ascent import Ascent
from assay.attacks.draws import Streams
from assay.attacks.items import Items
from assay.attacks.victim import Model, Victim
from assay.core.spec import Number, OneOf
from assay.losses import CrossEntropy, Loss, kl_divergence
from assay.train.learner import Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.climb import begun, climbed, steps_of
from assay.train.strategies.crafted import Crafted


class Trades(Crafted):
    """TRADES: L(f(x), y) + beta KL(f(x) || f(x')), x' where that divergence is largest (Zhang et al. 2019, eq. 5).

    The attack's steps climb the divergence in place of its own objective, from x plus normal noise of 0.001, or from a
    random point of the ball when the attack says ``random_start``.
    """

    kind: str = "trades"
    attack: OneOf[Attack] = PGD(random_start=False)
    loss: OneOf[Loss] = CrossEntropy()
    beta: Number = Field(6.0, ge=0)

    @field_validator("attack")
    @classmethod
    def _climbs(cls, value: Attack) -> Attack:
        return steps_of("trades", value)

    def craft(self, target: Model, batch: Batch, generators: Sequence[Generator]) -> Tensor:
        """Where the prediction differs most from that on the clean input."""
        assert isinstance(self.attack, Ascent)
        return farthest(self.attack, target, batch.x, batch.y, generators, self.reach(batch))

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """Logits of the clean and of the attacked inputs."""
        clean = net(batch.aside["clean"], batch_stats=True)
        return {"clean": clean, "logits": net(batch.x, batch_stats=True)}

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Clean loss and divergence of each example."""
        clean = outputs["clean"]
        return self.loss(clean, batch.y) + self.beta * kl_divergence(clean, outputs["logits"])


def farthest(
    attack: Ascent, model: Model, x: Tensor, y: Tensor, generators: Sequence[Generator], eps: Tensor | None = None
) -> Tensor:
    """Inputs in the attack's ball whose prediction is far from that on ``x``, by the attack's own steps.

    Each step follows the gradient of KL(f(x) || f(x')) by x'; ``y`` only says which axes count examples.
    """
    items = Items(x=x.detach(), y=y, **({} if eps is None else {"eps": eps}))
    victim = Victim(model)
    clean = victim.logits(items.x)
    start = begun(attack, Streams(*generators), items)
    return climbed(attack, victim, items, start, lambda logits: kl_divergence(clean, logits))
