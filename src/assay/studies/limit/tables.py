"""Tables of the `limit` study: a row a run, a row a pair of models of one condition; and the curves these give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from assay.data import Dataset, biased
from assay.lab import Lab
from assay.maths.statistics import Estimate
from assay.studies.limit.design import BASE, RANDOM, TRUE, UNTRAINED, condition
from assay.studies.limit.trend import Array, among, square
from assay.studies.rows import run_row
from assay.studies.study import Planned, Tables

PAIRS = ["condition", "labels", "layer", "width", "run_a", "run_b", "debiased_cka", "linear_cka"]
KINDS = ("happy", RANDOM, UNTRAINED)


def run_rows(
    planned: Mapping[str, Planned], numbers: Mapping[str, dict[str, Any]], lab: Lab, data: Dataset
) -> pd.DataFrame:
    """One row a run: what every study says, its level, labels, model, images, epochs, and whether it is happy."""
    images: dict[str, int] = {}
    rows = []
    for run, plan in planned.items():
        level, recipe = plan.tags["level"], plan.recipe
        if level not in images:
            images[level] = len(biased(data, recipe.biases).train)
        own = {"level": level, "labels": plan.tags["labels"], "model": recipe.model, "images": images[level]}
        rows.append({**run_row(run, plan, numbers.get(run, {}), lab, data), **own, "epochs": recipe.epochs})
    table = pd.DataFrame(rows)
    table.insert(5, "family", families(table))
    return table


def families(runs: pd.DataFrame) -> pd.Series:
    """Happy: the upper half of a condition's models on true labels by val accuracy, ties by val cross-entropy.

    At least three, if there are as many. Given the model that came next, those above it are independent draws from
    what lies above: choosing them does no harm to intervals over them.
    """
    family = pd.Series("", index=runs.index, dtype=object)
    own = runs[(runs["labels"] == TRUE) & (runs["status"].astype(str) == "finished")]
    for _, models in own.groupby("condition", sort=False):
        ranked = models.sort_values(["val_accuracy", "val_cross_entropy"], ascending=[False, True], kind="stable")
        family[ranked.index] = "other"
        family[ranked.index[: happy_of(len(ranked))]] = "happy"
    return family


def happy_of(models: int) -> int:
    """How many of so many models are happy.

    >>> happy_of(4), happy_of(6), happy_of(12)
    (3, 3, 6)
    """
    return min(models, max(3, models // 2))


def pair_rows(found: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """One row a pair of models and layer; ``found``: what looks saw, by level and labels."""
    rows = [
        {**row, "condition": condition(level, labels), "labels": UNTRAINED if row["untrained"] else labels}
        for (level, labels), each in found.items()
        for row in each
    ]
    return pd.DataFrame(rows, columns=PAIRS)


def curve(
    about: Mapping[str, Any], tables: Tables, level: float = 0.95, measure: str = "debiased_cka"
) -> dict[tuple[str, str], list[tuple[float, Estimate]]]:
    """Similarity by axis and kind of model (`KINDS`) at the last hidden layer: levels, and means over pairs.

    Networks that learned nothing differ by their width alone; along other axes those of the base stand at every level.
    """
    found: dict[tuple[str, str], list[tuple[float, Estimate]]] = {}
    known: dict[tuple[str, str], Estimate] = {}
    pairs = tables["pairs"]
    pairs = pairs[pairs["layer"] == about["primary_layer"]]
    for axis, steps in about["axes"].items():
        for step in steps:
            for kind in KINDS:
                name = BASE if kind == UNTRAINED and axis != "width" else str(step["condition"])
                if (name, kind) not in known:
                    known[name, kind] = among(_similar(name, kind, tables["runs"], pairs, measure), level)
                found.setdefault((axis, kind), []).append((float(step["level"]), known[name, kind]))
    return found


def unplaced(runs: pd.DataFrame, pairs: pd.DataFrame, layer: str) -> int:
    """How many finished models are in no pair at a layer: it says the same of every input there."""
    rows = pairs[pairs["layer"] == layer]
    return int((~runs[runs["status"] == "finished"]["run"].isin([*rows["run_a"], *rows["run_b"]])).sum())


def _similar(name: str, kind: str, runs: pd.DataFrame, pairs: pd.DataFrame, measure: str) -> Array:
    """The table of similarities of the models of a kind at a level."""
    own = condition(name, RANDOM if kind == RANDOM else TRUE)
    rows = pairs[(pairs["condition"] == own) & (pairs["labels"] == {"happy": TRUE}.get(kind, kind))]
    models = list(dict.fromkeys([*rows["run_a"], *rows["run_b"]]))
    if kind == "happy":
        happy = set(runs[(runs["condition"] == own) & (runs["family"] == "happy")]["run"])
        models = [run for run in models if run in happy]
    return square(rows, models, measure)
