"""The remedies study: equal cost, claims on tables with a known answer, its null, and a small run of it all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.lab import Lab
from assay.studies import Means, conduct, configure, rebuild
from assay.studies.overfitting.design import BASELINE
from assay.studies.passes import rehearsable
from assay.studies.remedies import Remedies
from assay.studies.remedies.claims import CLAIMS, judge
from assay.studies.remedies.design import (
    ANCHOR,
    ANCHORED,
    AUGMIX,
    DISTILLED,
    EARLY,
    MORE,
    NAMES,
    NATURAL,
    ROBUST,
    TEACHERS,
)
from assay.studies.remedies.equal import Costed
from assay.studies.remedies.ranking import ranking
from assay.studies.teachers import teachers_of
from assay.studies.verdict import verdicts
from assay.train import train
from assay.train.passes import counted

NOTHING = ("images", "epochs", "passes", "passes_forward", "passes_backward", "passes_teachers")
ABOUT = {
    "judged": 128,
    "absent": [],
    "conditions": [
        {"name": name, "role": "base" if name == BASELINE else "remedy", **dict.fromkeys(NOTHING, 1)}
        for name in (BASELINE, *NAMES)
    ],
    "data": {"classes": list("abcdefghij"), "sizes": {"train": 2000}},
}


def made(*settings: str, seeds: int = 2) -> tuple[Remedies, Dataset]:
    study, data = configure("remedies", "digits", seeds=seeds, settings=("model=mlp:8", *settings))
    assert isinstance(study, Remedies)
    return study, data


# Equal cost


def test_passes_are_what_the_formulas_say() -> None:
    """PGD of 5 steps: 5 forward and backward, and one of each to learn; every remedy by hand."""
    study, data = made("epochs=60")
    each = {one.arm.name: (one.each.forward, one.each.backward) for one in study.costed(data)}
    plain = (6, 6)
    assert all(each[name] == plain for name in (BASELINE, MORE, "ema", "swa", "mail", "augmentation"))
    assert each["awp"] == each["combination"] == (7, 7)  # one more gradient
    assert each["consistency"] == (5 + 1 + 2, 5 + 2)  # what is said to the clean image is kept away from
    # From half of training on, a look and a second attack; in the mean over training, half of each.
    assert each["harder attack"] == each["augmix"] == (6 + 0.5 * (1 + 5), 6 + 0.5 * 5)
    # Half of the examples are taken to be small; equal losses are not told apart.
    assert each["left out"] == pytest.approx((6 + 0.5 * (1 - 0.5), 6 - 0.5 * 0.5), abs=0.02)
    assert each[DISTILLED] == (6 + 2, 6)  # two teachers answer
    assert each[ANCHORED] == (6 + 1 + 1, 6 + 1)  # a teacher answers, and a gradient decides the radius


def test_every_arm_costs_what_the_baseline_does() -> None:
    study, data = made("epochs=60")
    found = study.costed(data)
    assert [one.arm.name for one in found] == [BASELINE, *(name for name in NAMES if name != EARLY)]
    base = found[0].passes
    for one in found:
        assert one.passes == pytest.approx(base, rel=0.5 / one.recipe.epochs + 1e-9), one.arm.name
    for name, roles in TEACHERS.items():
        taught = next(one for one in found if one.arm.name == name)
        assert [role for role, _ in taught.teachers] == list(roles) and 0 < taught.teaching < taught.passes
        assert {recipe.epochs for _, recipe in taught.teachers} == {taught.recipe.epochs}
        plain = {role for role, recipe in taught.teachers if recipe.strategy.kind == "standard"}
        assert plain == set(roles) - {ROBUST}


@pytest.mark.parametrize("name", [BASELINE, MORE, "awp", "combination", "harder attack", "left out", "consistency"])
def test_what_is_planned_is_what_a_run_counts(name: str) -> None:
    """Every pass of a whole run, exactly; where it depends on losses, as far as these can change it."""
    study, data = made("epochs=4", 'biases=[{"kind": "fewer", "images": 256}]')
    one: Costed = next(one for one in study.costed(data) if one.arm.name == name)
    with counted() as passes:
        train([one.recipe.with_(evaluate_every=0, keep=())], data)
    if name == "left out":  # an untrained network has no small losses: nothing was left out, a look was paid
        assert one.passes < passes.total <= one.passes * 14 / 12
    else:  # an onset falls on a whole step, and the last batch of an epoch is smaller
        assert passes.total == pytest.approx(one.passes, rel=0.02 if name == "harder attack" else 0)


@pytest.mark.parametrize("name", TEACHERS)
def test_a_student_and_its_teachers_cost_what_is_planned(name: str) -> None:
    study, data = made("epochs=6", 'biases=[{"kind": "fewer", "images": 256}]')
    one = next(one for one in study.costed(data) if one.arm.name == name)
    plain = {"evaluate_every": 0, "keep": ()}
    with counted() as passes, rehearsable(one.recipe, data) as student:
        train([student.with_(**plain)], data)
        for _, recipe in one.teachers:
            train([recipe.with_(**plain)], data)
    assert passes.total == one.passes


def test_half_of_the_images_are_held_back_for_one_arm() -> None:
    study, data = made()
    told = {arm["name"]: arm for arm in study.describe(data)["conditions"]}
    assert told[MORE]["images"] == len(data.train) and abs(told[BASELINE]["images"] - len(data.train) / 2) <= 5
    assert told["awp"]["images"] == told[BASELINE]["images"] and told[MORE]["epochs"] < told[BASELINE]["epochs"]
    whole, _ = made("grid.part=1")
    assert MORE not in [arm.name for arm in whole.all_arms(data)] and MORE not in [c.name for c in whole.claimed]


def test_only_claims_of_the_plan_are_made() -> None:
    study, data = made("grid.arms=[swa, awp, early stopping]")
    assert [claim.name for claim in study.claimed] == [EARLY, "awp", "swa"]  # in order of importance
    assert set(study.plan(data)["smallest_p"]) == {EARLY, "awp", "swa"}
    assert [claim.name for claim in CLAIMS] == list(NAMES)


def test_a_table_has_every_remedy_but_augmix() -> None:
    study, data = configure("remedies", "cells", settings=("model=mlp:8",))
    assert isinstance(study, Remedies)
    names = [name for name in NAMES if name != AUGMIX]
    assert [claim.name for claim in study.claimed] == names and study.describe(data)["absent"] == [AUGMIX]
    assert [one.arm.name for one in study.costed(data)] == [BASELINE, *(name for name in names if name != EARLY)]


def test_early_stopping_is_not_trained_and_teachers_are() -> None:
    study, data = made(seeds=3)
    first = [plan.tags["condition"] for plan in study.stage(0, {}, data).values()]
    assert not {EARLY, DISTILLED, ANCHORED} & set(first)
    assert first.count(NATURAL) == first.count(ROBUST) == first.count(ANCHOR) == first.count(BASELINE) == 3
    assert study.plan(data)["runs"] == len(first) + 2 * 3
    done = pd.DataFrame([{"run": run, "status": "finished"} for run in study.stage(0, {}, data)])
    for role in (ROBUST, ANCHOR):
        lost = next(run for run, plan in study.stage(0, {}, data).items() if plan.tags["condition"] == role)
        done.loc[done.run == lost, "status"] = "stopped: loss not finite at step 3"
    second = study.stage(1, {"runs": done}, data)
    named = sorted(plan.tags["condition"] for plan in second.values())
    assert named == [DISTILLED] * 2 + [ANCHORED] * 2  # one of each lost a teacher
    assert not study.stage(2, {"runs": done}, data)


def test_a_student_begins_with_the_teacher_that_it_is_anchored_to() -> None:
    study, data = made("grid.arms=[feature anchoring]")
    first = {run: plan for run, plan in study.stage(0, {}, data).items() if plan.tags["condition"] == ANCHOR}
    done = pd.DataFrame([{"run": run, "status": "finished"} for run in first])
    second = study.stage(1, {"runs": done}, data)
    assert len(second) == len(first) == 2
    for plan in second.values():
        (own,) = teachers_of(plan.recipe.strategy)
        assert plan.recipe.start == own and own.moment == "best"
        assert first[own.run].recipe.seed == plan.recipe.seed
        assert first[own.run].recipe.epochs == plan.recipe.epochs < study.recipe.epochs


def test_a_model_that_cannot_be_anchored_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "from torch import nn\n"
        "def make(shape, classes):\n"
        "    return nn.Sequential(nn.Conv2d(1, classes, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
    )
    study, data = made(f"model={own}:make")
    with pytest.raises(BadInput, match=r"no linear layer.*leave 'feature anchoring' out of grid.arms"):
        study.stage(0, {}, data)
    without = [name for name in NAMES if name != ANCHORED]
    assert made(f"model={own}:make", f"grid.arms=[{', '.join(without)}]")[0].stage(0, {}, data)


def test_a_student_has_one_name_in_every_lab(tmp_path: Path) -> None:
    study, data = made()
    done = pd.DataFrame([{"run": run, "status": "finished"} for run in study.stage(0, {}, data)])
    stage = study.stage(1, {"runs": done}, data)
    for lab in (Lab(tmp_path / "a"), Lab(tmp_path / "b")):
        placed = study.placed(stage, lab)
        assert list(placed) == list(stage)
        for run, plan in placed.items():
            assert plan.recipe.run_id(data.learned) == run
            teachers = teachers_of(plan.recipe.strategy)
            assert teachers and all(Path(teacher.run).parent == lab.root / "runs" for teacher in teachers)


# Judgement


def world(
    robust: dict[str, float] | None = None, val: dict[str, float] | None = None, early: float = 0.0,
    seeds: int = 12, draw: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """A table of runs in which chosen effects are planted; the best moment of the baseline is better by ``early``."""
    noise, rows = np.random.default_rng(draw), []
    luck = 0.02 * noise.normal(size=seeds)
    for name in (BASELINE, *NAMES):
        for seed in range(seeds if name != EARLY else 0):
            end = 0.4 + (robust or {}).get(name, 0.0) + luck[seed] + 0.01 * noise.normal()
            chosen = 0.4 + (val or {}).get(name, 0.0) + 0.001 * noise.normal()
            row: dict[str, Any] = {"run": f"{name} {seed}", "condition": name, "seed": seed, "status": "finished"}
            row |= {"images": 500, "drop_corrected": 0.05, "broke_down": False}
            for moment, more in (("best", early), ("last", 0.0)):
                figures = {"autoattack": end + more, "robust": end + more, "clean": 0.8 - more / 2, "gap_clean": 0.1}
                row |= {f"{key}_{moment}": value for key, value in figures.items()}
                row |= {f"gap_attacked_{moment}": 0.2, f"autoattack_level_{moment}": "A", f"val_{moment}": chosen}
            rows.append(row)
    return pd.DataFrame(rows)


def words_of(runs: pd.DataFrame) -> dict[str, tuple[str, float]]:
    judged, _ = judge(ABOUT, {"runs": runs})
    found = verdicts(Remedies, CLAIMS, judged, 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}


def test_what_is_planted_is_found() -> None:
    found = words_of(world({"awp": 0.06, "swa": -0.06, "mail": 0.003}, early=0.04))
    assert found["awp"] == ("supported", pytest.approx(0.06, abs=0.02))
    assert found["swa"][0] == "refuted" and found["mail"][0] == "refuted"  # harm, and what does not matter
    assert found[EARLY] == ("supported", pytest.approx(0.04))


def test_nothing_is_found_where_arms_are_the_baseline_under_other_names() -> None:
    """Arms shuffled within seeds: in 20 studies of 15 claims no more may win than the level allows."""
    wins = 0
    for draw in range(20):
        runs, mix = world({"awp": 0.05, "swa": -0.05}, seeds=10, draw=draw), np.random.default_rng(draw)
        for seed in range(10):
            rows = runs.index[runs.seed == seed]
            runs.loc[rows, "condition"] = mix.permutation(runs.loc[rows, "condition"].to_numpy())
        wins += any(word == "supported" for word, _ in words_of(runs).values())
    assert wins <= 3  # of 20 at a level of 0.05: four or more come by in 1.6 % of such tests


def test_a_masked_arm_cannot_win_and_is_said() -> None:
    runs = world({"awp": 0.2, "ema": 0.05}, val={"awp": 0.3, "ema": 0.1})
    runs.loc[(runs.condition == "awp") & (runs.seed == 3), "autoattack_level_last"] = "X"
    found = words_of(runs)
    assert found["awp"][0] == "undecided" and found["ema"][0] == "supported"
    judged, warnings = judge(ABOUT, {"runs": runs})
    assert "cannot win" in judged["awp"].sentence["en"] and judged["awp"].lacking
    said = " ".join(warning["en"] for warning in warnings)
    assert "weights perturbed (AWP) (1)" in said and "Recommended: moving average" in said
    table = ranking(runs, ABOUT["conditions"], 128)  # type: ignore[arg-type]
    assert table.arm.iloc[0] == BASELINE and table.arm.iloc[1] == "ema" and table.arm.iloc[-1] == "awp"
    assert table.set_index("arm").masked["awp"] == 1


def test_val_recommends_and_test_does_not() -> None:
    runs = world({"awp": 0.2}, val={"swa": 0.1})
    table = ranking(runs, ABOUT["conditions"], 128).set_index("arm")  # type: ignore[arg-type]
    assert list(table.index[table.recommended]) == ["swa"] and table.effect.idxmax() == "awp"
    said = judge(ABOUT, {"runs": runs})[1][0]["en"]
    assert "Recommended: average of weights (SWA)" in said and "too little to rely on" in said
    flat = ranking(world(val={BASELINE: 0.1}), ABOUT["conditions"], 128)  # type: ignore[arg-type]
    assert not flat.recommended.any()
    assert "none is recommended" in judge(ABOUT, {"runs": world(val={BASELINE: 0.1})})[1][0]["en"]


def test_the_ranking_tells_price_and_gap() -> None:
    runs = world({"awp": 0.1}, early=0.04)
    runs.loc[runs.condition == "awp", ["clean_last", "gap_attacked_last"]] = [0.77, 0.15]
    row = ranking(runs, ABOUT["conditions"], 128).set_index("arm").loc["awp"]  # type: ignore[arg-type]
    assert row.clean_effect == pytest.approx(-0.03) and row.gap_closed == pytest.approx(0.05)
    assert row.price == pytest.approx(0.03 / row.effect)
    flat = ranking(world(), ABOUT["conditions"], 128)  # type: ignore[arg-type]
    assert (
        flat.price[~(flat.low > 0)].isna().all() and (~(flat.low > 0)).sum() >= 10
    )  # no price where nothing is gained
    early = ranking(runs, ABOUT["conditions"], 128).set_index("arm").loc[EARLY]  # type: ignore[arg-type]
    assert early.price == pytest.approx(0.5) and early.n == 12 and np.isnan(row["low"]) == np.False_


def test_a_remedy_without_runs_leaves_its_claim_open() -> None:
    runs = world({"awp": 0.1})
    assert words_of(runs[runs.condition != "swa"])["swa"][0] == "undecided"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("strategy=standard",), "does not train on attacked images"),
        (("strategy=trades",), "use adversarial"),
        (("grid.arms=[magic]",), "no remedy 'magic'"),
        (("strategy.attack=mim",), "use pgd, or leave consistency and feature anchoring out of grid.arms"),
        (("strategy.augment=weak",), "has 'augmentation' already"),
        (("strategy.loss=label_smoothed",), "has 'label smoothing' already"),
        (("grid.arms=[more data]", "grid.part=1"), "holds no images back"),
    ],
)
def test_bad_settings_are_told(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        configure("remedies", "digits", settings=settings)


# A small run


def test_a_small_study_end_to_end(tmp_path: Path) -> None:
    """Teachers, then students; early stopping from the baseline; repeating trains nothing; it rebuilds."""
    settings = (
        *("epochs=10", "evaluate_every=1", "model=mlp:16", "strategy.watched=32", "strategy.attack.steps=2"),
        *("grid.judged=4", "grid.arms=[early stopping, awp, distillation, feature anchoring]"),
    )
    study, data = configure("remedies", "cells", seeds=2, settings=settings)
    lab, means = Lab(tmp_path), Means("inline")
    folder = conduct(study, data, lab, means, command="assay study remedies")
    runs, table = (pd.read_csv(folder / f"{name}.csv") for name in ("runs", "ranking"))
    assert set(runs.condition) == {BASELINE, "awp", DISTILLED, ANCHORED, NATURAL, ROBUST, ANCHOR}
    assert (runs.status == "finished").all()
    assert list(table.arm[:1]) == [BASELINE] and set(table.arm) == {BASELINE, EARLY, "awp", DISTILLED, ANCHORED}
    base = runs[runs.condition == BASELINE]
    assert base.autoattack_best.notna().all() and base.autoattack_last.notna().all()
    gain = table.set_index("arm").effect[EARLY]
    assert gain == pytest.approx((base.autoattack_best - base.autoattack_last).mean(), abs=1e-6)
    student = json.loads((lab.run(runs[runs.condition == DISTILLED].run.iloc[0]) / "recipe.json").read_text())
    natural = student["strategy"]["inner"]["natural"]
    assert natural["run"] == str(lab.run(runs[runs.condition == NATURAL].run.iloc[0])) and natural["moment"] == "best"
    for _, row in runs[runs.condition == ANCHORED].iterrows():
        student = json.loads((lab.run(row.run) / "recipe.json").read_text())
        anchor = runs[(runs.condition == ANCHOR) & (runs.seed == row.seed)].run.iloc[0]
        assert student["start"] == student["strategy"]["teacher"] == {"run": str(lab.run(anchor)), "moment": "best"}
    first = json.loads((folder / "verdicts.json").read_text())
    assert [verdict["claim"] for verdict in first["verdicts"]] == [EARLY, "awp", DISTILLED, ANCHORED]
    before = {path: path.stat().st_mtime_ns for path in (lab.root / "runs").rglob("*")}
    (folder / "provenance.json").unlink()  # as if it had been interrupted before the end
    assert conduct(study, data, lab, means, command="assay study remedies") == folder
    assert {path: path.stat().st_mtime_ns for path in (lab.root / "runs").rglob("*")} == before
    assert json.loads((rebuild(folder) / "verdicts.json").read_text()) == first
