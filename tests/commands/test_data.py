"""`assay data` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay import cli
from assay.data import load_data
from assay.train.strategies.weightings import Column

EVIL = "<script>alert(1)</script>"


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


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes that differ in one bright patch; five test images are in train too."""
    draw, place = np.random.default_rng(0), tmp_path_factory.mktemp("parts") / "parts.npz"
    arrays = {}
    for name, n in (("train", 160), ("val", 40), ("test", 60)):
        labels = np.arange(n) % 2
        images = draw.integers(0, 160, (n, 8, 8))
        images[labels == 1, 2:5, 2:5] += 90
        arrays |= {f"{name}_images": images.astype(np.uint8), f"{name}_labels": labels}
    arrays["test_images"][:5] = arrays["train_images"][0:10:2]
    arrays["test_labels"][:5] = 0
    np.savez(place, class_names=np.array(["ok", EVIL]), **arrays)
    return place


def test_the_worst_finding_comes_first(capsys: pytest.CaptureFixture[str], parts: Path, tmp_path: Path) -> None:
    lab = str(tmp_path / "lab")
    code, out, err = call(capsys, "data", str(parts), "--lab", lab)
    assert code == 0 and "LEAK" in err
    first = next(line for line in out.splitlines() if line.strip())
    assert first.startswith("problem") and "5 of 60 test images" in first.replace("\xa0", " ")
    assert "--regroup" in out and "weights.csv" in out
    page = next((tmp_path / "lab" / "studies").iterdir()) / "report.html"
    text = page.read_text()
    assert EVIL not in text and "&lt;script&gt;alert(1)" in text and "data:image/png;base64," in text
    code, again, _ = call(capsys, "report", str(page.parent))
    assert code == 0 and "Copies across splits" in again


def test_json_is_one_object_and_weights_can_be_used(
    capsys: pytest.CaptureFixture[str], parts: Path, tmp_path: Path
) -> None:
    code, out, _ = call(capsys, "data", str(parts), "--lab", str(tmp_path), "--json")
    found = json.loads(out)
    assert code == 0 and found["findings"][0]["name"] == "leaks"
    keys = {"name", "severity", "figure", "interval", "n", "sentence", "next", "items"}
    assert all(keys <= set(finding) for finding in found["findings"])
    data, table = load_data(parts), pd.read_csv(found["weights"])
    assert (table.weight == 0).sum() == 5 and len(table) == len(data.train)
    arrays = {f"{name}_images": split.images for name, split in data.splits.items()}
    arrays |= {f"{name}_labels": split.labels for name, split in data.splits.items()}
    np.savez(tmp_path / "weighted.npz", **arrays, train_weight=table.weight.to_numpy())
    again = load_data(tmp_path / "weighted.npz")
    assert (again.train.extra["weight"] == table.weight.to_numpy()).all() and Column(name="weight").name == "weight"


def test_tables_and_production(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "data", "cells", "--production", "cells", "--lab", str(tmp_path), "--json")
    names = [finding["name"] for finding in json.loads(out)["findings"]]
    assert code == 0 and {"distance-production", "coverage-production"} <= set(names)


@pytest.mark.parametrize("asked", ["nothing_here", "no/such/folder"])
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, asked: str) -> None:
    code, out, err = call(capsys, "data", asked, "--lab", str(tmp_path))
    assert code == 2 and not out and len(err.strip().splitlines()) == 1 and "error:" in err
