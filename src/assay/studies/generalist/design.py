"""The arms of the `generalist` study: the mixture of two learners, what it is compared with, and its own readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from assay.core.spec import Spec
from assay.studies.generalist import labels
from assay.studies.passes import decay
from assay.studies.study import Text
from assay.train import (
    Adversarial,
    Anchored,
    Averaged,
    Generalist,
    Recipe,
    Standard,
    Strategy,
    Summed,
    Teacher,
    Trades,
)
from assay.train.optimiser import OwnOptimiser
from assay.train.strategies.base import BaseLearner
from assay.train.strategies.mixture import HandBack, Mix

Role = Literal["hero", "reference", "control", "reading", "sweep", "tuned", "teacher"]
HERO, STANDARD, ADVERSARIAL, TRADES, AVERAGED = "generalist", "standard", "adversarial", "trades", "averaged"
POST_HOC, ALONE, SUMMED, SAME, STEP = "post hoc", "no hand-back", "summed", "same settings", "every step"
ANCHORED, NATURAL = "anchored", "natural teacher"
FLOORS, RADII, BETAS = "floors", "eps", "betas"
# What may be asked for beside the generalist and plain adversarial training, in the order of every table.
NAMES = (STANDARD, AVERAGED, TRADES, POST_HOC, ALONE, SUMMED, SAME, STEP, ANCHORED, FLOORS, RADII, BETAS)
EVERY = 5  # epochs between two hand-backs, as published
FIRST, SECOND = "adversarial", "standard"  # the names of the two learners
MOMENTS = ("0.25", "0.5", "0.75", "1")  # at which learners and global model are looked at
# Anchoring minimises a squared distance of features: no learning rate of a cross-entropy suits its size, Adam's does.
ANCHORING = OwnOptimiser(name="adam", lr=1e-3)
TUNING_SHARE = Fraction(1, 3)  # of the adversarial run's epochs: how long it is tuned naturally afterwards


@dataclass(frozen=True)
class Arm:
    """One arm: its name, what a person calls it, how it is trained; ``after``: the arm whose weights it begins with."""

    name: str
    label: Text
    role: Role
    strategy: Strategy
    optimiser: OwnOptimiser
    after: str = ""


class Setting(Spec):
    """What the study sets for its arms; see the fields of the study."""

    own: tuple[OwnOptimiser, OwnOptimiser]
    mix_start: Fraction
    floor: float
    hand_back: Fraction
    floors: tuple[float, ...]
    eps: tuple[float, ...]
    betas: tuple[float, ...]


def arms(recipe: Recipe, asked: Sequence[str], how: Setting) -> list[Arm]:
    """Every arm asked for, the generalist first, in the order of every table."""
    plain = recipe.strategy
    assert isinstance(plain, Adversarial)
    robust = how.own[0]
    found = [
        Arm(HERO, labels.ARM[HERO], "hero", mixed(plain, how), OwnOptimiser()),
        Arm(ADVERSARIAL, labels.ARM[ADVERSARIAL], "reference", plain, robust),
    ]
    for name in (name for name in NAMES if name in asked):
        if name == FLOORS:
            found += [
                Arm(floored(floor), labels.floored(floor), "sweep", mixed(plain, how, floor=floor), OwnOptimiser())
                for floor in how.floors
            ]
        elif name == RADII:
            found += [
                Arm(narrowed(factor), labels.narrowed(factor), "tuned", averaged(_within(plain, factor)), robust)
                for factor in how.eps
            ]
        elif name == BETAS:
            found += [
                Arm(bent(beta), labels.bent(beta), "tuned", averaged(trades(plain, beta)), robust) for beta in how.betas
            ]
        else:
            found.append(_one(name, plain, how))
    return found


def _one(name: str, plain: Adversarial, how: Setting) -> Arm:
    robust, natural = how.own
    own = OwnOptimiser()
    summed = Summed(adversarial_weight=how.floor, **_of(plain))
    anchored = Anchored(teacher=Teacher(run=NATURAL), attack=plain.attack, augment=plain.augment, watched=plain.watched)
    found: dict[str, tuple[Role, Strategy, OwnOptimiser, str]] = {
        STANDARD: ("reference", standard(plain), natural, ""),
        AVERAGED: ("control", averaged(plain), robust, ""),
        TRADES: ("reference", averaged(trades(plain)), robust, ""),
        POST_HOC: ("control", standard(plain), natural, ADVERSARIAL),
        ALONE: ("control", mixed(plain, how, back=False), own, ""),
        SUMMED: ("control", averaged(summed), robust, ""),
        SAME: ("control", mixed(plain, how, own=(robust, robust)), own, ""),
        STEP: ("reading", mixed(plain, how, when="step"), own, ""),
        ANCHORED: ("reference", averaged(anchored), ANCHORING, NATURAL),
    }
    role, strategy, optimiser, after = found[name]
    return Arm(name, labels.ARM[name], role, strategy, optimiser, after)


def mixed(
    plain: Adversarial,
    how: Setting,
    *,
    floor: float | None = None,
    own: tuple[OwnOptimiser, OwnOptimiser] | None = None,
    back: bool = True,
    when: Literal["once", "step"] = "once",
) -> Generalist:
    """Two learners and their mixture; how often it is handed back is said when the epochs are known (`timed`)."""
    first = how.floor if floor is None else floor
    settings = own or how.own
    return Generalist(
        learners=(
            BaseLearner(strategy=plain, optimiser=settings[0], name=FIRST),
            BaseLearner(strategy=standard(plain), optimiser=settings[1], name=SECOND),
        ),
        mix=Mix(start=how.mix_start, weights=(first, 1 - first)),
        hand_back=HandBack(start=how.hand_back, every=1, when=when) if back else None,
    )


def standard(plain: Adversarial) -> Standard:
    """Training on clean images, seen as the adversarial learner sees them."""
    return Standard(augment=plain.augment, loss=plain.loss)


def trades(plain: Adversarial, beta: float = 6.0) -> Trades:
    """TRADES in the same ball, which starts at the clean image."""
    return Trades(beta=beta, **{**_of(plain), "attack": plain.attack.with_(random_start=False)})


def averaged(inner: Strategy) -> Averaged:
    """An exponential average round it; how fast it forgets is said when the steps are known (`timed`)."""
    return Averaged(rule="ema", inner=inner)


def _of(plain: Adversarial) -> dict[str, object]:
    return {name: getattr(plain, name) for name in ("attack", "augment", "loss", "attack_warmup", "watched")}


def _within(plain: Adversarial, factor: float) -> Adversarial:
    """The same attack in a ball of another size, by steps of as much another size."""
    attack = plain.attack
    step = getattr(attack, "step", None)
    scaled = {"step": factor * step} if step is not None else {}
    return plain.with_(attack=attack.with_(eps=factor * float(attack.eps), **scaled))


def timed(strategy: Strategy, epochs: int, steps: int) -> Strategy:
    """The strategy with what depends on its length: averages that forget within a tenth of it (at most 0.999), and
    hand-back every fifth epoch, or as often below that as lets it come at all.
    """
    forgets = decay(steps)
    if isinstance(strategy, Averaged):
        return strategy.with_(decay=forgets)
    if not isinstance(strategy, Generalist):
        return strategy
    back = strategy.hand_back
    if back is not None:
        back = back.with_(every=EVERY).lasting(epochs)
    return strategy.with_(decay=forgets, hand_back=back, ramp="mean")  # as the averages of the controls begin


def begun(recipe: Recipe, source: Teacher) -> Recipe:
    """A recipe that begins with a run's weights, and is anchored to it where it is anchored."""
    strategy = recipe.strategy
    if isinstance(strategy, Averaged) and isinstance(strategy.inner, Anchored):
        strategy = strategy.with_(inner=strategy.inner.with_(teacher=source))
    return recipe.with_(start=source, strategy=strategy)


def floored(floor: float) -> str:
    """The name of the arm in which the first learner counts so much at the end."""
    return f"floor {floor:g}"


def narrowed(factor: float) -> str:
    """The name of the adversarial arm with so many times the radius."""
    return f"eps x {factor:g}"


def bent(beta: float) -> str:
    """The name of the TRADES arm with another beta."""
    return f"trades beta {beta:g}"
