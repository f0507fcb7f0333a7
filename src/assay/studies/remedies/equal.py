"""Equal cost: every arm goes forward and backward through networks as often as the baseline does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.data import Dataset
from assay.studies.passes import examples, lasting, passes_each
from assay.studies.remedies.design import ROBUST, Arm
from assay.train import Recipe, Standard
from assay.train.passes import Passes
from assay.train.recipe import BEST


@dataclass(frozen=True)
class Costed:
    """An arm's recipe with as many epochs as the baseline's cost pays for, and what it costs.

    ``each``: passes an example of a step, the mean over training. ``passes`` are those of a whole run, in examples
    forward and backward, with the ``teaching`` that went before.
    """

    arm: Arm
    recipe: Recipe
    each: Passes
    passes: int
    teaching: int = 0
    teachers: tuple[tuple[str, Recipe], ...] = ()


def costed(base: Recipe, arms: Sequence[Arm], data: Dataset) -> list[Costed]:
    """Every arm that is trained, at the cost of the first.

    An arm with teachers divides the cost so that they and the student train for as many epochs.
    """
    total = 0.0
    found: list[Costed] = []
    for arm in arms:
        if not arm.trained:
            continue
        recipe = base.with_(**arm.changes)
        each, count = passes_each(recipe, data), examples(recipe, data)
        if not found:
            total = each.total * count * recipe.epochs
        teachers = [(name, _teacher(base, name)) for name in arm.teachers]
        epoch = [passes_each(one, data).total * examples(one, data) for _, one in teachers]
        epochs = max(1, round(total / (each.total * count + sum(epoch))))
        passes = round(each.total * count * epochs)
        found.append(
            Costed(
                arm,
                lasting(recipe, epochs),
                each,
                passes + round(sum(epoch) * epochs),
                round(sum(epoch) * epochs),
                tuple((name, lasting(one, epochs)) for name, one in teachers),
            )
        )
    return found


def _teacher(base: Recipe, name: str) -> Recipe:
    """The robust one is trained as the baseline, the others naturally."""
    return base.with_(keep=(BEST,), **({} if name == ROBUST else {"strategy": Standard()}))
