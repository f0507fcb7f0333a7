"""The page of the stream study: what is drawn and said follows from the tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from fake_stream import write
from pages import keeps_promises

from assay.report.charts.stream import along, tables
from assay.report.charts.stream.arms import arms
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies.stream.claims import CLAIMS
from assay.studies.stream.design import GENERALIST, NAMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("stream"))


def test_the_page_keeps_what_every_page_promises(folder: Path) -> None:
    page = html(Folder(folder))
    keeps_promises(page, 4)
    assert all(f'id="claim-{claim.name}"' in page for claim in CLAIMS)


def test_lines_end_at_the_means_of_the_table(folder: Path) -> None:
    figure = along.hero(Folder(folder), arms(Folder(folder)))
    assert figure is not None and len(figure.panels) == 4
    stream = pd.read_csv(folder / "stream.csv")
    last = stream[(stream.condition == GENERALIST) & (stream.chunk == 2)]
    shown = (("clean", 2), ("robust", 2), ("clean", 0), ("robust", 0))
    for said, (column, level) in zip(figure.alt.split("; "), shown, strict=True):
        mean = 100 * last[last.level == level][column].mean()
        assert f"generalist {mean:.1f}" in said


def test_every_arm_stands_in_both_tables(folder: Path) -> None:
    seen = Folder(folder)
    ended, costs = tables.ended(seen, arms(seen)), tables.costs(seen, arms(seen))
    assert ended is not None and costs is not None and len(ended.rows) == len(costs.rows) == len(NAMES)
    assert {row[-1].text for row in ended.rows} == {"10"}
    first = dict(zip(NAMES, ended.rows, strict=True))
    assert float(first["no update"][3].text) == 0  # what does not change forgets nothing


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_small_plans_and_missing_tables_give_a_page(tmp_path: Path, lang: str) -> None:
    folder = write(tmp_path, seeds=2, judged=0, masked=True)
    assert "claim-updating" in html(Folder(folder, lang))
    (folder / "stream.csv").unlink()
    assert "claim-updating" in html(Folder(folder, lang))
