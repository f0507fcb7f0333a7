"""Patching between all twins of the `families` study: jobs for the executor, and the table of what moved along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assay.core.errors import BadInput
from assay.lab import Lab
from assay.lab.observe import View, load_model, probe_of
from assay.lab.threads import limited
from assay.studies.families.patching import PATCHES, patching
from assay.studies.study import Map, Planned

COLUMNS = ["run", "condition", "stress", "seed", *PATCHES]


@dataclass(frozen=True)
class PatchJob:
    """Runs to patch with their unstressed twin."""

    view: View
    lab: str
    twin: str
    runs: tuple[str, ...]
    inputs: int  # of the probe, at most
    threads: int = 1


def patch(job: PatchJob) -> list[dict[str, Any]]:
    """Every layer of every run, both ways; networks whose layers do not run exactly once a call are left out."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        probe = probe_of(data, min(job.view.probe, job.inputs))
        x, labels = data.test.x[probe], data.test.labels[probe.numpy()]
        twin = load_model(lab.weights(job.twin, "1"), job.view.model, data)
        rows: list[dict[str, Any]] = []
        for run in job.runs:
            net = load_model(lab.weights(run, "1"), job.view.model, data)
            try:
                rows += [{"run": run, **row} for row in patching(twin, net, x, labels)]
            except BadInput:  # a layer that is used twice in a call, as in some users' models
                break
        return rows


def patches(
    planned: Mapping[str, Planned], stress: Mapping[str, str], view: View, lab: Lab, each: Map, inputs: int
) -> pd.DataFrame:
    """One row a paired run, layer and direction: see `patching`; ``stress``: of each condition, forks among them."""
    paired = {run: plan for run, plan in planned.items() if plan.tags["design"] == "paired"}
    done = {run: plan for run, plan in paired.items() if "1" in lab.record(run)["moments"]}
    twins = {plan.recipe.seed: run for run, plan in done.items() if stress[plan.tags["condition"]] == "none"}
    jobs = [
        PatchJob(view, str(lab.root), twin, runs, inputs)
        for seed, twin in twins.items()
        if (runs := tuple(run for run, plan in done.items() if plan.recipe.seed == seed and run != twin))
    ]
    found: dict[str, list[dict[str, Any]]] = {}
    for _, rows in each(patch, jobs, "patching layers"):
        for row in rows:
            found.setdefault(row["run"], []).append(row)
    made = []
    for run, plan in paired.items():
        name = plan.tags["condition"]
        tags = {"condition": name, "stress": stress[name], "seed": plan.recipe.seed}
        made += [{**row, **tags} for row in found.get(run, [])]
    return pd.DataFrame(made, columns=COLUMNS)
