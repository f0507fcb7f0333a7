from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import Estimate, judge, needed_n, paired_effect
from tests.maths.statistics.worlds import calm

RULE = {"threshold": 1.0, "margin": (0.9, 1.1), "alpha": 0.05}


@pytest.mark.parametrize(
    ("low", "high", "p", "claimed", "expected"),
    [
        (1.2, 1.8, 0.01, "above", ("supported", "above")),
        (1.2, 1.8, 0.01, "below", ("refuted", "above")),
        (1.2, 1.8, 0.01, "apart", ("supported", "above")),
        (0.5, 0.8, 0.01, "above", ("refuted", "below")),
        (0.5, 0.8, 0.01, "below", ("supported", "below")),
        (0.5, 0.8, 0.01, "apart", ("supported", "below")),
        (1.2, 1.8, 0.06, "above", ("undecided", "above")),  # clear of the threshold, but p is not small enough
        (0.5, 0.8, 0.06, "above", ("undecided", "below")),
        (0.8, 1.8, 0.01, "above", ("undecided", "none")),
        (0.95, 1.05, 0.9, "above", ("refuted", "none")),  # nothing that matters
        (0.95, 1.05, 0.9, "apart", ("refuted", "none")),
        (1.02, 1.05, 0.001, "above", ("refuted", "above")),  # surely there, surely negligible
        (1.02, 1.15, 0.001, "above", ("supported", "above")),
        (float("nan"), 2.0, 0.001, "above", ("undecided", "none")),
        (1.2, float("inf"), 0.001, "above", ("undecided", "none")),
    ],
)
def test_words(low: float, high: float, p: float, claimed: str, expected: tuple[str, str]) -> None:
    found = Estimate((low + high) / 2, low, high, p, 10)
    assert judge(found, claimed=claimed, **RULE) == expected  # type: ignore[arg-type]


def test_the_corrected_p_decides() -> None:
    found = Estimate(1.5, 1.2, 1.8, 0.01, 10)
    assert judge(found, claimed="above", **RULE, p_corrected=0.2)[0] == "undecided"
    assert judge(replace(found, p=0.2), claimed="above", **RULE, p_corrected=0.01)[0] == "supported"


def test_an_unknown_claim_and_a_margin_beside_the_threshold_are_refused() -> None:
    found = Estimate(1.5, 1.2, 1.8, 0.01, 10)
    with pytest.raises(BadInput, match="above, below, apart"):
        judge(found, claimed="beyond", **RULE)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="outside"):
        judge(found, claimed="above", threshold=1.0, margin=(-0.1, 0.1), alpha=0.05)


@calm
@given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(0, 1), st.floats(-2, 2))
def test_a_claim_and_its_mirror_image_get_the_same_word(effect: float, half: float, p: float, threshold: float) -> None:
    found = Estimate(effect, effect - half, effect + half, p, 10)
    mirror = Estimate(-effect, -effect - half, -effect + half, p, 10)
    margin, mirrored = (threshold - 0.5, threshold + 0.5), (-threshold - 0.5, -threshold + 0.5)
    word, side = judge(found, claimed="above", threshold=threshold, margin=margin, alpha=0.05)
    other, other_side = judge(mirror, claimed="below", threshold=-threshold, margin=mirrored, alpha=0.05)
    assert word == other
    assert {"above": "below", "below": "above", "none": "none"}[side] == other_side


def test_needed_n() -> None:
    rule = {"threshold": 0.0, "margin": (-1.0, 1.0)}
    assert needed_n(Estimate(2.0, -2.0, 6.0, 0.3, 5), **rule) == 20  # arm 4, way 2: four times
    assert needed_n(Estimate(-2.0, -6.0, 2.0, 0.3, 5), **rule) == 20
    assert needed_n(Estimate(0.1, -1.9, 1.7, 0.9, 10), **rule) == 34  # into the margin: (2 / 1.1)^2 = 3.3 times
    assert needed_n(Estimate(2.0, 1.0, 3.0, 0.01, 10), **rule) == 10  # clear already
    assert needed_n(Estimate(0.9, -40.0, 42.0, 0.9, 10), **rule) is None
    assert needed_n(Estimate(float("nan"), 0.0, 1.0, 1.0, 10), **rule) is None


@calm
@given(st.floats(-3, 3), st.floats(0.01, 5), st.integers(2, 50))
def test_the_plan_is_enough(effect: float, half: float, n: int) -> None:
    found = Estimate(effect, effect - half, effect + half, 0.3, n)
    planned = needed_n(found, threshold=0.0, margin=(-0.5, 0.5))
    if planned is not None:
        assert n <= planned <= 50 * n
        arm = half * (n / planned) ** 0.5 * (1 - 1e-6)
        assert abs(effect) >= arm or abs(effect) + arm <= 0.5


def test_few_seeds_that_agree_to_the_last_digit_decide_nothing() -> None:
    rule: dict[str, Any] = {"claimed": "above", "threshold": 0.0, "margin": (-0.1, 0.1), "alpha": 0.05}
    assert judge(paired_effect([0.0, 0.0]), **rule)[0] == "undecided"
    assert judge(paired_effect([0.0] * 8), **rule)[0] == "refuted"
    assert judge(paired_effect([0.0, 0.001, 0.0, 0.001]), **rule)[0] == "refuted"
