"""The stream study: runs chain rightly at equal cost, claims on tables with a known answer, its null, a small run."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.core.errors import BadInput
from assay.data import Dataset, biased
from assay.lab import Lab
from assay.lab.store import unpack
from assay.studies import Means, Stream, conduct, configure, rebuild
from assay.studies.stream.claims import CLAIMS, judge
from assay.studies.stream.design import (
    ADVERSARIAL,
    BRIEF,
    DEPLOYED,
    FINE,
    GENERALIST,
    NAMES,
    NO_UPDATE,
    PLAIN,
    THROUGHOUT,
    UPDATED,
    base_of,
)
from assay.studies.stream.tables import ends, forgetting
from assay.studies.study import Planned
from assay.studies.verdict import verdicts
from assay.train import Recipe
from assay.train.state import State
from tests.studies.stream.worlds import world

TINY = ("model=mlp:8", "epochs=2", "grid.update=2", "grid.chunks=2", "strategy.attack.steps=1", "grid.probe=16")


def made(*more: str, data: str = "digits") -> tuple[Stream, Dataset]:
    study, dataset = configure("stream", data, seeds=2, settings=(*TINY, *more))
    assert isinstance(study, Stream)
    return study, dataset


def walked(study: Stream, data: Dataset) -> list[dict[str, Planned]]:
    """Every stage, as if all runs finished."""
    stages: list[dict[str, Planned]] = []
    runs: list[str] = []
    while stage := study.stage(len(stages), {"runs": pd.DataFrame({"run": runs, "status": "finished"})}, data):
        stages.append(stage)
        runs += stage
    return stages


# What comes after what


@pytest.mark.parametrize("chunks", [1, 3])
def test_every_run_goes_on_from_the_one_before_it(chunks: int, tmp_path: Path) -> None:
    """Run N of an arm and seed starts from run N - 1 of the same arm and seed, the first from what is deployed."""
    study, data = made(f"grid.chunks={chunks}")
    stages = walked(study, data)
    assert len(stages) == chunks + 1
    found = {(p.tags["condition"], p.recipe.seed, p.tags["chunk"]): run for stage in stages for run, p in stage.items()}
    assert set(found) == {(arm, seed, 0) for arm in (DEPLOYED, PLAIN) for seed in (0, 1)} | {
        (arm, seed, chunk) for arm in UPDATED for seed in (0, 1) for chunk in range(1, chunks + 1)
    }
    assert len(set(found.values())) == len(found) == study.plan(data)["runs"]
    lab = Lab(tmp_path)
    for number, stage in enumerate(stages):
        for run, plan in study.placed(stage, lab).items():
            assert run == plan.recipe.run_id(data.learned)  # where the lab lies names nothing
            arm, start = plan.tags["condition"], plan.recipe.start
            before = (arm if number > 1 else base_of(arm), plan.recipe.seed, number - 1)
            assert (start is None) if number == 0 else (start and start.run == str(lab.run(found[before])))


def test_chunks_share_no_image_and_the_shift_grows() -> None:
    study, data = made("grid.chunks=3", "grid.strength=30")
    stages = walked(study, data)
    train = replace(data.train, extra={"i": np.arange(len(data.train))})
    marked = replace(data, splits={**data.splits, "train": train})
    seen: list[int] = []
    for number, stage in enumerate(stages):
        biases = {plan.recipe.biases for plan in stage.values()}
        assert len(biases) == 1  # all arms meet the same images
        own = biases.pop()
        seen += biased(marked, own).train.extra["i"].tolist()
        assert [bias.strength for bias in own if bias.kind == "shifted"] == [10.0 * number] * (number > 0)  # type: ignore[attr-defined]
    assert sorted(seen) == list(range(len(data.train)))
    assert study.describe(data)["shift"]["strengths"] == (0, 10, 20, 30)


def test_an_update_costs_what_the_generalists_does() -> None:
    """PGD of one step 2 + 2 passes, plain 1 + 1, so the generalist 6; the brief one makes as many epochs."""
    study, data = made("grid.update=12")
    cost = study.course.costed(1, data)
    images = len(biased(data, cost[GENERALIST].recipe.biases).train)
    assert {arm: one.passes / one.recipe.epochs / images for arm, one in cost.items()} == {
        **{GENERALIST: 6, FINE: 2, BRIEF: 2, ADVERSARIAL: 4, THROUGHOUT: 4}
    }
    assert {arm: one.recipe.epochs for arm, one in cost.items()} == {
        **{GENERALIST: 12, FINE: 36, ADVERSARIAL: 18, THROUGHOUT: 18, BRIEF: 12}
    }
    assert len({cost[arm].passes for arm in (GENERALIST, FINE, ADVERSARIAL, THROUGHOUT)}) == 1
    assert cost[BRIEF].passes * 3 == cost[GENERALIST].passes
    deployed = study.course.costed(0, data)
    assert deployed[PLAIN].recipe.epochs == 3 and deployed[DEPLOYED].recipe.epochs == 2
    assert all(one.recipe.keep == ("1",) for one in (*cost.values(), *deployed.values()))  # the last moment, by no look


def test_where_a_run_stopped_its_arm_and_seed_end() -> None:
    study, data = made()
    first = study.stage(0, {}, data)
    runs = pd.DataFrame({"run": list(first), "status": "finished"})
    lost = next(run for run, plan in first.items() if plan.tags["condition"] == PLAIN and plan.recipe.seed == 1)
    runs.loc[runs.run == lost, "status"] = "stopped: loss not finite at step 3"
    second = study.stage(1, {"runs": runs}, data)
    assert [p.recipe.seed for p in second.values() if p.tags["condition"] == THROUGHOUT] == [0]
    assert len(second) == 2 * len(UPDATED) - 1


def test_the_usual_shift_is_one_that_the_data_can_have() -> None:
    images, data = configure("stream", "digits")
    table, _ = configure("stream", "cells")
    assert isinstance(images, Stream) and isinstance(table, Stream)
    assert (images.shift, images.strength) == ("rotation", 30) and table.shift == "scale_drift"
    assert table.strength == pytest.approx(0.3)
    assert [claim.name for claim in images.claimed] == list(images.plan(data)["smallest_p"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("strategy=standard",), "not what the attacked learner does"),
        (("grid.shift=scale_drift",), "of kind 'image'; use gaussian_noise"),
        (("grid.shift=rotatoin",), "did you mean 'rotation'"),
        (("grid.strength=0",), "shifts nothing"),
        (("grid.strength=-5",), "give a finite number from 0 up"),
        (("grid.shift=contrast",), "leaves no contrast"),
        (("grid.chunks=10",), "chunks"),
        (("grid.part=1",), "part"),
        (("start=lab/runs/x",), "leave it out"),
    ],
)
def test_bad_settings_are_told(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        configure("stream", "digits", settings=settings)


def test_too_few_images_for_so_many_chunks() -> None:
    study, data = made("grid.chunks=9", 'biases=[{"kind": "fewer", "images": 10}]')
    with pytest.raises(BadInput, match="make fewer or larger parts"):
        study.describe(data)


# Forgetting

TABLES = st.integers(2, 5).flatmap(lambda n: arrays(float, (n, n), elements=st.floats(0, 1)))


@settings(max_examples=60, deadline=None)
@given(table=TABLES, more=st.floats(-1, 1))
def test_forgetting(table: np.ndarray, more: float) -> None:
    """By a slow twin; what is common to all does not count; nothing is forgotten where nothing changes; in [-1, 1]."""
    last = len(table) - 1
    each = [max(table[k][j] for k in range(last)) - table[last][j] for j in range(last)]
    assert forgetting(table) == pytest.approx(sum(each) / last)
    assert forgetting(table + more) == pytest.approx(forgetting(table), abs=1e-9)
    assert -1 <= forgetting(table) <= 1
    assert forgetting(np.tile(table[0], (last + 1, 1))) == 0


# Judgement

COSTS = {arm: 100 for arm in UPDATED} | {NO_UPDATE: 0}


ABOUT: dict[str, Any] = {
    "judged": 128,
    "conditions": [
        {"name": arm, "role": "base" if arm == NO_UPDATE else "update", "passes": COSTS[arm]} for arm in NAMES
    ],
    "data": {"classes": list("abcdefghij")},
}


def words_of(tables: dict[str, pd.DataFrame]) -> dict[str, tuple[str, float]]:
    found = verdicts(Stream, CLAIMS, judge(ABOUT, tables)[0], 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}


def test_what_is_planted_is_found() -> None:
    gains = {(GENERALIST, "clean"): 0.08, (GENERALIST, "robust"): 0.06, (FINE, "earlier"): -0.05}
    gains |= {(BRIEF, "earlier"): -0.04, (ADVERSARIAL, "clean"): 0.03, (BRIEF, "robust"): 0.01}
    found = words_of(world(gains))
    assert {name: word for name, (word, _) in found.items()} == dict.fromkeys(found, "supported")
    close = {"updating": 0.08, "robust": 0.05, "forgets": 0.04, "clean-control": 0.05, "robust-control": 0.06}
    assert {name: effect for name, (_, effect) in found.items()} == pytest.approx(close, abs=0.008)


def test_harm_is_found() -> None:
    gains = {(GENERALIST, "clean"): -0.08, (GENERALIST, "robust"): -0.08, (GENERALIST, "earlier"): -0.08}
    assert {word for word, _ in words_of(world(gains)).values()} == {"refuted"}


def test_one_fine_tuning_that_keeps_up_is_enough_to_refute() -> None:
    """Robust and forgetting are against the better of two: beating the other alone does not count."""
    gains = {(arm, what): 0.08 for arm in (GENERALIST, BRIEF) for what in ("robust", "clean")}
    gains[(FINE, "earlier")] = -0.3
    gains[(GENERALIST, "earlier")] = -0.1
    found = words_of(world(gains))
    assert found["robust"][0] == "refuted" and abs(found["robust"][1]) < 0.01
    assert found["forgets"] == ("refuted", pytest.approx(-0.1, abs=0.01))


def test_nothing_is_won_where_arms_are_one_under_several_names() -> None:
    """Arms shuffled within seeds: in 20 studies no claim of a gain may win more often than the level allows."""
    wins = 0
    for draw in range(20):
        tables, mix = (
            world({(GENERALIST, "clean"): 0.1, (FINE, "robust"): 0.1}, seeds=10, draw=draw),
            np.random.default_rng(draw),
        )
        stream, runs = tables["stream"], tables["runs"]
        for seed in range(10):
            to = dict(zip(NAMES, mix.permutation(NAMES), strict=True))
            rows = stream.index[stream.seed == seed]
            stream.loc[rows, "condition"] = stream.loc[rows, "condition"].map(to)
        found = words_of({"stream": stream, "runs": runs})
        wins += any(found[name][0] == "supported" for name in ("updating", "robust", "clean-control"))
    assert wins <= 3  # of 20 at a level of 0.05: four or more come by in 1.6 % of such tests


def test_no_worse_is_not_won_by_noise_alone() -> None:
    """At a true difference of the margin itself, non-inferiority is wrong as often as the level allows."""
    wins = 0
    for draw in range(20):
        found = words_of(world({(GENERALIST, "earlier"): -0.02, (GENERALIST, "robust"): -0.02}, seeds=10, draw=draw))
        wins += "supported" in {found["forgets"][0], found["robust-control"][0]}
    assert wins <= 3


def test_models_not_to_be_believed_win_nothing() -> None:
    tables = world({(GENERALIST, "robust"): 0.2, (GENERALIST, "clean"): 0.1})
    assert words_of(tables)["robust"][0] == "supported"
    runs = tables["runs"]
    runs.loc[runs.run == f"{GENERALIST} 3 2", "autoattack_level"] = "X"
    found = words_of(tables)
    assert found["robust"][0] == found["robust-control"][0] == "undecided" and found["updating"][0] == "supported"
    said = " ".join(warning["en"] for warning in judge(ABOUT, tables)[1])
    assert "not to be believed (trust level X): generalist (1)" in said


def test_rivals_not_to_be_believed_refute_nothing_and_save_nobody() -> None:
    def found(gain: float) -> dict[str, str]:
        tables = world({(GENERALIST, "robust"): gain})
        runs = tables["runs"]
        runs.loc[runs.run.isin([f"{arm} 3 2" for arm in (FINE, ADVERSARIAL)]), "autoattack_level"] = "X"
        return {name: word for name, (word, _) in words_of(tables).items()}

    assert words_of(world({(GENERALIST, "robust"): -0.1}))["robust-control"][0] == "refuted"
    assert found(-0.1)["robust"] == found(-0.1)["robust-control"] == "undecided"
    assert found(0.2)["robust"] == found(0.2)["robust-control"] == "supported"  # all the more so


def test_warnings_say_when_there_is_nothing_to_see() -> None:
    def said(tables: dict[str, pd.DataFrame], about: dict[str, Any] = ABOUT) -> str:
        return " ".join(warning["en"] for warning in judge(about, tables)[1])

    assert said(world()) == ""
    assert "hardly harms" in said(world(shift=0.01))
    frail = world()
    frail["stream"]["robust"] *= 0.1
    assert "below chance" in said(frail)
    spent = world()
    spent["runs"]["autoattack"] *= 0.1
    assert "compare nothing with nothing" in said(spent) and "compare nothing" not in said(frail)
    dear = [{**arm, "passes": 120 if arm["name"] == FINE else arm["passes"]} for arm in ABOUT["conditions"]]
    assert "fine-tuning (20 %)" in said(world(), {**ABOUT, "conditions": dear})


def test_an_arm_that_did_not_come_to_the_end_leaves_claims_open() -> None:
    tables = world({(GENERALIST, "clean"): 0.1, (GENERALIST, "robust"): 0.1})
    stream = tables["stream"]
    tables["stream"] = stream[(stream.condition != BRIEF) | (stream.chunk < 2)]
    found = words_of(tables)
    assert found["robust"][0] == found["forgets"][0] == "undecided" and found["updating"][0] == "supported"


# A small run


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stream, Dataset, Lab, Path]:
    study, data = made("grid.judged=2")
    lab = Lab(tmp_path_factory.mktemp("stream"))
    return study, data, lab, conduct(study, data, lab, Means("inline"), command="assay study stream")


def test_a_small_study_end_to_end(carried: tuple[Stream, Dataset, Lab, Path]) -> None:
    folder = carried[3]
    runs, stream = (pd.read_csv(folder / f"{name}.csv") for name in ("runs", "stream"))
    assert (runs.status == "finished").all() and len(runs) == 2 * (2 + 2 * len(UPDATED))
    assert len(stream) == len(NAMES) * 2 * 3 * 3 and stream.clean.between(0, 1).all()
    assert (stream.robust <= 1).all() and sorted(set(stream.strength)) == [0, 15, 30]
    still = stream[stream.condition == NO_UPDATE]
    assert (still.groupby(["seed", "level"]).clean.nunique() == 1).all() and still.run.nunique() == 2
    last = runs[(runs.chunk == 2) | (runs.condition == DEPLOYED)]
    assert last.autoattack.notna().all() and runs.autoattack.notna().sum() == len(last) == 12
    for row in runs[runs.chunk > 0].itertuples():
        before = runs[runs.run == row.start].iloc[0]
        assert (before.seed, before.chunk) == (row.seed, row.chunk - 1)
        assert before.condition == (row.condition if row.chunk > 1 else base_of(row.condition))
    table = ends(stream, runs, 2)
    assert set(table.condition) == set(NAMES) and (table[table.condition == NO_UPDATE].forgotten == 0).all()
    assert [v["claim"] for v in json.loads((folder / "verdicts.json").read_text())["verdicts"]] == [
        c.name for c in CLAIMS
    ]


def test_all_learners_begin_with_the_weights_of_the_run_before(carried: tuple[Stream, Dataset, Lab, Path]) -> None:
    _, data, lab, folder = carried
    runs = pd.read_csv(folder / "runs.csv")
    row = runs[(runs.condition == GENERALIST) & (runs.chunk == 2)].iloc[0]
    recipe = Recipe.read(lab.run(row.run) / "recipe.json")
    state = State.begin([recipe], biased(data, recipe.biases), "cpu")
    weights, _ = unpack(lab.weights(row.start, "1"))
    assert len(state.learners) == 3
    for learner in state.learners:
        assert all(torch.equal(value, weights[name]) for name, value in learner.tensors().items())


def test_it_rebuilds_from_its_tables_alone(carried: tuple[Stream, Dataset, Lab, Path], tmp_path: Path) -> None:
    folder = carried[3]
    for name in ("study.json", "runs.csv", "stream.csv", "provenance.json"):
        shutil.copy(folder / name, tmp_path / name)
    first = json.loads((folder / "verdicts.json").read_text())
    assert json.loads((rebuild(tmp_path) / "verdicts.json").read_text()) == first
    (tmp_path / "stream.csv").unlink()
    with pytest.raises(BadInput, match="missing"):
        rebuild(tmp_path)


def test_an_interrupted_stream_goes_on_where_it_was(
    carried: tuple[Stream, Dataset, Lab, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before the last chunk: the chunks before it are not trained again, and the tables are the same bytes."""
    study, data, lab, folder = carried
    whole = pd.read_csv(folder / "runs.csv")
    shutil.copytree(lab.root, tmp_path / "lab")
    again = Lab(tmp_path / "lab")
    shutil.rmtree(again.root / "studies")
    for run in whole[whole.chunk == 2].run:
        shutil.rmtree(again.run(run))
        again.measures(run, "stream").unlink()
    kept = {path: path.stat().st_mtime_ns for path in (again.root / "runs").rglob("*") if path.is_file()}
    second = conduct(study, data, again, Means("inline"), command="assay study stream")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    for name in ("runs.csv", "stream.csv", "verdicts.json"):
        ours, theirs = (json.loads((f / name).read_text()) if name == "verdicts.json" else (f / name).read_bytes()
                        for f in (folder, second))  # fmt: skip
        if name == "verdicts.json":  # advice tells seconds
            ours, theirs = ([{**v, "next": None} for v in each["verdicts"]] for each in (ours, theirs))
        assert ours == theirs
    assert json.loads((second / "provenance.json").read_text())["runs_trained"] == 2 * len(UPDATED)
