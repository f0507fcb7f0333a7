"""Operating rules: thresholds by a slow twin, intervals by scipy, power on planted tables, no more errors than said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from assay.core.errors import BadInput
from assay.studies.families.rule import cases, chosen, rules
from assay.studies.families.rule_words import sentence
from assay.studies.families.threshold import exact_interval, learnt, operating_rule


def world(slope: float, *, conditions: int = 8, seeds: int = 8, draw: int = 0, times: int = 1) -> pd.DataFrame:
    """Runs whose movement and rise each have parts of the kind of stress, seed and run; ``slope`` ties them.

    With ``times`` each kind comes so often, with the same part.
    """
    generator = np.random.default_rng(draw)
    at = [""] if times == 1 else [f"@{t}" for t in range(times)]
    names = ["none", *(f"c{i}{t}" for i in range(conditions // times) for t in at)]
    parts = [generator.normal(size=(n, 2)) for n in (conditions // times + 1, seeds)]
    parts[0] = np.concatenate([parts[0][:1], np.repeat(parts[0][1:], times, axis=0)])
    rows = []
    for i, name in enumerate(names):
        for seed in range(seeds):
            own = parts[0][i] + parts[1][seed] + generator.normal(size=2)
            movement = float(np.exp(own[0] / 3)) if i else 0.0
            rise = 0.05 * (slope * np.log(movement) * 3 + own[1]) if i else 0.0
            rows.append({
                **{"condition": name, "stress": "loss" if i else "none", "seed": seed, "design": "paired"},
                **{"status": "finished", "movement": movement, "movement_procrustes": float(np.exp(own[0] / 2))},
                **{"shift_false_reject": 0.3 + rise, "shift_escape": 0.3 + rise},
            })  # fmt: skip
    return pd.DataFrame(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=12))
def test_the_threshold_is_the_best_of_all_midpoints(pairs: list[tuple[int, bool]]) -> None:
    x, y = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    steps = sorted(set(x), reverse=True)
    found = float(learnt(x, y[None])[0])

    def skill(t: float) -> float:
        return float(np.mean(x[y > 0] > t) - np.mean(x[y == 0] > t)) if 0 < y.sum() < len(y) else 0.0

    middles = [(a + b) / 2 for a, b in pairwise(steps)]
    best = max(map(skill, middles), default=0.0)
    assert found == (next(t for t in middles if skill(t) > best - 1e-12) if best > 1e-12 else np.inf)


def test_the_rule_is_that_of_a_slow_twin_that_holds_out_each_condition() -> None:
    x, y, _ = cases(world(1.0, draw=3), "movement")
    found, flagged = operating_rule(x, y, permutations=19), np.zeros(x.shape, bool)
    for held in range(len(x)):
        others = [i for i in range(len(x)) if i != held]
        flagged[held] = x[held] > learnt(x[others], y[None, others])[0]
    assert (found.above, found.rose_above) == (flagged.sum(), y[flagged].sum())
    assert (found.below, found.rose_below) == ((~flagged).sum(), y[~flagged].sum())
    assert found.skill == pytest.approx(flagged[y > 0].mean() - flagged[y == 0].mean())


@pytest.mark.parametrize(("k", "n"), [(0, 5), (5, 5), (8, 10), (1, 40)])
def test_the_interval_is_scipys(k: int, n: int) -> None:
    other = binomtest(k, n).proportion_ci(0.95, "exact")
    assert exact_interval(k, n) == pytest.approx((other.low, other.high))


def test_a_case_is_a_run_against_the_unstressed_run_of_its_seed() -> None:
    table = world(0.0, conditions=4, seeds=6)
    x, y, kinds = cases(table, "movement")
    wide = table.pivot(index="condition", columns="seed", values="shift_escape")
    assert x.shape == (4, 6) and kinds == ["c0", "c1", "c2", "c3"]
    assert (y == ((wide.drop("none") - wide.loc["none"]) > 0.01)).all(axis=None)
    table.loc[(table.condition == "c1") & (table.seed < 3), "status"] = "stopped"  # half of it: the condition goes
    table.loc[(table.condition == "c2") & (table.seed == 5), "movement"] = np.nan  # one of it: the seed goes
    assert cases(table, "movement")[0].shape == (3, 5)


def test_what_is_planted_is_found_and_said() -> None:
    found = rules(world(2.0), ["movement", "movement_procrustes", "not there"], permutations=999)
    rule = chosen(found)
    assert list(found.figure) == ["movement", "movement_procrustes"] and rule is not None
    assert rule["justified"] and rule["rate"] > rule["rose_below"] / rule["below"] and rule["p_holm"] < 0.02
    said = sentence(found)
    assert f"passed in {rule['above']} cases; they rose in {rule['rose_above']} of these" in said["en"]
    assert f"{rule['above']}件中{rule['rose_above']}件" in said["ja"]


def test_a_rule_for_the_conditions_it_was_learnt_from_alone_is_not_justified() -> None:
    """In each condition the figure foretells the rise without a fault, but at a place of its own, in random order."""
    generator = np.random.default_rng(0)
    y = (generator.random((8, 8)) < 0.5).astype(float)
    x = y + 10 * generator.permutation(8)[:, None]
    found = operating_rule(x, y, permutations=499)
    assert found.p > 0.05


def test_a_threshold_that_foretold_nothing_is_no_rule_however_rare_that_is() -> None:
    """One rise alone, where movement is largest: held out it is not foretold, yet most reorderings fare worse."""
    table = world(0.0, conditions=13, seeds=12)
    stressed = table.stress != "none"
    table.loc[stressed, "movement"] = np.random.default_rng(0).normal(size=stressed.sum())
    table.loc[stressed, ["shift_false_reject", "shift_escape"]] = 0.3
    table.loc[table.movement[stressed].idxmax(), "shift_escape"] = 0.5
    found = rules(table, ["movement"])
    assert (found.p_holm < 0.05).all() and (found.skill <= 0).all()  # none above rose, and 1 of all below
    assert not found.justified.any() and "No operating rule" in sentence(found)["en"]


def test_power_on_planted_tables() -> None:
    hits = sum(bool(rules(world(2.0, draw=d), ["movement"], permutations=199).justified.any()) for d in range(20))
    assert hits >= 14


def test_no_more_rules_without_reason_than_the_level_says() -> None:
    """60 tables in which conditions and seeds are alike inside but figure and outcome know nothing of each other."""
    wrong = sum(
        bool(rules(world(0.0, draw=d), ["movement", "movement_procrustes"], permutations=199).justified.any())
        for d in range(60)
    )
    assert wrong <= 9  # 99.9 % limit of Binomial(60, .05)


def test_a_kind_at_two_times_is_held_out_and_permuted_as_one() -> None:
    """Twelve conditions that are six kinds at two times: as twelve, rules without reason are found twice as often."""
    x, y, kinds = cases(world(0.0, conditions=12, times=2), "movement")
    assert kinds == [f"c{i}" for i in range(6) for _ in range(2)]
    found, flagged = operating_rule(x, y, kinds, permutations=19), np.zeros(x.shape, bool)
    for held in range(6):
        others = [i for i in range(12) if i // 2 != held]
        flagged[2 * held : 2 * held + 2] = x[2 * held : 2 * held + 2] > learnt(x[others], y[None, others])[0]
    assert (found.above, found.rose_above, found.kinds) == (flagged.sum(), y[flagged].sum(), 6)
    tables = [cases(world(0.0, conditions=12, times=2, draw=d), "movement") for d in range(200)]
    wrong = sum(operating_rule(*table, permutations=99).p <= 0.05 for table in tables)
    assert wrong <= 20  # 99.9 % limit of Binomial(200, .05)


def test_too_little_is_said_to_be_too_little() -> None:
    few = rules(world(1.0, conditions=2), ["movement"])
    assert few.empty and chosen(few) is None and "too few" in sentence(few)["en"]
    none = rules(world(0.0, draw=1), ["movement"], permutations=99)
    assert (
        chosen(none) is None
        and "No operating rule" in sentence(none)["en"]
        and "立てられません" in sentence(none)["ja"]
    )
    for bad in ([[1.0]], [[1, 2, np.nan]] * 3):
        with pytest.raises(BadInput, match="operating rule"):
            operating_rule(bad, np.zeros(np.shape(bad)))


def test_all_or_none_rose() -> None:
    x: Any = np.arange(12.0).reshape(3, 4)
    for y in (np.zeros((3, 4)), np.ones((3, 4))):
        found = operating_rule(x, y, permutations=19)
        assert found.threshold == np.inf and found.p == 1 and found.above == 0 and np.isnan(found.rate)
