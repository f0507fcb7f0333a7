"""Steepest ascent in a ball: FGSM, PGD, its margin form, and PGD with momentum. Usable on stacks, in training."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from assay.attacks.attack import Attack, objective
from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.victim import Victim
from assay.core.spec import Number

ObjectiveName = Literal["ce", "margin", "dlr"]


class Ascent(Attack):
    """Repeat: step along the steepest direction of the objective, project back. Returns the last point."""

    simple: ClassVar[bool] = True
    blind: ClassVar[bool] = True

    objective: ObjectiveName = "ce"
    random_start: bool = True
    step: Number | None = Field(default=None, ge=0)

    @field_validator("objective", mode="before")
    @classmethod
    def _aliases(cls, value: Any) -> Any:
        return {"cw": "margin", "cross_entropy": "ce"}.get(value, value) if isinstance(value, str) else value

    def stride(self, reach: Tensor | float) -> Tensor | float:
        """The length of one step; where examples have radii of their own, steps keep their share of the radius."""
        return self._usual(reach) if self.step is None else reach * (self.step / self.eps if self.eps else 0.0)

    def _usual(self, reach: Tensor | float) -> Tensor | float:
        return 2.5 / self.length * reach

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """At the clean input, or at a random point of the ball."""
        start = self.ball(items).inside(draws, items, self.reach(items)) if self.random_start else items.x
        items.cur = start

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """Look at where it stands, then move."""
        logits, values, gradient = victim.slope(items.cur, objective(items, self.objective))
        if "broken" in items:
            items.mark(logits.argmax(-1) != items.y, items.cur)
        self.remember(items, values)
        ball, reach = self.ball(items), self.reach(items)
        move = ball.wide(self.stride(reach), items.cur) * ball.ascend(self.direction(items, gradient))
        items.cur = ball.project(items.cur + move, items.x, reach)

    def direction(self, items: Items, gradient: Tensor) -> Tensor:
        """What is climbed: the gradient itself."""
        return gradient

    def remember(self, items: Items, values: Tensor) -> None:
        """Called with the objective at the current point, before it moves."""

    def strongest(self, items: Items) -> Tensor:
        """The last point."""
        return items.cur


class FGSM(Ascent):
    """One step of the sign of the gradient: x + eps sign(dL/dx) (Goodfellow et al. 2015).

    With ``random_start`` the step is 1.25 eps from a uniform start, FGSM-RS (Wong et al. 2020).

    >>> linear = torch.nn.Linear(2, 2, bias=False)
    >>> _ = linear.weight.data.copy_(torch.tensor([[1.0, -1.0], [0.0, 0.0]]))
    >>> FGSM(eps=0.25).attack(linear, torch.tensor([[0.5, 0.5]]), torch.tensor([0])).tolist()
    [[0.25, 0.75]]
    """

    kind: str = "fgsm"
    random_start: bool = False

    @property
    def length(self) -> int:
        """One."""
        return 1

    def _usual(self, reach: Tensor | float) -> Tensor | float:
        return (1.25 if self.random_start else 1.0) * reach


class PGD(Ascent):
    """Projected gradient ascent: x <- P(x + step * ascend(dL/dx)) (Madry et al. 2018).

    ``step`` is 2.5 eps / steps unless given. ``best=True`` returns the point of highest objective on the way instead
    of the last one, at the price of one more forward pass; several restarts always do.
    """

    kind: str = "pgd"
    steps: int = Field(default=10, ge=1)
    restarts: int = Field(default=1, ge=1)
    best: bool = False

    @property
    def length(self) -> int:
        """The number of steps."""
        return self.steps

    def rounds(self, classes: int) -> int:
        """One a restart."""
        return self.restarts

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """A start, and nothing remembered yet."""
        super().begin(victim, draws, items)
        if self.best:
            items.peak, items.top = items.cur, torch.full(items.y.shape, -torch.inf, device=items.y.device)

    def remember(self, items: Items, values: Tensor) -> None:
        """Keep the highest point so far."""
        if "peak" in items:
            higher = values > items.top
            items.top = torch.where(higher, values, items.top)
            items.peak = torch.where(self.ball(items).wide(higher, items.x), items.cur, items.peak)

    def strongest(self, items: Items) -> Tensor:
        """The highest point looked at, or the last one."""
        return items.peak if "peak" in items else items.cur

    def _simply(self, victim: Victim, x: Tensor, y: Tensor, draws: Draws, eps: Tensor | None) -> Tensor:
        if self.restarts == 1 and not self.best:
            return super()._simply(victim, x, y, draws, eps)
        chosen: Items | None = None
        for _ in range(self.restarts):
            items = Items(x=x, y=y, **({} if eps is None else {"eps": eps}))
            self.begin(victim, draws, items)
            if not self.best:
                items.peak, items.top = items.cur, torch.full(y.shape, -torch.inf, device=y.device)
            for _ in range(self.length):
                self.advance(victim, draws, items)
            self.remember(items, objective(items, self.objective)(victim.logits(items.cur)))
            if chosen is None:
                chosen = items
            else:
                chosen.cur = items.peak
                self.remember(chosen, items.top)
        assert chosen is not None
        return chosen.peak


class CW(PGD):
    """PGD on the margin max_{j != y} z_j - z_y, the loss of Carlini and Wagner 2017 in a ball."""

    kind: str = "cw"
    objective: ObjectiveName = "margin"


class MIM(PGD):
    """PGD along a running direction: m <- decay m + g / ||g||_1 (Dong et al. 2018, algorithm 1)."""

    kind: str = "mim"
    random_start: bool = False
    decay: Number = Field(default=1.0, ge=0)

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """A start, and no direction yet."""
        super().begin(victim, draws, items)
        items.momentum = torch.zeros_like(items.cur)

    def direction(self, items: Items, gradient: Tensor) -> Tensor:
        """The running direction."""
        ball = self.ball(items)
        size = gradient.abs().flatten(ball.lead).sum(-1)
        items.momentum = self.decay * items.momentum + gradient / (ball.wide(size, gradient) + 1e-12)
        return items.momentum
