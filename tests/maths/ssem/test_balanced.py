"""Balanced batches: closed forms and bisection against reference optima, and against themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.ssem import (
    Setting,
    alpha_c,
    alpha_of_within,
    alpha_view,
    best_temperature,
    embeddings,
    gram_values,
    loss_of_gram,
    loss_on_family,
    optimal_within,
    predict,
    supcon_alpha,
    tau_c,
    temperatures_of_within,
    view_similarity,
)
from assay.maths.ssem.balanced import view_gram
from tests.maths.ssem.rows import ROWS, balanced, batched, literal_loss

SETTINGS = st.builds(
    Setting,
    classes=st.integers(2, 12),
    per_class=st.integers(2, 20),
    views=st.integers(2, 4),
    alpha=st.floats(0.0, 1.0),
    temperature=st.floats(0.07, 2.0),
    variant=st.sampled_from(["excl", "incl"]),
)


def test_every_balanced_row() -> None:
    for row in ROWS["balanced"]:
        setting = balanced(row)
        found = predict(setting)
        g0 = view_similarity(setting)
        g1, g2 = view_gram(setting, g0) if g0 < 1 else gram_values(row["m"], row["n"], found.within_variance[0])
        assert found.phase == row["phase"]
        assert found.within_variance == pytest.approx((row["within_var"],) * row["m"], abs=1e-9)
        assert found.between_variance == pytest.approx(1 - row["within_var"], abs=1e-9)
        assert found.loss == pytest.approx(row["loss"], abs=1e-9)
        assert (g0, g1, g2) == pytest.approx((row["g_view"], row["g_class"], row["g_between"]), abs=1e-9)
        assert found.alpha_c == pytest.approx(row["alpha_c"], abs=1e-9)
        if "tau_c" in row:
            assert found.tau_c == pytest.approx(float(row["tau_c"]), abs=1e-9)
        assert (found.alpha_view is None) == (row["variant"] == "incl")
        if found.alpha_view is not None:
            assert found.alpha_view == pytest.approx(row["alpha_view"], abs=1e-9)


def test_every_row_of_batches_out_of_larger_sets() -> None:
    for row in ROWS["minibatch"]:
        found = predict(batched(row))
        assert found.within_variance[0] == pytest.approx(row["within_var"], abs=1e-9)
        assert found.loss == pytest.approx(row["loss"], abs=1e-9)
        assert found.alpha_c == pytest.approx(row["alpha_c"], abs=1e-9)


@pytest.mark.parametrize("m, n, p, x", [(2, 2, 2, 0.1), (3, 4, 2, 0.4), (4, 5, 1, 0.7), (3, 4, 3, 0.0), (3, 4, 1, 1.0)])
def test_the_embeddings_are_what_they_are_said_to_be(m: int, n: int, p: int, x: float) -> None:
    u = embeddings(m, n, p, x)
    g1, g2 = gram_values(m, n, x)
    instance, label = np.arange(m * n).repeat(p), np.arange(m).repeat(n * p)
    same, kin = instance[:, None] == instance, label[:, None] == label
    np.testing.assert_allclose(u @ u.T, np.where(same, 1.0, np.where(kin, g1, g2)), atol=1e-12)
    rank = (m - 1) * (x < 1) + m * (n - 1) * (x > 0)
    assert np.linalg.matrix_rank(u, tol=1e-9) == rank
    means = np.array([u[label == c].mean(0) for c in range(m)])
    assert 1 - np.square(u.mean(0)).sum() == pytest.approx(1)
    assert 1 - np.square(means).sum(1).mean() == pytest.approx(x)


@pytest.mark.parametrize("reduction", ["anchor", "pair"])
def test_the_loss_on_the_family_is_the_loss_of_its_embeddings(reduction: str) -> None:
    import torch

    for variant, m, n, p, x in [("excl", 2, 3, 2, 0.2), ("incl", 3, 4, 2, 0.5), ("excl", 3, 2, 3, 0.0)]:
        setting = Setting(m, n, p, 0.4, 0.3, variant, reduction)  # type: ignore[arg-type]
        z = torch.from_numpy(embeddings(m, n, p, x))
        assert loss_on_family(setting, x) == pytest.approx(float(literal_loss(z, setting.counts, setting)), abs=1e-12)


@settings(deadline=None, max_examples=80)
@given(SETTINGS)
def test_the_optimum_is_one(setting: Setting) -> None:
    found = predict(setting)
    x = found.within_variance[0] - found.view_variance[0]
    if found.phase == "view-spread":
        g0 = view_similarity(setting)
        beside = [loss_of_gram(setting, g, *view_gram(setting, g)) for g in (g0 - 1e-3, min(1.0, g0 + 1e-3))]
    else:
        beside = [loss_on_family(setting, y) for y in (x - 1e-3, x + 1e-3) if 0 <= y <= 1]
    assert found.loss <= min(beside) + 1e-13


@settings(deadline=None, max_examples=80)
@given(SETTINGS)
def test_thresholds_divide_the_phases(setting: Setting) -> None:
    limit = alpha_c(setting)
    assume(0.03 < limit < 0.97)
    assert optimal_within(replace(setting, alpha=limit - 0.02)) == 0
    assert optimal_within(replace(setting, alpha=limit + 0.02)) > 0
    tau = tau_c(setting)
    if 0 < tau < 50 and setting.alpha < 0.999:
        assert alpha_c(replace(setting, temperature=tau)) == pytest.approx(setting.alpha, abs=1e-9)
        assert optimal_within(replace(setting, temperature=tau * 1.02)) == 0
        assert optimal_within(replace(setting, temperature=tau * 0.98)) > 0
    below = alpha_view(setting)
    if below is not None:
        assert below < limit
        assert not (setting.views >= 2 and below > 0) or supcon_alpha(setting.views, setting.counts[0]) > below
    if below is not None and below > 0.01:
        assert predict(replace(setting, alpha=below - 0.005)).phase == "view-spread"
        assert predict(replace(setting, alpha=(below + limit) / 2)).phase == "collapse"


def test_between_the_thresholds_of_excl_the_loss_itself_says_spread() -> None:
    """2.0931 is what log(1 + pmn(1 - alpha) / ...) would give; with (pmn - 1) it is 2.2845, and the loss agrees."""
    setting = Setting(2, 2, 2, 0.75, 2.2)
    assert tau_c(setting) == pytest.approx(2 / math.log(2.4))
    assert loss_on_family(setting, optimal_within(setting)) < loss_on_family(setting, 0.0) - 1e-6
    hotter = replace(setting, temperature=2.3)
    assert loss_on_family(hotter, 1e-3) > loss_on_family(hotter, 0.0)


@settings(deadline=None, max_examples=60)
@given(SETTINGS)
def test_alpha_of_x_and_x_of_alpha(setting: Setting) -> None:
    x = optimal_within(setting)
    assume(x > 1e-6)
    assert alpha_of_within(setting, x) == pytest.approx(setting.alpha, abs=1e-7)


@settings(deadline=None, max_examples=12)
@given(SETTINGS, st.floats(0.05, 0.95))
def test_temperatures_of_x(setting: Setting, share: float) -> None:
    assume(0.05 < setting.alpha < 0.95)
    tau, most = best_temperature(setting)
    assume(most > 0.02)
    roots = temperatures_of_within(setting, share * most)
    assert 1 <= len(roots) <= 2
    assert len(roots) == 1 or roots[0] < tau < roots[1]
    for root in roots:
        assert optimal_within(replace(setting, temperature=root)) == pytest.approx(share * most, abs=1e-6)
    with pytest.raises(BadInput, match="raise alpha"):
        temperatures_of_within(setting, most * 1.01)


def test_limits() -> None:
    for n in (500, 50000):  # many instances: x = 1 - tau / tau_inf
        setting = Setting(5, n, 2, 0.5, 0.4, "incl")
        endless = 5 / (4 * math.log(1 + 5))
        assert optimal_within(setting) == pytest.approx(1 - 0.4 / endless, abs=20 / n)
    cold = Setting(3, 10, 2, 0.5, 0.02)  # cold: x = (n - 1)/n tau log(p (n - 1) alpha / ((p - 1)(1 - alpha)))
    assert optimal_within(cold) == pytest.approx(0.9 * 0.02 * math.log(18), rel=1e-4)
    assert alpha_c(Setting(3, 10, 2, 0.5, 1e-3)) == pytest.approx(supcon_alpha(2, 10))
    assert alpha_c(Setting(3, 10, 2, 0.5, 1e-3, "incl")) == pytest.approx(1 / 10)
    for variant in ("excl", "incl"):
        assert optimal_within(Setting(3, 4, 2, 1.0, 0.2, variant)) == pytest.approx(9 / 11)  # type: ignore[arg-type]
    assert tau_c(Setting(3, 4, 2, 1.0, 0.2)) == math.inf
    assert predict(Setting(1000, 4, 2, 0.5, 1.0)).phase == "collapse"


def test_supcon_lies_in_the_window_of_collapse() -> None:
    for row in ROWS["balanced"]:
        if row["variant"] == "excl" and row["p"] > 1:
            setting = replace(balanced(row), alpha=supcon_alpha(row["p"], row["n"]))
            assert predict(setting).phase == "collapse"


def test_one_instance_in_a_batch_collapses() -> None:
    found = predict(Setting(3, 1, 2, 0.9, 0.1, total=50))
    assert (found.phase, found.within_variance, found.alpha_c, found.tau_c) == ("collapse", (0.0,) * 3, 1.0, 0.0)


def test_too_few_dimensions_is_said() -> None:
    assert predict(Setting(3, 4, 2, 0.5, 0.2, "incl", dimension=10)).upper_estimate
    assert not predict(Setting(3, 4, 2, 0.5, 0.2, "incl", dimension=11)).upper_estimate
    assert not predict(Setting(3, 4, 2, 0.1, 0.2, "incl", dimension=2)).upper_estimate  # a collapse needs two
    for row in ROWS["dimension_limited"]:
        setting = Setting(row["m"], row["n"], row["p"], row["alpha"], row["tau"], row["variant"], dimension=row["d"])
        found = predict(setting)
        assert found.upper_estimate == (row["d"] < 11)
        assert found.within_variance[0] >= row["within_var"] - 1e-5
        assert found.loss <= row["loss"] + 1e-7


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"alpha": 1.2}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": 1e-5}, "overflow"),
        ({"classes": 1}, "two or more"),
        ({"per_class": 0}, "at least one"),
        ({"per_class": (3, 4, 5)}, "2 classes"),
        ({"total": 2}, "without"),
        ({"views": 0}, "views"),
        ({"views": 1}, "no other view"),
        ({"variant": "exkl"}, "did you mean 'excl'"),
        ({"reduction": "pairs"}, "did you mean 'pair'"),
        ({"per_class": 1, "alpha": 0.0}, "no pair"),
        ({"dimension": 0}, "dimension"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        replace(Setting(2, 3, 2, 0.5, 0.1), **changes)


def test_out_of_range_variances_are_refused() -> None:
    with pytest.raises(BadInput, match="in that range"):
        alpha_of_within(Setting(3, 4, 2, 0.5, 0.2), 0.99)
    with pytest.raises(BadInput, match="between 0 and 1"):
        embeddings(3, 4, 2, 1.1)
    with pytest.raises(BadInput, match="equal classes"):
        alpha_c(Setting(2, (2, 3), 2, 0.5, 0.2))
