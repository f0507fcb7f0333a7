"""The effect of the stress: by hand, against scipy, on tables with a planted effect, and on tables with none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test

from assay.studies.families.cause import OUTCOMES, against_forks, effects

CONDITIONS: list[dict[str, Any]] = [
    {"name": "none", "stress": "none", "kind": "", "at": None},
    *({"name": f"fork@{t}", "stress": "fork", "kind": "", "at": t} for t in (0.25, 0.75)),
    *(
        {"name": f"{stress}:{kind}@{t}", "stress": stress, "kind": kind, "at": t}
        for stress, kind in (("activation", "tanh"), ("loss", "mse"))
        for t in (0.25, 0.75)
    ),
]


def runs(effect: dict[str, float], seeds: int = 10, draw: int = 0) -> pd.DataFrame:
    """Paired runs: what a seed is worth, what a condition adds, and the chance of each run."""
    generator = np.random.default_rng(draw)
    worth = generator.normal(0, 0.05, seeds)
    rows = []
    for condition in CONDITIONS:
        for seed in range(seeds):
            value = 0.8 + worth[seed] + effect.get(condition["name"], 0.0) + generator.normal(0, 0.01)
            rows.append(
                {
                    **{"condition": condition["name"], "stress": condition["stress"], "seed": seed},
                    **{"design": "paired", "status": "finished", "test_accuracy": value},
                    **{"shift_accuracy": value - 0.1, "shift_false_reject": 1 - value, "shift_escape": 0.8 - value},
                }
            )
    return pd.DataFrame(rows)


def test_a_planted_effect_is_found_where_it_is_and_nowhere_else() -> None:
    found = effects(runs({"loss:mse@0.25": -0.1}), CONDITIONS).set_index(["condition", "outcome"])
    assert len(found) == 4 * len(OUTCOMES) and set(found.n) == {10} and set(found.lost) == {0}
    for outcome, sign in (("test_accuracy", -1), ("shift_accuracy", -1), ("false_detections", 1)):
        hit = found.loc[("loss:mse@0.25", outcome)]
        assert hit.effect == pytest.approx(sign * 0.1, abs=0.01) and hit.low <= hit.effect <= hit.high
        assert hit.p_holm < 0.05 and 0 not in (hit.low, hit.high) and np.sign(hit.low) == np.sign(hit.high)
    assert (found.drop(index="loss:mse@0.25", level=0).p_holm > 0.05).all()


def test_what_a_seed_is_worth_does_not_count() -> None:
    table = runs({"activation:tanh@0.75": 0.03})
    moved = table.assign(**{name: table[name] + table.seed * 0.7 for name in ("test_accuracy", "shift_accuracy")})
    columns = ["effect", "low", "high", "p"]
    same = [effects(t, CONDITIONS, outcomes=OUTCOMES[:2])[columns] for t in (table, moved)]
    np.testing.assert_allclose(same[0].to_numpy(float), same[1].to_numpy(float), atol=1e-9)


def test_p_is_that_of_scipys_paired_permutation_test() -> None:
    table = runs({"loss:mse@0.75": -0.006}, seeds=8)
    found = effects(table, CONDITIONS).set_index(["condition", "outcome"]).loc[("loss:mse@0.75", "test_accuracy")]
    wide = table.pivot(index="seed", columns="condition", values="test_accuracy")
    pair = (wide["loss:mse@0.75"].to_numpy(), wide["fork@0.75"].to_numpy())
    other = permutation_test(pair, lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf)
    assert 0.001 < found.p < 0.999 and found.p == pytest.approx(other.pvalue, abs=1e-9)


def test_a_run_that_stopped_is_counted_and_leaves_its_pair() -> None:
    table = runs({}, seeds=6)
    table.loc[(table.condition == "loss:mse@0.25") & (table.seed == 2), "status"] = "stopped"
    table.loc[(table.condition == "fork@0.75") & (table.seed < 5), "status"] = "stopped"
    found = effects(table, CONDITIONS).set_index(["condition", "outcome"])
    hit, none = found.loc[("loss:mse@0.25", "test_accuracy")], found.loc[("loss:mse@0.75", "test_accuracy")]
    assert (hit.n, hit.lost) == (5, 1) and np.isfinite(hit.effect)
    assert (none.n, none.lost) == (1, 5) and np.isnan(none.effect) and np.isnan(none.p_holm)


def test_without_forks_or_paired_runs_there_is_an_empty_table() -> None:
    table = runs({})
    assert effects(table, [c for c in CONDITIONS if c["stress"] != "fork"]).empty
    assert effects(table.assign(design="family"), CONDITIONS).empty
    assert against_forks(table.head(0), CONDITIONS).empty


def test_where_stress_does_nothing_effects_are_found_as_often_as_the_level_says() -> None:
    """25 null tables, corrected for 12 rows each: an effect anywhere in at most 5 % of them."""
    wrong = sum((effects(runs({}, 8, draw), CONDITIONS).p_holm <= 0.05).any() for draw in range(25))
    assert wrong <= 4  # 99.9 % limit of Binomial(25, .05) is 5
