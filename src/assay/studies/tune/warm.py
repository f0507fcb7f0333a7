"""Starting a search from what an earlier study or search found, and saying whether that helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.core.files import read_json
from assay.data import Dataset
from assay.maths.statistics import paired_effect, ranks
from assay.studies.tune.figures import figure
from assay.studies.tune.goals import Goal
from assay.studies.tune.space import Space, Values, within
from assay.train import Recipe

TAKEN = 5  # best settings that are tried first
SEEDS = 6  # pairs of searches below which nothing can be told


@dataclass(frozen=True)
class Warm:
    """An earlier study's or search's runs: their figures and, where known, their recipes."""

    folder: Path
    digest: str
    table: pd.DataFrame  # one row a run, with its figures
    settings: tuple[Mapping[str, Any] | None, ...]  # a recipe, or values of axes; None where unknown
    kind: str  # "study" or "tune"
    data: Mapping[str, Any]  # name and digest of what it was measured on; empty where that is not written down

    def measured_on_test(self, goal: Goal, data: Dataset) -> bool:
        """Whether its figure for a goal may come from the test images of ``data``, which are not to choose by.

        A search measures on val. A study measures on test all that is not called ``val_...`` and is no number of the
        run itself. A data set of the same name is the same images, whatever its split, labelling or later sets.
        """
        if self.kind == "tune" or goal.figure.startswith("val_") or figure(goal.figure).sort == "run":
            return False
        other = {"digest": data.digest, "name": data.name, **self.data}
        return other["digest"] == data.digest or _plain_name(other["name"]) == _plain_name(data.name)


def _plain_name(name: str) -> str:
    """The name of a data set, whatever its labelling.

    >>> _plain_name("mnist@parity")
    'mnist'
    """
    return name.partition("@")[0]


def read_warm(folder: Path) -> Warm:
    """An earlier folder; `BadInput` when it is none."""
    study, tune = folder / "runs.csv", folder / "trials.csv"
    path = study if study.is_file() else tune
    if not path.is_file():
        raise BadInput(
            f"asked to start from {folder}; found no runs.csv and no trials.csv there; "
            "give the folder of a finished study or search: lab/studies/... or lab/tune/..."
        )
    digest = sha256(path.read_bytes()).hexdigest()[:12]
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    table = table[table["status"] == "finished"].reset_index(drop=True)
    if path == tune:
        about = read_json(folder / "study.json")
        rows = table[list(about["axes"])].to_dict("records")
        values = tuple({str(k): v for k, v in row.items()} for row in rows)
        return Warm(folder, digest, table, values, "tune", about.get("data", {}))
    runs = folder.resolve().parents[1] / "runs"
    recipes = [runs / str(run) / "recipe.json" for run in table["run"]]
    found = tuple(read_json(path) if path.is_file() else None for path in recipes)
    about = read_json(folder / "study.json") if (folder / "study.json").is_file() else {}
    return Warm(folder, digest, table, found, "study", about.get("data", {}))


def best_settings(
    warm: Warm, goals: Sequence[Goal], space: Space, base: Recipe, data: Dataset
) -> tuple[list[Values], str]:
    """The earlier settings that are best on the goals they tell of, and a sentence about them.

    Settings are ranked on each goal (mean over their runs) and ordered by the sum of ranks. What was measured on the
    test images of ``data`` does not count: test is looked at once, when the choice is made. Where nothing else is
    left, settings come in the order of their table.
    """
    there = [goal for goal in goals if goal.figure in warm.table]
    if not there:
        raise BadInput(
            f"asked to start from {warm.folder}; its table has none of the goals {_listed(goals)}; "
            "leave --warm-from out, or name a goal that it has"
        )
    groups: dict[tuple[Any, ...], list[int]] = {}
    by_key: dict[tuple[Any, ...], Values] = {}
    for row, settings in enumerate(warm.settings):
        values = _values(settings, warm.kind, space, base)
        if values is not None:
            groups.setdefault(tuple(values.values()), []).append(row)
            by_key[tuple(values.values())] = values
    if not groups:
        return [], f"none of the {len(warm.table)} earlier runs has a known recipe inside the search space"
    keys = list(groups)
    aside = [goal for goal in there if warm.measured_on_test(goal, data)]
    known = [goal for goal in there if goal not in aside]
    means = warm.table[[goal.figure for goal in known]].astype(float)
    sums = np.zeros(len(keys))
    for goal in known:
        values_ = np.array([goal.oriented(float(means.loc[groups[key], goal.figure].mean())) for key in keys])
        sums += ranks(np.nan_to_num(values_, nan=-np.inf))
    order = sorted(range(len(keys)), key=lambda i: (-sums[i], i))[:TAKEN]
    note = f"{len(order)} best of {len(keys)} earlier settings are tried first"
    if not known:
        note = f"{len(order)} of {len(keys)} earlier settings are tried first, in the order of their table"
    if aside:
        note += f"; not ranked by {_listed(aside)}, which was measured on the test split of the same data"
    if absent := [goal for goal in goals if goal not in there]:
        note += f"; it does not tell of {_listed(absent)}"
    return [by_key[keys[i]] for i in order], note


def _listed(goals: Sequence[Goal]) -> str:
    return ", ".join(goal.figure for goal in goals)


def _values(settings: Mapping[str, Any] | None, kind: str, space: Space, base: Recipe) -> Values | None:
    if settings is None:
        return None
    axes = space.axes(base)
    if kind == "tune":
        values = {name: _read(settings.get(name), axis) for name, axis in axes.items()}
    else:
        try:
            recipe = Recipe.parse(dict(settings))
        except BadInput:
            return None
        if not space.alike(recipe, base):
            return None
        shares = axes["epochs"]["choices"]
        share = min(shares, key=lambda s: abs(s - recipe.epochs / base.epochs))  # other data, other epochs: the nearest
        found = space.values(recipe.lasting(max(1, round(base.epochs * share))), base)
        if found is None:
            return None
        values = found
    return values if all(within(values[name], axis) for name, axis in axes.items()) else None


def _read(value: Any, axis: Mapping[str, Any]) -> Any:
    """A value from a table, where numbers beside words have become words."""
    return next((choice for choice in axis.get("choices", ()) if value in (choice, str(choice))), value)


def whether_it_helped(about: Mapping[str, Any], folder: Path, goals: Sequence[Goal]) -> dict[str, Any]:
    """The best of each goal after k trials, with this warm start and without, over searches in the same lab.

    Searches count that differ in nothing but the warm start and the sampler's seed. One search of each kind differs by
    chance alone as well; only from `SEEDS` pairs with equal seeds on is an interval given.
    """
    others = [path.parent for path in folder.parent.glob("*/study.json") if (path.parent / "trials.csv").is_file()]
    known = [(read_json(path / "study.json"), path) for path in others]
    alike = [(each, path) for each, path in known if each["family"] == about["family"]]
    cold = {each["seed"]: path for each, path in alike if not each["warm"]}
    warm = {each["seed"]: path for each, path in alike if each["warm"] == about["warm"]}
    if not cold:
        text = (
            "whether the warm start helped cannot be told: this lab has no search of the same goals without it; "
            "repeat the command without --warm-from to compare"
        )
        return {"word": "undecided", "goals": [], "text": text}
    tables = {path: _finished(path) for path in (*cold.values(), *warm.values())}
    k = min(len(table) for table in tables.values())
    both = sorted(set(cold) & set(warm))
    rows = [_helped(goal, k, [tables[cold[s]] for s in cold], [tables[warm[s]] for s in warm],
                    [(tables[cold[s]], tables[warm[s]]) for s in both]) for goal in goals]  # fmt: skip
    told = all(row["word"] != "undecided" for row in rows)
    head = f"best after {k} trials, with the warm start ({len(warm)} searches) and without ({len(cold)}): "
    text = head + "; ".join(row["text"] for row in rows)
    if len(both) < SEEDS:
        text += f"; so few searches cannot tell help from chance ({SEEDS} pairs with --set tune.seed=... would)"
    return {"word": "decided" if told else "undecided", "k": k, "goals": rows, "text": text}


def _finished(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "trials.csv", keep_default_na=False, na_values=[""])
    return table[table["status"] == "finished"].sort_values("trial")


def _best(goal: Goal, table: pd.DataFrame, k: int) -> float:
    oriented = [goal.oriented(float(value)) for value in table[goal.figure].head(k)]
    return max(oriented) if oriented else float("nan")


def _helped(
    goal: Goal,
    k: int,
    cold: Sequence[pd.DataFrame],
    warm: Sequence[pd.DataFrame],
    pairs: Sequence[tuple[pd.DataFrame, pd.DataFrame]],
) -> dict[str, Any]:
    without, having = (float(np.mean([_best(goal, table, k) for table in each])) for each in (cold, warm))
    row: dict[str, Any] = {"goal": str(goal), "without": goal.oriented(without), "with": goal.oriented(having)}
    row["text"] = f"{goal.figure} {row['with']:.4g} against {row['without']:.4g}"
    row["word"], row["interval"] = "undecided", None
    if len(pairs) >= SEEDS:
        found = paired_effect([_best(goal, b, k) - _best(goal, a, k) for a, b in pairs])
        row["interval"] = [found.low, found.high]
        row["word"] = "helped" if found.low > 0 else "did harm" if found.high < 0 else "undecided"
        row["text"] += f" ({row['word']}: gain {found.effect:.2g}, {found.low:.2g} to {found.high:.2g})"
    return row
