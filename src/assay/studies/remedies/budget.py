"""What fits into a time: fewer seeds first, then fewer epochs, then fewer remedies; decided before anything is trained.

How fast this machine is, is measured. What follows from it (seeds, epochs, arms) is kept in the lab beside the request,
so that the same command means the same study when it is repeated, however busy the machine is then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from assay.attacks.suite import members, suite
from assay.core.errors import BadInput
from assay.core.files import read_json, write_json
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.execute import workers
from assay.lab.jobs import stackable
from assay.lab.observe import View
from assay.lab.threads import limited
from assay.maths.statistics import smallest_p
from assay.models import build
from assay.studies.attack.cost import seconds_a_pass, seconds_an_example
from assay.studies.cost import looks, said_duration, seconds_a_look, seconds_a_step
from assay.studies.means import Means
from assay.studies.overfitting.base import LEAST_EPOCHS
from assay.studies.overfitting.design import BASELINE
from assay.studies.overfitting.look import Ball, rehearsed
from assay.studies.passes import halved, lasting, rehearsable, steps
from assay.studies.remedies.equal import Costed
from assay.train import Recipe

if TYPE_CHECKING:
    from assay.studies.remedies import Remedies

LEAST_SEEDS = 6
STANDING = 0.5  # of the judged images: how many withstand every attack is not known before
STACK = 16


@dataclass(frozen=True)
class Prices:
    """Seconds in one process: a step of a run by its strategy, by how much a step grows with each further run of a
    stack, a look while training, a look inside a finished run.
    """

    step: dict[str, float]
    further: float
    look: float
    inside: float


def within(
    study: Remedies, seconds: float, data: Dataset, lab: Lab, means: Means, keep: bool
) -> tuple[Remedies, list[str]]:
    """The study cut down to a time, and what was cut; as it was decided when this was asked first.

    `BadInput` where not even the first remedy fits.
    """
    path = lab.budget(study.fingerprint(data.learned, repr(seconds)))
    if path.exists():
        found = read_json(path)
        return settled(study, found["seeds"], found["epochs"], tuple(found["arms"])), found["said"]
    prices = measured(study, data, means)
    parallel = min(workers("processes" if means.on == "auto" else means.on), study.seeds)
    chosen = cut(study, lambda one: total(one, data, prices, means) / parallel, seconds)
    said = told(study, chosen, seconds, total(chosen, data, prices, means) / parallel)
    if keep:
        found = {"seeds": chosen.seeds, "epochs": chosen.recipe.epochs, "arms": list(chosen.arms), "said": said}
        write_json(path, found)
    return chosen, said


def cut(study: Remedies, takes: Callable[[Remedies], float], seconds: float) -> Remedies:
    """The largest study that takes at most so long: seeds down to the fewest that can still decide, then epochs, then
    the last remedies of the order.
    """
    arms, epochs = study.arms, study.recipe.epochs
    floor = min(epochs, LEAST_EPOCHS)
    for count in range(len(arms), 0, -1):
        least = min(study.seeds, least_seeds(count, study.level))
        fewer = [settled(study, seeds, epochs, arms[:count]) for seeds in range(study.seeds, least - 1, -1)]
        if count < len(arms):  # what was cut last leaves time for more epochs, not for more seeds
            fewer = fewer[-1:]
        for one in fewer:
            if takes(one) <= seconds:
                return one
        low, high = floor, epochs
        if takes(settled(study, least, low, arms[:count])) > seconds:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            fits = takes(settled(study, least, middle, arms[:count])) <= seconds
            low, high = (middle, high) if fits else (low, middle)
        return settled(study, least, low, arms[:count])
    shortest = takes(settled(study, min(study.seeds, LEAST_SEEDS), floor, arms[:1]))
    raise BadInput(
        f"asked for --budget of {said_duration(seconds)}; the baseline and '{arms[0]}' alone take about "
        f"{said_duration(shortest)}; give at least that, a smaller model (--set model=mlp:64) or --set grid.judged=32"
    )


def least_seeds(claims: int, level: float) -> int:
    """The fewest seeds with which one claim of so many can be supported after Holm's correction; never below six.

    >>> least_seeds(1, 0.05), least_seeds(15, 0.05)  # 2 / 2^10 times 15 is 0.029
    (6, 10)
    """
    return next(n for n in range(LEAST_SEEDS, 64) if claims * smallest_p("sign-flip", n) <= level)


def settled(study: Remedies, seeds: int, epochs: int, arms: tuple[str, ...]) -> Remedies:
    """The study with other seeds, epochs and arms."""
    recipe = study.recipe if epochs == study.recipe.epochs else lasting(study.recipe, epochs)
    return study.with_(seeds=seeds, recipe=recipe, arms=arms)


def told(asked: Remedies, chosen: Remedies, seconds: float, takes: float) -> list[str]:
    """What was cut, in words."""
    gone = [name for name in asked.arms if name not in chosen.arms]
    cuts = [
        f"seeds {asked.seeds} -> {chosen.seeds}" if chosen.seeds < asked.seeds else "",
        f"epochs {asked.recipe.epochs} -> {chosen.recipe.epochs}" if chosen.recipe.epochs < asked.recipe.epochs else "",
        f"left out: {', '.join(gone)}" if gone else "",
    ]
    what = "; ".join(part for part in cuts if part) or "nothing is cut"
    return [f"budget {said_duration(seconds)}: {what}; about {said_duration(takes)} with looking inside"]


def measured(study: Remedies, data: Dataset, means: Means) -> Prices:
    """Prices on this machine, from a few steps of each arm and a rehearsal of looking."""
    of_strategy: dict[str, float] = {}
    step: dict[str, float] = {}
    for name, recipe in _named(study.costed(data)):
        strategy = recipe.strategy.fingerprint()
        if strategy not in of_strategy:
            with rehearsable(recipe, data) as trial:
                trial = trial.with_(strategy=halved(trial.strategy))
                of_strategy[strategy] = seconds_a_step(data, [trial], means)
        step[name] = of_strategy[strategy]
    base = study.base(data)
    one, size = step[BASELINE], min(study.seeds, _stack(base, data, means))
    together = seconds_a_step(data, [base.with_(seed=seed) for seed in range(size)], means) if size > 1 else one
    further = min(1.0, max(0.0, together / one - 1) / max(1, size - 1))  # at most as long as one by one
    return Prices(step, further, seconds_a_look(data, [base], means, one), _inside(study, data))


def _named(costed: Sequence[Costed]) -> Iterator[tuple[str, Recipe]]:
    """Every recipe that is trained, with its name in the tables."""
    for each in costed:
        yield from (*each.teachers, (each.arm.name, each.recipe))


def total(study: Remedies, data: Dataset, prices: Prices, means: Means) -> float:
    """Seconds in one process: training with its looks, and looking inside what was trained."""
    costed = study.costed(data)
    alone = {each.arm.name for each in costed if each.teachers}  # with teachers of their own, students are no stack
    spent = study.seeds * prices.inside * len(costed)
    for name, recipe in _named(costed):
        size = 1 if name in alone else _stack(recipe, data, means)
        full, rest = divmod(study.seeds, size)
        stacks = full * (1 + (size - 1) * prices.further) + (1 + (rest - 1) * prices.further if rest else 0.0)
        spent += stacks * (steps(recipe, data) * prices.step[name] + looks(recipe) * prices.look)
    return spent


def _stack(recipe: Recipe, data: Dataset, means: Means) -> int:
    return means.stack or (STACK if stackable(recipe, data, means.device) else 1)


def _inside(study: Remedies, data: Dataset) -> float:
    """Seconds of a look inside one run: two moments, and AutoAttack on what it ships."""
    strategy = study.recipe.strategy
    ball = Ball.of(strategy.attack)  # type: ignore[attr-defined]
    assert study.recipe.model is not None
    net = build(study.recipe.model, data.shape, len(data.classes)).eval()
    with limited(1), torch.random.fork_rng(devices=[]):
        began = time.perf_counter()
        rehearsed(net, study.base(data), View(study.source, "", study.probe), ball, data)
        moment = time.perf_counter() - began
        if not study.judged:
            return 2 * moment
        times = seconds_a_pass(net, data.test.x[: study.judged], "cpu")
    chosen = members("standard", ball.norm, ball.eps, ())  # type: ignore[arg-type]
    used = suite(chosen, "standard", len(data.classes), data.kind == "image", gradients=True)
    each = seconds_an_example(used, len(data.classes), *times)
    return 2 * moment + STANDING * each * min(study.judged, len(data.test))
