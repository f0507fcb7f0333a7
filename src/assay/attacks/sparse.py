"""Auto-PGD under L1: sparse steps, and two climbs in larger balls first (Croce and Hein 2021, algorithms 1 and 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.victim import Victim

if TYPE_CHECKING:
    from assay.attacks.apgd import APGD


def descend_radii(steps: int) -> list[tuple[float, int]]:
    """The climbs before the last: multiples of eps, and steps.

    >>> descend_radii(100)
    [(3.0, 30), (2.0, 30)]
    """
    return [(3.0, math.ceil(0.3 * steps)), (2.0, math.ceil(0.3 * steps))]


def climb_sparsely(attack: APGD, victim: Victim, draws: Draws, items: Items) -> Tensor:
    """Where the climb in the ball starts: the best point of climbs in larger balls, projected.

    The reference also draws a start for each climb that it then does not use; so do we, to stay in step with it.
    """
    ball, x = attack.ball(items), items.x
    point = ball.project(x + draws.normal(items, *x.shape[1:]), x, 3 * attack.eps)
    for factor, steps in descend_radii(attack.steps):
        draws.normal(items, *x.shape[1:])
        point = ball.project(point, x, factor * attack.eps)
        attack.launch(victim, items, point)
        thin(items, factor * attack.eps)
        for age in range(steps):
            step_sparsely(attack, victim, items, factor * attack.eps, age, steps)
        point = items.best
    draws.normal(items, *x.shape[1:])
    items.broken, items.adv = torch.zeros_like(items.broken), x  # larger balls do not count
    return ball.project(point, x, attack.eps)


def thin(items: Items, reach: float) -> None:
    """The state of the sparse rule at a start: the support, the share of values to move, and the full step."""
    items.support = (items.cur != items.x).flatten(1).sum(1)
    items.share = items.support / math.prod(items.x.shape[1:]) / 1.5
    items.step = torch.full_like(items.top, reach)


def step_sparsely(attack: APGD, victim: Victim, items: Items, reach: float, age: int, steps: int) -> None:
    """Move the share of values with the largest gradients, look, and adapt share and step to the support.

    Where the best perturbation has become sparser (support below 95 %), the item goes back to it with a full step;
    elsewhere the step shrinks by 1.5, to a tenth of the radius at least.
    """
    ball, flat = attack.ball(items), items.gradient.flatten(1)
    size = flat.shape[1]
    cut = ((1 - items.share) * size).clamp(0, size - 1).long()
    least = flat.abs().sort(-1).values.gather(1, cut.unsqueeze(1))
    signs = (flat * (flat.abs() >= least)).sign().view_as(items.x)
    move = ball.wide(items.step, signs) * signs / (ball.wide(ball.size(signs), signs) + 1e-10)
    items.cur = ball.project(items.cur + move, items.x, reach)
    values, items.gradient = attack.look(victim, items, items.cur)
    attack.remember(items, values)
    if (age + 1) % max(int(0.04 * steps), 1):
        return
    support = (items.best != items.x).flatten(1).sum(1)
    sparser = support / items.support < 0.95
    items.step = torch.where(sparser, reach, items.step / 1.5).clamp(reach / 10, reach)
    items.share, items.support = support / size / 1.5, support
    attack.go_back(items, sparser)
