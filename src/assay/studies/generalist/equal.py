"""Equal cost: every arm goes forward and backward through networks as often as plain adversarial training does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.data import Dataset
from assay.studies.generalist.design import (
    ADVERSARIAL,
    MOMENTS,
    NATURAL,
    TUNING_SHARE,
    Arm,
    standard,
    timed,
)
from assay.studies.passes import examples, lasting, passes_each, steps
from assay.train import Adversarial, Recipe
from assay.train.optimiser import OwnOptimiser
from assay.train.passes import Passes


@dataclass(frozen=True)
class Costed:
    """An arm's recipe with as many epochs as its cost allows.

    ``each``: passes an example of a step, the mean over training. ``passes``: those of a whole run, in examples forward
    and backward, with what went ``before`` it: a teacher's training, or the run that it goes on from. ``teacher``: the
    recipe of a run that is trained first and for it alone.
    """

    arm: Arm
    recipe: Recipe
    each: Passes
    passes: int
    before: int = 0
    teacher: Recipe | None = None


def costed(base: Recipe, arms: Sequence[Arm], natural: OwnOptimiser, data: Dataset) -> list[Costed]:
    """Every arm at the cost of adversarial training for the base recipe's epochs.

    A teacher and its student train for as many epochs each. Natural tuning of the adversarial run comes on top of that
    run: it costs a little more than the others.
    """
    images = examples(base, data)
    total = passes_each(base, data).total * images * base.epochs
    found = []
    for arm in arms:
        recipe = base.with_(strategy=arm.strategy, optimiser=arm.optimiser.over(base.optimiser))
        if arm.after == ADVERSARIAL:
            each, epochs = passes_each(recipe, data), max(1, round(TUNING_SHARE * base.epochs))
            found.append(_settled(arm, recipe, each, epochs, data, round(total)))
        elif arm.after == NATURAL:
            plain = base.strategy
            assert isinstance(plain, Adversarial)
            teacher = base.with_(strategy=standard(plain), optimiser=natural.over(base.optimiser))
            each, teaching = passes_each(recipe, data), passes_each(teacher, data).total
            epochs = max(1, round(total / ((each.total + teaching) * images)))
            before = round(teaching * images * epochs)
            found.append(_settled(arm, recipe, each, epochs, data, before, teacher))
        else:
            each = passes_each(recipe, data)
            epochs = max(1, round(total / (each.total * images)))
            found.append(_settled(arm, recipe, each, epochs, data))
    return found


def _settled(
    arm: Arm, recipe: Recipe, each: Passes, epochs: int, data: Dataset, before: int = 0, teacher: Recipe | None = None
) -> Costed:
    own = lasting(recipe, epochs)
    own = own.with_(strategy=timed(arm.strategy, epochs, steps(own, data)))
    own = own.with_(keep=MOMENTS) if arm.strategy.team else own
    first = None if teacher is None else lasting(teacher, epochs)
    return Costed(arm, own, each, round(each.total * examples(recipe, data) * epochs) + before, before, first)
