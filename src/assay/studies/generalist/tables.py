"""Tables of the `generalist` study: one row a run, and what each run shows in rows of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.data import Dataset
from assay.lab import Lab
from assay.maths.statistics import Estimate, crossed_interval, paired_effect
from assay.studies.families.tables import thumbnail
from assay.studies.generalist.design import ADVERSARIAL, HERO, STANDARD
from assay.studies.phrases import NOTHING
from assay.studies.rows import run_row
from assay.studies.study import Planned
from assay.train.strategies.crafted import BROKEN

Numbers = Mapping[str, Mapping[str, Any]]
FIGURES = (
    *("pgd", "autoattack", "autoattack_level", "val_clean", "val_robust", "val_balanced"),
    *("clean_worst", "robust_worst", "ece", "brier", "barrier_clean", "barrier_attacked", "chosen_weight"),
)
COLUMNS = {
    "radii": ["factor", "eps", "robust"],
    "margins": ["inputs", "q05", "q10", "q25", "q50"],
    "classes": ["label", "class", "n", "n_judged", "clean", "robust"],
    "learners": ["moment", "network", "clean_loss", "clean_accuracy", "attacked_loss", "attacked_accuracy"],
    "path": ["weight", "clean_loss", "clean_accuracy", "attacked_loss", "attacked_accuracy"],
    "similarity": ["moment", "layer", "depth", "first", "second", "cka"],
    "decisions": [
        *("inputs", "n", "disagree", "follows_first", "follows_second", "follows_neither", "leaves_both"),
        *("first_right", "second_right", "global_right"),
    ],
    "samples": ["inputs", "index", "label", "first", "second", "global", "follows"],
}
IMAGES = ["run", "condition", "seed", "right", "standing"]
TENTH = 0.1


def run_rows(
    planned: Mapping[str, Planned],
    numbers: Numbers,
    looks: pd.DataFrame,
    passes: Mapping[str, tuple[int, int]],
    lab: Lab,
    data: Dataset,
) -> pd.DataFrame:
    """One row a run: what every study says, accuracy under attack, classes, calibration, path and cost."""
    fate = hardest(planned, numbers)
    last = looks.dropna(subset=["val_robust"]).groupby("run").last() if len(looks) else pd.DataFrame()
    rows = []
    for run, plan in planned.items():
        found = numbers.get(run, {})
        row = run_row(run, plan, found, lab, data) | {name: found.get(name) for name in FIGURES}
        robust = found.get("autoattack", found.get("pgd"))
        clean = row["test_accuracy"]
        row |= {"clean": clean, "robust": robust, "balanced": None if robust is None else (clean + robust) / 2}
        row |= fate.get(run, {"hard_clean": None, "hard_robust": None})
        cost, before = passes.get(str(plan.tags["condition"]), (None, None))
        row |= {"epochs": plan.recipe.epochs, "passes": cost, "passes_before": before}
        row["broke_down"] = bool(last.val_fgsm[run] - last.val_robust[run] > BROKEN) if run in last.index else False
        rows.append(row)
    return pd.DataFrame(rows)


def hardest(planned: Mapping[str, Planned], numbers: Numbers) -> dict[str, dict[str, float]]:
    """Of each run, clean and robust accuracy on the hardest tenth of the images that are judged.

    Hardest are those with the smallest margin on clean inputs, the mean over all standard and all adversarial runs: the
    same images for every arm, and none of the mixture's doing. Where there are no such runs, over all runs.
    """
    there = {run: found["images"] for run, found in numbers.items() if "images" in found}
    by = [run for run in there if planned[run].tags["condition"] in (STANDARD, ADVERSARIAL)] or list(there)
    if not by:
        return {}
    count = min(len(images["standing"]) for images in there.values())
    mean = np.mean([there[run]["margin"][:count] for run in by], axis=0)
    hard = np.argsort(mean, kind="stable")[: max(1, round(TENTH * count))]
    return {
        run: {
            "hard_clean": float(np.asarray(images["right"])[hard].mean()),
            "hard_robust": float(np.asarray(images["standing"])[hard].mean()),
        }
        for run, images in there.items()
    }


def parts(planned: Mapping[str, Planned], numbers: Numbers, name: str) -> pd.DataFrame:
    """The rows of one table of every run, with its tags in front."""
    rows = []
    for run, plan in planned.items():
        tags = {"run": run, "condition": plan.tags["condition"], "seed": plan.recipe.seed}
        rows += [{**tags, **row} for row in numbers.get(run, {}).get(name, [])]
    return pd.DataFrame(rows, columns=["run", "condition", "seed", *COLUMNS[name]])


def image_rows(planned: Mapping[str, Planned], numbers: Numbers) -> pd.DataFrame:
    """One row a run: of each judged image, in one order for all runs, whether it is right and whether it withstands."""
    rows = []
    for run, plan in planned.items():
        if (images := numbers.get(run, {}).get("images")) is not None:
            count = len(images["standing"])
            marks = (spelt(images["right"][:count]), spelt(images["standing"]))
            rows.append([run, plan.tags["condition"], plan.recipe.seed, *marks])
    return pd.DataFrame(rows, columns=IMAGES)


def spelt(marks: Sequence[bool]) -> str:
    """Yes and no as text that no reader takes for a number.

    >>> spelt([True, False]), unspelt("b10").tolist()
    ('b10', [1.0, 0.0])
    """
    return "b" + "".join("1" if mark else "0" for mark in marks)


def unspelt(text: str) -> np.ndarray:
    """The same as numbers."""
    return np.array([float(mark) for mark in text[1:]])


def pictures(samples: pd.DataFrame, data: Dataset, seed: int) -> pd.DataFrame:
    """Decisions of the mixture's first run on which its learners disagree, with the images as they are."""
    shown = samples[(samples.condition == HERO) & (samples.seed == seed)].reset_index(drop=True)
    images = [thumbnail(data.test.images[at]) if data.kind == "image" else "" for at in shown["index"]]
    return shown.assign(thumbnail=images)


