"""Looking at finished runs: what is shipped, the learners behind it, and what lies between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from assay.core.files import read_json, write_json
from assay.data import Dataset, Split, biased
from assay.lab import Lab
from assay.lab.observe import View, load_model
from assay.lab.threads import limited
from assay.studies.generalist.between import alike, barrier, chosen, decisions, estimated, path
from assay.studies.generalist.design import MOMENTS, POST_HOC
from assay.studies.generalist.figures import RISKED, Sample, risks, shown, tagged
from assay.studies.overfitting.look import Ball
from assay.studies.study import Map, Planned
from assay.train import Recipe
from assay.train.recipe import PART

STUDY, LAST, GLOBAL = "generalist", "1", "global"
TABLES = ("radii", "margins", "classes", "learners", "path", "similarity", "decisions", "samples")
PER_JOB = 2  # runs a job of looking
VERSION = 2  # raised when a look of this study starts to give other numbers


@dataclass(frozen=True)
class LookJob:
    """Finished runs to look at, each as its recipe and the name of its arm."""

    view: View
    lab: str
    runs: Mapping[str, tuple[Mapping[str, Any], str]]
    ball: Ball
    judged: int
    threads: int = 1

    def identity(self, digest: str) -> str:
        """Changes whenever the numbers of a run could."""
        return f"{self.view.identity(digest)}:{self.ball.norm}:{self.ball.eps!r}:{self.judged}:{VERSION}"


def looked(
    runs: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map, view: View, ball: Ball, judged: int
) -> dict[str, dict[str, Any]]:
    """The numbers of finished runs by run id, each looked at once and filed in the lab."""
    names = list(runs)
    jobs = [
        LookJob(
            view,
            str(lab.root),
            {run: (runs[run].recipe.plain(), str(runs[run].tags["condition"])) for run in names[at : at + PER_JOB]},
            ball,
            judged,
        )
        for at in range(0, len(names), PER_JOB)
    ]
    numbers: dict[str, dict[str, Any]] = {}
    for number, found in each(look, jobs, "looking inside"):
        identity = jobs[number].identity(data.digest)
        for run, figures in found.items():
            write_json(lab.measures(run, STUDY), {"view": identity, "numbers": figures})
        numbers |= found
    return numbers


def look(job: LookJob) -> dict[str, dict[str, Any]]:
    """Every figure of every run; from the lab where it was looked at in this way before."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        identity = job.identity(data.digest)
        found = {}
        for run, (recipe, arm) in job.runs.items():
            known = lab.measures(run, STUDY)
            if known.exists() and (filed := read_json(known)).get("view") == identity:
                found[run] = filed["numbers"]
            else:
                found[run] = _look(job, lab, run, Recipe.parse(dict(recipe)), arm, data)
        return found


def _look(job: LookJob, lab: Lab, run: str, recipe: Recipe, arm: str, data: Dataset) -> dict[str, Any]:
    size = max(job.view.probe, job.judged)
    test, val = Sample.of(data.test, "test", size), Sample.of(data.val, "val", size)
    risked, learned = test.first(RISKED), biased(data, recipe.biases).train
    net = load_model(lab.weights(run, LAST), str(recipe.model), data)
    found: dict[str, Any] = {name: [] for name in TABLES}
    figures: dict[str, Any] = {}
    if arm == POST_HOC:
        assert recipe.start is not None
        first = load_model(lab.weights(Path(recipe.start.run).name, LAST), str(recipe.model), data)
        found["path"], barriers = _path(first, net, learned, risked, job.ball)
        figures["chosen_weight"], net = chosen(first, net, learned, val, job.ball)
        figures |= barriers
    seen = shown(net, data, test, val, job.ball, job.judged)
    if recipe.strategy.team:
        figures |= _learners(job, lab, run, recipe, data, learned, test, found)
    found |= {"radii": seen.radii, "margins": seen.margins, "classes": seen.classes, "images": seen.images}
    return {**seen.figures, **figures, **found}


def _path(
    first: nn.Module, second: nn.Module, learned: Split, test: Sample, ball: Ball
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    rows = path(first, second, learned, test, ball)
    return rows, {f"barrier_{name}": barrier([row[f"{name}_loss"] for row in rows]) for name in ("clean", "attacked")}


def _learners(
    job: LookJob, lab: Lab, run: str, recipe: Recipe, data: Dataset, learned: Split, test: Sample, found: dict[str, Any]
) -> dict[str, float]:
    """Rows about learners' averages and global model at each kept moment, into ``found``; the path's barriers."""
    team = [base.called for base in recipe.strategy.team]
    risked = test.first(RISKED)
    figures: dict[str, float] = {}
    for moment in (moment for moment in MOMENTS if moment in recipe.keep):
        files = {GLOBAL: moment} | {name: f"{moment}{PART}{name}" for name in team}
        nets = {name: load_model(lab.weights(run, file), str(recipe.model), data) for name, file in files.items()}
        nets |= {name: estimated(nets[name], learned, job.ball) for name in team}  # kept are those of other weights
        for name, net in nets.items():
            found["learners"] += tagged([risks(net, risked, job.ball)], moment=moment, network=name)
        found["similarity"] += tagged(alike(nets, test.first(job.view.probe).x), moment=moment)
        if moment == LAST:
            first, second = (nets[name] for name in team[:2])
            found["path"], figures = _path(first, second, learned, risked, job.ball)
            found["decisions"], found["samples"] = decisions(first, second, nets[GLOBAL], test, job.ball)
    return figures
