"""Tables that every study of trained runs has: one row a run, its learning curve, its rates on each set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.data import Dataset
from assay.lab import Lab
from assay.studies.study import Planned

EPOCHS_SHOWN = 20  # of a run in the table of curves; all are in the run's history
CURVES = ["run", "condition", "design", "seed", "epoch", "share", "train_loss", "val_loss", "val_accuracy"]
SHIFTS = [
    *("run", "condition", "design", "shift", "strength"),
    *("accuracy", "false_reject", "escape", "n_ok", "n_faulty"),
]

Found = Mapping[str, Any]  # the numbers of one run, as `lab.observe.numbers` gives them


def run_row(run: str, plan: Planned, found: Found, lab: Lab, data: Dataset) -> dict[str, Any]:
    """What every table of runs says about one run; figures that a stopped run does not have are None."""
    sets = {each["shift"]: each for each in found.get("sets", [])}
    later = [sets[name] for name in data.later if name in sets]
    shifted = [each for name, each in sets.items() if name != "none" and name not in data.later]
    epochs = [row for row in lab.history(run) if "epoch" in row]
    return {
        "run": run,
        "condition": plan.tags["condition"],
        "design": plan.tags["design"],
        "seed": plan.recipe.seed,
        "status": lab.record(run)["status"],
        "train_loss": epochs[-1]["train_loss"] if epochs else None,
        **{name: found.get(name) for name in ("train_accuracy", "val_accuracy", "val_cross_entropy", "answered")},
        "test_accuracy": sets["none"]["accuracy"] if sets else None,
        "gap": found.get("gap"),
        **rates("", [sets["none"]] if sets else []),
        **rates("shift_", shifted, accuracy=True),
        **(rates("production_", later, accuracy=True) if data.later else {}),
    }


def rates(prefix: str, sets: Sequence[Mapping[str, Any]], accuracy: bool = False) -> dict[str, float | None]:
    """Rates averaged over sets, each set counting the same."""

    def mean(name: str) -> float | None:
        values = [each[name] for each in sets if each[name] is not None]
        return float(np.mean(values)) if values else None

    names = (["accuracy"] if accuracy else []) + ["false_reject", "escape"]
    return {prefix + name: mean(name) for name in names}


def curves(planned: Mapping[str, Planned], lab: Lab) -> pd.DataFrame:
    """Losses and accuracies along training, thinned to what a chart can show."""
    rows = []
    for run, plan in planned.items():
        tags = {"run": run, **{k: plan.tags[k] for k in ("condition", "design")}, "seed": plan.recipe.seed}
        thin = max(1, plan.recipe.epochs // EPOCHS_SHOWN)
        for row in lab.history(run):
            if "epoch" in row and (row["epoch"] % thin == 0 or row["epoch"] == plan.recipe.epochs):
                figures = {k: row.get(k) for k in ("train_loss", "val_loss", "val_accuracy")}
                rows.append({**tags, "epoch": row["epoch"], "share": row["epoch"] / plan.recipe.epochs, **figures})
    return pd.DataFrame(rows, columns=CURVES)


def shifts(planned: Mapping[str, Planned], numbers: Mapping[str, Found]) -> pd.DataFrame:
    """Accuracy and rates of each run on test, each shift of it, and later sets."""
    rows = []
    for run, plan in planned.items():
        tags = {"run": run, **{k: plan.tags[k] for k in ("condition", "design")}}
        rows += [{**tags, **each} for each in numbers.get(run, {}).get("sets", [])]
    return pd.DataFrame(rows, columns=SHIFTS)
