"""What a study would cost and what it could show, told before it starts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import ceil
from typing import Any

from assay.data import Dataset, biased
from assay.lab import Lab, plan
from assay.lab.execute import workers
from assay.lab.jobs import TrainJob
from assay.lab.threads import limited
from assay.studies.means import Means
from assay.studies.study import Study
from assay.train import Recipe, train
from assay.train.sampling import Shuffled

TRIAL_STEPS = 8
WORTH_PROCESSES = 60.0  # seconds of work below which starting processes costs more than it saves


def estimate(study: Study, data: Dataset, lab: Lab, means: Means) -> dict[str, Any]:
    """Runs, time, memory and disk of a study's first stage, measured on a few steps; and what it can show at all."""
    stage = study.stage(0, {}, data)
    recipes = {run: planned.recipe for run, planned in stage.items()}
    jobs = _jobs(study, lab, means, recipes)
    seconds = _seconds(data, jobs, recipes, means)
    parallel = min(workers(_settled(means, seconds).on), max(1, len(jobs)))
    weights = _weight_bytes(data, next(iter(recipes.values())))
    disk = sum(weights * len(recipe.keep) for recipe in recipes.values())
    stacked = max((len(job.runs) for job in jobs), default=1)
    pixels = sum(split.x[0].numel() * 4 * len(split) for split in data.splits.values())
    memory = parallel * (
        400e6 + pixels + stacked * weights * (5 + len(max((r.keep for r in recipes.values()), key=len)))
    )
    power = study.plan(data)
    found: dict[str, Any] = {
        "runs": len(recipes),
        "first_stage": len(recipes),
        "to_train": sum(len(job.runs) for job in jobs),
        "seconds": seconds / parallel,
        "memory_bytes": memory,
        "disk_bytes": disk,
        "splits": {name: len(split) for name, split in data.splits.items()},
        "claims": [claim.text["en"] for claim in study.claimed],
        "cannot_be_judged": {claim: what["en"] for claim, what in study.lacking(data).items()},
        **power,
    }
    return {**found, "text": _text(found, study, data, parallel)}


def settle(study: Study, data: Dataset, lab: Lab, means: Means) -> Means:
    """``auto`` made definite: processes where there is more than a minute of work, else this process."""
    if means.on != "auto":
        return means
    recipes = {run: planned.recipe for run, planned in study.stage(0, {}, data).items()}
    return _settled(means, _seconds(data, _jobs(study, lab, means, recipes), recipes, means))


def _settled(means: Means, seconds: float) -> Means:
    on = "processes" if seconds > WORTH_PROCESSES else "inline"
    return replace(means, on=on) if means.on == "auto" else means


def _jobs(study: Study, lab: Lab, means: Means, recipes: Mapping[str, Recipe]) -> list[TrainJob]:
    return plan(recipes, study.source, lab, stack=means.stack, threads=means.threads, device=means.device)


def _seconds(data: Dataset, jobs: Sequence[TrainJob], recipes: Mapping[str, Recipe], means: Means) -> float:
    """Seconds of training in one process with its looks, from a few steps and a look of a job of each size."""
    of_size = {len(job.runs): [Recipe.parse(recipe) for recipe in job.recipes] for job in reversed(jobs)}
    step = {size: seconds_a_step(data, together, means) for size, together in of_size.items()}
    look = {size: seconds_a_look(data, together, means, step[size]) for size, together in of_size.items()}
    sizes = [(len(job.runs), recipes[job.runs[0]]) for job in jobs]
    return sum(step[size] * _steps(recipe, data) + look[size] * looks(recipe) for size, recipe in sizes)


