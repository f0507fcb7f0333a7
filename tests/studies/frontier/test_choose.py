"""The choice is made by a stated rule on val; the front holds what nothing beats; barriers are told edge by edge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.attacks import PGD
from assay.core.errors import BadInput
from assay.maths.statistics import wilson
from assay.studies.frontier.ask import Ask, ball
from assay.studies.frontier.choose import between, choose, difference, front
from assay.studies.frontier.walk import simplex
from assay.studies.frontier.words import blended, rule, told

pairs = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=12)


@given(pairs, st.integers(0, 10))
def test_a_wish_costs_the_least_robustness(points: list[tuple[int, int]], want: int) -> None:
    clean, robust = ([each[i] / 10 for each in points] for i in (0, 1))
    found = choose(clean, robust, want / 10, 0.5)
    able = [i for i in range(len(points)) if clean[i] >= want / 10]
    assert (found is None) == (not able)
    if found is not None:
        assert found in able and robust[found] == max(robust[i] for i in able)
        assert clean[found] == max(clean[i] for i in able if robust[i] == robust[found])


@given(pairs, st.integers(0, 4))
def test_without_a_wish_the_largest_sum(points: list[tuple[int, int]], quarters: int) -> None:
    clean, robust = ([each[i] / 10 for each in points] for i in (0, 1))
    found, w = choose(clean, robust, None, quarters / 4), quarters / 4
    assert found is not None
    sums = [w * a + (1 - w) * r for a, r in zip(clean, robust, strict=True)]
    assert sums[found] == max(sums)


@given(pairs)
def test_the_front_is_what_no_other_beats(points: list[tuple[int, int]]) -> None:
    clean, robust = ([float(each[i]) for each in points] for i in (0, 1))
    found = front(clean, robust)
    for i in range(len(points)):
        beaten = any(
            clean[j] >= clean[i] and robust[j] >= robust[i] and (clean[j], robust[j]) != (clean[i], robust[i])
            for j in range(len(points))
        )
        same = [j for j in found if (clean[j], robust[j]) == (clean[i], robust[i])]
        assert len(same) == (0 if beaten else 1)
    assert [robust[i] for i in found] == sorted((robust[i] for i in found), reverse=True)
    assert [clean[i] for i in found] == sorted(clean[i] for i in found)


counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_a_difference_lies_in_its_interval_and_turns_round(one: tuple[int, int], two: tuple[int, int]) -> None:
    a, b = ({"x": k / n, "x_low": wilson(k, n)[0], "x_high": wilson(k, n)[1]} for k, n in (one, two))
    there, back = difference(a, b, "x"), difference(b, a, "x")
    assert -1 - 1e-9 <= there["low"] <= there["value"] <= there["high"] <= 1 + 1e-9
    assert there["low"] == pytest.approx(-back["high"]) and there["value"] == pytest.approx(-back["value"])


def test_the_interval_of_a_difference_is_the_published_one() -> None:
    """Newcombe 1998, table II: 56 of 70 against 48 of 80, method 10: 0.0524 to 0.3339."""
    a, b = ({"x": k / n, "x_low": wilson(k, n)[0], "x_high": wilson(k, n)[1]} for k, n in ((56, 70), (48, 80)))
    found = difference(a, b, "x")
    assert (found["low"], found["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def rows(count: int, steps: int, clean: Any) -> list[dict[str, Any]]:
    return [
        {
            "weights": w,
            "val_loss": 2 * (1 - clean(w)),
            "val_clean": clean(w),
            "val_robust": 0.5,
            "val_clean_high": clean(w) + 0.1,
        }
        for w in simplex(count, steps)
    ]


def test_barriers_between_each_two_of_three() -> None:
    """Between a and b accuracy falls by 0.4 in the middle; c blends with both."""
    found = between("abc", rows(3, 5, lambda w: 0.9 - 1.6 * w[0] * w[1]))
    assert [(each["from"], each["to"]) for each in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    ab, ac, bc = found
    assert ab["word"] == "yes" and ab["clean"] == pytest.approx(0.4) and ab["at"] == 0.5
    assert ab["loss"] == pytest.approx(0.8) and ab["robust"] == 0
    assert ac["word"] == bc["word"] == "none" and ac["clean"] == bc["clean"] == pytest.approx(0, abs=1e-12)
    assert blended(ab).startswith("barrier between a and b: at a share of 0.5 of b") and "40.0 points" in blended(ab)
    assert blended(ac).startswith("no barrier between a and c")
    (small,) = between("ab", rows(2, 5, lambda w: 0.9 - 0.2 * w[0] * w[1]))  # 0.05: within the interval of 0.1
    assert small["word"] == "unclear" and "perhaps" in blended(small) and small["clean"] == pytest.approx(0.05)


def test_the_ball_is_the_one_of_training_unless_another_is_asked_for() -> None:
    trained = PGD(norm="L2", eps=0.5)
    assert ball(None, None, trained) == ("L2", 0.5) and ball("l2", "0.25", trained) == ("L2", 0.25)
    assert ball("Linf", "4/255", trained) == ("Linf", 4 / 255)
    for norm, eps, attack, said in (
        (None, None, None, "give --eps 8/255"),
        ("Linf", None, trained, "trained against L2; give --eps"),
        (None, "0", trained, "radius above 0"),
        (None, "many", None, "a radius is a number"),
    ):
        with pytest.raises(BadInput, match=said):
            ball(norm, eps, attack)


ENDS = {"": 0.0, "_low": -0.01, "_high": 0.01}


def test_what_is_told_says_per_thousand_with_intervals_and_the_bound() -> None:
    ask = Ask(want_clean=0.9, eps=0.1)
    shares = {"test_clean": 0.95, "test_robust": 0.6, "false_reject": 0.02, "escape": 0.01}
    later = {"production_clean": None, "production_false_reject": None, "production_escape": None}
    row, best = (
        {"point": number, "called": name, "level": "C"}
        | later
        | {f"{key}{end}": value + by for key, value in each.items() for end, by in ENDS.items()}
        for number, name, each in (
            (1, "0.5 a + 0.5 b", shares),
            (0, "a alone", {"test_clean": 0.91, "test_robust": 0.65}),
        )
    )
    price = {key: difference(row, best, f"test_{key}") for key in ("clean", "robust")}
    text = told({"chosen": row, "most_robust": best, "price": price, "rule": rule(ask), "barriers": []}, ask)
    assert text[1] == (
        "on test: of a thousand unchanged items 950 (940 to 960) are right; of a thousand that someone changes on "
        "purpose by at most 0.1 (Linf), 600 (590 to 610) stay right (an upper bound: PGD only)"
    )
    assert text[2].endswith(  # every interval is 0.01 to both sides, so that of a difference 0.01 sqrt(2)
        "(a alone): of a thousand unchanged 40 more (+26 to +54) are right, of a thousand under attack 50 fewer "
        "(-64 to -36)"
    )
    assert "20 (10 to 30) of a thousand good items are turned away; 10 (0 to 20) of a thousand faulty" in text[3]
    assert not any("production" in line for line in text)
    seen = row | {"production_clean": 0.9, "production_clean_low": 0.89, "production_clean_high": 0.91}
    (line,) = (
        line
        for line in told({"chosen": seen, "most_robust": best, "price": price, "rule": "", "barriers": []}, ask)
        if "production" in line
    )
    assert line == "on production: of a thousand items 900 (890 to 910) are right"
