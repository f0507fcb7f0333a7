"""Warm starts on planted tables: what may rank earlier settings, and when a search is said to have been helped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.studies.tune.goals import parse_goals
from assay.studies.tune.space import Space
from assay.studies.tune.warm import SEEDS, Warm, best_settings, whether_it_helped
from assay.train import Optimiser, Recipe
from tests.conftest import blobs

BASE = Recipe(data="blobs", model="mlp:32", activation="relu", epochs=4)
RATES = (1e-3, 2e-3, 4e-3, 8e-3, 1e-2, 2e-2, 4e-2)
DATA = blobs()
ABOUT = {"name": DATA.name, "digest": DATA.digest}
OTHER = {"name": "others", "digest": "0" * 64}


def earlier(data: dict[str, str], kind: str = "study", **figures: list[float]) -> Warm:
    """A study of one run a learning rate, with these figures; best on val is 4e-3, most sensitive what is last."""
    table = pd.DataFrame({"val_accuracy": [0.5, 0.6, 0.9, 0.8, 0.7, 0.4, 0.3], "sensitivity": range(7), **figures})
    recipes = tuple(BASE.with_(optimiser=Optimiser(lr=lr)).plain() for lr in RATES)
    values = tuple({**Space().values(BASE, BASE), "lr": lr} for lr in RATES)
    return Warm(Path("lab/studies/x"), "d", table, recipes if kind == "study" else values, kind, data)


def ranked(warm: Warm, goals: str) -> tuple[list[float], str]:
    found, note = best_settings(warm, parse_goals(goals), Space(), BASE, DATA)
    return [values["lr"] for values in found], note


@pytest.mark.parametrize(
    "goal", ["+sensitivity", "-escape", "-false_reject", "-gap", "+complexity", "+robust_accuracy"]
)
def test_on_the_same_data_test_figures_do_not_rank(goal: str) -> None:
    name = goal[1:]
    notes = []
    for planted in ([0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0]):  # whatever test says
        found, note = ranked(earlier(ABOUT, **{name: planted}), f"val_accuracy, {goal}")
        assert found == [4e-3, 8e-3, 1e-2, 2e-3, 1e-3]
        notes.append(note)
    assert (
        notes[0]
        == notes[1]
        == (
            f"5 best of 7 earlier settings are tried first; not ranked by {name}, "
            "which was measured on the test split of the same data"
        )
    )


def test_on_other_data_and_after_a_search_every_goal_ranks() -> None:
    for warm in (earlier(OTHER), earlier(ABOUT, kind="tune")):
        found, note = ranked(warm, "+sensitivity")
        assert found == [4e-2, 2e-2, 1e-2, 8e-3, 4e-3]
        assert note == "5 best of 7 earlier settings are tried first"


@pytest.mark.parametrize(
    "same",
    [
        {"name": "renamed", "digest": DATA.digest},
        {"name": DATA.name, "digest": "with a later set"},
        {"name": f"{DATA.name}@parity", "digest": "another labelling"},
        {},
    ],
)
def test_a_later_set_another_labelling_or_nothing_known_is_the_same_data(same: dict[str, str]) -> None:
    assert ranked(earlier(same), "val_accuracy, +sensitivity")[0][0] == 4e-3


def test_where_no_goal_may_rank_settings_come_in_the_order_of_their_table() -> None:
    found, note = ranked(earlier(ABOUT), "+sensitivity, flip_rate")
    assert found == list(RATES[:5])
    assert note.startswith("5 of 7 earlier settings are tried first, in the order of their table; not ranked by sens")
    assert note.endswith("; it does not tell of flip_rate")


def test_numbers_of_the_run_itself_rank_on_any_data() -> None:
    found, _ = ranked(earlier(ABOUT, parameters=[7, 6, 5, 4, 3, 2, 1]), "parameters")
    assert found == [4e-2, 2e-2, 1e-2, 8e-3, 4e-3]


def searches(lab: Path, gains: list[float]) -> Path:
    """Pairs of searches, cold and warm: after two trials the warm one's best is ahead by a gain."""
    draw = np.random.default_rng(0)
    for seed, gain in enumerate(gains):
        start = 0.7 + 0.01 * draw.normal()
        for warm in ("", "w"):
            folder = lab / f"{seed}{warm}"
            folder.mkdir()
            about = {"family": "f", "seed": seed, "warm": warm}
            (folder / "study.json").write_text(json.dumps(about))
            best = start + (gain if warm else 0.0)
            rows = {"trial": [0, 1, 2], "status": ["finished"] * 3, "val_accuracy": [0.5, best, best]}
            rows["flip_rate"] = [0.4, 1 - best, 1 - best]
            pd.DataFrame({k: v[: 3 if warm else 2] for k, v in rows.items()}).to_csv(folder / "trials.csv", index=False)
    return lab / "0w"


def told(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    about = json.loads((folder / "study.json").read_text())
    found = whether_it_helped(about, folder, parse_goals("+val_accuracy, -flip_rate"))
    return found, {row["goal"]: row for row in found["goals"]}


GAIN = [0.05, 0.04, 0.06, 0.05, 0.045, 0.055]


@pytest.mark.parametrize(("sign", "word"), [(1, "helped"), (-1, "did harm")])
def test_a_planted_gain_is_told_with_its_interval(tmp_path: Path, sign: int, word: str) -> None:
    found, goals = told(searches(tmp_path, [sign * gain for gain in GAIN]))
    assert found["k"] == 2 and found["word"] == "decided"
    for row in goals.values():  # the second goal is better when smaller: its gain is one all the same
        low, high = row["interval"]
        assert row["word"] == word and low <= sign * 0.05 <= high and low * high > 0
        assert f"({word}: gain {sign * 0.05:.2g}, " in row["text"]
    assert goals["+val_accuracy"]["with"] - goals["+val_accuracy"]["without"] == pytest.approx(sign * 0.05)
    assert goals["-flip_rate"]["with"] - goals["-flip_rate"]["without"] == pytest.approx(-sign * 0.05)
    assert "so few searches" not in found["text"]


def test_gains_both_ways_are_undecided_with_an_interval_around_nothing(tmp_path: Path) -> None:
    found, goals = told(searches(tmp_path, [0.05, -0.05, 0.04, -0.04, 0.03, -0.03]))
    low, high = goals["+val_accuracy"]["interval"]
    assert found["word"] == goals["+val_accuracy"]["word"] == "undecided" and low < 0 < high


def test_one_pair_too_few_has_no_interval(tmp_path: Path) -> None:
    found, goals = told(searches(tmp_path, GAIN[: SEEDS - 1]))
    assert found["word"] == "undecided" and goals["+val_accuracy"]["interval"] is None
    assert f"so few searches cannot tell help from chance ({SEEDS} pairs" in found["text"]


def test_a_search_with_another_warm_start_is_no_pair(tmp_path: Path) -> None:
    folder = searches(tmp_path, GAIN)
    about = json.loads((tmp_path / "5w" / "study.json").read_text())
    (tmp_path / "5w" / "study.json").write_text(json.dumps({**about, "warm": "another"}))
    found, _ = told(folder)
    assert "with the warm start (5 searches) and without (6)" in found["text"] and found["word"] == "undecided"


def test_the_same_study_is_other_data_for_a_search_on_other_images() -> None:
    other = replace(DATA, name="more", splits={**DATA.splits, "test": DATA.val})
    found, _ = best_settings(earlier(ABOUT), parse_goals("+sensitivity"), Space(), BASE, other)
    assert found[0]["lr"] == 4e-2
