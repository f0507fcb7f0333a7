"""Density and effective dimension of families: known figures, coverage of the difference, dead layers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from assay.metrics import METRICS
from assay.studies.families.geometry import FIGURES, by_family, geometry


def runs(draw: np.random.Generator, apart: float, conditions: int = 6, models: int = 3) -> pd.DataFrame:
    """Conditions with levels of their own; unhappy models scatter twice as much and lie ``apart`` higher."""
    rows = []
    for condition in range(conditions):
        level = 5 * draw.normal()
        for family, scale, shift in (("happy", 1.0, 0.0), ("unhappy", 2.0, apart), ("", 1.0, 9.0)):
            for value in level + shift + scale * draw.normal(size=models):
                rows.append({"design": "family", "condition": condition, "family": family, "density": value})
    return pd.DataFrame(rows)


def test_every_figure_is_that_of_the_measure() -> None:
    x = np.random.default_rng(0).normal(size=(40, 5))
    assert geometry(x) == {name: pytest.approx(METRICS[measure](x)) for name, measure in FIGURES.items()}


def test_dead_layers_and_samples_that_coincide_have_no_figure_instead_of_a_wrong_one() -> None:
    assert geometry(np.ones((20, 3))) == dict.fromkeys(FIGURES)
    clumped = np.repeat(np.random.default_rng(0).normal(size=(2, 3)), 20, axis=0)  # twenty samples on one point
    found = geometry(clumped)
    assert found["knn_density"] is None and found["participation_ratio"] == pytest.approx(1)


def test_the_interval_holds_the_difference_as_often_as_it_says() -> None:
    inside = 0
    for repeat in range(400):
        row = by_family(runs(np.random.default_rng(repeat), 1.0)).iloc[0]
        inside += row.low <= 1.0 <= row.high
    assert 0.91 <= inside / 400 <= 0.98  # 99.9 % limits of Binomial(400, .95)


def test_of_one_condition_it_is_welchs_interval() -> None:
    table = runs(np.random.default_rng(3), 0.5, conditions=1, models=7)
    found = by_family(table).iloc[0]
    sides = [table[table.family == family].density for family in ("unhappy", "happy")]
    low, high = ttest_ind(*sides, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high)) and found.models == 14 and found.conditions == 1


def test_conditions_without_both_families_and_figures_that_are_not_there_are_left_out() -> None:
    table = runs(np.random.default_rng(0), 0.0, conditions=2)
    table.loc[(table.condition == 0) & (table.family == "happy"), "density"] = np.nan
    found = by_family(table.assign(other=np.nan), ["density", "other", "none such"])
    assert found.figure.tolist() == ["density"] and found.conditions.tolist() == [1] and found.models.tolist() == [6]
    assert by_family(table.assign(family="")).empty
