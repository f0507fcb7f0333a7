"""A study from settings to verdicts: resumable, repeatable, the same on every executor."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import BadInput, JobFailed
from assay.lab import Lab
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies import Means, conduct, configure, rebuild
from tests.studies.conftest import FAST


def run(parts: Path, lab: Path, seeds: int = 3, on: str = "inline", stack: int | None = None) -> Path:
    study, data = configure("families", str(parts), seeds=seeds, settings=FAST)
    return conduct(study, data, Lab(lab), Means(on, stack), command="assay study families")


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def test_a_study_leaves_what_it_promises_and_repeating_it_does_nothing(parts: Path, tmp_path: Path) -> None:
    folder = run(parts, tmp_path / "lab")
    names = {
        "runs",
        "pairs",
        "moments",
        "layers",
        "layer_pairs",
        "curves",
        "shifts",
        "samples",
        "classes",
        "measures",
        "trust",
        "patches",
    }
    assert set(tables(folder)) == {f"{name}.csv" for name in names}
    about = json.loads((folder / "study.json").read_text())
    assert [c["name"] for c in about["conditions"]][:2] == ["none", "fork@0.5"] and about["data"]["ok"] == 0
    assert about["images"] == about["data"]["sizes"]["train"]
    assert list(about["lacking"]) == ["worse-is-wider"]  # four kinds of stress
    runs = pd.read_csv(folder / "runs.csv")
    assert len(runs) == 2 * 3 * 5 and (runs.status == "finished").all()
    assert runs[runs.design == "family"].seed.is_unique
    assert runs[(runs.design == "paired") & (runs.stress == "none")].movement.max() < 1e-6
    verdicts = json.loads((folder / "verdicts.json").read_text())["verdicts"]
    assert len(verdicts) == 5
    for verdict in verdicts:
        assert verdict["word"] in ("supported", "refuted", "undecided")
        assert all(
            isinstance(x, float | int) for x in (verdict["effect"], *verdict["interval"], verdict["p"], verdict["n"])
        )
    weights = {p: p.stat().st_mtime_ns for p in (tmp_path / "lab" / "runs").rglob("*.safetensors")}
    assert run(parts, tmp_path / "lab") == folder
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "lab" / "runs").rglob("*.safetensors")} == weights
    assert not list((tmp_path / "lab" / "checkpoints").iterdir())


def test_verdicts_are_rebuilt_from_the_tables_alone(parts: Path, tmp_path: Path) -> None:
    folder = run(parts, tmp_path / "lab")
    before = (folder / "verdicts.json").read_bytes()
    elsewhere = folder.rename(tmp_path / "kept")
    (elsewhere / "verdicts.json").unlink()
    rebuild(elsewhere)
    assert (elsewhere / "verdicts.json").read_bytes() == before


def test_more_seeds_train_only_what_is_new(parts: Path, tmp_path: Path) -> None:
    run(parts, tmp_path / "lab", seeds=2)
    before = set((tmp_path / "lab" / "runs").iterdir())
    folder = run(parts, tmp_path / "lab", seeds=3)
    made = json.loads((folder / "provenance.json").read_text())
    assert made["runs_reused"] > 0 and made["runs_trained"] + made["runs_reused"] == 30
    assert before < set((tmp_path / "lab" / "runs").iterdir())


@pytest.mark.slow
def test_every_executor_gives_the_same_tables(parts: Path, tmp_path: Path) -> None:
    one = tables(run(parts, tmp_path / "a"))
    assert tables(run(parts, tmp_path / "b", on="processes:2")) == one
    alone = pd.read_csv(run(parts, tmp_path / "c", stack=1) / "runs.csv")
    stacked = pd.read_csv(next((tmp_path / "a").glob("studies/*/runs.csv")))
    numbers = stacked.select_dtypes("number").columns
    assert (alone[numbers] - stacked[numbers]).abs().max().max() < 0.02  # to rounding; a sample may flip


@pytest.mark.slow
def test_killed_at_any_moment_and_repeated_gives_the_same_bytes(parts: Path, tmp_path: Path) -> None:
    whole = run(parts, tmp_path / "whole")
    lab = tmp_path / "killed"
    sets = [word for setting in FAST for word in ("--set", setting)]
    command = [sys.executable, "-c", "from assay.cli import main; main()", "study", "families", "--data", str(parts)]
    command += ["--seeds", "3", "--lab", str(lab), "--on", "processes:2", "--json", *sets]
    deadline = time.monotonic() + 240
    for patience in (4.0, 6.0, 8.0, 9.0):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(patience)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert time.monotonic() < deadline
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    folder = Path(json.loads(done.stdout)["folder"])
    assert tables(folder) == tables(whole)


def test_a_failing_job_names_its_recipe_and_loses_no_other(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["assay.studies.conduct"]
    carry_out = module.carry_out

    def fails_for_forks(job):
        if any("fork" in str(recipe["interventions"]) for recipe in job.recipes):
            raise RuntimeError("no fork today")
        return carry_out(job)

    with monkeypatch.context() as patch:
        patch.setattr(module, "carry_out", fails_for_forks)
        with pytest.raises(JobFailed, match=r"2 failed.*fork@0.5, 3 seeds.*no fork today"):
            run(parts, tmp_path / "lab")
    assert "fork" in (tmp_path / "lab" / "failed.txt").read_text()
    assert len(list((tmp_path / "lab" / "runs").glob("*/record.json"))) == 24
    assert json.loads((run(parts, tmp_path / "lab") / "provenance.json").read_text())["runs_trained"] == 6


def test_diverged_runs_are_rows_and_are_said(parts: Path, tmp_path: Path) -> None:
    settings = (*FAST, "optimiser={name: sgd, lr: 1.0e+38}")
    study, data = configure("families", str(parts), seeds=2, settings=settings)
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    runs = pd.read_csv(folder / "runs.csv")
    assert runs.status.str.startswith("stopped: loss not finite at step").all()
    found = json.loads((folder / "verdicts.json").read_text())
    assert "stopped because" in found["warnings"][0]["en"]
    assert {v["word"] for v in found["verdicts"]} == {"undecided"}
    assert found["verdicts"][0]["interval"] == [0.0, 1e6] and found["verdicts"][0]["effect"] == 1.0


def test_a_lost_table_is_made_again(parts: Path, tmp_path: Path) -> None:
    folder = run(parts, tmp_path / "lab")
    before = tables(folder)
    (folder / "runs.csv").unlink()
    run(parts, tmp_path / "lab")
    assert tables(folder) == before


def test_edited_tables_are_said_in_one_line(parts: Path, tmp_path: Path) -> None:
    folder = run(parts, tmp_path / "lab", seeds=6)
    pairs = (folder / "pairs.csv").read_text().splitlines(keepends=True)
    (folder / "pairs.csv").write_text("".join(pairs[:40]))
    with pytest.raises(BadInput, match=r"pairs are not in pairs\.csv"):
        rebuild(folder)
    (folder / "pairs.csv").unlink()
    with pytest.raises(BadInput, match="pairs"):
        rebuild(folder)
    (folder / "runs.csv").write_text("")
    with pytest.raises(BadInput, match="missing or empty"):
        rebuild(folder)


def test_verdicts_follow_the_claims_in_the_folder(parts: Path, tmp_path: Path) -> None:
    folder = run(parts, tmp_path / "lab", seeds=6)
    about = json.loads((folder / "study.json").read_text())
    for claim in about["claims"]:
        claim["threshold"], claim["margin"] = claim["bounds"][1], [claim["bounds"][1]] * 2
    (folder / "study.json").write_text(json.dumps(about))
    rebuild(folder)
    words = [v["word"] for v in json.loads((folder / "verdicts.json").read_text())["verdicts"]]
    assert "supported" not in words[:4]


def test_data_that_change_while_a_study_runs_are_refused(parts: Path, tmp_path: Path) -> None:
    from assay.lab.jobs import carry_out, plan

    study, data = configure("families", str(parts), seeds=2, settings=FAST)
    recipes = {name: planned.recipe for name, planned in study.stage(0, {}, data).items()}
    job = plan(recipes, study.source, Lab(tmp_path / "lab"), stack=None, threads=1, device="cpu")[0]
    with pytest.raises(BadInput, match="other images than when the study began"):
        carry_out(dataclasses.replace(job, learned="something else"))


@pytest.mark.parametrize(
    "setting", ["data=cells", "grid.data=cells", "grid.production=x", "split_seed=3", "regroup=true"]
)
def test_what_names_the_data_has_its_own_option(parts: Path, setting: str) -> None:
    with pytest.raises(BadInput, match="set elsewhere"):
        configure("families", str(parts), settings=[setting])


FUNCTIONAL = """
from torch import nn
class Own(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.one, self.two = nn.Linear(36, 8), nn.Linear(8, classes)
    def forward(self, x):
        return self.two(self.one(x.flatten(1)).relu())
class Spare(Own):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.last, self.first, self.spare = nn.ReLU(), nn.Tanh(), nn.Sigmoid()
    def forward(self, x):
        return self.two(self.last(self.first(self.one(x.flatten(1)))))
class Chain(nn.Sequential):
    def __init__(self, shape, classes):
        super().__init__(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, classes))
