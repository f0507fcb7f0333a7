"""The overfitting study: its arms, its claims on tables with a known answer, its null, and a small run of it all."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import BadInput
from assay.lab import Lab
from assay.studies import Means, conduct, configure, rebuild
from assay.studies.overfitting import Overfitting
from assay.studies.overfitting.claims import CLAIMS, judge
from assay.studies.overfitting.design import (
    BASELINE,
    CLEAN,
    DROP,
    FORK,
    NARROWED,
    PERTURBATION,
    RANDOM,
    STALE,
    WRONG,
    fewer,
    from_onset,
    onset_of,
)
from assay.studies.overfitting.risk import line, risk
from assay.studies.verdict import verdicts

ARMS = (BASELINE, CLEAN, fewer(0.5), fewer(0.25), WRONG, NARROWED, DROP, PERTURBATION, RANDOM, STALE, FORK)
ABOUT = {
    "judged": 128,
    "sizes": [0.5, 0.25],
    "images": 1000,
    "data": {"classes": list("abcdefghij"), "sizes": {"train": 2000}},
}


def world(
    drop: dict[str, float] | None = None,
    robust: dict[str, float] | None = None,
    gap: dict[str, float] | None = None,
    base: float = 0.0,
    seeds: int = 10,
    draw: int = 1,
) -> pd.DataFrame:
    """A table of runs in which chosen effects are planted: drops, robust accuracy at the end, gaps of features."""
    rows: list[dict[str, Any]] = []
    noise = np.random.default_rng(draw)
    seed_effects = 0.02 * noise.normal(size=seeds)
    for name in ARMS:
        for seed in range(seeds):
            fall = base + (drop or {}).get(name, 0.0) + 0.006 * noise.normal()
            end = 0.5 + (robust or {}).get(name, 0.0) + seed_effects[seed] + 0.01 * noise.normal()
            apart = 0.1 + (gap or {}).get(name, 0.0) + seed_effects[seed] + 0.01 * noise.normal()
            nothing = name == CLEAN
            rows.append(
                {
                    **{"run": f"{name} {seed}", "condition": name, "seed": seed, "status": "finished"},
                    "drop": None if nothing else fall + 0.02,
                    "drop_flat": None if nothing else 0.02,
                    "drop_corrected": None if nothing else fall,
                    **{"autoattack_last": end, "robust_last": end + 0.02, "robust_best": 0.6, "clean_best": 0.8},
                    **{"clean_last": 0.9 if nothing else 0.8, "gap_clean_last": apart, "gap_attacked_last": apart},
                    **{"autoattack_level_last": "A", "broke_down": False},
                }
            )
    return pd.DataFrame(rows)


def words_of(runs: pd.DataFrame) -> dict[str, tuple[str, float]]:
    judged, _ = judge(ABOUT, {"runs": runs})
    found = verdicts(Overfitting, CLAIMS, judged, 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}


def test_what_is_planted_is_found() -> None:
    drops = {fewer(0.25): 0.1, fewer(0.5): 0.03, WRONG: 0.08, NARROWED: 0.09}
    found = words_of(world(drops, {DROP: 0.07}, {BASELINE: 0.06, **drops}, base=0.06))
    assert found["occurs"] == ("supported", pytest.approx(0.06, abs=0.01))
    assert found["natural-data"] == ("supported", pytest.approx(0.07, abs=0.02))
    assert found["not-perturbation"] == ("supported", pytest.approx(0.07, abs=0.02))
    assert found["perturbation-features"] == ("supported", pytest.approx(0.06, abs=0.02))
    assert found["less-data"] == ("supported", pytest.approx(0.1, abs=0.01))
    assert found["wrong-labels"] == ("supported", pytest.approx(0.08, abs=0.01))
    assert found["narrow"] == ("supported", pytest.approx(0.06, abs=0.01))


def test_nothing_is_found_in_nothing_and_flat_is_said() -> None:
    words = [words_of(world(draw=number)) for number in range(20)]
    assert all(word != "supported" for one in words for word, _ in one.values())
    assert sum(one["occurs"][0] == "refuted" for one in words) >= 18  # the interval lies within two points of nothing


def test_leaving_out_as_many_at_random_must_do_less() -> None:
    """Dropping easy images only counts where it beats the baseline and the same number dropped at random."""
    both = words_of(world(robust={DROP: 0.07, RANDOM: 0.07}))
    assert both["natural-data"][0] != "supported" and both["not-perturbation"][0] == "supported"
    harmful = words_of(world(robust={DROP: 0.0, RANDOM: -0.07}))
    assert harmful["natural-data"][0] != "supported"


def test_verdicts_do_not_read_what_was_not_judged() -> None:
    """Without AutoAttack the PGD figures decide; a missing arm leaves its claims open."""
    runs = world(robust={DROP: 0.07}).drop(columns="autoattack_last")
    judged, _ = judge({**ABOUT, "judged": 0}, {"runs": runs})
    assert judged["natural-data"].estimate.effect == pytest.approx(0.07, abs=0.02)
    few = runs[runs.condition.isin([BASELINE, CLEAN, fewer(0.5), fewer(0.25)])]
    judged, _ = judge({**ABOUT, "judged": 0}, {"runs": few})
    assert not judged["natural-data"].estimate.known and judged["less-data"].estimate.known
    assert "grid.factors" in (judged["natural-data"].lacking or {})["en"] and judged["less-data"].lacking is None


def test_too_few_looks_are_told() -> None:
    runs = world().assign(drop=None, drop_flat=None, drop_corrected=None)
    judged, _ = judge(ABOUT, {"runs": runs})
    assert "evaluate_every" in (judged["occurs"].lacking or {})["en"] and judged["natural-data"].lacking is None
    assert judged["natural-data"].estimate.known and not judged["occurs"].estimate.known
    study, _ = configure("overfitting", "cells", settings=("epochs=10",))
    assert study.recipe.evaluate_every == 1
    study, _ = configure("overfitting", "cells", settings=("epochs=200",))
    assert study.recipe.evaluate_every == 5
    study, _ = configure("overfitting", "cells", settings=("epochs=200", "evaluate_every=2"))
    assert study.recipe.evaluate_every == 2


def test_warnings_change_the_reading() -> None:
    runs = world()
    runs.loc[0, "autoattack_level_last"] = "X"
    runs.loc[1, "broke_down"] = True
    runs.loc[2, "status"] = "stopped: loss not finite at step 3"
    runs["robust_best"] = 0.05
    said = " ".join(warning["en"] for warning in judge(ABOUT, {"runs": runs})[1])
    for part in ("not to be believed", "broke down", "no longer a number", "below chance"):
        assert part in said


def test_onset_is_the_peak_of_the_mean_within_bounds() -> None:
    def curve(values: list[float]) -> pd.DataFrame:
        rows = [(BASELINE, e / len(values), v + s) for s in (0, 0.1) for e, v in enumerate(values, 1)]
        return pd.DataFrame(rows, columns=["condition", "share", "val_robust"])

    assert onset_of(curve([0, 1, 2, 3, 4, 4, 4, 3, 2, 1])) == Fraction(3, 5)
    assert onset_of(curve([5, 4, 3, 2, 1, 0, 0, 0, 0, 0])) == Fraction(1, 5)
    assert onset_of(curve(list(range(10)))) == Fraction(4, 5)


def test_arms_share_seeds_and_suit_the_data() -> None:
    study, data = configure("overfitting", "digits", seeds=3)
    assert isinstance(study, Overfitting)
    names = [arm.name for arm in study.arms(data)]
    assert len(set(names)) == len(names) == 15 and names[0] == BASELINE and NARROWED in names
    runs = study.stage(0, {}, data)
    assert {plan.recipe.seed for plan in runs.values()} == {0, 1, 2} and len(runs) == 3 * 7
    late = from_onset(study.recipe, Fraction(1, 2), study.thresholds)
    assert all(
        arm.recipe.keys() == {"interventions"} and arm.recipe["interventions"][0].at == Fraction(1, 2) for arm in late
    )
    table, cells = configure("overfitting", "cells")
    assert isinstance(table, Overfitting) and NARROWED not in [arm.name for arm in table.arms(cells)]
    part, _ = configure("overfitting", "digits", preset="pilot")
    assert isinstance(part, Overfitting) and abs(part.describe(data)["images"] - len(data.train) / 2) <= 5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("strategy=standard",), "does not train on attacked images"),
        (("strategy.watched=0",), "0 images are attacked"),
        (('keep=["1"]',), "best and the last moment"),
        (("grid.sizes=[2]",), "between 0 and 1"),
    ],
)
def test_bad_settings_are_told(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        configure("overfitting", "digits", settings=settings)


def test_risk_is_a_line_and_withheld_where_it_misses() -> None:
    draw = np.random.default_rng(0)
    table = 0.3 - 0.05 * np.log([250.0, 500.0, 1000.0]) + 0.003 * draw.normal(size=(10, 3))
    found = line([0.25, 0.5, 1.0], table, 2.0)
    assert found.value == pytest.approx(0.3 - 0.05 * np.log(2000), abs=0.01) and found.low < found.value < found.high
    straight = {fewer(0.25): 0.08, fewer(0.5): 0.04}
    assert not risk(ABOUT, world(straight, base=0.05)).withheld
    told = risk(ABOUT, world(straight, base=0.05)).expected["drop"]
    assert told.value == pytest.approx(0.01, abs=0.02)
    bent = risk(ABOUT, world({fewer(0.25): 0.08, fewer(0.5): 0.0}, base=0.05))
    assert bent.withheld and "No figure of risk" in bent.warnings[0]["en"]
    many = {**ABOUT, "data": {**ABOUT["data"], "sizes": {"train": 20_000}}}  # type: ignore[dict-item]
    far = risk(many, world(straight, base=0.05))
    assert far.withheld and not far.expected and "from 5000 or more" in far.warnings[0]["en"]


def test_the_interval_of_the_risk_holds_what_comes() -> None:
    """Seeds have lines of their own; the mean line at twice the size lies inside 95 % intervals about as often."""
    draw = np.random.default_rng(3)
    sizes, hits = np.array([0.25, 0.5, 1.0]), 0
    for _ in range(300):
        level, slope = 0.1 + 0.02 * draw.normal(size=(8, 1)), -0.03 + 0.01 * draw.normal(size=(8, 1))
        table = level + slope * np.log(sizes) + 0.01 * draw.normal(size=(8, 3))
        found = line(sizes.tolist(), table, 2.0)
        hits += found.low <= 0.1 - 0.03 * np.log(2) <= found.high
    assert hits >= 0.92 * 300


@pytest.mark.slow
def test_a_small_study_end_to_end(tmp_path: Path) -> None:
    """Two stages on a table; factor arms are their baseline until the onset; repeating trains nothing; it rebuilds."""
    settings = (
        "epochs=10",
        "grid.thresholds=[]",
        "grid.sizes=[0.5]",
        "grid.judged=16",
        "model=mlp:16",
        "strategy.watched=64",
    )
    study, data = configure("overfitting", "cells", seeds=2, settings=settings)
    lab, means = Lab(tmp_path), Means("inline")
    folder = conduct(study, data, lab, means, command="assay study overfitting")
    runs, curves = (pd.read_csv(folder / f"{name}.csv") for name in ("runs", "curves"))
    assert isinstance(study, Overfitting)
    assert set(runs.condition) == {arm.name for arm in study.arms(data)} and (runs.status == "finished").all()
    onset = float(onset_of(curves))
    before = curves[curves.share < onset - 1e-9].pivot_table(
        index="share", columns=["condition", "seed"], values="val_loss"
    )
    for name in (PERTURBATION, STALE, FORK, DROP, RANDOM):
        assert np.allclose(before[name], before[BASELINE], atol=1e-5), name
    assert runs[runs.condition != CLEAN].drop_corrected.notna().all()
    assert runs.autoattack_last.between(0, 1).all() and runs[runs.condition == WRONG].memorised_last.notna().all()
    first = json.loads((folder / "verdicts.json").read_text())
    assert [verdict["claim"] for verdict in first["verdicts"]] == [claim.name for claim in CLAIMS]
    again = conduct(study, data, lab, means, command="assay study overfitting")
    assert again == folder and json.loads((rebuild(folder) / "verdicts.json").read_text()) == first
