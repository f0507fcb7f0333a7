"""A rule is a statement about the world: supported, refuted or undecided on the runs at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.core.rng import numpy_rng
from assay.studies.tune import RULES, check_rules
from assay.studies.tune.attempts import along, least
from assay.studies.tune.compare import _interval, unsteady
from assay.studies.tune.rules import found_of
from assay.studies.tune.words import against_default

ONE = {"false_alarms": RULES["false_alarms"]}


def runs(slope: float, n: int = 40, seed: int = 0, noise: float = 1.0) -> pd.DataFrame:
    draw = numpy_rng(seed, "rules")
    sensitivity = draw.uniform(1, 5, n)
    return pd.DataFrame({"sensitivity": sensitivity, "false_reject": slope * sensitivity + noise * draw.normal(size=n)})


def test_the_three_words() -> None:
    (right,) = check_rules(runs(1.0), ONE)
    assert right["word"] == "supported" and right["effect"] > 0.5 and right["interval"][0] > 0
    assert right["text"].startswith("holds here: lower sensitivity with lower false_reject")
    (wrong,) = check_rules(runs(-1.0), ONE)
    assert wrong["word"] == "refuted" and "other way round" in wrong["text"]
    (open_,) = check_rules(runs(0.0, n=12), ONE)
    assert open_["word"] == "undecided" and "cannot be told" in open_["text"]


def test_earlier_evidence_is_said_of_rules_as_they_stand_alone() -> None:
    rule = RULES["false_alarms"]
    assert "the other way round" in found_of("false_alarms", rule)
    assert found_of("false_alarms", rule.with_(goals="-false_reject")) == found_of("false_alarms", rule)
    assert found_of("false_alarms", rule.with_(prefers="-complexity")) == found_of("mine", rule) == ""


def test_what_cannot_be_told_is_said() -> None:
    few = check_rules(runs(1.0, n=7), ONE)[0]
    assert few["word"] == "undecided" and few["text"] == "cannot be told: 7 settings, 8 are needed"
    none = check_rules(pd.DataFrame({"sensitivity": [1.0] * 9}), ONE)[0]
    assert none["text"] == "cannot be told: the runs have no column false_reject"
    flat = check_rules(pd.DataFrame({"sensitivity": range(9), "false_reject": [0.0] * 9}), ONE)[0]
    assert "does not vary" in flat["text"]


def test_test_columns_come_before_those_of_val_and_settings_count_once() -> None:
    table = runs(1.0).rename(columns={"false_reject": "test_false_reject"})
    table["false_reject"] = -table["test_false_reject"]
    assert check_rules(table, ONE)[0]["word"] == "supported"
    table["condition"] = np.arange(40) % 10
    assert check_rules(table, ONE)[0]["n"] == 10


def test_rules_that_are_not_true_are_seldom_supported() -> None:
    words = [check_rules(runs(0.0, n=20, seed=seed), ONE)[0]["word"] for seed in range(100)]
    assert words.count("supported") <= 8  # 2.5 % each: more than 8 of 100 once in 1,000 times


def test_intervals_of_the_comparison_hold_the_truth_as_often_as_they_say() -> None:
    """Five seeds with luck of training, one test set with luck of items: 95 % of intervals hold the difference."""
    draw, held = numpy_rng(0, "coverage"), 0
    for _ in range(400):
        items = draw.normal(0, 0.02)
        low, high = _interval(0.1 + items + draw.normal(0, 0.03, 5), (0.02, float("inf")), 0.95)[1:]
        held += low <= 0.1 <= high
    assert held >= 360  # 95 % of 400 is 380; fewer than 360 by chance once in 100,000 times
    assert np.isnan(_interval(np.array([0.1]), (0.0, float("inf")), 0.95)[1])  # one number, no spread: nothing known


@pytest.mark.parametrize("seeds", [2, 3, 4, 5])
def test_a_recipe_that_fails_with_a_seed_is_told_from_chance(seeds: int) -> None:
    """Recipes that are alike are called unsteady once in twenty times, one that fails with one seed always."""
    draw, said = numpy_rng(0, "unsteady", seeds), 0
    for _ in range(1000):
        a, b = draw.normal(0.9, 0.02, (2, seeds))
        said += unsteady(a, b)
        assert unsteady(np.append(b[:-1], -5), b)
    assert 27 <= said <= 76  # 5 % of 1,000, and 99.9 % of what chance makes of it


def test_what_is_worse_or_better_with_every_seed_is_not_unsteady() -> None:
    assert not unsteady(np.full(5, 0.5), np.array([0.9, 0.905, 0.9, 0.9, 0.9]))
    assert not unsteady(np.array([0.99, 0.99, 0.99, 0.99, 0.92]), np.array([0.918, 0.919, 0.92, 0.921, 0.92]))
    assert not unsteady(np.array([0.93, 0.90]), np.array([0.93, 0.93]), error=0.02)  # a few items, not the training
    assert not unsteady(np.array([0.1]), np.array([0.9])) and not unsteady(
        np.array([0.1, np.nan]), np.array([0.9, 0.9])
    )


def test_what_a_trial_must_have_reached() -> None:
    curves = [{0.25: a, 0.5: a + 0.1} for a in (0.1, 0.2, 0.3, 0.4, 0.5)]
    assert least(curves, 0.5) == {0.25: 0.3, 0.5: 0.4}
    assert least(curves, 0.25) == {0.25: 0.2, 0.5: 0.30000000000000004}
    assert least(curves[:4], 0.5) == {}
    history = [{"epoch": e, "val_accuracy": e / 8} for e in range(1, 9)]
    assert along(history) == {0.25: 0.25, 0.5: 0.5, 0.75: 0.75}
    assert along(history[:3], share=3 / 8) == {0.25: 0.25}
    assert along([], 0.0) == {}


def test_settings_that_fail_with_a_seed_are_told_once_with_what_to_do() -> None:
    row = {"figure": "test_accuracy", "chosen": 0.56, "default": 0.92, "effect": -0.36, "interval": [-0.9, 0.2]}
    row |= {"seeds": 2, "word": "undecided", "by_seed": {"chosen": [0.95, 0.17], "default": [0.91, 0.93]}}
    other = {**row, "figure": "test_robust_accuracy"}
    steady = against_default({"chosen": {"is_default": False}, "comparison": [row, other]})
    assert not any("unsteady" in line or "one good run" in line for line in steady)
    said = against_default(
        {"chosen": {"is_default": False}, "comparison": [{**r, "unsteady": True} for r in (row, other)]}
    )
    told = "unsteady: from seed to seed accuracy is 0.17 to 0.95, the default's 0.91 to 0.93"
    assert sum(told in line for line in said) == 1 and sum("one good run" in line for line in said) == 1
    assert set(steady) < set(said)
