"""`assay forecast` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assay import cli

PLAIN = ["--classes", "10", "--per-class", "50", "--alpha", "0.5", "--temperature", "0.1"]


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", "forecast", *words])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def parts(tmp_path: Path) -> str:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [20, 60, 120])
    splits = {}
    for name in ("train", "val", "test"):
        splits[f"{name}_images"] = random.integers(0, 255, (200, 6, 6), dtype=np.uint8)
        splits[f"{name}_labels"] = labels
    np.savez(tmp_path / "parts.npz", **splits)
    return str(tmp_path / "parts.npz")


def test_without_data(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, *PLAIN)
    assert code == 0
    for words in ("spread", "0.447", "0.01025", "0.4582", "X", "next: assay study collapse --data digits"):
        assert words in out


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, *PLAIN, "--json")
    found = json.loads(out)
    assert code == 0 and found["phase"] == "spread"
    assert found["within_variance"] == pytest.approx([0.4467246] * 10, abs=1e-6)
    assert found["between_variance"] == pytest.approx(1 - 0.4467246, abs=1e-6)
    assert found["alpha_c"] == pytest.approx(0.0102505, abs=1e-6) and found["alpha"] == 0.5
    assert found["temperature"] == 0.1 and found["classes"] == 10 and found["wanted_alpha"] is None
    assert "Classes stay spread" in found["sentence"] and "loss" in found and "tau_c" in found


def test_with_data_the_alpha_is_found(capsys: pytest.CaptureFixture[str], parts: str) -> None:
    options = ["--data", parts, "--batch", "40", "--temperature", "0.1", "--want-within", "0.3"]
    random = json.loads(call(capsys, *options, "--json")[1])
    assert np.mean(random["within_variance"]) == pytest.approx(0.3, abs=0.01)
    assert random["within_variance"][0] < random["within_variance"][2]
    assert random["wanted_alpha"] == pytest.approx(random["alpha"], abs=1e-3)
    even = json.loads(call(capsys, *options, "--balanced", "--json")[1])
    assert even["within_variance"] == pytest.approx([0.3] * 3, abs=0.01)
    least = json.loads(call(capsys, *options, "--of", "least", "--json")[1])
    assert min(least["within_variance"]) == pytest.approx(0.3, abs=0.01)


def test_charts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = call(capsys, *PLAIN, "--json", "--out", str(tmp_path / "curves.html"))
    assert code == 0 and json.loads(out) and "curves in" in err
    page = (tmp_path / "curves.html").read_text(encoding="utf-8")
    assert "variance between items" in page and '<script src="http' not in page and "src='http" not in page


@pytest.mark.parametrize(
    "words, expected",
    [
        (["--classes", "2", "--per-class", "2", "--alpha", "2"], "from 0 to 1"),
        (["--classes", "1", "--per-class", "3", "--alpha", "0.5"], "two or more"),
        (["--classes", "2", "--per-class", "0", "--alpha", "0.5"], "at least one"),
        (["--classes", "3"], "--want-within"),
        (["--alpha", "0.5"], "--per-class"),
        (["--classes", "3", "--per-class", "many", "--alpha", ".5"], "no whole numbers"),
        (["--classes", "3", "--per-class", "3,4", "--alpha", ".5"], "3 classes"),
        (["--classes", "3", "--per-class", "3", "--alpha", ".5", "--temperature", "0"], "above 0"),
        (["--classes", "3", "--per-class", "3", "--alpha", ".5", "--variant", "exkl"], "did you mean 'excl'"),
        (["--classes", "3", "--per-class", "3", "--want-within", ".2", "--of", "men"], "did you mean 'mean'"),
        (["--classes", "3", "--per-class", "3", "--want-within", "2"], "in that range"),
        (["--classes", "3", "--per-class", "3", "--alpha", ".5", "--balanced"], "--data"),
        (["--data", "digits", "--classes", "3", "--alpha", ".5"], "leave them"),
        (["--data", "digits", "--alpha", ".5", "--batch", "100000"], "at most as many"),
        (["--data", "digits", "--alpha", ".5", "--batch", "5", "--balanced"], "one of each"),
        ([*PLAIN, "--out", "nowhere/at/all.html"], "--out"),
    ],
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], expected: str) -> None:
    code, out, err = call(capsys, *words)
    assert code == 2 and out == ""
    assert expected in err and len(err.strip().splitlines()) == 1
