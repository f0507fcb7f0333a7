"""The simplicity study: its grid, its claims on tables with a known answer, and a small run of everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import BadInput
from assay.lab import Lab
from assay.lab.observe import probe_of
from assay.metrics import complexity_references
from assay.studies import Means, conduct, configure, rebuild
from assay.studies.simplicity.claims import CLAIMS, judge
from assay.studies.simplicity.design import DEPTHS, WIDTHS, design, settings
from assay.studies.verdict import verdicts

GRID = settings(DEPTHS["mlp"], WIDTHS["mlp"], (1e-5, 1e-4, 1e-2, 3e-2), 1e-3, 0.1)
ABOUT = {"conditions": [setting.plain() for setting in GRID], "seeds": 12}


def test_the_grid_is_seven_rows_and_three_axes_without_repeats() -> None:
    assert [s.row for s in GRID].count(True) == 7 and len({s.name for s in GRID}) == len(GRID) == 19
    base = GRID[0]
    for row in GRID[1:7]:
        assert sum(getattr(row, f) != getattr(base, f) for f in ("activation", "widths", "lr")) == 1


def world(complexity: dict[str, float], sensitivity: dict[str, float], noise: float = 0.01) -> pd.DataFrame:
    """A table of runs in which chosen settings differ from 1 by known factors."""
    draw = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for setting in GRID:
        for seed in range(12):
            c, s = complexity.get(setting.name, 1.0), sensitivity.get(setting.name, 1.0)
            rows.append(
                {
                    "run": f"{setting.name} {seed}",
                    "condition": setting.name,
                    "seed": seed,
                    "status": "finished",
                    "complexity": 100 * c * np.exp(noise * draw.normal()),
                    "sensitivity": 3 * s * np.exp(noise * draw.normal()),
                    "predicted_classes": 10,
                    "gap": draw.random(),
                    "shift_accuracy": draw.random(),
                    "shift_false_reject": draw.random(),
                    "shift_escape": draw.random(),
                }
            )
    return pd.DataFrame(rows)


def words_of(table: pd.DataFrame) -> dict[str, tuple[str, float]]:
    from assay.studies.simplicity import Simplicity

    judged, _ = judge(ABOUT, {"runs": table})
    found = verdicts(Simplicity, CLAIMS, judged, 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}


def test_what_is_planted_is_found() -> None:
    high, tanh, deep = GRID[6].name, GRID[1].name, GRID[5].name
    found = words_of(world({high: 0.3}, {tanh: 0.25, deep: 1.5}))
    assert found["too-high-collapses"] == ("supported", pytest.approx(0.3, rel=0.02))
    assert found["otherwise-steady"][0] == "supported" and found["otherwise-steady"][1] < 1.03
    assert found["relu-sensitive"] == ("supported", pytest.approx(2.0, rel=0.02))
    assert found["depth-sensitive"] == ("supported", pytest.approx(1.5, rel=0.02))


def test_what_is_not_there_is_refuted_and_the_opposite_is_seen() -> None:
    relu, leaky = GRID[0].name, GRID[3].name
    found = words_of(world({GRID[2].name: 1.3}, {relu: 0.5, leaky: 0.5}))
    assert found["too-high-collapses"][0] == "refuted"
    assert found["otherwise-steady"] == ("refuted", pytest.approx(1.3, rel=0.02))
    assert found["relu-sensitive"] == ("refuted", pytest.approx(0.5, rel=0.02))


def test_noise_alone_is_rarely_called_steady_and_relations_hold_their_level() -> None:
    found = words_of(world({}, {}, noise=0.5))
    assert found["otherwise-steady"][0] == "undecided"
    assert all(found[claim.name][0] != "supported" for claim in CLAIMS if claim.scale == "correlation")


def test_missing_rows_leave_claims_undecided_not_broken() -> None:
    table = world({}, {})
    found = words_of(table[table.condition == GRID[0].name])
    assert {word for word, _ in found.values()} == {"undecided"}


def test_dead_and_diverged_runs_are_told() -> None:
    table = world({}, {})
    base, high, dead = GRID[0].name, GRID[6].name, GRID[2].name
    assert judge(ABOUT, {"runs": table})[1] == []
    table.loc[(table.condition == high) & (table.seed < 3), "status"] = "stopped: the loss is not finite"
    table.loc[(table.condition == high) & (table.seed < 3), ["complexity", "sensitivity", "predicted_classes"]] = np.nan
    table.loc[(table.condition == dead) & (table.seed < 2), "predicted_classes"] = 1
    table.loc[(table.condition == base) & (table.seed == 5), "predicted_classes"] = 1
    stopped, same = (warning["en"] for warning in judge(ABOUT, {"runs": table})[1])
    assert f"{high} (3)" in stopped and "stopped" in stopped
    assert same == f"Models that give every item the same class, kept as rows: {base} (1), {dead} (2)."


SMALL_GRID = ("epochs=2", "batch=32", "grid.depths=['8','8-8','8-8-8']", "grid.widths=[]", "grid.lr=[0.01]")


def test_what_is_said_is_what_is_trained(parts: Path) -> None:
    study, data = configure("simplicity", str(parts), preset="evidence", seeds=2)
    planned = study.stage(0, {}, data)
    assert study.recipe.epochs == 10 and study.recipe.model == "mlp:128"
    assert study.recipe.run_id(data.learned) in planned and len(planned) == 2 * 19
    assert configure("simplicity", str(parts), preset="evidence", settings=("epochs=3",))[0].recipe.epochs == 3
    usual = study.recipe.with_(model="mlp:128-64")  # what suits the data: its widths never reached a run
    assert list(design(usual, study.conditions, 2, data.learned)) == list(planned)
    assert configure("simplicity", str(parts), settings=SMALL_GRID)[0].recipe.model == "mlp:8"
    assert configure("simplicity", str(parts), settings=("model=cnn",))[0].recipe.model == "cnn:16-32"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("grid.too_high=1e-3", "grid.too_high 0.001; the base's learning rate is 0.001; give one above it"),
        ("grid.too_high=1e-4", "grid.too_high 0.0001; the base's learning rate is 0.001"),
        ("grid.too_high=1.0000001e-3", "grid.too_high 0.001; the base's"),
        ("optimiser.lr=0.1", "grid.too_high 0.1; the base's learning rate is 0.1; .*lower --set optimiser.lr"),
        ("grid.depths=['8']", "grid.depths 8; claims compare deeper models .* than the one before: 8, 8-8"),
        ("grid.depths=['8-8','8']", "grid.depths 8-8, 8; claims compare deeper"),
        ("grid.depths=['8','16']", "grid.depths 8, 16; claims compare deeper"),
        ("grid.depths=['wide','wide-wide']", "asked for layer widths 'wide'"),
        ("activation=tanh", "activation tanh; the grid tries tanh, sigmoid, leaky_relu against relu, its base"),
        ("activation=null", "activation None; the grid tries"),
        ("model=mlp:256-128", "model mlp:256-128; the grid says the widths, and its base is mlp:128"),
    ],
)
def test_settings_without_effect_or_sense_are_one_line(parts: Path, setting: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as error:
        _ = configure("simplicity", str(parts), settings=(setting,))[0].conditions
    assert "\n" not in str(error.value)


def test_what_the_grid_has_as_its_base_may_be_said(parts: Path) -> None:
    said = ("model=mlp:128", "activation=relu", "grid.too_high=0.05")
    study, _ = configure("simplicity", str(parts), settings=said)
    assert [setting.name for setting in study.conditions][:1] == [GRID[0].name]


def test_a_small_run_of_everything(parts: Path, tmp_path: Path) -> None:
    study, data = configure("simplicity", str(parts), seeds=2, settings=SMALL_GRID)
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    runs = pd.read_csv(folder / "runs.csv")
    assert len(runs) == 2 * 14 and (runs.status == "finished").all()
    assert (runs.sensitivity > 0).all() and runs.complexity.between(0, 1000).all()
    before = (folder / "verdicts.json").read_bytes()
    assert rebuild(folder) == folder and (folder / "verdicts.json").read_bytes() == before
    assert len(json.loads(before)["verdicts"]) == 10
    beside = pd.read_csv(folder / "references.csv").set_index("answers")
    known = complexity_references(data.test.labels[probe_of(data, study.probe).numpy()])
    assert beside.complexity.to_dict() == {name: pytest.approx(value, rel=1e-6) for name, value in known.items()}
    assert (beside.loc["constant"] < beside.loc["true"]).all()
    assert (beside.loc["true", "complexity_along"] < beside.loc[["shuffled", "random"], "complexity_along"]).all()
    assert runs.robust_accuracy.between(0, 1).all() and (runs.robust_accuracy <= runs.test_accuracy + 0.2).all()


def test_models_without_a_known_ladder_are_refused(parts: Path) -> None:
    study, _ = configure("simplicity", str(parts), settings=("model=resnet18",))
    with pytest.raises(BadInput, match="mlp and cnn"):
        _ = study.conditions
