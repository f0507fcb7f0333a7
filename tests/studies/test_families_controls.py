"""Controls on made-up tables: what is planted is found, and what is not there is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.data import biased
from assay.lab import Lab
from assay.report.charts.families.tested import SHOULD, control_tests
from assay.report.folder import Folder
from assay.studies import Means, conduct, configure
from assay.studies.families.agree import LOGITS, PRIMARY
from assay.studies.families.claims import CLAIMS
from assay.studies.families.controls import REFERENCES, controls, of_references
from assay.studies.families.references import labelled_at_random
from assay.studies.families.sorting import families, matched
from assay.train import Recipe
from tests.studies.conftest import SMALL
from tests.studies.test_families_agree import made_up
from tests.studies.test_families_beside import in_turn

NOTHING = pd.DataFrame(columns=REFERENCES)


def world(ratio: float) -> tuple[pd.DataFrame, pd.DataFrame, dict]:
    """Twelve conditions of twelve models, the unhappy ones ``ratio`` times as wide, conditions in different places."""
    about, tables = made_up((0.0, 0.0), conditions=12, models=12)
    runs, draw = tables["runs"], np.random.default_rng(1)
    runs["train_accuracy"], runs["val_cross_entropy"] = 1.0, 0.0
    runs["train_loss"] = draw.uniform(size=len(runs))
    runs["family"] = families(runs)
    own = runs[runs.design == "family"]
    wide = own.family.map({"happy": 1.0, "middle": (1 + ratio) / 2, "unhappy": ratio}).to_numpy()
    x = draw.normal(size=(len(own), 8)) * wide[:, None] + 3 * np.repeat(draw.normal(size=(12, 8)), 12, axis=0)
    a, b = np.triu_indices(len(own), 1)
    pairs = pd.DataFrame({"run_a": own.run.to_numpy()[a], "run_b": own.run.to_numpy()[b]})
    for measure in PRIMARY:
        pairs[measure.name] = np.linalg.norm(x[a] - x[b], axis=1)
    answers = draw.normal(size=(len(own), 8))
    for measure, inside in zip(LOGITS, PRIMARY, strict=True):
        pairs[measure.name] = np.linalg.norm(answers[a] - answers[b], axis=1)
        runs[measure.movement] = runs[inside.movement]
    return runs, pairs, about


def rows(ratio: float) -> pd.DataFrame:
    runs, pairs, about = world(ratio)
    found = controls(runs, pairs, NOTHING, about, in_turn)
    assert set(found.measure) == {measure.name for measure in PRIMARY}
    return found[found.measure == "cka_distance"].set_index(["control", "claim"])


def test_a_planted_spread_is_found_by_every_rule_and_not_with_permuted_labels_or_answers() -> None:
    found = rows(2.0)
    spread = found.xs("unhappy-vary-more", level="claim")
    for rule in ("as judged", "halves", "quartiles", "by gap"):  # gap on val orders as val accuracy does here
        assert spread.loc[rule, "low"] > 1.2
    assert spread.loc["as judged", "effect"] == pytest.approx(2, rel=0.2)
    permuted = spread.loc["permuted labels"]
    assert permuted.low < 1 < permuted.high < spread.loc["as judged", "effect"]
    assert spread.loc["logits", "low"] < 1 < spread.loc["logits", "high"]
    places = found.xs("places-differ", level="claim")
    assert places.loc["as judged", "low"] > places.loc["permuted labels", "high"]
    assert places.loc["logits", "low"] <= 0.02


def test_without_an_effect_no_rule_finds_one() -> None:
    spread = rows(1.0).xs("unhappy-vary-more", level="claim")
    inside = (spread.low < 1) & (spread.high > 1)
    assert inside.drop("mixture of conditions").sum() >= len(inside) - 2  # each at the level of 95 %


def test_neighbours_in_training_loss_are_compared() -> None:
    runs, _, _ = world(1.0)
    runs["family"] = matched(runs)
    own = runs[runs.design == "family"]
    for _, models in own.groupby("condition"):
        near = models.sort_values("train_loss")
        assert all({a, b} == {"happy", "unhappy"} for a, b in zip(near.family[::2], near.family[1::2], strict=True))
    happy, unhappy = own[own.family == "happy"], own[own.family == "unhappy"]
    assert happy.val_accuracy.mean() > unhappy.val_accuracy.mean()
    assert abs(happy.train_loss.mean() - unhappy.train_loss.mean()) < 0.05


def test_models_that_learned_nothing_are_held_against_the_unstressed() -> None:
    draw = np.random.default_rng(0)
    kinds = np.repeat(["none", "untrained", "labels 100 %"], 6)
    x = draw.normal(size=(18, 10)) * np.repeat([1.0, 3.0, 1.0], 6)[:, None]
    a, b = np.triu_indices(18, 1)
    far = np.linalg.norm(x[a] - x[b], axis=1)
    references = pd.DataFrame({"run_a": a, "run_b": b, "kind_a": kinds[a], "kind_b": kinds[b]})
    references = references.assign(cka_distance=far, procrustes_distance=far)
    found = {kind: estimate for kind, _, estimate in of_references(references, PRIMARY[1], {"level": 0.05})}
    assert set(found) == {"untrained", "labels 100 %"} and found["untrained"].effect == pytest.approx(3, rel=0.3)
    assert found["untrained"].low > 1.5 and found["labels 100 %"].low < 1 < found["labels 100 %"].high


def test_a_study_with_controls_trains_and_shows_them(parts: Path, tmp_path: Path) -> None:
    settings = (*SMALL, "grid.controls=true", "grid.beside=0")
    study, data = configure("families", str(parts), seeds=6, settings=settings)
    assert study.plan(data)["runs"] == 2 * 6 * 5 + 2 * 6 == len(study.stage(0, {}, data))
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    runs, references = (pd.read_csv(folder / f"{name}.csv") for name in ("runs", "references"))
    assert len(runs) == 60 and set(runs.design) == {"paired", "family"}
    kinds = {"none", "labels 50 %", "labels 100 %", "untrained"}
    assert set(references.kind_a) | set(references.kind_b) == kinds and len(references) == 26 * 25 / 2
    found = pd.read_csv(folder / "controls.csv")
    assert set(found.claim) <= {claim.name for claim in CLAIMS} | {"spread"}
    assert {"as judged", "halves", "permuted labels", "logits", "untrained"} <= set(found.control) <= set(SHOULD)
    table = control_tests(Folder(folder))
    assert table is not None and len(table.rows) == len(found.drop_duplicates(["control", "claim"]))


def test_labels_drawn_at_random_tell_nothing_also_of_two_classes(make_blobs: Any) -> None:
    data = make_blobs()
    two = replace(
        data,
        classes=data.classes[:2],
        splits={name: replace(split, labels=split.labels % 2) for name, split in data.splits.items()},
    )
    runs = labelled_at_random(Recipe(data="x", model="mlp:4"), 1, 0, two).values()
    (all_anew,) = (plan.recipe for plan in runs if plan.tags["condition"] == "labels 100 %")
    kept = (biased(two, all_anew.biases).train.labels == two.train.labels).mean()
    assert 0.4 < kept < 0.6
