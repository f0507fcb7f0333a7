"""The association and its sensitivity: against least squares, by the confounder itself, calibrated, on known tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from assay.core.errors import BadInput
from assay.studies.families.confounding import (
    adjusted,
    association,
    associations,
    correlation,
    residual,
    robustness,
)
from tests.studies.test_families_cause import CONDITIONS, runs

Fit = tuple[np.ndarray, np.ndarray, int]


def least_squares(y: np.ndarray, *columns: np.ndarray) -> Fit:
    """Coefficients of the columns with their errors, dummies of rows and columns beside them; residual freedom."""
    seeds, conditions = (index.ravel() for index in np.indices(y.shape))
    dummies = [*(seeds == s for s in range(y.shape[0])), *(conditions == c for c in range(1, y.shape[1]))]
    design = np.column_stack([*(c.ravel() for c in columns), *dummies]).astype(float)
    beta, *_ = np.linalg.lstsq(design, y.ravel(), rcond=None)
    left, freedom = y.ravel() - design @ beta, y.size - design.shape[1]
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * (left @ left) / freedom)
    return beta[: len(columns)], errors[: len(columns)], freedom


def by_time(draw: int, seeds: int = 10, kinds: int = 4, times: int = 2) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """x and y that know nothing of one another; what a seed's runs have in common differs from time to time."""
    g = np.random.default_rng(draw)
    at = [time for _ in range(kinds) for time in range(times)]
    shared = 2 * g.normal(size=(2, seeds, times))
    x, y = shared[:, :, at] + g.normal(size=(2, seeds, kinds * times))
    return x, y, at


def confounded(draw: int, strength: float, seeds: int = 8, conditions: int = 6) -> tuple[np.ndarray, ...]:
    """x, y and z: z moves both, x does nothing to y; rows and columns have worths of their own."""
    g = np.random.default_rng(draw)
    z = g.normal(size=(seeds, conditions))
    worth = g.normal(size=(2, seeds, 1)) + g.normal(size=(2, 1, conditions))
    noise = g.normal(size=(2, seeds, conditions))
    return strength * z + worth[0] + noise[0], strength * z + worth[1] + noise[1], z


@settings(max_examples=30, deadline=None)
@given(draw=st.integers(0, 10**6), seeds=st.integers(3, 7), conditions=st.integers(3, 6))
def test_it_is_the_regression_with_a_dummy_for_every_seed_and_condition(draw: int, seeds: int, conditions: int) -> None:
    x, y, _ = confounded(draw, 0.5, seeds, conditions)
    (slope,), (error,), freedom = least_squares(y, x)
    found = association(x, y)
    assert found.freedom == freedom
    t = slope / error
    assert found.correlation == pytest.approx(t / np.sqrt(t * t + freedom))
    from scipy.stats import t as student

    assert found.p == pytest.approx(2 * student.sf(abs(t), freedom))


