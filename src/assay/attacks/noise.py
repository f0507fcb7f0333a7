"""The weakest attack, and the baseline of all others: random points of the ball. Needs predictions only."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import Tensor

from assay.attacks.attack import Attack
from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.victim import Victim


class Noise(Attack):
    """``tries`` points spread evenly over the ball; broken when one of them is misclassified.

    A robust network loses nothing to it; one that does is not even stable.
    """

    kind: str = "noise"
    gradients: ClassVar[bool] = False
    simple: ClassVar[bool] = True
    tries: int = Field(default=1, ge=1)

    @property
    def length(self) -> int:
        """One try a step."""
        return self.tries

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """At the clean input."""
        items.cur = items.x

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """Another random point; looked at only where somebody wants to know."""
        items.cur = self.ball(items).inside(draws, items, self.reach(items))
        if "broken" in items:
            items.mark(victim.logits(items.cur).argmax(-1) != items.y, items.cur)

    def strongest(self, items: Items) -> Tensor:
        """The last point."""
        return items.cur
