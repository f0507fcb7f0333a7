"""Equal cost: every arm goes forward and backward through networks as often as the baseline does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.data import Dataset, biased
from assay.studies.overfitting.base import LOOKS
from assay.studies.remedies.design import NATURAL, ROBUST, Arm
from assay.train import Recipe, SmallLoss, Standard, Strategy
from assay.train.passes import Passes, passes_of
from assay.train.recipe import BEST
from assay.train.strategies import Wrapper

SMALL = "mlp:32"  # the network that passes are counted with
_KNOWN: dict[str, Passes] = {}
HALF = 0.5  # of the examples count as small while passes are counted: how many there will be is not known before


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

    An arm with teachers divides the cost so that both teachers and the student train for as many epochs.
    """
    total = 0.0
    found: list[Costed] = []
    for arm in arms:
        if not arm.trained:
            continue
        recipe = base.with_(**arm.changes)
        each, examples = _each(recipe, data), _examples(recipe, data)
        if not found:
            total = each.total * examples * recipe.epochs
        with_teachers = _teachers(base) if arm.taught else ()
        if arm.taught:  # teachers answer each example once
            each = Passes(each.forward + len(with_teachers), each.backward)
        epoch = [_each(one, data).total * _examples(one, data) for _, one in with_teachers]
        epochs = max(1, round(total / (each.total * examples + sum(epoch))))
        passes = round(each.total * examples * epochs)
        found.append(
            Costed(
                arm,
                lasting(recipe, epochs),
                each,
                passes + round(sum(epoch) * epochs),
                round(sum(epoch) * epochs),
                tuple((name, lasting(one, epochs)) for name, one in with_teachers),
            )
        )
    return found


def _teachers(base: Recipe) -> tuple[tuple[str, Recipe], ...]:
    """One trained naturally, one as the baseline."""
    return (NATURAL, base.with_(strategy=Standard(), keep=(BEST,))), (ROBUST, base.with_(keep=(BEST,)))


def lasting(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe with other epochs and about as many looks."""
    looks = max(1, recipe.epochs // max(1, recipe.evaluate_every)) if recipe.evaluate_every else LOOKS
    return recipe.with_(epochs=epochs, evaluate_every=max(1, epochs // looks))


def _examples(recipe: Recipe, data: Dataset) -> int:
    """Examples of an epoch."""
    return recipe.sampler.covers(biased(data, recipe.biases).train.y, recipe.batch)


def _each(recipe: Recipe, data: Dataset) -> Passes:
    """Passes an example of a step, counted once in a process; how many there are does not depend on the network."""
    small = {"model": SMALL, "activation": None, "start": None}
    trial = recipe.with_(strategy=halved(recipe.strategy), epochs=1, biases=(), seed=0, **small)
    key = trial.run_id(data.learned)
    if key not in _KNOWN:
        _KNOWN[key] = passes_of(trial, data)
    return _KNOWN[key]


def halved(strategy: Strategy) -> Strategy:
    """With half of each batch small, whatever the losses of an untrained network."""
    if not isinstance(strategy, Wrapper):
        return strategy
    changes = {"quantile": HALF} if isinstance(strategy, SmallLoss) else {}
    return strategy.with_(inner=halved(strategy.inner), **changes)