def _text(found: dict[str, Any], study: Study, data: Dataset, parallel: int) -> list[str]:
    sizes = ", ".join(f"{name} {n}" for name, n in found["splits"].items())
    lines = [
        f"{study.name} on {data.name}: {study.question['en']}",
        f"data: {sizes}; {len(data.classes)} classes; model {study.recipe.model}, {study.recipe.epochs} epochs",
        f"runs: {found['runs']}, of which {found['to_train']} are still to be trained" + _later(found),
        f"training: about {said_duration(found['seconds'])} in {parallel} process(es); looking inside comes on top",
        f"memory: about {found['memory_bytes'] / 1e9:.1f} GB; disk: about {found['disk_bytes'] / 1e9:.2f} GB",
        f"claims, fixed now ({study.level:g} shared by all that can be judged, Holm's correction):",
        *(f"  {number}. {claim.text['en']} ({claim.measure})" for number, claim in enumerate(study.claimed, 1)),
    ]
    lacking = found["cannot_be_judged"]
    first = study.level / max(1, len(study.claimed) - len(lacking))  # what Holm asks of the smallest p
    lines += [f"cannot be judged with these settings, {claim}: {what}" for claim, what in lacking.items()]
    for claim, p in found.get("smallest_p", {}).items():
        if claim in lacking:
            continue
        verdict = "can be decided" if p <= first else f"needs p <= {first:g} if it stands alone: use more seeds"
        lines.append(f"smallest p within reach, {claim}: {p:.2g} with {study.seeds} seeds ({verdict})")
    for claim, ratio in found.get("detectable", {}).items():
        seen = f"{ratio:.2f}" if ratio == ratio else "no ratio"
        lines.append(
            f"smallest effect seen 8 times of 10, {claim}: {seen} times (models in 10 dimensions, level {first:g})"
        )
    return [*(f"warning: {warning}" for warning in data.warnings), *lines]


def _later(found: Mapping[str, Any]) -> str:
    """What a later stage adds, whose settings the first one's results decide."""
    more = found["runs"] - found["first_stage"]
    return f" in the first stage, which is what the times below are for; {more} more follow it" if more > 0 else ""


def said_duration(seconds: float) -> str:
    """A time in words.

    >>> said_duration(75), said_duration(1500), said_duration(7200)
    ('75 s', '25 min', '2.0 h')
    """
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


def _steps(recipe: Recipe, data: Dataset) -> int:
    train = biased(data, recipe.biases).train
    return recipe.sampler.sizes(train.y, recipe.batch)[1] * recipe.epochs


def looks(recipe: Recipe) -> int:
    """How often a run looks at val: every so many epochs, and at the end.

    >>> looks(Recipe(data="digits", epochs=10, evaluate_every=4)), looks(Recipe(data="digits", evaluate_every=0))
    (3, 0)
    """
    return ceil(recipe.epochs / recipe.evaluate_every) if recipe.evaluate_every else 0


def seconds_a_look(data: Dataset, recipes: Sequence[Recipe], means: Means, step: float) -> float:
    """Time of one look of recipes that train together, whose steps take ``step`` seconds."""
    if not recipes[0].evaluate_every:
        return 0.0
    return max(0.0, seconds_a_step(data, recipes, means, looks=True) - step) * TRIAL_STEPS


def seconds_a_step(data: Dataset, recipes: Sequence[Recipe], means: Means, looks: bool = False) -> float:
    """Time of one step of recipes that train together, from a few steps on the first images; with ``looks``, a look at
    val at their end is shared out over them.
    """
    split = data.train
    recipes = [recipe.with_(interventions=(), keep=(), evaluate_every=int(looks)).lasting(1) for recipe in recipes]
    batch = recipes[0].sampler.sizes(split.y, recipes[0].batch)[0]
    few = slice(0, min(len(split), TRIAL_STEPS * batch))
    # Plainly shuffled batches of the same size: the first images need not hold all classes.
    # What is wrong with the images does not change the time, and there may be too few of them for it here.
    recipes = [recipe.with_(batch=batch, sampler=Shuffled(), biases=()) for recipe in recipes]
    small = replace(
        data, splits={**data.splits, "train": replace(split, images=split.images[few], labels=split.labels[few])}
    )
    times = []
    with limited(means.threads):
        for _ in range(2):  # the first warms up; where others use the machine, the shorter time is nearer the truth
            began = time.perf_counter()
            train(recipes, small, device=means.device)
            times.append(time.perf_counter() - began)
    return min(times) / Shuffled().sizes(small.train.y, batch)[1]


def _weight_bytes(data: Dataset, recipe: Recipe) -> float:
    from assay.models import build

    assert recipe.model is not None
    net = build(recipe.model, data.shape, len(data.classes))
    return float(sum(t.numel() * t.element_size() for t in chain(net.parameters(), net.buffers())))
