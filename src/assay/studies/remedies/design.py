"""The grid of the `remedies` study: one change of plain adversarial training an arm, each at the baseline's cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from assay.data import Dataset, biased
from assay.losses import LabelSmoothed
from assay.studies.overfitting.base import on_part
from assay.studies.overfitting.design import BASELINE
from assay.studies.remedies import words
from assay.studies.study import Text
from assay.train import (
    AWP,
    Adversarial,
    Averaged,
    Distilled,
    Recipe,
    SmallLoss,
    Strategy,
    Teacher,
    Trades,
    Treatment,
    Weighted,
)
from assay.train.recipe import BEST
from assay.train.strategies.treatments import AugMixed, Drop, Harder

Role = Literal["base", "remedy", "teacher"]
EARLY, MORE, AUGMIX, DISTILLED = "early stopping", "more data", "augmix", "distillation"
NATURAL, ROBUST = "natural teacher", "robust teacher"
# In order of importance: where a budget does not suffice for all, arms are cut from the end.
NAMES = (
    *(EARLY, MORE, "awp", "ema", "augmentation", "combination", "harder attack", AUGMIX, "left out"),
    *("label smoothing", "mail", "swa", "consistency", DISTILLED),
)
HORIZON = 10  # an exponential average forgets within this part of training: a tenth
SLOWEST = 0.999


@dataclass(frozen=True)
class Arm:
    """One arm: its name, what a person calls it, what it changes in the base recipe; ``trained`` is not so for one that
    takes what another arm kept, ``taught`` for one that learns from runs of an earlier stage.
    """

    name: str
    label: Text
    role: Role
    changes: Mapping[str, Any] = field(default_factory=dict)
    trained: bool = True
    taught: bool = False


def arms(recipe: Recipe, part: float, names: Sequence[str], onset: Fraction, data: Dataset) -> list[Arm]:
    """The baseline and the remedies asked for, in the order of every table. ``recipe`` learns from all the images."""
    base = on_part(recipe, part, data)
    changes = _changes(base, onset, steps(base, data))
    found = [Arm(BASELINE, words.ARM[BASELINE], "base")]
    for name in NAMES:
        if name not in names or (name == MORE and part == 1):
            continue
        own = {"biases": recipe.biases} if name == MORE else {} if name == EARLY else {"strategy": changes[name]}
        found.append(Arm(name, words.ARM[name], "remedy", own, name != EARLY, name == DISTILLED))
    return found


def steps(recipe: Recipe, data: Dataset) -> int:
    """Steps of a run."""
    return recipe.sampler.sizes(biased(data, recipe.biases).train.y, recipe.batch)[1] * recipe.epochs


def _changes(base: Recipe, onset: Fraction, total: int) -> dict[str, Strategy]:
    """The strategy of each remedy round or in place of the base's; what begins late begins at ``onset``."""
    plain = base.strategy
    assert isinstance(plain, Adversarial)
    more = plain.with_(augment="weak")

    def small(treatment: Treatment) -> SmallLoss:
        return SmallLoss(treatment=treatment, start=onset, inner=plain)

    def ema(inner: Strategy) -> Averaged:
        return Averaged(rule="ema", decay=min(SLOWEST, max(0.0, 1 - HORIZON / total)), inner=inner)

    return {
        "awp": AWP(inner=plain),
        "ema": ema(plain),
        "augmentation": more,
        "combination": ema(AWP(inner=more)),
        "harder attack": small(Harder()),
        AUGMIX: small(AugMixed()),
        "left out": small(Drop()),
        "label smoothing": plain.with_(loss=LabelSmoothed()),
        "mail": Weighted(start=onset, inner=plain),
        "swa": Averaged(rule="swa", start=onset, inner=plain),
        "consistency": Trades(
            attack=plain.attack.with_(random_start=False),
            **{name: getattr(plain, name) for name in ("augment", "loss", "attack_warmup", "watched")},
        ),
        DISTILLED: Averaged(rule="swa", start=onset, inner=plain),  # `taught` by runs of the first stage
    }


def taught(student: Recipe, natural: Teacher, robust: Teacher) -> Recipe:
    """A recipe with an average outside, in which the inner strategy also learns from two teachers."""
    outer = student.strategy
    assert isinstance(outer, Averaged)
    inner = outer.inner.inner if isinstance(outer.inner, Distilled) else outer.inner
    return student.with_(strategy=outer.with_(inner=Distilled(natural=natural, robust=robust, inner=inner)))


def teachers_of(recipe: Recipe) -> tuple[Teacher, Teacher] | None:
    """The natural and the robust teacher of a `taught` recipe."""
    outer = recipe.strategy
    found = outer.inner if isinstance(outer, Averaged) else None
    if not isinstance(found, Distilled) or found.natural is None or found.robust is None:
        return None
    return found.natural, found.robust


def teacher(run: str) -> Teacher:
    """The run's best moment by val: a teacher is not to hand on its overfitting."""
    return Teacher(run=run, moment=BEST)
