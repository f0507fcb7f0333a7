"""Auto-PGD: projected ascent with momentum whose step size halves by itself (Croce and Hein 2020, algorithm 1)."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from assay.attacks.attack import Attack, objective
from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.objectives import OBJECTIVES
from assay.attacks.sparse import climb_sparsely, descend_radii, step_sparsely, thin
from assay.attacks.victim import Victim
from assay.core.spec import Number


@lru_cache
def windows(steps: int) -> tuple[int, ...]:
    """After which steps the step size is reviewed: the number of steps since the last review, else 0.

    The first window is 22 % of the steps, each later one 3 % shorter, the shortest 6 %.

    >>> [step + 1 for step, window in enumerate(windows(100)) if window]
    [22, 41, 57, 70, 80, 87, 93, 99]
    """
    first, fewer, least = (max(int(share * steps), 1) for share in (0.22, 0.03, 0.06))
    table, at, window = [0] * steps, first, first
    while at <= steps:
        table[at - 1] = window
        window = max(window - fewer, least)
        at += window
    return tuple(table)


class APGD(Attack):
    """Ascent on one objective. Of each item: where it is, where it was, and the best point so far.

    z = P(x_k + step ascend(g)); x_{k+1} = P(x_k + a (z - x_k) + (1 - a)(x_k - x_{k-1})), a = 0.75 (1 at first). The
    step starts at 2 eps. At a review it is halved, and the item goes back to its best point, when at most ``rho`` of
    the steps raised the objective, or when neither the last review halved the step nor the best value has changed.

    Three habits of the reference code are kept, because verdicts depend on them: the first objective is compared
    with 0; the first review counts as if the step had been halved before; the momentum after going back still
    remembers the point before. Under L1 the step follows the sparsity of the perturbation instead (`sparse`).
    """

    loss: ClassVar[str] = "ce"

    steps: int = Field(default=100, ge=1)
    restarts: int = Field(default=1, ge=1)
    rho: Number = Field(default=0.75, gt=0, lt=1)
    eot: int = Field(default=1, ge=1)

    @property
    def length(self) -> int:
        """The number of steps in the ball; under L1 two fifths of all, the others being spent in larger balls."""
        return self.steps if self.norm != "L1" else self.steps - sum(steps for _, steps in descend_radii(self.steps))

    def rounds(self, classes: int) -> int:
        """One a restart, for each target."""
        return self.restarts * max(1, self.goals(classes))

    def passes(self, classes: int) -> tuple[int, int]:
        """Each step and each start of a climb, ``eot`` times; under L1 a round has three climbs."""
        climbs = 3 if self.norm == "L1" else 1
        each = self.rounds(classes) * (self.steps + climbs) * self.eot
        return each, each

    def substitutes(self, classes: int) -> list[str]:
        """The margin in the place of DLR."""
        used = OBJECTIVES[self.loss].for_classes(classes).name
        return [] if used == self.loss else [f"{self.kind} raises the {used}: {classes} classes have no {self.loss}"]

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """On the sphere of radius eps, in a random direction."""
        ball = self.ball(items)
        if self.norm == "L1":
            self.launch(victim, items, climb_sparsely(self, victim, draws, items))
            thin(items, self.eps)
        else:
            self.launch(victim, items, ball.on_shell(ball.noise(draws, items), items.x, self.reach(items)))

    def launch(self, victim: Victim, items: Items, start: Tensor) -> None:
        """The state of a climb that starts at ``start``."""
        values, items.gradient = self.look(victim, items, start)
        victim.flat += int((items.gradient.flatten(1).abs().amax(1) == 0).sum())
        items.cur = items.prev = items.best = start
        items.best_gradient, items.top, items.checked = items.gradient, values, values
        items.last, items.ups = torch.zeros_like(values), torch.zeros_like(items.y)
        items.halved = torch.ones_like(items.broken)
        items.step = 2 * self.reach(items) * torch.ones_like(values)

    def look(self, victim: Victim, items: Items, point: Tensor) -> tuple[Tensor, Tensor]:
        """Values and gradients at a point; misclassified items are marked."""
        logits, values, gradient = victim.slope(point, objective(items, self.loss), self.eot)
        items.mark(logits.argmax(-1) != items.y, point)
        return values, gradient

    @property
    def sure(self) -> bool:
        """Not of networks that answer at random: they may answer differently next time, so nobody leaves early."""
        return self.eot == 1

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """Move, look, and review the step size where that is due."""
        if self.norm == "L1":
            return step_sparsely(self, victim, items, self.eps, items.age, self.length)
        ball, reach = self.ball(items), self.reach(items)
        cur, a = items.cur, 0.75 if items.age else 1.0
        z = ball.project(cur + ball.wide(items.step, cur) * ball.ascend(items.gradient), items.x, reach)
        new = ball.project(cur + (z - cur) * a + (cur - items.prev) * (1 - a), items.x, reach)
        items.prev, items.cur = cur, new
        values, items.gradient = self.look(victim, items, new)
        items.ups = items.ups + (values > items.last)
        items.last = values
        self.remember(items, values)
        if window := windows(self.steps)[items.age]:
            self.review(items, window)

    def remember(self, items: Items, values: Tensor) -> None:
        """Keep the best point, its value and its gradient."""
        higher = values > items.top
        if higher.any():
            wide = higher.view(-1, *[1] * (items.x.dim() - 1))
            items.top = torch.where(higher, values, items.top)
            items.best = torch.where(wide, items.cur, items.best)
            items.best_gradient = torch.where(wide, items.gradient, items.best_gradient)

    def review(self, items: Items, window: int) -> None:
        """Halve steps that oscillate or have stalled, and put those items back at their best points."""
        halve = (items.ups <= self.rho * window) | (~items.halved & (items.checked >= items.top))
        items.halved, items.checked, items.ups = halve, items.top, torch.zeros_like(items.ups)
        items.step = torch.where(halve, items.step / 2, items.step)
        self.go_back(items, halve)

    def go_back(self, items: Items, rows: Tensor) -> None:
        """Some items return to their best points; the point before is not forgotten."""
        wide = rows.view(-1, *[1] * (items.x.dim() - 1))
        items.cur = torch.where(wide, items.best, items.cur)
        items.gradient = torch.where(wide, items.best_gradient, items.gradient)

    def strongest(self, items: Items) -> Tensor:
        """The point of highest objective."""
        return items.best


class APGDCE(APGD):
    """Auto-PGD on cross-entropy."""

    kind: str = "apgd-ce"


class APGDDLR(APGD):
    """Auto-PGD on the difference of logits ratio (fewer than 3 classes: on the margin)."""

    kind: str = "apgd-dlr"
    loss: ClassVar[str] = "dlr"


class APGDT(APGD):
    """Auto-PGD on the targeted DLR, one round for each of the ``targets`` best wrong classes of the clean input.

    There are never more targets than wrong classes. Fewer than 4 classes: on the targeted margin.
    """

    kind: str = "apgd-t"
    loss: ClassVar[str] = "targeted-dlr"
    targets: int = Field(default=9, ge=1)

    def goals(self, classes: int) -> int:
        """The number of targets."""
        return min(self.targets, classes - 1)
