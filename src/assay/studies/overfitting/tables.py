"""Tables of the `overfitting` study: runs, curves, layers, classes, channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from assay.core.errors import BadInput
from assay.data import Dataset, biased
from assay.lab import Lab
from assay.maths.statistics import best_to_last
from assay.studies.overfitting.look import FIGURES
from assay.studies.rows import run_row
from assay.studies.study import Planned
from assay.train.strategies.crafted import BROKEN

CURVES = {
    **{f"{split}_robust": f"{split}_robust_accuracy" for split in ("val", "test", "train")},
    **{f"{split}_accuracy": f"{split}_accuracy" for split in ("val", "test", "train")},
    **{"val_fgsm": "val_fgsm_accuracy", "train_loss": "train_loss", "val_loss": "val_loss", "small": "small_share"},
}


def curves(planned: Mapping[str, Planned], lab: Lab) -> pd.DataFrame:
    """Every look at every run; figures that a strategy does not watch are missing."""
    rows = []
    for run, plan in planned.items():
        tags = {"run": run, "condition": plan.tags["condition"], "design": "paired", "seed": plan.recipe.seed}
        for row in lab.history(run):
            if "val_accuracy" in row:
                figures = {name: row.get(key) for name, key in CURVES.items()}
                rows.append({**tags, "epoch": row["epoch"], "share": row["epoch"] / plan.recipe.epochs, **figures})
    return pd.DataFrame(rows, columns=["run", "condition", "design", "seed", "epoch", "share", *CURVES])


def run_rows(
    planned: Mapping[str, Planned], numbers: Mapping[str, dict[str, Any]], looks: pd.DataFrame, lab: Lab, data: Dataset
) -> pd.DataFrame:
    """One row a run: what every study says, figures at the best and the last moment, and the drop between them."""
    by_run = dict(iter(looks.groupby("run", sort=False)))
    sizes: dict[str, int] = {}
    rows = []
    for run, plan in planned.items():
        found, name = numbers.get(run, {}), plan.tags["condition"]
        if name not in sizes:
            sizes[name] = len(biased(data, plan.recipe.biases).train)
        figures = {
            f"{figure}_{moment}": found.get(f"{figure}_{moment}") for figure in FIGURES for moment in ("best", "last")
        }
        rows.append(run_row(run, plan, found, lab, data) | {"images": sizes[name]} | figures | _fall(by_run.get(run)))
    return pd.DataFrame(rows)


def _fall(looks: pd.DataFrame | None) -> dict[str, Any]:
    """The drop of a run's curve from the look that val chose; nothing for runs without one."""
    nothing = dict.fromkeys(("best_epoch", "drop", "drop_flat", "drop_corrected", "broke_down"))
    seen = None if looks is None else looks.dropna(subset=["val_robust", "test_robust"])
    if seen is None or seen.empty:
        return nothing
    try:
        fall = best_to_last(seen.val_robust, seen.test_robust)
    except BadInput:  # too few looks to tell
        return nothing
    return {
        "best_epoch": int(seen.epoch.iloc[fall.best]),
        "drop": fall.drop,
        "drop_flat": fall.flat,
        "drop_corrected": fall.corrected,
        "broke_down": bool((seen.val_fgsm - seen.val_robust).iloc[-1] > BROKEN),
    }


def parts(planned: Mapping[str, Planned], numbers: Mapping[str, dict[str, Any]], name: str) -> pd.DataFrame:
    """The rows of layers, classes or channels of every run, with its tags."""
    rows = []
    for run, plan in planned.items():
        tags = {"run": run, "condition": plan.tags["condition"], "seed": plan.recipe.seed}
        rows += [{**tags, **row} for row in numbers.get(run, {}).get(name, [])]
    return pd.DataFrame(rows)
