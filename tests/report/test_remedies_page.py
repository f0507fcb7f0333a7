"""The page of the remedies study: every remedy has its picture, and what is said follows from the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_remedies import write
from pages import keeps_promises, section

from assay.report.charts.remedies import along, ranked, tables
from assay.report.charts.remedies.arms import arms
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies.remedies.design import EARLY, NAMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("remedies"))


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return html(Folder(folder))


def test_every_claim_has_its_picture(page: str) -> None:
    for name in NAMES:
        part = section(page, f"claim-{name.replace(' ', '-')}")
        assert 0 < part.index('class="chart"') < part.index('class="tested"')


def test_the_page_keeps_what_every_page_promises(page: str) -> None:
    keeps_promises(page, 1)


def test_the_ranking_is_said_in_order_and_by_the_verdicts_intervals(folder: Path) -> None:
    seen = Folder(folder)
    found = arms(seen)
    figure = ranked.hero(seen, found)
    assert figure is not None
    order = [figure.alt.index(name) for name in ("AWP, EMA and augmentation", "weights perturbed", "early stopping")]
    assert order == sorted(order)
    verdict = next(v for v in seen.verdicts if v["claim"] == "awp")
    low, high = (f"{100 * value:.1f}" for value in verdict["interval"])
    assert f"({low} to {high})" in figure.alt
    assert verdict["word"] == "supported"


def test_a_masked_arm_stands_last_and_is_named(tmp_path: Path) -> None:
    seen = Folder(write(tmp_path, masked="combination"))
    found, figure = arms(seen), ranked.hero(seen, arms(seen))
    assert found is not None and figure is not None
    assert figure.alt.rstrip(".").split("; ")[-1].startswith("AWP, EMA and augmentation (not to be believed)")
    table = tables.ranked(seen, found)
    assert table is not None and "(recommended)" in " ".join(row[0].text for row in table.rows)
    assert not any("believed" in row[0].text and "(recommended)" in row[0].text for row in table.rows)


def test_costs_are_told(folder: Path) -> None:
    seen = Folder(folder)
    table = tables.costs(seen, arms(seen))
    assert table is not None and len(table.rows) == len(NAMES) + 1
    assert {row[5].text for row in table.rows} == {"0.41"}


def test_early_stopping_shows_the_looks_that_were_shipped(folder: Path) -> None:
    seen = Folder(folder)
    figure = along.along(seen, arms(seen), EARLY)
    assert figure is not None and "rings" in figure.caption


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_small_plans_and_missing_tables_give_a_page(tmp_path: Path, lang: str) -> None:
    folder = write(tmp_path, seeds=2, names=("early stopping", "awp"), judged=0)
    assert "claim-awp" in html(Folder(folder, lang))
    (folder / "ranking.csv").unlink()
    (folder / "curves.csv").unlink()
    assert "claim-awp" in html(Folder(folder, lang))
