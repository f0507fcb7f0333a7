"""The grid of the `remedies` study: one change of plain adversarial training an arm, each at the baseline's cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import torch

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.losses import LabelSmoothed
from assay.models import build, features, own_file
from assay.studies.overfitting.base import on_part
from assay.studies.overfitting.design import BASELINE
from assay.studies.passes import decay, steps
from assay.studies.remedies import words
from assay.studies.study import Text
from assay.train import (
    AWP,
    Adversarial,
    Anchored,
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
EARLY, MORE, AUGMIX = "early stopping", "more data", "augmix"
CONSISTENT, DISTILLED, ANCHORED = "consistency", "distillation", "feature anchoring"
NATURAL, ROBUST, ANCHOR = "natural teacher", "robust teacher", "anchor"
TEACHERS = {DISTILLED: (NATURAL, ROBUST), ANCHORED: (ANCHOR,)}  # runs of the first stage that an arm learns from
# In order of importance: where a budget does not suffice for all, arms are cut from the end.
NAMES = (
    *(EARLY, MORE, "awp", "ema", "augmentation", "combination", "harder attack", AUGMIX, "left out"),
    *("label smoothing", "mail", "swa", CONSISTENT, DISTILLED, ANCHORED),
)


@dataclass(frozen=True)
class Arm:
    """One arm: its name, what a person calls it, what it changes in the base recipe; ``trained`` is not so for one that
    takes what another arm kept, ``teachers`` are the runs of an earlier stage that it learns from. Until these are
    known its recipe has their names in place of their folders.
    """

    name: str
    label: Text
    role: Role
    changes: Mapping[str, Any] = field(default_factory=dict)
    trained: bool = True
    teachers: tuple[str, ...] = ()


def arms(recipe: Recipe, part: float, names: Sequence[str], onset: Fraction, data: Dataset) -> list[Arm]:
    """The baseline and the remedies asked for, in the order of every table. ``recipe`` learns from all the images."""
    base = on_part(recipe, part, data)
    changes = _changes(base, onset, steps(base, data))
    found = [Arm(BASELINE, words.ARM[BASELINE], "base")]
    for name in NAMES:
        if name not in names or (name == MORE and part == 1):
            continue
        own: dict[str, Any] = (
            {"biases": recipe.biases} if name == MORE else {} if name == EARLY else {"strategy": changes[name]}
        )
        if name == ANCHORED:
            _headed(base, data)
            own["start"] = Teacher(run=ANCHOR)
        found.append(Arm(name, words.ARM[name], "remedy", own, name != EARLY, TEACHERS.get(name, ())))
    return found


def _changes(base: Recipe, onset: Fraction, total: int) -> dict[str, Strategy]:
    """The strategy of each remedy round or in place of the base's; what begins late begins at ``onset``."""
    plain = base.strategy
    assert isinstance(plain, Adversarial)
    more = plain.with_(augment="weak")

    same = {name: getattr(plain, name) for name in ("augment", "attack_warmup", "watched")}

    def small(treatment: Treatment) -> SmallLoss:
        return SmallLoss(treatment=treatment, start=onset, inner=plain)

    def ema(inner: Strategy) -> Averaged:
        return Averaged(rule="ema", decay=decay(total), inner=inner)

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
        CONSISTENT: Trades(attack=plain.attack.with_(random_start=False), loss=plain.loss, **same),
        DISTILLED: Averaged(
            rule="swa",
            start=onset,
            inner=Distilled(natural=Teacher(run=NATURAL), robust=Teacher(run=ROBUST), inner=plain),
        ),
        ANCHORED: Anchored(teacher=Teacher(run=ANCHOR), attack=plain.attack, **same),
    }


def _headed(recipe: Recipe, data: Dataset) -> None:
    """`BadInput` before anything is trained where a model of the user's own has no linear head to anchor before."""
    assert recipe.model is not None
    if not own_file(recipe.model):
        return
    net = build(recipe.model, data.shape, len(data.classes)).eval()
    try:
        features(net, lambda: net(torch.zeros(2, *data.shape)))
    except BadInput as error:
        raise BadInput(f"{error}, or leave '{ANCHORED}' out of grid.arms") from None


def teacher(run: str) -> Teacher:
    """The run's best moment by val: a teacher is not to hand on its overfitting."""
    return Teacher(run=run, moment=BEST)
