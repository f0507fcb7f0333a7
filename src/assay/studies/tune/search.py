"""The search: ask for settings, train them into the lab, look at them on val, tell what was found; until time is up.

Several goals leave Optuna's own pruning out (it knows one value a trial), and its pruners must be asked by the process
that trains. So giving up is a rule that travels with the job: what finished trials had reached at the same share of
training. A single goal of val accuracy or cross-entropy asks for the median of them, one goal among several for the
lower quartile; where neither is a goal, nothing is given up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.errors import BadInput, JobFailed
from assay.core.files import write_json
from assay.data import Dataset
from assay.lab import Failure, Lab, executor, plan
from assay.lab.execute import workers
from assay.lab.threads import limited
from assay.studies.conduct import train_planned
from assay.studies.means import Means, Tell
from assay.studies.study import Planned
from assay.studies.tune.attempts import Attempt, GivenUp, LookJob, along, attempt, known_figures, least, look, view_of
from assay.studies.tune.ledger import Ledger, locked
from assay.studies.tune.settings import Tune
from assay.train import Recipe

if TYPE_CHECKING:
    from optuna.trial import Trial

SEARCHING = 0.75  # share of the time for trials; the rest is for comparing the chosen one with the default
WORTH_PROCESSES = 60.0


@dataclass
class Search:
    """What the parts of a search share: settings, data, lab, folder, means, time."""

    spec: Tune
    data: Dataset
    lab: Lab
    folder: Path
    means: Means
    tell: Tell
    axes: dict[str, dict[str, Any]]
    budget: float | None = None  # seconds
    limit: int | None = None  # trials
    seconds_of_default: float = 0.0
    failures: list[str] = field(default_factory=list)

    def run_of(self, recipe: Recipe) -> str:
        """The run's id."""
        return recipe.run_id(self.data.learned)

    @contextmanager
    def holding(self, runs: Sequence[str]) -> Iterator[None]:
        """While held, no other process of this search trains these runs."""
        with ExitStack() as stack:
            for run in sorted(set(runs)):
                stack.enter_context(locked(self.folder / "locks" / f"run-{run}"))
            yield


def default_run(search: Search) -> dict[str, float]:
    """Train the default recipe, and take its figures: what cannot be measured on it cannot be a goal."""
    recipe = search.spec.recipe
    run = search.run_of(recipe)
    with limited(1), search.holding([run]):
        means = replace(search.means, on="inline")
        train_planned(
            {run: Planned(recipe, {"condition": "default"})}, search.spec.source, search.lab, means, search.tell
        )
    record = search.lab.record(run)
    search.seconds_of_default = record["seconds"] / record["stacked"]
    if "1" not in record["moments"]:
        raise JobFailed(f"asked to tune {recipe.data}; the default recipe {record['status']}; lower its learning rate")
    found = figures_of(search, {run: recipe}, "val")[run]
    if isinstance(found, str):
        raise BadInput(f"asked to tune for {', '.join(search.spec.figures)}; on {recipe.data}: {found}")
    bad = [name for name in search.spec.figures if not isfinite(found[name])]
    if bad:
        raise BadInput(f"asked to tune for {bad[0]}; on {recipe.data} it is not a number; leave it out")
    return found


def settled(search: Search) -> Means:
    """``auto`` made definite: processes where trials take more than a minute in all."""
    if search.means.on != "auto":
        return search.means
    work = search.budget or (search.limit or 1) * search.seconds_of_default
    several = workers("processes") > 1 and search.seconds_of_default > 2
    return replace(search.means, on="processes" if several and work > WORTH_PROCESSES else "inline")


def run_trials(search: Search, ledger: Ledger) -> None:
    """Trials until the time is up or there are enough; trials of processes that died are finished in any case."""
    count = workers(search.means.on)
    while True:
        over = _time_is_up(search, ledger)
        batch = ledger.claim(count, 0 if over else search.limit)
        if not batch:
            return
        began = time.monotonic()
        found = _carry_out(search, ledger, batch)
        wall = (time.monotonic() - began) / len(batch)
        for trial in batch:
            _finish(search, ledger, trial, found[trial.number], wall)
        _report(search, ledger)


def spent(search: Search, ledger: Ledger) -> float:
    """Seconds that this search has taken so far, in all its processes."""
    return search.seconds_of_default + sum(trial.user_attrs.get("wall", 0.0) for trial in ledger.finished())


def _time_is_up(search: Search, ledger: Ledger) -> bool:
    done = ledger.finished()
    if search.budget is None or not done:
        return False
    gone = spent(search, ledger)
    return gone + gone / (len(done) + 1) > SEARCHING * search.budget


