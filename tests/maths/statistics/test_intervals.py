from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import bootstrap_interval, holm, wilson
from tests.maths.statistics.worlds import calm


@calm
@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share_and_agrees_with_scipy(n: int, data: st.DataObject) -> None:
    from scipy.stats import binomtest

    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1 and low < high
    assert (low, high) == pytest.approx(tuple(binomtest(k, n).proportion_ci(method="wilson")), abs=1e-9)
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low))


def test_wilson_without_trials_says_nothing_and_refuses_what_is_no_share() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(BadInput):
        wilson(3, 2)


@calm
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_against_its_definition(ps: list[float]) -> None:
    """Reject at a while the i-th smallest is at most a / (m - i + 1): the corrected p is the smallest such a."""
    corrected = holm(ps)
    assert all(raw <= c <= 1 for raw, c in zip(ps, corrected, strict=True))
    order = sorted(range(len(ps)), key=ps.__getitem__)
    assert [corrected[i] for i in order] == sorted(corrected)
    for a in (0.01, 0.05, 0.2):
        rejected = set()
        for step, i in enumerate(order):
            if ps[i] * (len(ps) - step) > a:
                break
            rejected.add(i)
        assert {i for i, c in enumerate(corrected) if c <= a} == rejected


def test_holm_takes_what_is_unknown_as_one_and_refuses_what_is_no_p() -> None:
    assert holm([float("nan"), 0.01]) == [1.0, 0.02]
    with pytest.raises(BadInput):
        holm([1.2])


def test_the_bootstrap_agrees_with_scipy() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).exponential(size=40)
    theirs = bootstrap((values,), np.mean, n_resamples=9999, rng=1, method="BCa").confidence_interval
    ours = bootstrap_interval(np.mean, values, resamples=9999)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_the_bootstrap_moves_with_its_values_and_does_not_fail_on_one() -> None:
    values = np.random.default_rng(4).standard_normal((20, 2))
    low, high = bootstrap_interval(lambda v: float(v.mean()), values)
    assert low < values.mean() < high
    assert bootstrap_interval(lambda v: float(v.mean()), 2 * values + 1) == pytest.approx((2 * low + 1, 2 * high + 1))
    assert all(np.isnan(bootstrap_interval(np.mean, [1.0])))


def test_the_bootstrap_covers() -> None:
    """40 exponential values: coverage of a mean over 300 repeats not below .95 less its 99.9 % limit."""
    hits = 0
    for repeat in range(300):
        values = np.random.default_rng([8, repeat]).exponential(size=40)
        low, high = bootstrap_interval(np.mean, values, resamples=199, seed=repeat)
        hits += low <= 1.0 <= high
    assert hits >= 300 * 0.95 - 3.3 * (300 * 0.95 * 0.05) ** 0.5
