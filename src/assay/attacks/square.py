"""Square attack: random search with square windows; needs predictions only (Andriushchenko et al. 2020)."""

from __future__ import annotations

import math
from functools import lru_cache
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


@lru_cache
def sides(queries: int, share: float, height: int, width: int, least: int) -> Tensor:
    """The side of the window at each query: round(sqrt(p h w)), p halved after 10, 50, 200 ... queries.

    >>> [int(sides(5000, 0.8, 32, 32, 1)[at]) for at in (0, 11, 51, 201, 501, 1001, 2001, 4001)]
    [29, 20, 14, 10, 7, 5, 4, 3]
    """
    side = []
    for query in range(queries):
        p = share / 2 ** sum(query > bound for bound in _HALVINGS)
        one = max(round(math.sqrt(p * height * width)), least)
        side.append(min(one + (one % 2 == 0 if least > 1 else 0), height, width))
    return torch.tensor(side, dtype=torch.int64)


class Square(Attack):
    """Raise max_{j != y} z_j - z_y by trying one window a query and keeping what helps.

    Linf: the start has vertical stripes of +-eps; a query adds +-2 eps in a window, one sign a channel, clipped. L2:
    the start is a tiling of bumps; a query moves mass from one window to another. Windows and signs are drawn for
    each item; with reference draws they are shared by a batch, as in the reference.
    """

    kind: str = "square"
    norms: ClassVar[tuple[str, ...]] = ("Linf", "L2")
    gradients: ClassVar[bool] = False
    images: ClassVar[bool] = True

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
        x, channels, width = items.x, items.x.shape[1], items.x.shape[3]
        if self.norm == "Linf":
            signs = (2 * draws.uniform(items, channels, 1, width) - 1).sign()
            items.cur = (x + self._eps(items) * signs).clamp(0, 1)
        else:
            items.cur = (x + self._eps(items) * self.ball(items).unit(tiles.start(draws, items))).clamp(0, 1)
        items.score = self.look(victim, items, items.cur)
        items.mark(items.score <= 0, items.cur)

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """One query: keep what lowers z_y - max_{j != y} z_j."""
        height, width = items.x.shape[2:]
        side = sides(self.queries, self.share, height, width, 1 if self.norm == "Linf" else 3)
        side = side.to(items.x.device)[items.age]
        new = self.recolour(draws, items, side) if self.norm == "Linf" else self.move_mass(draws, items, side)
        score = self.look(victim, items, new)
        better = ((score < items.score) | (score <= 0)) & ~items.broken  # who is broken stays where it broke
        if better.any():
            items.score = torch.where(better, score, items.score)
            items.cur = torch.where(better.view(-1, 1, 1, 1), new, items.cur)
            items.mark(better & (score <= 0), items.cur)

    def look(self, victim: Victim, items: Items, point: Tensor) -> Tensor:
        """z_y - max_{j != y} z_j: at most 0 where the answer is wrong."""
        return -margin(victim.logits(point), items.y)

    def recolour(self, draws: Draws, items: Items, side: Tensor) -> Tensor:
        """A window of +-2 eps added to the current point, and clipped."""
        channels, height, width = items.x.shape[1:]
        u = draws.uniform(items, 2 + channels, shared=True)
        shared = side[:1] if len(u) == 1 else side
        window = tiles.window(u[:, 0], u[:, 1], shared, height, width)
        colour = 2 * self._eps(items) * (2 * u[:, 2:, None, None] - 1).sign()
        return self.ball(items).project(items.cur + colour * window, items.x, self.reach(items))

    def move_mass(self, draws: Draws, items: Items, side: Tensor) -> Tensor:
        """The second window emptied, its mass and what eps leaves free put into the first, in a new shape."""
        channels, height, width = items.x.shape[1:]
        eps, delta = self._eps(items), items.cur - items.x
        u = draws.uniform(items, 5, shared=True)
        side_ = side[:1] if len(u) == 1 else side
        first, second = (tiles.window(u[:, i], u[:, i + 1], side_, height, width) for i in (0, 2))
        signs = (2 * draws.uniform(items, channels, 1, 1, tag=1) - 1).sign()
        bump = tiles.bump(u, side_, height, width) * signs
        size = (delta * first).square().sum((2, 3), keepdim=True).sqrt()
        both = (delta * torch.maximum(first, second)).square().sum((2, 3), keepdim=True)
        free = (eps**2 - delta.square().sum((1, 2, 3), keepdim=True)).clamp_min(0) / channels
        fresh = bump + delta * first / (1e-12 + size)
        fresh = fresh / (1e-12 + fresh.square().sum((2, 3), keepdim=True).sqrt()) * (free + both).sqrt()
        delta = delta * (1 - torch.maximum(first, second)) + fresh
        return (items.x + eps * self.ball(items).unit(delta)).clamp(0, 1)

    def _eps(self, items: Items) -> Tensor | float:
        return self.ball(items).wide(self.reach(items), items.x)

    def strongest(self, items: Items) -> Tensor:
        """The point of lowest margin."""
        return items.cur
