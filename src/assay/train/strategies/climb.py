"""An attack's steps on an objective that is not its own: how far an answer is from another one."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from assay.attacks import Attack
from assay.attacks.ascent import Ascent
from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.victim import Victim

NUDGE = 1e-3  # standard deviation of the noise an attack starts from: a distance from x itself has no gradient at x


def steps_of(strategy: str, attack: Attack) -> Attack:
    """The attack, if its steps are all that is asked of it; ValueError in the name of the strategy that climbs."""
    if attack.kind not in ("pgd", "fgsm"):
        raise ValueError(
            f"{strategy} takes the steps of pgd or fgsm and climbs its own distance, found '{attack.kind}'"
        )
    return attack


def begun(attack: Ascent, draws: Draws, items: Items) -> Tensor:
    """Where the attack starts: a random point of the ball, or x plus normal noise of 0.001; of the shape of ``x``."""
    ball = attack.ball(items)
    if attack.random_start:
        return ball.inside(draws, items, attack.reach(items))
    return items.x + NUDGE * draws.normal(items, *items.x.shape[ball.lead :])


def climbed(attack: Ascent, victim: Victim, items: Items, start: Tensor, value: Callable[[Tensor], Tensor]) -> Tensor:
    """The last point of the attack's steps up ``value``, a function of the victim's answer, one number an example."""
    ball, reach, at = attack.ball(items), attack.reach(items), start
    for _ in range(attack.length):
        _, _, gradient = victim.slope(at, value)
        move = ball.wide(attack.stride(reach), at) * ball.ascend(gradient)
        at = ball.project(at + move, items.x, reach)
    return at
