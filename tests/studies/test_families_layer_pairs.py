"""All layers of few models in one pass: the values are those of single calls, within the error that is stated."""

from __future__ import annotations

import json
import shutil
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from assay.lab import Lab
from assay.metrics import METRICS
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies import Means, conduct, configure, rebuild
from assay.studies.families.beside import ANSWERS
from assay.studies.families.geometry import FIGURES
from assay.studies.families.layer_pairs import COLUMNS, KEEP, MEASURES, MOST, between_layers, layer_pairs
from tests.studies.conftest import SMALL

LAYERS = ("first", "second", "third")


def models(count: int, n: int = 40, own: float = 0.3, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Models with a signal a layer in common, in coordinates of their own, of a width a layer."""
    draw = np.random.default_rng(seed)
    signals = {name: draw.normal(size=(n, 6)) * [9, 5, 3, 1, 0.3, 0.1] for name in LAYERS}
    return [
        {
            name: signal @ draw.normal(size=(6, 6 + i)) + own * draw.normal(size=(n, 6 + i))
            for i, (name, signal) in enumerate(signals.items())
        }
        for _ in range(count)
    ]


def found(own: list[dict[str, np.ndarray]], keep: float = KEEP) -> pd.DataFrame:
    costs = {name: {"seconds": 0.0, "pairs": 0} for name in MEASURES}
    rows = between_layers(own, LAYERS, costs, keep)
    assert all(cost["pairs"] == 3 * len(own) * (3 * len(own) - 1) // 2 for cost in costs.values())
    return pd.DataFrame(rows).set_index(["layer_a", "layer_b"])


def one_by_one(own: list[dict[str, np.ndarray]], a: str, b: str, measure: str) -> list[float]:
    return [METRICS[measure](x[a], y[b]) for x, y in permutations(own, 2)]


@pytest.mark.parametrize("measure", MEASURES)
def test_without_reduction_the_values_are_the_means_of_single_calls(measure: str) -> None:
    own = models(4)
    table = found(own, keep=1.0)
    assert table.index.tolist() == [(a, b) for i, a in enumerate(LAYERS) for b in LAYERS[i:]]
    for a, b in table.index:
        row = table.loc[(a, b)]
        assert row[measure] == pytest.approx(np.mean(one_by_one(own, a, b, measure)), abs=1e-9)
        assert row.pairs == (6 if a == b else 12) and row.kept == 1 and row[f"error_{measure}"] == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_with_it_they_are_as_near_as_the_table_says(measure: str) -> None:
    own = models(4)
    table = found(own, keep=0.99)
    assert table.kept.between(0.99, 1, inclusive="left").all()
    for (a, b), row in table.iterrows():
        apart = abs(row[measure] - np.mean(one_by_one(own, a, b, measure)))
        assert 0 < apart <= row[f"error_{measure}"] < 0.3
    assert (found(own)[f"error_{measure}"] <= table[f"error_{measure}"]).all()  # keeps more


@pytest.mark.parametrize("measure", MEASURES)
def test_corresponding_layers_are_nearest_where_models_share_what_a_layer_says(measure: str) -> None:
    table = found(models(4))
    same = [table.loc[(name, name), measure] for name in LAYERS]
    other = [value for (a, b), value in table[measure].items() if a != b]
    assert max(same) < min(other)


def test_dead_layers_are_left_out_and_what_has_no_pair_says_so() -> None:
    own = models(2)
    own[0]["second"] = np.ones((40, 7))
    costs = {name: {"seconds": 0.0, "pairs": 0} for name in MEASURES}
    table = pd.DataFrame(between_layers(own, LAYERS, costs)).set_index(["layer_a", "layer_b"])
    assert table.pairs.tolist() == [1, 1, 2, 0, 1, 1]
    assert table.loc[("second", "second")].drop("pairs").isna().all()
    dead = [{name: np.ones((40, 2)) for name in LAYERS}] * 2
    assert [row["pairs"] for row in between_layers(dead, LAYERS, costs)] == [0] * 6


def test_a_bounded_number_of_models_of_each_condition_is_compared_within_it() -> None:
    runs = {f"{c}{i}": SimpleNamespace(tags={"condition": c}) for c in ("none", "fork") for i in range(MOST)}
    own = models(MOST)
    features = {run: own[int(run[4:])] for run in runs if run != "none0"}  # one that stopped
    table = layer_pairs(runs, features, LAYERS)  # type: ignore[arg-type]
    used = MOST // len(LAYERS)
    assert table.columns.tolist() == COLUMNS and table.condition.tolist() == ["none"] * 6 + ["fork"] * 6
    assert set(table.pairs) == {used * (used - 1) // 2, used * (used - 1)}
    assert table.attrs["costs"][0]["pairs"] == 2 * MOST * (MOST - 1) // 2
    again = found(own[1 : used + 1])
    assert table.cka_distance.tolist()[:6] == again.cka_distance.tolist()
    many = tuple(f"{name}{i}" for name in LAYERS for i in range(MOST))
    wide = {run: {name: own[0][name[:-1].rstrip("0123456789")] for name in many} for run in list(runs)[:4]}
    few = layer_pairs(runs, wide, many)  # type: ignore[arg-type]
    assert few.pairs.max() == 2 and few.layer_a.nunique() == MOST // 2 and few.layer_b.iloc[-1] == many[-1]
    assert few.attrs["costs"][0]["pairs"] <= 2 * MOST * (MOST - 1) // 2


@pytest.fixture
def folder(parts: Path, tmp_path: Path) -> Path:
    settings = (*SMALL, "model=mlp:8-6", "grid.patched=0")
    study, data = configure("families", str(parts), seeds=6, settings=settings)
    return conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")


def test_a_study_has_the_table_the_figure_and_the_costs_and_an_old_one_does_without(
    folder: Path, tmp_path: Path
) -> None:
    table, study = pd.read_csv(folder / "layer_pairs.csv"), json.loads((folder / "study.json").read_text())
    assert table.condition.unique().tolist() == [c["name"] for c in study["conditions"]]
    assert (table.pairs > 0).all() and (table.kept >= KEEP).all() and (table.error_procrustes_distance < 0.064).all()
    layers = pd.read_csv(folder / "layers.csv")
    spread = layers[layers.condition_a == layers.condition_b].set_index(["condition_a", "layer"]).spread
    same = table[table.layer_a == table.layer_b]
    for row in same.itertuples():  # of the same six models: the mean distance is between one and two spreads
        assert 1 < row.cka_distance / spread[(row.condition, row.layer_a)] < 2
    costs = json.loads((folder / "provenance.json").read_text())["costs"]
    assert [cost["measure"] for cost in costs["measures"]] == list(ANSWERS)
    assert [cost["measure"] for cost in costs["runs"]] == list(FIGURES.values())
    assert [cost["measure"] for cost in costs["layer_pairs"]] == MEASURES
    assert all(cost["seconds"] > 0 for rows in costs.values() for cost in rows)
    assert all(cost["megabytes"] > 0 for cost in costs["measures"] + costs["runs"])
    assert all(cost["models"] == 8 for cost in costs["runs"])
    assert not any("seconds" in pd.read_csv(path).columns for path in folder.glob("*.csv"))
    page = html(Folder(folder))
    assert 'id="layer-pairs"' in page and 'id="layer-pairs-table"' in page and "ms a model" in page
    old = Path(shutil.copytree(folder, tmp_path / "old"))
    (old / "layer_pairs.csv").unlink()
    about = json.loads((old / "provenance.json").read_text())
    (old / "provenance.json").write_text(json.dumps({**about, "costs": {"trust": costs["trust"]}}))
    rebuild(old)
    assert (old / "verdicts.json").read_bytes() == (folder / "verdicts.json").read_bytes()
    page = html(Folder(old))
    assert 'id="layer-pairs"' not in page and "ms a model" not in page and 'id="answers"' in page


def test_the_same_models_give_the_same_bytes(parts: Path, tmp_path: Path) -> None:
    settings = (*SMALL, "model=mlp:8-6", "grid.patched=0", "grid.beside=0")
    study, data = configure("families", str(parts), seeds=2, settings=settings)
    tables = []
    for _ in range(2):
        folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
        tables.append({path.name: path.read_bytes() for path in folder.glob("*.csv")})
        shutil.rmtree(folder)
    assert "layer_pairs.csv" in tables[0] and tables[0] == tables[1]
