"""What is kept under docs/evidence rebuilds to the verdicts that stand beside it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from assay.maths.statistics import paired_effect
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies import rebuild
from assay.studies.tune.rules import FOUND, check_rules

EVIDENCE = Path(__file__).parents[1] / "docs" / "evidence"
FOLDERS = sorted(path.parent for path in EVIDENCE.rglob("verdicts.json"))
SEARCHES = sorted(path.parent for path in EVIDENCE.rglob("trials.csv"))


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(EVIDENCE)))
def test_verdicts_are_rebuilt_from_the_rows(folder: Path, tmp_path: Path) -> None:
    kept = json.loads((folder / "verdicts.json").read_text())["verdicts"]
    rebuild(Path(shutil.copytree(folder, tmp_path / "copy")))
    found = json.loads((tmp_path / "copy" / "verdicts.json").read_text())["verdicts"]
    assert len(kept) == len(found) > 0
    for old, new in zip(kept, found, strict=True):
        assert (old["claim"], old["word"], old["direction"], old["n"]) == tuple(
            new[key] for key in ("claim", "word", "direction", "n")
        )
        assert new["effect"] == pytest.approx(old["effect"], rel=1e-6)
        assert new["interval"] == pytest.approx(old["interval"], rel=1e-6)
        assert new["p"] == pytest.approx(old["p"], rel=1e-6)


@pytest.mark.parametrize("folder", SEARCHES, ids=lambda folder: str(folder.relative_to(EVIDENCE)))
def test_a_search_has_its_page_and_its_figures_stand_in_the_readme(folder: Path) -> None:
    name, found = str(folder.relative_to(EVIDENCE)), json.loads((folder / "result.json").read_text())
    trials = pd.read_csv(folder / "trials.csv")
    assert found["chosen"]["trial"] == trials[trials.chosen].trial.item()
    assert f"Chosen: trial {found['chosen']['trial']}" in html(Folder(folder))
    readme = (EVIDENCE / "README.md").read_text()
    (row,) = re.findall(rf"^\| `{name}` \|.*\| (\d+) trials \|$", readme, flags=re.M)
    assert int(row) == len(trials)
    for each in found["comparison"]:
        low, high = each["interval"]
        assert f"{100 * each['effect']:.1f} ({100 * low:.1f} to {100 * high:.1f})".replace("-", "−") in readme


def test_what_is_said_of_rules_is_what_the_rows_say() -> None:
    rows = [pd.read_csv(EVIDENCE / "simplicity" / name / "runs.csv") for name in ("mnist", "bccd")]
    for checks in zip(*map(check_rules, rows), strict=True):
        for check in checks:
            low, high = check["interval"]
            assert f"({check['effect']:.2f}, {low:.2f} to {high:.2f})" in FOUND[check["rule"]]
            word = {"supported": "it held", "refuted": "the other way round", "undecided": "could not be told"}
            assert word[check["word"]] in FOUND[check["rule"]]
    assert set(FOUND) == {check["rule"] for check in check_rules(rows[0])}


@pytest.mark.parametrize("name", ["fashion_mnist", "deeppcb"])
def test_the_forecasts_weight_against_a_grid_is_what_the_rows_say(name: str) -> None:
    runs = pd.read_csv(EVIDENCE / "collapse" / name / "runs.csv")
    grid = [c for c in runs.condition.unique() if c in ("SupCon", "instances only") or c.endswith(" at 0.1")]
    cells = []
    for figure in ("fine_accuracy", "transfer_accuracy", "fine_shifted"):
        wide = 100 * runs.pivot_table(index="seed", columns="condition", values=figure)
        best = wide[grid].mean().idxmax()
        found = paired_effect((wide["forecast"] - wide[best]).to_numpy())
        by = f"{found.effect:+.1f} ({found.low:+.1f} to {found.high:+.1f})"
        cells.append(f"{by} against {best.removesuffix(' at 0.1')}")
    assert f"| `{name}` | {' | '.join(cells)} |" in (EVIDENCE / "README.md").read_text()
    assert len(grid) == 5


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(EVIDENCE)))
def test_the_readme_counts_the_runs(folder: Path) -> None:
    name = str(folder.relative_to(EVIDENCE))
    (row,) = re.findall(rf"^\| `{name}` \|.*\| (\d+) \|$", (EVIDENCE / "README.md").read_text(), flags=re.M)
    made = json.loads((folder / "provenance.json").read_text())  # models of reference have no row in runs.csv
    assert int(row) == made["runs_trained"] + made["runs_reused"] >= len(pd.read_csv(folder / "runs.csv"))


def test_there_is_evidence_and_it_is_rows_not_weights() -> None:
    assert FOLDERS
    assert not [path for path in EVIDENCE.rglob("*") if path.suffix in (".safetensors", ".npz", ".pt", ".html")]


def test_no_picture_of_the_data_is_kept() -> None:
    tables = [pd.read_csv(path, keep_default_na=False, nrows=1000) for path in EVIDENCE.rglob("*.csv")]
    pictured = [table for table in tables if "thumbnail" in table]
    assert pictured and all((table["thumbnail"] == "").all() for table in pictured)


def test_no_place_of_a_machine_is_kept() -> None:
    for path in EVIDENCE.rglob("*.json"):
        assert not re.search(r'[" ]/(?:\w+/)+', path.read_text(encoding="utf-8")), path