class Shared(Own):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.relu, self.inner, self.out = nn.ReLU(), nn.Linear(8, 8), nn.Tanh()
    def forward(self, x):
        return self.two(self.out(self.relu(self.inner(self.relu(self.one(x.flatten(1)))))))
"""


@pytest.mark.parametrize("name", ["families", "limit"])
def test_the_users_model_is_taken_at_the_layers_that_run(name: str, parts: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(FUNCTIONAL)
    spare, data = configure(name, str(parts), settings=(f"model={tmp_path}/own.py:Spare",))
    assert spare.describe(data)["primary_layer"] == "last"
    bare, data = configure(name, str(parts), settings=(f"model={tmp_path}/own.py:Own",))
    with pytest.raises(BadInput, match="no activation module that runs"):
        conduct(bare, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    assert not list((tmp_path / "lab").rglob("record.json"))


@pytest.mark.parametrize(
    ("model", "layers", "patched"),
    [("Spare", ["first", "last"], 2), ("Chain", ["2", "4"], 2), ("Shared", ["relu", "out"], 1)],
)
def test_a_families_study_of_the_users_model(
    model: str, layers: list[str], patched: int, parts: Path, tmp_path: Path
) -> None:
    """An activation that a model calls in several places is looked at, and said not to be patched."""
    (tmp_path / "own.py").write_text(FUNCTIONAL)
    settings = (*FAST, f"model={tmp_path}/own.py:{model}", "grid.seeds=2")
    study, data = configure("families", str(parts), settings=settings)
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    read = {name: pd.read_csv(folder / f"{name}.csv", dtype={"layer": str}) for name in ("layers", "patches", "runs")}
    assert read["layers"].layer.unique().tolist() == layers and (read["runs"].status == "finished").all()
    assert read["patches"].layer.unique().tolist() == layers[-patched:]
    said = [each["en"] for each in json.loads((folder / "verdicts.json").read_text())["warnings"]]
    left_out = [each.partition(",")[0] for each in said if each.startswith("Not patched")]
    assert left_out == (["Not patched between twins: relu"] if model == "Shared" else [])
    page = html(Folder(folder))
    assert 'id="layer-pairs"' in page and all(f">{layer}<" in page for layer in layers)


def test_too_few_probe_inputs_for_the_width_are_said(parts: Path, tmp_path: Path) -> None:
    folder = run(parts, tmp_path / "lab", seeds=2)
    about = json.loads((folder / "study.json").read_text())
    assert (about["probe"], about["width"]) == (45, 8)

    def said() -> list[str]:
        rebuild(folder)
        return [warning["en"] for warning in json.loads((folder / "verdicts.json").read_text())["warnings"]]

    assert not any("probe inputs" in text for text in said())
    (folder / "study.json").write_text(json.dumps(about | {"width": 45}))
    assert any(text.startswith("Only 45 probe inputs for 45 units") for text in said())


def test_kinds_of_stress_are_told_apart(parts: Path) -> None:
    losses = "grid.losses=[{kind: focal, gamma: 1},{kind: focal, gamma: 5}]"
    study, _ = configure("families", str(parts), settings=[losses])
    assert len({condition.name for condition in study.conditions}) == len(study.conditions)
    with pytest.raises(BadInput, match="name each kind of stress once"):
        configure("families", str(parts), settings=["grid.activations=[tanh,tanh]"])
