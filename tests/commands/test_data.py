"""`assay data` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from assay import cli
from assay.data import load_data

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


def test_json_is_one_object(capsys: pytest.CaptureFixture[str], parts: Path, tmp_path: Path) -> None:
    code, out, _ = call(capsys, "data", str(parts), "--lab", str(tmp_path), "--json")
    found = json.loads(out)
    assert code == 0 and found["findings"][0]["name"] == "leaks"
    keys = {"name", "severity", "figure", "interval", "n", "sentence", "next", "items"}
    assert all(keys <= set(finding) for finding in found["findings"])
    data, table = load_data(parts), pd.read_csv(found["weights"])
    assert (table.weight == 0).sum() == 5 and len(table) == len(data.train)


def folder_of_classes(root: Path) -> Path:
    """The class is a bright patch; one image is there twice, one is a chequered board."""
    draw, board = np.random.default_rng(1), 255 * (np.indices((8, 8)).sum(0) % 2)
    for label, name in enumerate(("dent", "ok")):
        (root / name).mkdir(parents=True)
        images = draw.integers(0, 160, (60, 8, 8))
        images[:, 2:5, 2:5] += 90 * label
        images[1] = images[0]
        images[2] = board if label else images[2]
        for number, image in enumerate(images.astype(np.uint8)):
            Image.fromarray(image).save(root / name / f"{number:03}.png")
    return root


def test_from_findings_to_training(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """assay data FOLDER, weights.csv, recipe.yaml, assay train."""
    lab, parts = str(tmp_path / "lab"), folder_of_classes(tmp_path / "parts")
    _, out, _ = call(capsys, "data", str(parts), "--lab", lab, "--json")
    found = json.loads(out)
    table = pd.read_csv(found["weights"])
    assert table.weight.isin([0.5, 1]).all() and (table.weight == 0.5).sum() in (2, 4)  # copies stay in one split
    assert table.augment.sum() in (0, 1) and (table.reason[table.weight == 0.5] == "one of 2 copies").all()
    mine = table.assign(weight=table.weight * (table["class"] != "ok"))  # the user's own: no item of one class counts
    mine.to_csv(found["weights"], index=False)
    small = ("--lab", lab, "--set", "model=mlp:8", "--set", "optimiser.lr=0.01", "--json")
    runs = [json.loads(call(capsys, "train", found["recipe"], *small)[1]) for _ in range(2)]
    assert runs[0]["run"] == runs[1]["run"] and runs[0]["status"] == "finished"
    assert runs[0]["val_accuracy"] == 0.5  # everything is "dent", half of val is
    table.to_csv(found["weights"], index=False)
    other = json.loads(call(capsys, "train", found["recipe"], *small)[1])
    assert other["run"] != runs[0]["run"] and other["val_accuracy"] > 0.8


def test_tables_and_production(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "data", "cells", "--production", "cells", "--lab", str(tmp_path), "--json")
    names = [finding["name"] for finding in json.loads(out)["findings"]]
    assert code == 0 and {"distance-production", "coverage-production"} <= set(names)


@pytest.mark.parametrize("asked", ["nothing_here", "no/such/folder"])
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, asked: str) -> None:
    code, out, err = call(capsys, "data", asked, "--lab", str(tmp_path))
    assert code == 2 and not out and len(err.strip().splitlines()) == 1 and "error:" in err
