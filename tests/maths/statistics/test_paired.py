from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import paired_effect, smallest_p
from tests.maths.statistics.worlds import calm

values = st.lists(st.integers(-50, 50), min_size=6, max_size=9).map(lambda v: [x / 7 for x in v])


def literal_p(x: np.ndarray, null: float) -> float:
    """The share of all sign patterns with a mean at least as far from ``null``."""
    off = x - null
    means = [abs(np.mean(np.array(signs) * off)) for signs in product([-1, 1], repeat=len(x))]
    return float(np.mean(np.array(means) >= abs(off.mean()) - 1e-9))


@calm
@given(values, st.floats(-3, 3))
def test_p_is_the_share_of_sign_patterns(x: list[float], null: float) -> None:
    assert paired_effect(x, null=null).p == pytest.approx(literal_p(np.array(x), null))


@calm
@given(st.lists(st.floats(-5, 5, width=32), min_size=6, max_size=9, unique=True))
def test_the_interval_holds_what_the_test_does_not_reject(x: list[float]) -> None:
    found = paired_effect(x)
    step = 1e-3 * max(found.high - found.low, 1e-3)
    for inside in (found.low + step, found.effect, found.high - step):
        if found.low < inside < found.high:
            assert literal_p(np.array(x), inside) > 0.05
    for outside in (found.low - step, found.high + step):
        assert literal_p(np.array(x), outside) <= 0.05


@calm
@given(values)
def test_mirror_shift_and_scale(x: list[float]) -> None:
    found, mirror = paired_effect(x), paired_effect([-v for v in x])
    assert (mirror.effect, mirror.low, mirror.high) == pytest.approx((-found.effect, -found.high, -found.low))
    assert mirror.p == found.p
    moved = paired_effect([2 * v + 1 for v in x], null=1.0)
    assert (moved.low, moved.high) == pytest.approx((2 * found.low + 1, 2 * found.high + 1))
    assert moved.p == found.p


@pytest.mark.parametrize("n", [2, 4, 6, 11])
def test_the_smallest_p_is_reached_when_all_agree(n: int) -> None:
    found = paired_effect(np.arange(1.0, n + 1))
    assert found.p == smallest_p("sign-flip", n) == found.detail["smallest_p"]


def test_few_seeds_get_a_t_interval_and_never_a_small_p() -> None:
    found = paired_effect([1.0, 2.0, 3.0])
    assert found.p == 0.25 and found.detail["by_t"] == 1
    half = 4.302653 / 3**0.5
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), abs=1e-5)
    strict = paired_effect(np.arange(6.0), level=0.99)
    assert strict.detail["by_t"] == 1 and np.isfinite(strict.low)


def test_many_seeds_are_sampled_and_agree_with_t() -> None:
    x = np.random.default_rng(0).normal(0.3, 1, 40)
    found = paired_effect(x, permutations=9999)
    half = 2.022691 * x.std(ddof=1) / 40**0.5
    assert (found.low, found.high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.03)
    assert (found.p <= 0.05) == (not found.low <= 0 <= found.high)


def test_unknown_values_are_no_evidence_and_one_value_is_refused() -> None:
    found = paired_effect([1.0, float("nan"), 2.0])
    assert found.p == 1.0 and not found.known
    assert paired_effect([0.0] * 8).p == 1.0
    with pytest.raises(BadInput, match="one number a seed"):
        paired_effect([1.0])
