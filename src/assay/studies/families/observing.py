"""From finished runs to the tables of the `families` study: what is looked at together, and what is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.core.files import write_json
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, probe_of
from assay.studies.families.beside import measures_beside
from assay.studies.families.controls import against_references, controls
from assay.studies.families.geometry import costs
from assay.studies.families.layer_pairs import layer_pairs
from assay.studies.families.look import Look, LookJob, look
from assay.studies.families.patched import patches
from assay.studies.families.references import UNTRAINED, known_groups, referred, untrained
from assay.studies.families.robust import Attacked, attacked
from assay.studies.families.tables import tables
from assay.studies.study import Map, Planned, Tables
from assay.train import Recipe

NAME = "families"


@dataclass(frozen=True)
class Seen:
    """What a study looks at, and with what."""

    recipe: Recipe
    view: View
    conditions: Sequence[Mapping[str, Any]]  # as in `study.json`, in the order of every table
    layers: tuple[str, ...]
    planned: Mapping[str, Planned]
    lab: Lab
    data: Dataset

    @property
    def own(self) -> dict[str, Planned]:
        """The runs that claims rest on."""
        return {run: plan for run, plan in self.planned.items() if plan.tags["design"] != "reference"}


def observed(
    seen: Seen,
    each: Map,
    *,
    beside: int,
    patched: int,
    attack: Attacked | None,
    controlled: Mapping[str, Any] | None,
    level: float,
) -> Tables:
    """All tables of the study. ``patched``: inputs to patch layers with, 0 for no patching; ``attack`` None: no robust
    accuracy; ``controlled``: what `controls` needs to know of the study, None for no controls.
    """
    looks = _looked(seen, each)
    probe = probe_of(seen.data, seen.view.probe)
    made = tables(seen.own, seen.conditions, looks, seen.lab, seen.data, seen.layers, probe.numpy().astype(np.int64))
    if attack:
        made["runs"] = attacked(seen.own, made["runs"], seen.view, seen.lab, seen.data, attack, each)
    unused = 1 + max(plan.recipe.seed for plan in seen.planned.values())
    fresh = untrained(seen.recipe, unused, seen.data, seen.data.test.x[probe])
    known, groups = known_groups(seen.planned, looks.features, fresh)
    if controlled:
        inside = {**looks.features, **{name: found[1] for name, found in fresh.items()}}
        kinds = {**referred(seen.planned), **dict.fromkeys(fresh, UNTRAINED)}
        made["references"] = against_references(inside, kinds, seen.layers[-1])
        made["controls"] = controls(made["runs"], made["pairs"], made["references"], controlled, each)
    labels = seen.data.test.labels[probe.numpy()]
    made |= measures_beside(looks.features, made["runs"], known, groups, beside, each, level, looks.logits, labels)
    made["layer_pairs"] = layer_pairs(seen.own, looks.features, seen.layers)
    stress = {str(condition["name"]): str(condition["stress"]) for condition in seen.conditions}
    if patched:
        made["patches"] = patches(seen.own, stress, seen.view, seen.lab, each, patched)
    made["runs"].attrs["costs"] = costs([inside[seen.layers[-1]] for inside in looks.features.values()])
    return made


def _looked(seen: Seen, each: Map) -> Look:
    every = Look({}, [], {}, {}, {}, {}, {})
    for _, found in each(look, list(_jobs(seen)), "looking inside"):
        for run, numbers in found.numbers.items():
            known = {"view": seen.view.identity(seen.data.digest), "numbers": numbers}
            write_json(seen.lab.measures(run, NAME), known)
        every.numbers |= found.numbers
        every.moments += found.moments
        every.features |= found.features
        every.logits |= found.logits
        every.moved |= found.moved
        every.flipped |= found.flipped
        every.answers |= found.answers
    return every


def _jobs(seen: Seen) -> list[LookJob]:
    """Twins of one seed together, the unstressed one first; else the models of a condition."""
    at = {condition["name"]: condition["at"] for condition in seen.conditions}
    groups: dict[tuple[str, Any], list[str]] = {}
    for run, plan in seen.planned.items():
        key = plan.recipe.seed if plan.tags["design"] == "paired" else plan.tags["condition"]
        groups.setdefault((plan.tags["design"], key), []).append(run)
    jobs = []
    for (kind, _), runs in groups.items():
        kept = {run: tuple(seen.lab.record(run)["moments"]) for run in runs}
        since = {run: at.get(seen.planned[run].tags["condition"]) for run in runs}
        twin = runs[0] if kind == "paired" else None
        jobs.append(LookJob(seen.view, str(seen.lab.root), kept, since, seen.layers, twin))
    return jobs
