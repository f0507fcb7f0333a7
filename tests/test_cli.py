"""The command line as a person meets it: what works, and one line for everything that does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assay import cli


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


def bad(tmp_path: Path) -> dict[str, tuple[list[str], str]]:
    """Commands that cannot work, each with words that its one line must hold."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "recipe.yaml").write_text("data: digits\nepoch: 3\n")
    (tmp_path / "seed.yaml").write_text("data: digits\nseed: -1\n")
    (tmp_path / "list.yaml").write_text("- 1\n")
    good = {"train_images": np.zeros((30, 4, 4), np.uint8), "train_labels": np.arange(30) % 2}
    np.savez(tmp_path / "keys.npz", a=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", **{**good, "train_labels": np.array([None] * 30)})
    np.savez(tmp_path / "one.npz", **{**good, "train_labels": np.zeros(30, int)})
    np.savez(tmp_path / "few.npz", train_images=good["train_images"][:4], train_labels=good["train_labels"][:4])
    np.savez(tmp_path / "nan.npz", **{**good, "train_images": np.full((30, 4, 4), np.nan, np.float32)})
    np.savez(tmp_path / "range.npz", **{**good, "train_labels": good["train_labels"] - 1})
    np.savez(tmp_path / "shape.npz", **{**good, "train_images": np.zeros((29, 4, 4), np.uint8)})
    folder = tmp_path / "corrupt"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for i in range(15):
            (folder / name / f"{i}.png").write_bytes(b"not a picture")
    study = ["study", "families", "--data"]
    return {
        "unknown study": (["study", "familes", "--data", "digits"], "did you mean 'families'"),
        "unknown data": ([*study, "digit"], "did you mean 'digits'"),
        "unknown model": ([*study, "digits", "--set", "model=cnm"], "did you mean 'cnn'"),
        "unknown list": (["list", "metric"], "did you mean 'metrics'"),
        "unknown preset": ([*study, "digits", "--preset", "smok"], "did you mean 'smoke'"),
        "unknown executor": ([*study, "digits", "--on", "process"], "did you mean 'processes'"),
        "unknown language": ([*study, "digits", "--lang", "jp"], "Known: en, ja"),
        "misspelt axis": ([*study, "digits", "--set", "grid.time=[0.5]"], "did you mean 'times'"),
        "misspelt key": (["train", str(tmp_path / "recipe.yaml")], "did you mean 'epochs'"),
        "negative seed": (["train", str(tmp_path / "seed.yaml")], "seed"),
        "no mapping": (["train", str(tmp_path / "list.yaml")], "data: digits"),
        "no recipe": (["train", str(tmp_path / "none.yaml")], "No such file"),
        "negative seeds": ([*study, "digits", "--seeds", "-3"], "at least 2"),
        "empty folder": ([*study, str(tmp_path / "empty")], "empty"),
        "one class": ([*study, str(tmp_path / "one.npz")], "1 class"),
        "too few images": ([*study, str(tmp_path / "few.npz")], "4"),
        "corrupt image": ([*study, str(folder)], "0.png"),
        "npz without keys": ([*study, str(tmp_path / "keys.npz")], "train_images"),
        "pickled npz": ([*study, str(tmp_path / "pickled.npz")], "pickle"),
        "wrong shapes": ([*study, str(tmp_path / "shape.npz")], "29"),
        "NaN pixels": ([*study, str(tmp_path / "nan.npz")], "NaN"),
        "labels out of range": ([*study, str(tmp_path / "range.npz")], "-1"),
        "lab is a file": ([*study, "digits", "--lab", str(tmp_path / "file")], "--lab"),
        "lab below a file": ([*study, "digits", "--lab", str(tmp_path / "file" / "lab")], "--lab"),
        "no study there": (["report", str(tmp_path / "empty")], "study.json"),
    }


@pytest.mark.parametrize("number", range(25))
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int) -> None:
    cases = bad(tmp_path)
    assert len(cases) == 25, "the parameter above counts the cases"
    name, (words, expected) = list(cases.items())[number]
    if "--lab" not in words and words[0] != "list" and words[0] != "report":
        words = [*words, "--lab", str(tmp_path / "lab")]
    code, out, err = call(capsys, *words)
    assert code == 2, (name, out, err)
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("error: "), (name, err)
    assert expected.lower() in lines[0].lower(), (name, lines[0])
    assert "Traceback" not in err and not out


@pytest.mark.parametrize(
    "what", ["metrics", "models", "data", "strategies", "interventions", "losses", "studies", "goals", "wishes"]
)
def test_lists(capsys: pytest.CaptureFixture[str], what: str) -> None:
    code, out, _ = call(capsys, "list", what, "--json")
    rows = json.loads(out)[what]
    assert code == 0 and rows and all(row["name"] for row in rows)
    assert call(capsys, "list", what)[0] == 0


def test_train_prints_what_it_found_and_does_it_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_text(
        "data: digits\nepochs: 2\nmodel: mlp:16\nstrategy: {kind: standard, loss: focal}\n"
    )
    words = ("train", str(tmp_path / "r.yaml"), "--lab", str(tmp_path / "lab"), "--set", "optimiser.lr=1e-2", "--json")
    code, out, _ = call(capsys, *words)
    found = json.loads(out)
    assert code == 0 and found["status"] == "finished" and 0 < found["val_accuracy"] <= 1
    record = Path(found["folder"]) / "record.json"
    before = record.stat().st_mtime_ns
    assert json.loads(call(capsys, *words)[1]) == found
    assert record.stat().st_mtime_ns == before


def test_a_dry_run_tells_cost_and_power_and_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "study", "families", "--data", "digits", "--dry-run", "--lab", str(tmp_path / "lab"))
    assert code == 0
    for words in ("runs: 312", "memory", "disk", "smallest p", "8 times of 10"):
        assert words in out
    assert not list((tmp_path / "lab").rglob("*.json"))


def test_a_dry_run_names_the_claims_that_arms_left_out_would_decide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = ("--data", "digits", "--dry-run", "--json", "--lab", str(tmp_path / "lab"))
    arms = ("--set", "grid.arms=[averaged,eps]", "--set", "grid.eps=[0.5]")
    code, out, _ = call(capsys, "study", "generalist", *lab, *arms)
    assert code == 0
    assert set(json.loads(out)["cannot_be_judged"]) == {
        *("tuned-trades", "post-hoc", "hand-back", "two-learners", "anchoring", "own-settings")
    }
    code, out, _ = call(
        capsys, "study", "overfitting", *lab, "--set", "grid.factors=false", "--set", "grid.sizes=[0.5]"
    )
    told = json.loads(out)
    assert code == 0
    assert set(told["cannot_be_judged"]) == {"natural-data", "not-perturbation", "perturbation-features"}
    assert "smallest p within reach, natural-data" not in " ".join(told["text"])
