"""The limit study: its grid, means over pairs by a slow twin, calibration, claims on known tables, and a small run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.data import biased
from assay.lab import Lab
from assay.maths.statistics import Estimate
from assay.studies import Limit, Means, conduct, configure, rebuild
from assay.studies.limit.claims import CLAIMS, beyond, judge
from assay.studies.limit.design import BASE, RANDOM, TRUE, UNTRAINED
from assay.studies.limit.look import compared
from assay.studies.limit.tables import curve
from assay.studies.limit.trend import among, rise
from assay.studies.verdict import verdicts
from tests.studies.limit.worlds import PLANTED_WIDTH, STEPS, about, world

# The grid


def test_a_model_whose_layer_tells_one_input_from_the_rest_does_not_undo_the_others() -> None:
    draw = np.random.default_rng(0)
    seen = {run: {"act": draw.normal(size=(20, 4))} for run in "abc"}
    seen["lone"] = {"act": np.eye(20)[:, :4] * [1, 0, 0, 0]}
    rows = compared(seen, untrained=False)
    assert [(row["run_a"], row["run_b"]) for row in rows] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_sizes_are_shares_of_what_a_recipe_with_fewer_images_learns_from() -> None:
    few = ("epochs=16", "biases=[{kind: fewer, images: 400}]")
    study, data = configure("limit", "digits", settings=few)
    assert isinstance(study, Limit)
    steps = study.describe(data)["axes"]["images"]
    assert [step["level"] for step in steps] == pytest.approx([50, 100, 200, 400], abs=2)  # classes in whole images
    for plan in study.stage(0, {}, data).values():
        images = len(biased(data, plan.recipe.biases).train)
        level = plan.tags["level"]
        assert images == pytest.approx(int(level.split()[-1]) if level.startswith("images") else 400, abs=5)


def test_every_level_differs_from_the_base_in_one_thing_and_no_seed_comes_twice() -> None:
    study, data = configure("limit", "digits", settings=("epochs=16",))
    assert isinstance(study, Limit) and study.widths == (8, 16, 32, 64) and study.epochs == (2, 4, 8)
    stage = study.stage(0, {}, data)
    axes = study.describe(data)["axes"]
    assert {axis: [step["level"] for step in steps] for axis, steps in axes.items()} == {
        **{"width": [8, 16, 32, 64], "images": [135, 270, 540, 1081], "epochs": [2, 4, 8, 16]}
    }
    assert all(steps[-1]["condition"] == BASE for steps in axes.values())
    seeds = [plan.recipe.seed for plan in stage.values()]
    assert len(set(seeds)) == len(seeds) == study.plan(data)["runs"] == 10 * (8 + 4)
    assert not study.stage(1, {}, data)
    base = next(plan.recipe for plan in stage.values() if plan.tags["condition"] == BASE)
    for plan in stage.values():
        own, level = plan.recipe, plan.tags["level"]
        assert (own.model == base.model) == (not level.startswith("width"))
        images = len(biased(data, own.biases).train)
        assert (images < 1081) == level.startswith("images")
        if level.startswith("images"):  # as many examples, but for classes rounded to whole images
            assert images * own.epochs == pytest.approx(1081 * 16, rel=0.01)
        else:
            assert (own.epochs == 16) == (not level.startswith("epochs"))
    narrow = next(plan.recipe for plan in stage.values() if plan.tags["level"] == "width 8")
    assert narrow.model == "mlp:16-8"


def test_random_labels_are_uniform_whatever_the_number_of_classes() -> None:
    study, data = configure("limit", "cells")  # two classes: replacing every label could be learned as well
    own = next(plan.recipe for plan in study.stage(0, {}, data).values() if plan.tags["labels"] == RANDOM)
    changed = biased(data, own.biases).train.labels != data.train.labels
    assert abs(changed.mean() - 0.5) < 0.01


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("grid.sizes=[2]",), "sizes are shares"),
        (("grid.widths=[0]",), "whole numbers from 1"),
        (("grid.widths=[]", "grid.sizes=[1]", "grid.epochs=[]"), "nothing beside the base"),
        (("model=net.py:make", "grid.widths=[8]"), "not known"),
    ],
)
def test_bad_settings_are_told(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        configure("limit", "digits", settings=settings)


def test_an_axis_that_is_left_out_claims_nothing() -> None:
    study, _ = configure("limit", "digits", settings=("grid.widths=[]", "grid.epochs=[]"))
    assert [claim.name for claim in study.claimed] == ["more-images"]


# Means over pairs


@settings(max_examples=40, deadline=None)
@given(k=st.integers(3, 6), draw=st.integers(0, 10**6))
def test_mean_and_variance_by_a_slow_twin(k: int, draw: int) -> None:
    s = np.random.default_rng(draw).uniform(-0.2, 1, (k, k))
    s = (s + s.T) / 2

    def mean(of: list[int]) -> float:
        return float(np.mean([s[i, j] for n, i in enumerate(of) for j in of[:n]]))

    found = among(s)
    without = [mean([i for i in range(k) if i != left]) for left in range(k)]
    assert found.effect == pytest.approx(mean(list(range(k))))
    assert found.detail["variance"] == pytest.approx((k - 1) ** 2 / k * np.var(without, ddof=1))
    order = np.random.default_rng(0).permutation(k)
    assert among(s[np.ix_(order, order)]).effect == pytest.approx(found.effect)


def test_the_rise_is_the_least_squares_line() -> None:
    generator = np.random.default_rng(0)
    tables = [generator.uniform(0, 1, (4, 4)) for _ in STEPS["width"]]
    means = [among((t + t.T) / 2) for t in tables]
    z = np.log(STEPS["width"])
    slope = np.polyfit(z, [one.effect for one in means], 1)[0]
    assert rise(STEPS["width"], means).effect == pytest.approx(slope * (z[-1] - z[0]))
    assert not rise([8, 16], [means[0], among(np.eye(2))]).known
    assert not rise([8], means[:1]).known
    with pytest.raises(BadInput, match="several levels"):
        rise([8, 8], means[:2])


# Judgement


def words_of(tables: dict[str, pd.DataFrame]) -> dict[str, tuple[str, float]]:
    found = verdicts(Limit, CLAIMS, judge(about(), tables)[0], 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}


def test_what_is_planted_is_found() -> None:
    planted = {**PLANTED_WIDTH, **{(TRUE, f"epochs {n}"): 0.5 + 0.08 * (3 - i) for i, n in enumerate(STEPS["epochs"])}}
    found = words_of(world(planted, spread=0.01))
    assert {name: word for name, (word, _) in found.items()} == {
        **{"wider": "supported", "more-images": "undecided", "longer": "refuted"}
    }
    assert found["wider"][1] == pytest.approx(0.24, abs=0.03) and found["longer"][1] == pytest.approx(-0.24, abs=0.03)
    same = words_of(world({}, spread=0.002))
    assert {word for word, _ in same.values()} == {"refuted"}  # surely within what matters


def test_a_rise_that_references_have_too_is_told_apart() -> None:
    also = {(labels, level): value for (_, level), value in PLANTED_WIDTH.items() for labels in (TRUE, RANDOM)}
    tables = world(also, spread=0.01)
    found = curve(about(), tables)
    assert beyond(found, "width", UNTRAINED).low > 0.1
    assert beyond(found, "width", RANDOM).low < 0 < beyond(found, "width", RANDOM).high
    detail = judge(about(), tables)[0]["wider"].detail
    assert detail["rise beyond untrained"] > 0.15 > abs(detail["rise beyond random"])
    assert not any("untrained" in key for key in judge(about(), tables)[0]["longer"].detail)


@pytest.mark.parametrize("tied", [False, True])
def test_no_more_rises_without_reason_than_the_level_says(tied: bool) -> None:
    """Models alike at every level, also where the ones that are chosen as happy are those most like all others."""
    p: list[Estimate] = [
        judge(about(), world({}, draw=draw, tied=tied))[0][name].estimate
        for draw in range(60)
        for name in ("wider", "longer")
    ]
    assert sum(one.p <= 0.05 for one in p) <= 14  # 99.9 % limit of Binomial(120, .05)
    assert sum(one.low <= 0 <= one.high for one in p) >= 106


def test_a_probe_that_is_too_small_and_runs_that_stopped_are_said() -> None:
    tables = world({})
    tables["runs"].loc[:1, "status"] = "stopped"
    said = " ".join(warning["en"] for warning in judge({**about(), "probe": 100}, tables)[1])
    assert "100 inputs for layers of up to 64 units" in said and "2 of" in said


def test_models_with_a_dead_layer_are_said() -> None:
    tables = world({})
    assert not any("says the same of everything" in warning["en"] for warning in judge(about(), tables)[1])
    dead = list(tables["runs"].run[:2])
    pairs = tables["pairs"]
    there = (pairs.layer == "act2") & (pairs.run_a.isin(dead) | pairs.run_b.isin(dead))
    said = [warning["en"] for warning in judge(about(), {**tables, "pairs": pairs[~there]})[1]]
    assert "Left out of every mean: 2 models whose last hidden layer says the same of everything." in said


# A small run

TINY = ("epochs=2", "model=mlp:8-6", "batch=64", "grid.widths=[12]", "grid.sizes=[0.5]", "grid.epochs=[1]")


def test_a_small_study_from_end_to_end_and_its_verdicts_from_tables_alone(tmp_path: Path) -> None:
    study, data = configure("limit", "digits", seeds=4, settings=TINY)
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means(on="inline"), command="assay study limit")
    told = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    assert [verdict["claim"] for verdict in told["verdicts"]] == ["wider", "more-images", "longer"]
    runs, pairs = (pd.read_csv(folder / f"{name}.csv", keep_default_na=False) for name in ("runs", "pairs"))
    assert len(runs) == 4 * (4 + 3) and (runs.family == "happy").sum() == 4 * 3
    counts = pairs[pairs.layer == "act2"].groupby(["condition", "labels"]).size()
    assert counts[BASE].to_dict() == {TRUE: 6, UNTRAINED: 3} and counts["width 12"].to_dict() == {TRUE: 6, UNTRAINED: 3}
    assert counts["images 540"].to_dict() == {TRUE: 6} and counts["base, random labels"].to_dict() == {RANDOM: 3}
    alone = tmp_path / "alone"
    shutil.copytree(folder, alone)
    (alone / "verdicts.json").unlink()
    assert (rebuild(alone) / "verdicts.json").read_bytes() == (folder / "verdicts.json").read_bytes()