def effect(alive: pd.DataFrame, over: str, under: str, column: str, null: float = 0.0) -> Estimate:
    """One arm minus another with the same seed."""
    wide = alive.dropna(subset=[column]).pivot_table(index="seed", columns="condition", values=column)
    if not {over, under} <= set(wide):
        return NOTHING
    values = (wide[over] - wide[under]).dropna().to_numpy()
    return paired_effect(values, null=null) if len(values) > 1 else NOTHING


def wide(images: pd.DataFrame, over: str, under: str) -> tuple[float, float]:
    """The interval of the difference of robust accuracies over seeds and images, both taken as samples."""
    by = {name: part.set_index("seed").standing for name, part in images.groupby("condition", sort=False)}
    seeds = sorted(set(by[over].index) & set(by[under].index)) if {over, under} <= set(by) else []
    if len(seeds) < 2:
        return float("nan"), float("nan")
    return crossed_interval([unspelt(by[over][seed]) - unspelt(by[under][seed]) for seed in seeds])


def compared(alive: pd.DataFrame, images: pd.DataFrame, conditions: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row an arm: its means, and the mixture minus it, seed by seed, with intervals.

    ``robust_wide``: the interval that also takes the judged images for a sample of what might be met.

    ``recommended``: the arm with the highest mean of clean and robust accuracy on val among those without a model of
    trust level X; test is not looked at.
    """
    rows = []
    for arm in conditions:
        name = str(arm["name"])
        own = alive[alive.condition == name]
        if arm["role"] == "teacher" or own.empty:
            continue
        means = ("clean", "robust", "balanced", "val_clean", "val_robust", "val_balanced")
        row: dict[str, Any] = {"arm": name, "role": arm["role"], "n": len(own)} | {m: own[m].mean() for m in means}
        row["masked"] = int((own.autoattack_level.astype(str) == "X").sum())
        for column in ("clean", "robust", "balanced"):
            found = effect(alive, HERO, name, column) if name != HERO else NOTHING
            row |= {f"{column}_gain": found.effect, f"{column}_low": found.low, f"{column}_high": found.high}
        ends = wide(images, HERO, name) if name != HERO else (np.nan, np.nan)
        row |= dict(zip(("robust_wide_low", "robust_wide_high"), ends, strict=True))
        rows.append(row | {key: arm[key] for key in ("epochs", "passes", "passes_before")})
    table = pd.DataFrame(rows)
    return table.assign(recommended=table.arm == recommended(table)) if len(table) else table


def recommended(table: pd.DataFrame) -> str | None:
    """The arm that val recommends.

    >>> rows = [("a", 0.9, 1), ("b", 0.7, 0), ("c", 0.8, 0)]
    >>> recommended(pd.DataFrame(rows, columns=["arm", "val_balanced", "masked"]))  # a is not to be believed
    'c'
    """
    known = table[(table.masked == 0)].dropna(subset=["val_balanced"])
    return None if known.empty else str(known.arm.iloc[int(np.argmax(known.val_balanced.to_numpy()))])
