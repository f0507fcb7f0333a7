"""The page and the terminal on causes and the operating rule: what is said follows from the tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_study import write
from rich.console import Console

from assay.report.charts.families import causes
from assay.report.folder import Folder
from assay.report.notes import notes
from assay.report.page import html
from assay.report.terminal import terminal
from assay.studies.families.cause import effects
from assay.studies.families.patching import INTO


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fake study, in which what moved misjudges, with patches of which a half moves along at the last layer."""
    path = write(tmp_path_factory.mktemp("causes"))
    runs = pd.read_csv(path / "runs.csv", dtype={"run": str}, keep_default_na=False, na_values=[""])
    paired = runs[(runs.design == "paired") & (runs.stress != "none")]
    generator = np.random.default_rng(0)
    rows = [
        {
            **{"run": row.run, "condition": row.condition, "stress": row.stress, "seed": row.seed, "layer": layer},
            **{"direction": way, "answers": share + generator.normal(0, 0.02), "accuracy": 0.5, "moved": share},
            **{"change": -0.04 * sign, "change_moved": -0.02 * sign, "n": 256},
        }
        for row in paired.itertuples()
        for layer, share in (("act1", 0.1), ("act2", 0.5))
        for way, sign in zip(INTO, (1, -1), strict=True)
    ]
    pd.DataFrame(rows).to_csv(path / "patches.csv", index=False)
    return path


def test_each_table_is_named_as_what_it_is(folder: Path) -> None:
    seen = Folder(folder)
    tables = (causes.effects(seen), causes.patched(seen), causes.associated(seen))
    for table, name in zip(tables, ("randomised", "intervention on a trained network", "association"), strict=True):
        assert table is not None and name in table.caption
    page = html(seen)
    assert "An operating rule" in page and "effect of the stress (randomised)" in page


def test_effects_on_the_page_are_those_of_the_tables(folder: Path) -> None:
    seen = Folder(folder)
    table = causes.effects(seen)
    found = effects(seen.table("runs"), seen.study["conditions"]).set_index(["condition", "outcome"])
    stressed = [c for c in seen.conditions if c.stress in ("activation", "loss", "both")]
    assert table is not None and len(table.rows) == len(stressed)
    for condition, row in zip(stressed, table.rows, strict=True):
        assert row[0].text == condition.label
        assert row[1].order == pytest.approx(found.loc[(condition.name, "test_accuracy"), "effect"])


def test_what_moves_along_is_what_was_planted(folder: Path) -> None:
    table = causes.patched(Folder(folder))
    assert table is not None
    for row in table.rows:
        expected = {"act1": 0.1, "act2": 0.5}[row[0].text]
        assert float(row[2].order) == pytest.approx(expected, abs=0.03)  # type: ignore[arg-type]
        assert (row[4].text, row[5].text) == ("50", "4.0")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_rule_stands_on_the_page_and_in_the_terminal(folder: Path, lang: str) -> None:
    seen = Folder(folder, lang)
    (said,) = notes(seen)
    assert ("each in turn" if lang == "en" else "種類ずつ除いて") in said
    assert said in html(seen)
    console = Console(width=500, record=True)
    terminal(folder, console, lang)
    assert said in console.export_text()


def test_old_and_small_studies_still_have_a_page(tmp_path: Path) -> None:
    path = write(tmp_path)
    runs = pd.read_csv(path / "runs.csv", keep_default_na=False, na_values=[""])
    runs.drop(columns="movement").to_csv(path / "runs.csv", index=False)
    seen = Folder(path)
    assert notes(seen) == [] and causes.patched(seen) is None and causes.associated(seen) is None
    assert [section.name for section in causes.sections(seen)] == ["causes"]
    (path / "runs.csv").unlink()
    assert causes.sections(Folder(path)) == []