@settings(max_examples=30, deadline=None)
@given(draw=st.integers(0, 10**6))
def test_the_formula_for_a_left_out_confounder_is_exact(draw: int) -> None:
    """The slope with z in the regression follows from the one without and the shares that z explains."""
    x, y, z = confounded(draw, 2.0)
    (slope,), (error,), freedom = least_squares(y, x)
    (with_z, _), _, _ = least_squares(y, x, z)
    rx, ry, rz = residual(x), residual(y), residual(z)
    share_x = correlation(rz, rx) ** 2
    free = [v - rx * (v * rx).sum() / (rx * rx).sum() for v in (ry, rz)]
    assert with_z == pytest.approx(adjusted(slope, error, freedom, share_x, correlation(*free) ** 2), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(f=st.floats(0.01, 5), freedom=st.integers(5, 200))
def test_a_confounder_as_strong_as_the_robustness_value_explains_all(f: float, freedom: int) -> None:
    rv = robustness(f)
    assert 0 < rv < 1 and adjusted(f * freedom**0.5, 1.0, freedom, rv, rv) == pytest.approx(0, abs=1e-6 * (1 + f) * 20)
    assert adjusted(f * freedom**0.5, 1.0, freedom, 0.9 * rv, 0.9 * rv) > 0
    assert robustness(f, 0.1) <= rv and robustness(f * 1.1) > rv


def test_the_published_example() -> None:
    """Darfur, Cinelli and Hazlett 2020, table 1: t = 4.18, 783 degrees of freedom: RV 13.9 %, for p = .05 7.6 %."""
    f, bar = 4.184 / 783**0.5, 1.963 / 782**0.5
    assert robustness(f) == pytest.approx(0.139, abs=0.001) and robustness(f, bar) == pytest.approx(0.076, abs=0.001)


def test_confounding_that_explains_all_is_seen_to_be_within_reach() -> None:
    """x does nothing; the association is clear; the confounder that made it is as strong as the robustness value."""
    for draw in range(5):
        x, y, z = confounded(draw, 1.5)
        found = association(x, y)
        shares = [correlation(residual(z), residual(v)) ** 2 for v in (x, y)]
        assert found.p < 0.01 and found.robustness <= max(shares) + 0.1
        (with_z, _), (error, _), _ = least_squares(y, x, z)
        assert abs(with_z) < 3 * error


def test_no_more_associations_without_reason_than_the_level_says() -> None:
    p = [association(*confounded(draw, 0.0)[:2]).p for draw in range(200)]
    assert sum(one <= 0.05 for one in p) <= 20  # 99.9 % limit of Binomial(200, .05)


def test_what_a_seed_has_in_common_at_one_time_is_no_association() -> None:
    p = [(association(x, y, times=at).p, association(x, y).p) for x, y, at in map(by_time, range(200))]
    within, across = (sum(one <= 0.05 for one in each) for each in zip(*p, strict=True))
    assert within <= 20 < across  # 20: 99.9 % limit of Binomial(200, .05)


def test_times_are_dummies_of_seeds_within_them() -> None:
    x, y, at = by_time(0)
    seeds = np.indices(x.shape)[0].ravel()
    dummies = [(seeds == s) & (np.tile(at, len(x)) == t) for s in range(len(x)) for t in (0, 1)]
    dummies += [np.tile(np.arange(x.shape[1]) == c, len(x)) for c in range(2, x.shape[1])]  # one of each time is free
    design = np.column_stack([x.ravel(), *dummies]).astype(float)
    beta, *_ = np.linalg.lstsq(design, y.ravel(), rcond=None)
    left, freedom = y.ravel() - design @ beta, y.size - design.shape[1]
    t = beta[0] / np.sqrt(np.linalg.inv(design.T @ design)[0, 0] * (left @ left) / freedom)
    found = association(x, y, times=at)
    assert found.freedom == freedom and found.correlation == pytest.approx(t / np.sqrt(t * t + freedom))


def test_conditions_that_are_alone_at_their_time_are_refused() -> None:
    with pytest.raises(BadInput, match="at 3 times; give 3 or more seeds"):
        association(np.eye(3), np.eye(3), times=[1, 2, 3])


def test_fewer_than_two_degrees_of_freedom_are_refused_and_two_have_an_interval() -> None:
    g = np.random.default_rng(0)
    with pytest.raises(BadInput, match="asked for an association"):  # (3 - 1)(4 - 3) - 1 = 1
        association(g.normal(size=(3, 4)), g.normal(size=(3, 4)), times=[1, 1, 2, 3])
    found = association(g.normal(size=(4, 4)), g.normal(size=(4, 4)), times=[1, 1, 2, 3])
    assert found.freedom == 2 and -1 < found.low < found.correlation < found.high < 1 and 0 <= found.robustness_p <= 1


def test_a_condition_alone_at_its_time_adds_nothing() -> None:
    g = np.random.default_rng(0)
    x, y = g.normal(size=(2, 6, 5))
    alone = association(x, y, times=[1, 1, 1, 2, 2])
    more = (np.column_stack([t, g.normal(size=6)]) for t in (x, y))
    assert vars(association(*more, times=[1, 1, 1, 2, 2, 3])) == pytest.approx(vars(alone))


def test_what_moves_with_the_outcome_is_found_in_runs() -> None:
    table = runs({"loss:mse@0.25": -0.1}, seeds=8)
    g = np.random.default_rng(0)
    forks = table[table.stress == "fork"].set_index(["condition", "seed"]).test_accuracy
    harm = [
        float(forks[f"fork@{row.condition.split('@')[1]}", row.seed]) - row.test_accuracy
        if row.stress in ("activation", "loss")
        else 0.0
        for row in table.itertuples()
    ]
    table["movement"] = np.array(harm) + g.normal(0, 0.002, len(table))
    table["val_accuracy"] = g.normal(size=len(table))
    found = associations(table, CONDITIONS, ["movement", "not there"]).set_index("outcome")
    assert list(found.figure) == ["movement"] * 3 and set(found.seeds) == {8} and set(found.conditions) == {4}
    hit = found.loc["test_accuracy"]
    assert hit.correlation < -0.8 and hit.high < 0 and hit.p_holm < 0.001 and hit.robustness > 0.6
    assert 0 < hit.robustness_p < hit.robustness and hit.known_movement < 0.4
    assert found.loc["false_detections"].correlation > 0.8
    table["movement"] = g.normal(size=len(table))
    none = associations(table, CONDITIONS, ["movement"])
    assert (none.p_holm > 0.05).all() and (none.robustness_p == 0).all()


def test_too_little_or_flat_tables() -> None:
    with pytest.raises(BadInput, match="3 or more seeds"):
        association(np.eye(2), np.eye(2))
    flat = association(np.ones((4, 4)), np.random.default_rng(0).normal(size=(4, 4)))
    assert np.isnan(flat.correlation) and flat.p == 1
    table = runs({}).assign(movement=1.0, val_accuracy=1.0)
    assert associations(table[table.seed < 2], CONDITIONS, ["movement"]).empty
    linear = linregress([0, 1, 2], [0, 1, 2])  # a perfect association is at the end of every range
    x = np.random.default_rng(0).normal(size=(4, 4))
    assert association(x, x).correlation == linear.rvalue == 1 and association(x, x).robustness == pytest.approx(1)
