"""Carrying a study out: train what is missing, look at it, write tables, judge. The only writer to the lab."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

import assay
from assay.core.errors import BadInput, JobFailed
from assay.core.files import read_json, to_json, write_json, write_text
from assay.data import Dataset, biased
from assay.lab import Failure, Lab, Source, TrainJob, carry_out, executor, plan
from assay.lab.jobs import machine
from assay.lab.threads import limited
from assay.studies.cost import settle
from assay.studies.means import Means, Tell, silent
from assay.studies.study import STUDIES, Claim, Planned, Study, Tables, described
from assay.studies.verdict import verdicts


def conduct(
    study: Study, data: Dataset, lab: Lab, means: Means, *, command: str, preset: str = "default", tell: Tell = silent
) -> Path:
    """Carry out a study and return its folder, with tables, verdicts and provenance in it.

    A study whose tables stand already is judged anew from them; nothing is trained or observed twice.
    """
    # The base recipe's id covers the user's own code, too: editing a model makes another study.
    claims = to_json([claim.plain() for claim in study.claimed])
    identity = study.fingerprint(study.recipe.run_id(data.digest), claims, assay.__version__)
    folder = _folder(study, data, lab, identity)
    about = _about(study, data, identity, command) | {"preset": preset}
    if _whole(folder):
        return rebuild(folder)
    write_json(folder / "study.json", about)  # question, grid and claims, before any result
    with limited(1):
        means = settle(study, data, lab, means)
        _carry_out(study, data, lab, means, folder, identity, tell)
        return rebuild(folder)


def _carry_out(study: Study, data: Dataset, lab: Lab, means: Means, folder: Path, identity: str, tell: Tell) -> None:
    """Train and look, stage by stage; write tables, and last how it was done."""
    began = time.time()
    tables: Tables = {}
    planned: dict[str, Planned] = {}
    trained = 0
    for number in range(10):
        stage = study.placed(study.stage(number, tables, data), lab)
        if not stage:
            break
        trained += train_planned(stage, study.source, lab, means, tell)
        planned |= stage
        between = time.time()
        each = _each(means, tell)
        tables = study.observe(planned, lab, data, each)
    observed = time.time() - between
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", to_csv(table))
    seconds = sum(lab.record(run)["seconds"] / lab.record(run)["stacked"] for run in planned)
    write_json(
        folder / "provenance.json",
        {
            **machine(means.threads, means.device),
            "started": began,
            "finished": time.time(),
            "seconds_training": seconds,
            "seconds_observing": observed,
            "seconds_per_seed": seconds / study.seeds,
            "runs_trained": trained,
            "runs_reused": len(planned) - trained,
            "study_fingerprint": identity,
            "on": means.on,
            "tables": sorted(tables),
            "costs": {name: table.attrs["costs"] for name, table in tables.items() if "costs" in table.attrs},
            "made_with": _made_with(lab, planned),
        },
    )


def _whole(folder: Path) -> bool:
    """Whether a study was carried out and all its tables are still there."""
    if not (folder / "provenance.json").exists():
        return False
    return all((folder / f"{name}.csv").exists() for name in read_json(folder / "provenance.json").get("tables", []))


NAMES = dict.fromkeys(("run", "run_a", "run_b", "layer", "layer_a", "layer_b"), str)  # also where one looks like 10


def rebuild(folder: Path) -> Path:
    """Judge a study anew from the tables in its folder, by the claims written there; needs no weights and no data."""
    about = read_json(folder / "study.json")
    cls = STUDIES.find(about.get("study", "(none)"))
    try:
        return _judge(folder, about, cls)
    except (KeyError, AttributeError, pd.errors.EmptyDataError) as error:
        raise BadInput(
            f"asked for the verdicts of {folder}; a table or a column is missing or empty ({error}); "
            "restore it, or repeat the study's command"
        ) from error


def _judge(folder: Path, about: dict[str, Any], cls: type[Study]) -> Path:
    tables = {
        path.stem: pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=NAMES)
        for path in folder.glob("*.csv")
    }
    if "runs" not in tables:
        raise BadInput(f"asked for the verdicts of {folder}; found no runs.csv; repeat the study to finish it")
    cost = (
        read_json(folder / "provenance.json").get("seconds_per_seed") if (folder / "provenance.json").exists() else None
    )
    claims = [Claim.parse(each, "study.json: claims") for each in about["claims"]]
    judged, warnings = cls.judge(about, tables)
    write_json(
        folder / "verdicts.json",
        {
            "study": about["study"],
            "verdicts": verdicts(cls, claims, judged, about["level"], cost, about.get("lacking", {})),
            "warnings": [*({"en": w, "ja": w} for w in about["data"]["warnings"]), *warnings],
        },
    )
    return folder


def _made_with(lab: Lab, planned: Mapping[str, Planned]) -> list[dict[str, Any]]:
    """Every combination of torch, threads and device that runs were trained with: more than one is worth knowing."""
    keys = ("torch", "threads", "device", "platform")
    records = [lab.record(run) for run in planned]
    distinct = {tuple(record.get(key) for key in keys) for record in records}
    return [dict(zip(keys, values, strict=True)) for values in sorted(distinct, key=str)]


def to_csv(table: pd.DataFrame) -> str:
    """A table as text that is the same, byte for byte, for the same numbers."""
    return table.to_csv(index=False, float_format="%.7g", lineterminator="\n")


def _folder(study: Study, data: Dataset, lab: Lab, identity: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in data.name)[:40] or "data"
    for digits in (4, 12):
        folder = lab.study(f"{study.name}-{safe}-{identity[:digits]}")
        known = folder / "study.json"
        if not known.exists() or read_json(known).get("fingerprint") == identity:
            return folder
    raise BadInput(f"asked to write {folder}; found another study there; move it away")


def _about(study: Study, data: Dataset, identity: str, command: str) -> dict[str, Any]:
    return {
        "study": study.name,
        "fingerprint": identity,
        "title": study.title,
        "question": study.question,
        "command": command,
        "version": assay.__version__,
        "level": study.level,
        "seeds": study.seeds,
        "data": described(data),
        "model": study.recipe.model,
        "recipe": study.recipe.plain(),
        "settings": study.plain(),
        "images": len(biased(data, study.recipe.biases).train),  # what is learned from, of all there are
        "claims": [claim.plain() for claim in study.claimed],
        "lacking": study.lacking(data),  # studies made before this was written down correct for all claims
        "plan": study.plan(data),
        **study.describe(data),
    }


def train_planned(
    stage: Mapping[str, Planned],
    source: Source,
    lab: Lab,
    means: Means,
    tell: Tell,
    watch: Callable[[float, list[list[dict[str, Any]]]], None] | None = None,
) -> int:
    """Train what is missing; the number of runs trained. Everything that finishes is kept, whatever else fails.

    ``watch`` hears every epoch (see `train`); only an executor in this process can carry it.
    """
    recipes = {run: planned.recipe for run, planned in stage.items()}
    jobs = plan(recipes, source, lab, stack=means.stack, threads=means.threads, device=means.device)
    for job in jobs:
        lab.open_job(job.name, job.runs)
    failures: list[tuple[TrainJob, Failure]] = []
    done, total = 0, sum(len(job.runs) for job in jobs)
    tell("training", 0, total, "")
    work = partial(carry_out, tell=watch) if watch else carry_out
    for number, outcome in executor(means.on)(work, jobs):
        job = jobs[number]
        done += len(job.runs)
        if isinstance(outcome, Failure):
            failures.append((job, outcome))
            continue
        for run, recipe, result in zip(job.runs, job.recipes, outcome.results, strict=True):
            if not lab.done(run):
                lab.put(run, recipe, result, outcome.about)
        lab.close_job(job.name)
        tell("training", done, total, _name(stage, job.runs))
    if failures:
        raise _failed(stage, lab, failures, len(jobs))
    return total


def _failed(
    stage: Mapping[str, Planned], lab: Lab, failures: Sequence[tuple[TrainJob, Failure]], jobs: int
) -> JobFailed:
    """The error for jobs that failed; recipes and traces are written where they can be read."""
    report = lab.root / "failed.txt"
    write_text(report, "\n".join(f"{to_json(list(j.recipes), 1)}\n{f.reason}\n{f.trace}" for j, f in failures))
    job, failure = failures[0]
    return JobFailed(
        f"asked to train {jobs} jobs; {len(failures)} failed, the first ({_name(stage, job.runs)}, recipe in {report}) "
        f"with: {failure.reason}; all others are kept: mend the cause and repeat the command"
    )


def _name(stage: Mapping[str, Planned], runs: Sequence[str]) -> str:
    tags = stage[runs[0]].tags
    seeds = [stage[run].recipe.seed for run in runs]
    span = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
    return f"{tags.get('condition', runs[0])}, {span}"


def _each(means: Means, tell: Tell) -> Callable[[Callable[[Any], Any], Sequence[Any], str], Iterator[tuple[int, Any]]]:
    def each(function: Callable[[Any], Any], jobs: Sequence[Any], what: str) -> Iterator[tuple[int, Any]]:
        tell(what, 0, len(jobs), "")
        for count, (number, value) in enumerate(executor(means.on)(function, jobs), 1):
            if isinstance(value, Failure):
                raise JobFailed(
                    f"{what} failed: {value.reason}; finished runs are kept: mend it and repeat\n{value.trace}"
                )
            tell(what, count, len(jobs), "")
            yield number, value

    return each
