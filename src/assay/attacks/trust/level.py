"""The level of a robust accuracy, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from assay.attacks.ascent import Ascent
from assay.attacks.evaluate import Result
from assay.attacks.trust.answers import probabilities, randomised
from assay.attacks.trust.bench import Bench, Check
from assay.attacks.trust.gradients import zero_gradients
from assay.attacks.trust.rivals import square_wins, transfer_wins
from assay.attacks.trust.strength import huge_eps, larger_eps, more_steps
from assay.attacks.victim import Model, at_rest
from assay.core.rng import seed_of

Level = Literal["A", "B", "C", "X"]
MEANINGS: dict[Level, str] = {
    "A": "the standard suite, and every check is clean",
    "B": "a reduced suite or a part of the examples; every check is clean",
    "C": "weak attacks only: an upper bound and no more",
    "X": "do not use this figure",
}


@dataclass(frozen=True)
class Trust:
    """How far a robust accuracy can be believed: A, B, C or X, the reasons, and what each check found."""

    level: Level
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def meaning(self) -> str:
        """What the level stands for."""
        return MEANINGS[self.level]


def assess(result: Result, surrogate: Model | None = None, of: int | None = None) -> Trust:
    """How far the robust accuracy of an evaluation can be believed.

    A: the standard suite on all examples, all checks clean. B: a reduced suite, or some of the ``of`` examples there
    are; the reason gives the interval. C: no attack stronger than PGD, or none that uses gradients. X: a check
    failed, and the figure says nothing about the network. Checks look at 200 examples or fewer and cost at most
    about 280 forward and backward passes for each, a tenth of the standard suite. ``surrogate`` is a second network
    for the same classes, from which perturbations are carried over; without one, that check is not made.
    """
    bench = Bench.of(result)
    with at_rest(bench.asked.model), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(bench.asked.seed, "trust"))
        checks = (
            randomised(bench),
            probabilities(bench),
            zero_gradients(bench),
            more_steps(bench),
            larger_eps(bench),
            huge_eps(bench),
            square_wins(bench),
            transfer_wins(bench, surrogate),
        )
    failed = tuple(check.sentence for check in checks if check.passed is False)
    if failed:
        return Trust("X", failed, checks)
    if not any(attack.gradients and not isinstance(attack, Ascent) for _, attack in result.suite.attacks):
        return Trust("C", _weak(result), checks)
    less = _reduced(result, of)
    if less:
        return Trust("B", less, checks)
    undone = tuple(f"check '{check.name}' not done: {check.sentence}" for check in checks if check.passed is None)
    clean = f"the standard suite on all {len(result.robust)} examples; {len(checks) - len(undone)} checks, all clean"
    return Trust("A", (clean, *undone), checks)


def _weak(result: Result) -> tuple[str, ...]:
    names = ", ".join(name for name, _ in result.suite.attacks)
    return (f"attacked by {names} only; stronger attacks will find more", *result.suite.notes)


def _reduced(result: Result, of: int | None) -> tuple[str, ...]:
    """Why the figure is less than level A, with its interval."""
    suite, reasons = result.suite, []
    if not suite.standard:
        names = ", ".join(name for name, _ in suite.attacks)
        reasons.append(f"not the standard suite but {names}" + "".join(f"; {note}" for note in suite.notes))
    n = len(result.robust)
    if of is not None and n < of:
        reasons.append(f"{n} of {of} examples")
    if reasons:
        low, high = result.interval
        reasons.append(f"95 % interval {100 * low:.1f} to {100 * high:.1f} %")
    return tuple(reasons)
