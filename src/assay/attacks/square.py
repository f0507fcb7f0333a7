"""Square attack: random search with square windows; needs predictions only (Andriushchenko et al. 2020)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from assay.attacks import tiles
from assay.attacks.attack import Attack
from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.objectives import margin
from assay.attacks.victim import Victim
from assay.core.spec import Number

_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)


def side(query: int, share: float, height: int, width: int, odd: bool) -> int:
    """The side of the window at a query: round(sqrt(p h w)), where p = share is halved after 10, 50, 200 ... queries.

    >>> [side(query, 0.8, 32, 32, False) for query in (0, 11, 51, 201, 501, 1001, 2001, 4001)]
    [29, 20, 14, 10, 7, 5, 4, 3]
    """
    p = share / 2 ** sum(query > bound for bound in _HALVINGS)
    length = max(round(math.sqrt(p * height * width)), 3 if odd else 1)
    return min(length + (odd and length % 2 == 0), height, width)


class Square(Attack):
    """Raise max_{j != y} z_j - z_y by trying one window a query and keeping what helps.

    Linf: the start has vertical stripes of +-eps; a query adds +-2 eps in a window, one sign a channel, clipped. L2:
    the start is a tiling of bumps; a query moves mass from one window to another. Windows and signs are drawn for
    each item; with reference draws the windows are shared by a batch, as in the reference.
    """

    kind: str = "square"
    norms: ClassVar[tuple[str, ...]] = ("Linf", "L2")
    gradients: ClassVar[bool] = False
    images: ClassVar[bool] = True
    leaves: ClassVar[bool] = True

    queries: int = Field(default=5000, ge=1)
    restarts: int = Field(default=1, ge=1)
    share: Number = Field(default=0.8, gt=0, le=1)

    @property
    def length(self) -> int:
        """One query a step."""
        return self.queries

    def rounds(self, classes: int) -> int:
        """One a restart."""
        return self.restarts

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """Stripes (Linf) or tiles (L2), looked at."""
        channels, width = items.x.shape[1], items.x.shape[3]
        if self.norm == "Linf":
            shift = (2 * draws.uniform(items, channels, 1, width) - 1).sign()
        else:
            shift = self.ball(items).unit(tiles.start(draws, items))
        items.cur = (items.x + self._eps(items) * shift).clamp(0, 1)
        items.score = self.look(victim, items, items.cur)
        items.mark(items.score <= 0, items.cur)

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """One query: keep what lowers z_y - max_{j != y} z_j."""
        height, width = items.x.shape[2:]
        length = side(items.age, self.share, height, width, odd=self.norm == "L2")
        new = self.recolour(draws, items, length) if self.norm == "Linf" else self.move_mass(draws, items, length)
        score = self.look(victim, items, new)
        better = (score < items.score) | (score <= 0)
        if better.any():
            rows = better.nonzero().squeeze(1)
            items.score[rows], items.cur[rows] = score[rows], new[rows]
            items.mark(score <= 0, new)

    def look(self, victim: Victim, items: Items, point: Tensor) -> Tensor:
        """z_y - max_{j != y} z_j: at most 0 where the answer is wrong."""
        return -margin(victim.logits(point), items.y)

    def recolour(self, draws: Draws, items: Items, length: int) -> Tensor:
        """A window of +-2 eps added to the current point, and clipped."""
        channels, height, width = items.x.shape[1:]
        u = draws.uniform(items, 2 + channels, shared=True)
        colour = 2 * self._eps(items) * (2 * u[:, 2:, None, None] - 1).sign()
        window = tiles.window(u[:, 0], u[:, 1], length, height, width)
        return self.ball(items).project(items.cur + colour * window, items.x, self.reach(items))

    def move_mass(self, draws: Draws, items: Items, length: int) -> Tensor:
        """The second window emptied, its mass and what eps leaves free put into the first, in a new shape."""
        channels, height, width = items.x.shape[1:]
        eps, delta = self._eps(items), items.cur - items.x
        u = draws.uniform(items, 5, shared=True)
        first, second = (tiles.window(u[:, i], u[:, i + 1], length, height, width) for i in (0, 2))
        either = torch.maximum(first, second)
        signs = (2 * draws.uniform(items, channels, 1, 1, tag=1) - 1).sign()
        size = (delta * first).square().sum((2, 3), keepdim=True).sqrt()
        both = (delta * either).square().sum((2, 3), keepdim=True)
        free = (eps**2 - delta.square().sum((1, 2, 3), keepdim=True)).clamp_min(0) / channels
        fresh = tiles.bump(u, length, height, width) * signs + delta * first / (1e-12 + size)
        fresh = fresh / (1e-12 + fresh.square().sum((2, 3), keepdim=True).sqrt()) * (free + both).sqrt()
        return (items.x + eps * self.ball(items).unit(delta * (1 - either) + fresh)).clamp(0, 1)

    def _eps(self, items: Items) -> Tensor | float:
        return self.ball(items).wide(self.reach(items), items.x)

    def strongest(self, items: Items) -> Tensor:
        """The point of lowest margin."""
        return items.cur
