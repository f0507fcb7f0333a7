"""A search from settings to its choice: repeatable, resumable, shared, honest about what it found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("optuna", reason="optuna is not installed: pip install 'assay[tune]'")

from assay import cli
from assay.core.errors import BadInput, JobFailed
from assay.lab import Lab
from assay.studies import Means, conduct, configure
from assay.studies.tune import configure_tune, tune
from assay.studies.tune.warm import read_warm
from tests.studies.conftest import FAST

LITTLE = ("epochs=2", "model=mlp:8", "batch=32", "space.width=[4,16]", "space.depth=[1,2]", "space.batch=[32]")
GOALS = "val_accuracy, -sensitivity"


def search(parts: Path, lab: Path, trials: int, goal: str = GOALS, **more: Any) -> Path:
    settings = (*LITTLE, *more.pop("settings", ()))
    options = {key: more.pop(key) for key in ("constraints", "wishes") if key in more}
    spec, data = configure_tune(str(parts), goal=goal, settings=settings, **options)
    return tune(spec, data, Lab(lab), Means(more.pop("on", "inline")), trials=trials, **more)


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "trials.csv", keep_default_na=False, na_values=[""])


def records(lab: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in lab.glob("runs/*/record.json")}


def test_a_search_leaves_what_it_promises(parts: Path, tmp_path: Path) -> None:
    folder = search(parts, tmp_path / "lab", 6)
    about, found = (json.loads((folder / name).read_text()) for name in ("study.json", "result.json"))
    assert folder.name.startswith("val-accuracy-sensitivity-parts-")
    assert about["goals"] == ["+val_accuracy", "-sensitivity"] and about["axes"]["width"] == {"low": 4, "high": 16}
    rows = table(folder)
    assert list(rows["trial"]) == list(range(6)) and rows["start"][0] == "default"
    done = rows[rows["status"] == "finished"]
    assert done["val_accuracy"].between(0, 1).all() and (done["sensitivity"] > 0).all()
    assert rows["chosen"].sum() == 1 and rows[rows["chosen"]]["front"].all()
    assert found["chosen"]["trial"] == rows[rows["chosen"]]["trial"].item()
    assert Path(found["chosen"]["weights"]).is_file()
    assert "20 are needed" in found["importance"]["val_accuracy"]["text"]
    models = found["chosen"]["recipe"]["model"], about["settings"]["recipe"]["model"]
    told = f"its network is {models[0]}, the default's {models[1]}"
    assert any(told in line for line in found["text"]) == (models[0] != models[1])
    if not found["chosen"]["is_default"]:
        assert [row["figure"] for row in found["comparison"]] == ["test_accuracy", "test_sensitivity"]
        for row in found["comparison"]:
            low, high = row["interval"]
            assert low < row["effect"] < high and row["effect"] == pytest.approx(row["chosen"] - row["default"])
            assert [sum(row["by_seed"][side]) / row["seeds"] for side in ("chosen", "default")] == pytest.approx(
                [row["chosen"], row["default"]]
            )


def test_repeating_does_nothing_and_more_trials_go_on_as_if_never_stopped(parts: Path, tmp_path: Path) -> None:
    folder = search(parts, tmp_path / "lab", 3)
    first, before = (folder / "trials.csv").read_bytes(), records(tmp_path / "lab")
    assert search(parts, tmp_path / "lab", 3) == folder
    assert (folder / "trials.csv").read_bytes() == first and records(tmp_path / "lab") == before
    search(parts, tmp_path / "lab", 7)
    whole = search(parts, tmp_path / "whole", 7)
    assert (folder / "trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()
    after = records(tmp_path / "lab")
    assert {path: after[path] for path in before} == before


def test_equal_recipes_are_trained_once(parts: Path, tmp_path: Path) -> None:
    one = ("space.lr=[1e-3,1e-3]", "space.width=[8,8]", "space.depth=[1,1]", "space.taper=[even]", "space.epochs=[1]")
    one = (*one, "space.activation=[relu]", "space.weight_decay=[0]", "space.optimiser=[adam]")
    folder = search(parts, tmp_path / "lab", 4, settings=one)
    assert len(table(folder)) == 4 and table(folder)["run"].nunique() == 1 and len(records(tmp_path / "lab")) == 1
    found = json.loads((folder / "result.json").read_text())
    assert found["chosen"]["is_default"] and any("nothing beats it" in line for line in found["text"])


def test_trials_that_fall_behind_are_given_up_and_are_rows(parts: Path, tmp_path: Path) -> None:
    settings = ("epochs=4", "space.lr=[1e-6,1e-1]", "tune.startup=30")
    given_up = table(search(parts, tmp_path / "a", 14, goal="val_accuracy", settings=settings))
    late = given_up[given_up["status"] == "given up"]
    assert len(late) and late["reason"].str.contains("was needed").all() and late["val_accuracy"].isna().all()
    assert len(records(tmp_path / "a")) >= (given_up["status"] == "finished").sum()
    kept = {path.parent.name for path in records(tmp_path / "a")}
    assert not kept & set(late["run"]) and not list((tmp_path / "a" / "checkpoints").iterdir())
    whole = table(search(parts, tmp_path / "b", 14, goal="val_accuracy", settings=(*settings, "tune.pruning=false")))
    assert set(whole["status"]) == {"finished"}
    best = whole["val_accuracy"].max()
    assert given_up["val_accuracy"].max() == best  # what is given up was not the best


def test_diverged_trials_are_rows(parts: Path, tmp_path: Path) -> None:
    settings = ("space.lr=[1e-3,1e38]", "space.optimiser=[adam,sgd]", "tune.pruning=false")
    rows = table(search(parts, tmp_path / "lab", 8, settings=settings))
    assert "stopped" in set(rows["status"]) and rows[rows["status"] == "stopped"]["reason"].str.len().min() > 5


def test_a_constraint_that_no_trial_keeps_is_said_with_the_nearest(parts: Path, tmp_path: Path) -> None:
    folder = search(parts, tmp_path / "lab", 4, constraints=["val_cross_entropy<=1e-12"])
    found = json.loads((folder / "result.json").read_text())
    assert found["satisfied"] is False and found["front"] == []
    rows = table(folder)
    assert found["chosen"]["trial"] == rows.loc[rows["val_cross_entropy"].idxmin(), "trial"]
    (line,) = [line for line in found["text"] if line.startswith("no trial satisfies val_cross_entropy<=1e-12")]
    assert f"the nearest is trial {found['chosen']['trial']}" in line


def test_a_constraint_decides_who_may_be_chosen(parts: Path, tmp_path: Path) -> None:
    free = table(search(parts, tmp_path / "lab", 6))
    known = sorted(free["sensitivity"].dropna())
    bound = sum(known[len(known) // 2 - 1 :][:2]) / 2  # between two trials: tables round
    folder = search(parts, tmp_path / "lab", 6, goal="val_accuracy", constraints=[f"sensitivity<={bound}"])
    rows = table(folder)
    finished = rows[rows["status"] == "finished"]
    assert finished["feasible"].any() and not finished["feasible"].all()
    assert (finished[finished["feasible"]]["sensitivity"] <= bound).all()
    assert (finished[~finished["feasible"]]["sensitivity"] > bound).all()
    assert rows[rows["chosen"]]["feasible"].all()


def test_wishes_are_rules_and_are_checked_on_test(parts: Path, tmp_path: Path) -> None:
    folder = search(
        parts, tmp_path / "lab", 10, goal="", wishes=["too many false alarms"], settings=("tune.pruning=0",)
    )
    found = json.loads((folder / "result.json").read_text())
    assert found["goals"] == ["+val_accuracy", "-false_reject", "-sensitivity"]
    assert {"test_false_reject", "test_escape", "test_accuracy", "shift_accuracy"} <= set(table(folder))
    (rule,) = found["rules"]
    assert rule["rule"] == "false_alarms" and rule["expects"] == "-test_false_reject"
    assert rule["n"] == (table(folder)["status"] == "finished").sum()
    (at,) = [n for n, line in enumerate(found["text"]) if line.startswith("rule false_alarms: too many false alarms")]
    assert "-> val_accuracy" in found["text"][at] and "the other way round" in found["text"][at + 1]


def test_every_trial_failing_is_one_error(parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(work: object) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr("assay.studies.tune.search.attempt", fails)
    with pytest.raises(JobFailed, match="every trial failed, the last with: RuntimeError: no disk"):
        search(parts, tmp_path / "lab", 8, settings=("space.lr=[2e-3,1e-1]",))


def test_a_warm_start_tries_the_best_of_an_earlier_search_first(parts: Path, tmp_path: Path) -> None:
    cold = search(parts, tmp_path / "lab", 8)
    best = table(cold).query("chosen").iloc[0]
    warm = search(parts, tmp_path / "lab", 7, warm=read_warm(cold))
    assert warm != cold
    rows = table(warm)
    assert list(rows["start"][:6].fillna("")) == ["default", *(f"warm {n}" for n in range(5))]
    settings = ["lr", "width", "depth", "activation", "optimiser"]
    assert any((rows.loc[n, settings] == best[settings]).all() for n in range(6))
    helped = json.loads((warm / "result.json").read_text())["warm"]
    assert helped["word"] == "undecided" and helped["k"] <= 7
    assert "with the warm start (1 searches) and without (1)" in helped["text"]
    assert "so few searches cannot tell help from chance" in helped["text"]
    assert {row["goal"] for row in helped["goals"]} == {"+val_accuracy", "-sensitivity"}


def test_a_warm_start_from_a_study(parts: Path, tmp_path: Path) -> None:
    study, data = configure("families", str(parts), seeds=2, settings=FAST)
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    warm = search(parts, tmp_path / "lab", 3, warm=read_warm(folder))
    found = json.loads((warm / "result.json").read_text())["warm"]
    assert found["note"].startswith("1 best of 1 earlier settings") and "sensitivity" in found["note"]
    assert "no search of the same goals without it" in found["text"]
    with pytest.raises(BadInput, match="none of the goals sensitivity"):
        search(parts, tmp_path / "lab", 3, goal="-sensitivity", warm=read_warm(folder))


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", *words])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_a_search_has_a_page_which_is_written_again_from_its_files(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    little = (word for setting in LITTLE for word in ("--set", setting))
    lab = ("--trials", "3", "--lab", str(tmp_path / "lab"), "--on", "inline")
    code, out, _ = call(capsys, "tune", "--data", str(parts), "--goal", GOALS, *little, *lab)
    (folder,) = (tmp_path / "lab" / "tune").glob("*/")
    page = folder / "report.html"
    assert code == 0 and str(page) in out.replace("\n", "") and "next: assay look" in out
    before = page.read_bytes()
    page.unlink()
    code, again, _ = call(capsys, "report", str(folder))
    assert (code, again) == (0, out) and page.read_bytes() == before
    code, _, _ = call(capsys, "report", str(folder), "--lang", "ja")
    assert code == 0 and 'lang="ja"' in page.read_text(encoding="utf-8")
    (folder / "result.json").unlink()
    code, _, err = call(capsys, "report", str(folder))
    assert code == 2 and "the search has not ended" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--goal", "val_acuracy"], "did you mean 'val_accuracy'"),
        ([], "name at least one"),
        (["--goal", "val_accuracy", "--constraint", "flip_rate<=-1"], "no model can keep it"),
        (["--goal", "val_accuracy", "--budget", "soon"], "write for instance 90s"),
        (["--goal", "val_accuracy", "--budget", "0m"], "found no time"),
        (["--wish", "more of everything"], "no rule knows it"),
        (["--goal", "val_accuracy", "--warm-from", "nowhere"], "found no runs.csv"),
        (["--goal", "val_accuracy", "--on", "rya"], "did you mean 'ray'"),
        (["--goal", "val_accuracy", "--set", "space.lr=[0,1]"], "above 0"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    code, out, err = call(capsys, "tune", "--data", "digits", "--lab", str(tmp_path / "lab"), *words)
    lines = [line for line in err.splitlines() if line.strip()]
    assert code == 2 and not out and len(lines) == 1 and expected in lines[0], err


def test_without_optuna_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.studies.tune.settings.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'assay\[tune\]'"):
        configure_tune("digits", goal="val_accuracy")


def test_the_command_prints_its_choice_or_one_object(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [word for setting in LITTLE for word in ("--set", setting)]
    words = ["tune", "--data", str(parts), "--goal", GOALS, "--lab", str(tmp_path / "lab"), "--trials", "3", *sets]
    code, out, _ = call(capsys, *words)
    assert code == 0 and "3 trials" in out and "chosen: trial" in out
    code, out, _ = call(capsys, *words, "--json")
    assert code == 0 and json.loads(out)["trials"]["all"] == 3


def command(parts: Path, lab: Path, trials: int, *more: str) -> list[str]:
    sets = [word for setting in LITTLE for word in ("--set", setting)]
    start = [sys.executable, "-c", "from assay.cli import main; main()", "tune", "--data", str(parts), "--goal", GOALS]
    return [*start, "--trials", str(trials), "--lab", str(lab), "--json", *sets, *more]


@pytest.mark.slow
def test_killed_and_repeated_loses_no_trial_and_repeats_none(parts: Path, tmp_path: Path) -> None:
    whole = search(parts, tmp_path / "whole", 30)
    lab = tmp_path / "killed"
    more = ("--on", "inline")
    for _ in range(4):
        process = subprocess.Popen(command(parts, lab, 30, *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        start, until = len(records(lab)), time.monotonic() + 60
        while len(records(lab)) < start + 4 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = records(lab)
    assert len(before) >= 8
    done = subprocess.run(command(parts, lab, 30, *more), capture_output=True, text=True, check=True)
    folder = Path(json.loads(done.stdout)["folder"])
    assert (folder / "trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()
    after = records(lab)
    assert {path: after[path] for path in before} == before


@pytest.mark.slow
@pytest.mark.parametrize("on", ["inline", "processes:2"])
def test_two_processes_share_one_search(parts: Path, tmp_path: Path, on: str) -> None:
    lab = tmp_path / "lab"
    call_ = command(parts, lab, 24, "--on", on)
    both = [subprocess.Popen(call_, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    outs = [process.communicate(timeout=400) for process in both]
    assert [process.returncode for process in both] == [0, 0], outs
    folders = {json.loads(out)["folder"] for out, _ in outs}
    assert len(folders) == 1
    rows = table(Path(folders.pop()))
    assert list(rows["trial"]) == list(range(24)) and set(rows["status"]) <= {"finished", "given up"}
    (log,) = lab.glob("tune/*/journal.log")
    journal = [json.loads(line) for line in log.read_text().splitlines()]
    by = {entry["user_attr"]["by"] for entry in journal if "by" in entry.get("user_attr", {})}
    assert len(by) == 2  # both had a part in it
    assert not list((lab / "checkpoints").iterdir())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_on_a_cluster_the_trials_are_the_same(parts: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install 'assay[ray]'")
    found = [search(parts, tmp_path / on, 8, on=on) for on in ("ray:2", "processes:2")]
    assert (found[0] / "trials.csv").read_bytes() == (found[1] / "trials.csv").read_bytes()
    sys.modules["ray"].shutdown()