def _carry_out(search: Search, ledger: Ledger, batch: Sequence[Trial]) -> dict[int, dict[str, Any]]:
    """What became of each trial: its run, its figures or why it has none."""
    spec = search.spec
    recipes, refused = _recipes(spec, batch)
    runs = {number: search.run_of(recipe) for number, recipe in recipes.items()}
    by_run = {runs[number]: recipe for number, recipe in recipes.items()}
    with search.holding(list(by_run)):
        ended = _train(search, by_run, _least(search, ledger))
    whole = {run: recipe for run, recipe in by_run.items() if run not in ended}
    for run in list(whole):
        if "1" not in search.lab.record(run)["moments"]:
            ended[run] = {"status": "stopped", "reason": search.lab.record(run)["status"]}
            del whole[run]
    for run, figures in figures_of(search, whole, "val").items():
        if isinstance(figures, str):
            ended[run] = {"status": "failed", "reason": figures}
        elif not all(isfinite(figures[name]) for name in spec.figures):
            ended[run] = {"status": "stopped", "reason": "a figure is not a number"}
        else:
            curve = {str(k): v for k, v in along(search.lab.history(run)).items()}
            ended[run] = {"status": "finished", "figures": figures, "curve": curve}
    return {number: {**ended[run], "run": run} for number, run in runs.items()} | refused


def _recipes(spec: Tune, batch: Sequence[Trial]) -> tuple[dict[int, Recipe], dict[int, dict[str, Any]]]:
    """The recipe of each trial, and what became of those whose values do not go together."""
    recipes: dict[int, Recipe] = {}
    refused: dict[int, dict[str, Any]] = {}
    for trial in batch:
        try:
            recipes[trial.number] = spec.space.recipe(spec.recipe, trial.user_attrs["values"])
        except BadInput as error:
            refused[trial.number] = {"status": "failed", "reason": str(error)}
    return recipes, refused


def _least(search: Search, ledger: Ledger) -> dict[float, float]:
    spec = search.spec
    names = [goal.figure for goal in spec.goals]
    if not spec.pruning or not {"val_accuracy", "val_cross_entropy"} & set(names):
        return {}
    curves = [t.user_attrs["curve"] for t in ledger.finished() if t.user_attrs.get("status") == "finished"]
    quantile = 0.5 if len(names) == 1 and not spec.constraints else 0.25
    return least([{float(k): v for k, v in curve.items()} for curve in curves], quantile)


def _train(search: Search, recipes: Mapping[str, Recipe], needed: Mapping[float, float]) -> dict[str, dict[str, Any]]:
    """Train what is not in the lab; what was given up or failed, by run."""
    lab, means = search.lab, search.means
    jobs = plan(recipes, search.spec.source, lab, stack=1, threads=means.threads, device=means.device)
    ended: dict[str, dict[str, Any]] = {}
    for job in jobs:
        lab.open_job(job.name, job.runs)
    for number, outcome in executor(means.on)(attempt, [Attempt(job, needed) for job in jobs]):
        job = jobs[number]
        run = job.runs[0]
        if isinstance(outcome, Failure):
            ended[run] = {"status": "failed", "reason": outcome.reason}
        elif isinstance(outcome, GivenUp):
            curve = {str(k): v for k, v in outcome.curve.items()}
            ended[run] = {"status": "given up", "reason": outcome.reason, "curve": curve}
        else:
            lab.put(run, job.recipes[0], outcome.results[0], outcome.about)
        lab.close_job(job.name)
    return ended


def figures_of(
    search: Search, recipes: Mapping[str, Recipe], split: str, names: Sequence[str] | None = None, shifts: bool = False
) -> dict[str, dict[str, float] | str]:
    """Figures of finished runs on a split, written down as they come; the reason where one could not be taken."""
    lab, ball = search.lab, search.spec.ball
    view = view_of(search.data.digest, ball)
    wanted = tuple(names if names is not None else search.spec.figures)
    jobs = [
        LookJob(str(lab.root), run, str(recipe.model), search.spec.source, split, wanted, shifts, ball=ball)
        for run, recipe in recipes.items()
    ]
    found: dict[str, dict[str, float] | str] = {}
    on = search.means.on if search.means.on != "auto" else "inline"
    for number, value in executor(on)(look, jobs):
        run = jobs[number].run
        if isinstance(value, Failure):
            found[run] = value.reason
            continue
        both = {each: known_figures(lab, run, each, view) for each in ("val", "test")}
        write_json(lab.measures(run, "tune"), {"view": view, **both, split: value})
        found[run] = value
    return found


def _finish(search: Search, ledger: Ledger, trial: Trial, found: Mapping[str, Any], wall: float) -> None:
    figures, spec = found.get("figures"), search.spec
    values = None if figures is None else [figures[goal.figure] for goal in spec.goals]
    excess = {} if figures is None else {str(c): c.excess(figures[c.figure]) for c in spec.constraints}
    ledger.finish(trial, values, excess, **found, wall=wall)
    if found["status"] == "failed":
        search.failures.append(found["reason"])
    if len(search.failures) >= 3 and all(t.user_attrs.get("status") == "failed" for t in ledger.finished()):
        raise JobFailed(
            f"asked to tune; every trial failed, the last with: {search.failures[-1]}; mend that and repeat"
        )


def _report(search: Search, ledger: Ledger) -> None:
    done = ledger.finished()
    best = [t.values[0] for t in done if t.values]
    goal = search.spec.goals[0]
    last = f"best {goal.figure} {max(best, key=goal.oriented):.4g}" if best else ""
    total = search.limit or 100
    at = len(done)
    if search.budget is not None:
        share = min(1.0, spent(search, ledger) / (SEARCHING * search.budget))
        at = max(at if search.limit else 0, int(share * total))
    search.tell("trials", min(at, total), total, f"{len(done)} tried, {last}")
