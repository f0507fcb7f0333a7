"""Patching between all twins of the `families` study: jobs for the executor, and the table of what moved along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assay.lab import Lab
from assay.lab.observe import View, load_model, probe_of
from assay.lab.threads import limited
from assay.studies.families.patching import PATCHES, patching, run_once
from assay.studies.study import Map, Planned, Text, text

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
    """Every layer that runs exactly once a call, of every run, both ways."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        probe = probe_of(data, min(job.view.probe, job.inputs))
        x, labels = data.test.x[probe], data.test.labels[probe.numpy()]
        twin = load_model(lab.weights(job.twin, "1"), job.view.model, data)
        layers, rows = run_once(twin, x[:1]), []
        for run in job.runs:
            net = load_model(lab.weights(run, "1"), job.view.model, data)
            rows += [{"run": run, **row} for row in patching(twin, net, x, labels, layers)]
        return rows


def left_out(patches: pd.DataFrame | None, layers: Sequence[str], alive: pd.DataFrame) -> list[Text]:
    """Layers that could not be patched are said; nothing where there was nothing to patch or none was asked for."""
    paired = alive[alive["design"] == "paired"]
    plain = paired["stress"] == "none"
    if patches is None or set(paired[plain]["seed"]).isdisjoint(paired[~plain]["seed"]):
        return []  # no twins
    missing = [layer for layer in layers if layer not in set(patches["layer"])]
    if not missing:
        return []
    names = ", ".join(missing)
    return [
        text(
            f"Not patched between twins: {names}, which the model calls several times in one pass. A module of its own "
            "for each place (nn.ReLU() each time) would allow it.",
            f"双子間のパッチングから除いた層：{names}（1回の計算で複数回呼ばれるため）。場所ごとに別のモジュール"
            "（nn.ReLU() など）を使えば可能です。",
        )
    ]


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
