"""Check of the gradient: is there one?"""

from __future__ import annotations

import torch
from torch import Tensor

from assay.attacks.draws import Addressed, keys
from assay.attacks.items import Items
from assay.attacks.objectives import OBJECTIVES
from assay.attacks.trust.bench import Bench, Check

SHARE = 0.01  # of examples; a few may stand where a rectifier is off


def zero_gradients(bench: Bench) -> Check:
    """For what share of examples is the gradient of cross-entropy exactly zero, here and at a random point nearby?

    An attack that climbs the gradient does not move there. The sentence says whether the margin has a gradient: then
    the logits are so large that cross-entropy has become flat, and dividing them by a number mends it.
    """
    if not bench.gradients:
        return Check("zero gradients", None, None, "the model gives predictions only: there is no gradient to look at")
    parts = list(zip(bench.x.split(bench.asked.batch_size), bench.y.split(bench.asked.batch_size), strict=True))
    share = torch.cat([flat(bench, x, y, "ce") for x, y in parts]).float().mean().item()
    if share <= SHARE:
        return Check("zero gradients", True, share, f"{_percent(share)} of examples have no gradient")
    other = torch.cat([flat(bench, x, y, "margin") for x, y in parts]).float().mean().item()
    cause = "logits saturate; divide them by a number" if other <= SHARE else "something in the model cuts gradients"
    said = f"{_percent(share)} of examples have a gradient of exactly zero ({_percent(other)} for the margin): {cause}"
    return Check("zero gradients", False, share, said)


def flat(bench: Bench, x: Tensor, y: Tensor, objective: str) -> Tensor:
    """Who has a gradient of exactly zero both at ``x`` and at a random point of the ball."""
    items = Items(x=x, y=y, key=keys(bench.asked.seed, "flat", range(len(x))).to(x.device), round=0, age=0)
    ball = bench.result.suite.attacks[0][1].ball(items)
    points = (x, ball.inside(Addressed(), items, bench.result.eps))
    value = OBJECTIVES[objective].value
    slopes = [bench.victim.slope(point, lambda logits: value(logits, y, None))[2] for point in points]
    return (torch.stack([slope.flatten(1).abs().amax(1) for slope in slopes]) == 0).all(0)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
