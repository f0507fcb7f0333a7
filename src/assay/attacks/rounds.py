"""Carry an attack out on one batch, round after round; whoever is broken leaves at once.

Items do not touch each other, so who has left changes the cost for the others and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.victim import Victim

if TYPE_CHECKING:
    from assay.attacks.attack import Attack


def run(
    attack: Attack,
    victim: Victim,
    draws: Draws,
    batch: Items,
    rounds: Sequence[int] | None = None,
    early_drop: bool = True,
) -> tuple[Tensor, Tensor]:
    """Who of ``batch`` (``x``, ``y``, ``key``, clean ``logits``) is broken, and a point for each.

    A point is misclassified where broken, else the strongest of the last round. ``rounds`` are those to carry out,
    by default all. ``early_drop=False`` lets broken items finish their round; the latest misclassified point counts.
    """
    classes = batch.logits.shape[-1]
    broken, points = torch.zeros_like(batch.y, dtype=torch.bool), batch.x.clone()
    for round_ in range(attack.rounds(classes)) if rounds is None else rounds:
        left = (~broken).nonzero().squeeze(1)
        if not len(left):
            break
        items = batch.take(left)
        items.place, items.round, items.age = left, round_, -1
        items.broken, items.adv = torch.zeros_like(items.y, dtype=torch.bool), items.x
        if goals := attack.goals(classes):
            rank = 2 + round_ * goals // attack.rounds(classes)
            items.target = items.logits.argsort(-1)[:, -rank]
        for part in _leavers(attack, victim, draws, items, early_drop and attack.sure):
            broken[part.place] = part.broken
            points[part.place] = torch.where(_wide(part.broken, part.x), part.adv, attack.strongest(part))
    return broken, points


def _leavers(attack: Attack, victim: Victim, draws: Draws, items: Items, early_drop: bool) -> list[Items]:
    """One round: the items in the groups in which they left it."""
    groups: list[Items] = []
    attack.begin(victim, draws, items)
    for items.age in range(attack.length):
        if (early_drop or attack.leaves) and items.broken.any():
            groups.append(items.take(items.broken))
            items.keep(~items.broken)
            if not len(items):
                return groups
        attack.advance(victim, draws, items)
    if attack.blind:
        last = attack.strongest(items)
        items.mark((victim.logits(last).argmax(-1) != items.y) & ~items.broken, last)
    return [*groups, items]


def _wide(value: Tensor, like: Tensor) -> Tensor:
    return value.view(-1, *[1] * (like.dim() - 1))
