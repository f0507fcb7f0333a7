"""The measures beside the two that claims rest on: which pairs, which values, which models are known to differ."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.lab import Lab
from assay.metrics import METRICS
from assay.report.charts.families.beside import answers as answers_table
from assay.report.charts.families.beside import beside as beside_blocks
from assay.report.charts.families.geometry import by_families
from assay.report.charts.families.measures import by_measure
from assay.report.folder import Folder
from assay.studies import Means, conduct, configure
from assay.studies.families.beside import ANSWERS, BesideJob, beside, chosen, measures_beside
from assay.studies.families.tables import families
from assay.studies.families.trust import PRIMARY
from tests.studies.conftest import SMALL
from tests.studies.test_families_claims import cloud


def in_turn(function, jobs, what):
    for number, job in enumerate(jobs):
        yield number, function(job)


def test_pairs_are_the_extremes_of_each_condition_and_neighbours_in_rank() -> None:
    own, _, _ = cloud(np.random.default_rng(0), 3, 8)
    own["val_accuracy"] = np.tile(np.arange(8), 3)  # the last of each condition is the best
    own["family"] = families(own)
    pairs = chosen(own, 2)
    assert pairs["happy"] == [(7, 6), (15, 14), (23, 22)]
    assert pairs["unhappy"] == [(1, 0), (9, 8), (17, 16)]
    assert pairs["between"] == [(7, 15), (6, 14), (1, 9), (0, 8), (15, 23), (14, 22), (9, 17), (8, 16)]
    own["family"] = ""
    few = chosen(own, 1)
    assert few == {"happy": [], "unhappy": [], "between": [(7, 15), (15, 23)]}


def test_values_are_the_means_of_the_measure_and_dead_layers_are_left_out() -> None:
    draw = np.random.default_rng(0)
    features = {name: {"a": draw.normal(size=(30, 4)), "b": draw.normal(size=(30, 4))} for name in "wxyz"}
    features["z"]["b"] = np.ones((30, 4))
    pairs = {"happy": [("w", "x"), ("w", "y")], "unhappy": [("x", "z")], "between": []}
    rows, tested = beside(BesideJob("rsa", features, pairs, {}, {}))
    assert tested.empty and [row["layer"] for row in rows] == ["a", "b"]
    expected = np.mean([METRICS["rsa"](features["w"]["a"], features[other]["a"]) for other in "xy"])
    assert rows[0]["happy"] == pytest.approx(expected) and rows[0]["pairs_happy"] == 2
    assert rows[0]["unhappy"] is not None and rows[1]["unhappy"] is None and rows[1]["pairs_unhappy"] == 0
    assert rows[0]["between"] is None


def test_measures_of_answers_are_their_means_over_the_same_pairs() -> None:
    draw = np.random.default_rng(0)
    own, _, _ = cloud(draw, 2, 6)
    own["family"] = families(own)
    features = {run: {"a": draw.normal(size=(20, 3))} for run in own.run}
    logits, labels = {run: draw.normal(size=(20, 3)) for run in own.run}, draw.integers(0, 3, 20)
    found = measures_beside(features, own, {}, {}, 2, in_turn, 0.95, logits, labels)["measures"]
    at = found[found.layer == "logits"].set_index("measure")
    pairs = chosen(own, 2)
    for kind in ("happy", "unhappy", "between"):
        overlap = np.mean([METRICS["error_overlap"](logits[a], logits[b], labels) for a, b in pairs[kind]])
        apart = np.mean([METRICS["jensen_shannon"](logits[a], logits[b]) for a, b in pairs[kind]])
        assert at.loc["error_overlap", kind] == pytest.approx(overlap)
        assert at.loc["jensen_shannon", kind] == pytest.approx(apart)
        assert at.loc["disagreement", f"pairs_{kind}"] == len(pairs[kind])


def cka_pairs(study) -> int:
    """Two models of a family a condition are one pair."""
    return len(study.conditions)


def test_none_are_taken_where_none_are_wanted() -> None:
    own, _, _ = cloud(np.random.default_rng(0), 2, 6)
    own["family"] = families(own)
    features = {run: {"a": np.random.default_rng(run).normal(size=(20, 3))} for run in own.run}
    found = measures_beside(features, own, {}, {}, 0, in_turn, 0.95)
    assert found["measures"].empty and found["trust"].empty and "trusted" in found["trust"]


def test_a_small_study_tells_trained_models_from_untrained_ones(parts: Path, tmp_path: Path) -> None:
    study, data = configure("families", str(parts), seeds=6, settings=(*SMALL, "epochs=8", "grid.beside=2"))
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    measures, trust = (pd.read_csv(folder / f"{name}.csv") for name in ("measures", "trust"))
    names = {name for name, m in METRICS.items() if m.card.needs == ("features_a", "features_b")}
    assert set(trust.measure) == names and set(measures.measure) == names | set(ANSWERS)
    answers = measures[measures.layer == "logits"].set_index("measure")
    assert set(answers.index) == set(ANSWERS) and (answers.pairs_happy == cka_pairs(study)).all()
    cka = measures[measures.measure == "cka_distance"].iloc[-1]
    assert cka.pairs_happy == cka.pairs_unhappy == len(study.conditions) and cka.happy >= 0
    assert (trust.models == 6 + 8).all() and trust.separation.between(0, 1).all()
    costs = {row["measure"]: row for row in json.loads((folder / "provenance.json").read_text())["costs"]["trust"]}
    assert set(costs) == names and all(row["pairs"] > 0 and row["megabytes"] > 0 for row in costs.values())
    shown = Folder(folder)
    *said, table = beside_blocks(shown)
    assert len(table.rows) == len(names) and [row[0].text for row in table.rows][:2] == list(PRIMARY)
    assert "Trusted here are" in said[0].text or "None of" in said[0].text
    table = answers_table(shown)
    assert table is not None and [row[0].text for row in table.rows] == list(ANSWERS)
    runs = pd.read_csv(folder / "runs.csv")
    assert runs.participation_ratio.between(1, 8).all() and runs.kernel_density.between(0, 1).all()
    inside = by_families(shown)
    assert inside is not None and len(inside.rows) == 5
    by = by_measure(shown, "stress-moves")
    assert by is not None and len(by.rows) == 2
