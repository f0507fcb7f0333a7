"""Checks against attacks that see less: whoever knows the gradients must not lose to one who does not."""

from __future__ import annotations

import torch

from assay.attacks.ascent import MIM, PGD
from assay.attacks.attack import Attack
from assay.attacks.square import Square
from assay.attacks.trust.bench import Bench, Check
from assay.attacks.victim import Model, Victim, at_rest

POINTS = 0.002  # of the examples: what chance may give to the weaker side
SURROGATE = "no second model was given to carry perturbations over from (surrogate)"


def square_wins(bench: Bench) -> Check:
    """By how much does Square, which sees predictions only, lower robust accuracy below the white-box attacks?

    Figure: the share of all examples that Square broke and no attack with gradients. It counts from 0.2 points on,
    and from two examples on. Examples that Square took before another attack had its turn are attacked by that too.
    """
    result = bench.result
    order = [(name, attack) for name, attack in result.suite.attacks]
    places = [at for at, (_, attack) in enumerate(order) if isinstance(attack, Square)]
    if not places or not any(attack.gradients for _, attack in order):
        return Check("Square", None, None, "Square and an attack with gradients did not both run")
    names = {order[at][0] for at in places}
    rows = torch.tensor([row for row, name in enumerate(result.broken_by) if name in names], dtype=torch.int64)
    for _, attack in order[places[0] + 1 :]:
        if attack.gradients and len(rows):
            rows = rows[~bench.points(attack, rows=rows)[0].cpu()]
    count, n = len(rows), len(result.robust)
    said = f"Square broke {count} of {n} examples that attacks with gradients had left"
    if beaten(count, n):
        return Check("Square", False, count / n, f"{said}: gradients mislead, and stronger attacks will find more")
    return Check("Square", True, count / n, said)


def transfer_wins(bench: Bench, surrogate: Model | None) -> Check:
    """Do perturbations made on another network break examples that the evaluation calls robust?

    PGD and MIM with 40 steps on ``surrogate``, on at most 200 robust examples. Judged as Square is.
    """
    if surrogate is None:
        return Check("transfer", None, None, SURROGATE)
    if not Victim(surrogate).differentiable(bench.asked.x[:1]):
        return Check("transfer", None, None, "the second model gives predictions only: nothing can be made on it")
    rows = bench.rows[bench.result.robust[bench.rows]]
    if not len(rows):
        return Check("transfer", True, 0.0, "no robust example is left that could be broken")
    at, asked = rows.to(bench.asked.x.device), bench.asked
    wrong = torch.zeros(len(rows), dtype=torch.bool)
    attacks: list[Attack] = [bench.attack(PGD, steps=40), bench.attack(MIM, steps=40)]
    with at_rest(surrogate):
        crafted = [bench.points(attack, surrogate, rows)[1] for attack in attacks]
    for points in crafted:
        wrong |= (bench.victim.batched(points, asked.batch_size).argmax(1) != asked.y[at]).cpu()
    count, n = int(wrong.sum()), len(rows)
    said = f"perturbations made on the second model broke {count} of {n} examples called robust"
    if beaten(count, n):
        return Check("transfer", False, count / n, f"{said}: gradients of this model mislead")
    return Check("transfer", True, count / n, said)


def beaten(count: int, n: int) -> bool:
    """Whether so many examples of ``n`` are more than 0.2 points, and more than one.

    >>> beaten(1, 100), beaten(2, 100), beaten(2, 1000), beaten(3, 1000)
    (False, True, False, True)
    """
    return count > max(1, POINTS * n)
