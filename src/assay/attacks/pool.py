"""Keep the batch full: items leave as soon as they are broken or through, and waiting ones take their places.

An item that a round did not break goes on to its next round (restart or target) before new ones come in. Items do
not touch each other, so the size of the pool changes the speed and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.victim import Victim

if TYPE_CHECKING:
    from assay.attacks.attack import Attack


@dataclass(frozen=True)
class Done:
    """Items that an attack is finished with: their places in the work, whether they broke, and a point for each."""

    places: Tensor
    broken: Tensor
    points: Tensor


def run(
    attack: Attack,
    victim: Victim,
    draws: Draws,
    work: Items,
    capacity: int,
    early_drop: bool = True,
    refill: bool = True,
) -> Iterator[Done]:
    """Carry ``attack`` out on all rows of ``work`` (``x``, ``y``, ``key``, clean ``logits``), ``capacity`` at a time.

    ``early_drop=False`` lets broken items run their round to its end. ``refill=False`` lets nobody in before the pool
    is empty.
    """
    rounds = attack.rounds(work.logits.shape[-1])
    waiting = deque((place, 0) for place in range(len(work)))
    items = work.take(torch.arange(0))
    while waiting or len(items):
        room = capacity - len(items)
        if waiting and (not len(items) or (refill and room >= max(1, capacity // 4))):
            fresh = _admit(attack, work, [waiting.popleft() for _ in range(min(room, len(waiting)))])
            attack.begin(victim, draws, fresh)
            fresh.age = fresh.age + 1
            if len(items):
                items.join(fresh)
            else:
                items = fresh
        else:
            attack.advance(victim, draws, items)
            items.age = items.age + 1
        leaving = items.age >= attack.length
        if early_drop:
            leaving = leaving | items.broken
        if leaving.any():
            gone = items.take(leaving)
            items.keep(~leaving)
            again = _settle(attack, victim, gone, rounds)
            onward = zip(gone.place[again].tolist(), (gone.round[again] + 1).tolist(), strict=True)
            waiting.extendleft(reversed(list(onward)))
            if not again.all():
                gone.keep(~again)
                points = gone.strongest.clone()
                points[gone.broken] = gone.adv[gone.broken]
                yield Done(gone.place, gone.broken, points)


def _admit(attack: Attack, work: Items, entries: list[tuple[int, int]]) -> Items:
    """Rows for (place, round) entries; a targeted attack aims at the best wrong classes of the clean input in turn."""
    place, round_ = torch.tensor(entries, device=work.x.device).unbind(1)
    items = work.take(place)
    goals = attack.goals(work.logits.shape[-1])
    if goals:
        rank = 2 + round_ * goals // attack.rounds(work.logits.shape[-1])
        order = items.logits.argsort(-1)
        items.target = order.gather(-1, (order.shape[-1] - rank).unsqueeze(-1)).squeeze(-1)
    items.place, items.round, items.age = place, round_, torch.full_like(place, -1)  # 0 at the first step
    items.broken, items.adv = torch.zeros_like(place, dtype=torch.bool), items.x
    return items


def _settle(attack: Attack, victim: Victim, gone: Items, rounds: int) -> Tensor:
    """Look at last points that nobody has looked at; which items go on to another round."""
    gone.strongest = attack.strongest(gone)
    if attack.blind and not gone.broken.all():
        rows = (~gone.broken).nonzero().squeeze(1)
        wrong = torch.zeros_like(gone.broken)
        wrong[rows] = victim.logits(gone.strongest[rows]).argmax(-1) != gone.y[rows]
        gone.mark(wrong, gone.strongest)
    return ~gone.broken & (gone.round + 1 < rounds)
