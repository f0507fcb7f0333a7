"""The page of the simplicity study: every claim has its picture, and what is said follows from the tables."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_simplicity import ALONG, CLAIMS, TRUE, write
from pages import keeps_promises, section, with_table

from assay.report.blocks import Table
from assay.report.charts import scatter
from assay.report.charts.simplicity import contrasts, front, hero, learning, maps, relations, tables
from assay.report.charts.simplicity.grid import Grid, grid
from assay.report.folder import Folder
from assay.report.page import html
from assay.report.words import say_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("simplicity"), seeds=6)


@pytest.fixture(scope="module")
def simple(folder: Path) -> str:
    return html(Folder(folder))


def settings(folder: Path) -> Grid:
    found = grid(Folder(folder))
    assert found is not None
    return found


def test_every_claim_has_its_picture_first_and_then_its_numbers(simple: str) -> None:
    for name in CLAIMS:
        part = section(simple, f"claim-{name}")
        assert 0 < part.index('class="chart"') < part.index('class="fold"') < part.index('class="tested"')


def test_the_page_keeps_what_every_page_promises(simple: str) -> None:
    keeps_promises(simple, 30)


def test_the_first_screen_has_the_plane_and_the_advice_in_plain_words(simple: str) -> None:
    first = simple[simple.index('class="verdicts"') : simple.index('id="evidence"')]
    assert 'id="plane"' in first and "Worth taking instead" in first
    assert not re.search("[Α-Ωα-ω]", first) and "e-0" not in first


def test_a_japanese_page_speaks_japanese(folder: Path) -> None:
    page = html(Folder(folder, "ja"))
    first = page[page.index('class="verdicts"') : page.index('id="evidence"')]
    caption = re.search(r"<figcaption>(.*?)</figcaption>", first, re.S)[1]
    assert "代わりの候補は" in caption and not re.search(r"\b(the|models|settings)\b", caption)
    assert "seed by seed" not in page and "What the learning rate does" not in page


def test_settings_are_called_by_what_differs_from_the_base(folder: Path, tmp_path: Path) -> None:
    found = settings(folder)
    called = [s.label for s in found.settings]
    assert called[:8] == [
        *("base", "tanh", "sigmoid", "leaky ReLU", "2 layers", "3 layers"),
        *("learning rate 0.1", "learning rate 0.00001"),
    ]
    assert len(set(called)) == len(called) == 19
    assert len({found.hues[s.hue] for s in found.rows}) == 5  # four activations and the rate that is too high
    shutil.copytree(folder, tmp_path / "same")
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    study["conditions"].append({**study["conditions"][4], "name": "other", "widths": "64-64", "row": False})
    (tmp_path / "same" / "study.json").write_text(json.dumps(study), encoding="utf-8")
    twice = [s.label for s in settings(tmp_path / "same").settings if s.depth == 2 and s.activation == "relu"]
    assert twice == ["relu, 2 layers (128-128), learning rate 0.001"] * 2  # two of one short name: the full label


def test_the_front_is_what_no_other_setting_beats() -> None:
    draw = np.random.default_rng(0)
    found = pd.DataFrame({"x": draw.integers(0, 6, 40), "y": draw.integers(0, 6, 40)})
    kept = set(front.unbeaten(found).index)
    for i, a in found.iterrows():
        beaten = any(b.x <= a.x and b.y >= a.y and (b.x < a.x or b.y > a.y) for _, b in found.iterrows())
        assert (i in kept) == (not beaten)


def test_advice_is_the_steadiest_of_the_equally_accurate_and_does_not_look_at_test_data(folder: Path) -> None:
    found = settings(folder)
    names = {s.label: s.name for s in found.settings}
    accuracy = {"3 layers": 0.97, "tanh": 0.9695, "sigmoid": 0.95, "width 32": 0.9698}
    steady = {"3 layers": 5.0, "tanh": 2.0, "sigmoid": 0.1, "width 32": 3.0}

    def change(runs: pd.DataFrame) -> pd.DataFrame:
        label = runs.condition.map({name: label for label, name in names.items()})
        wobble = 0.002 * np.cos(2.0 * runs.seed + label.map(len))
        runs["val_accuracy"] = label.map(accuracy).fillna(0.9) + wobble
        runs["sensitivity"] = label.map(steady).fillna(9.0)
        return runs

    told = front.advice(with_table(folder, "runs", change), found)
    assert (told.best.label, told.take.label) == ("3 layers", "tanh")
    assert "reacts 0.4 times as strongly" in told.sentence
    other = front.advice(with_table(folder, "runs", lambda runs: change(runs).assign(test_accuracy=0.5)), found)
    assert other == told


def test_a_setting_that_wavers_is_not_taken_for_an_equal_one(folder: Path) -> None:
    found = settings(folder)

    def change(runs: pd.DataFrame) -> pd.DataFrame:
        runs = runs[runs.seed < 2].assign(val_accuracy=0.95, sensitivity=3.0)
        wild = runs.condition == found.rows[1].name
        runs.loc[wild, "val_accuracy"] = [0.2, 0.96]  # two seeds: an interval that holds everything
        runs.loc[wild, "sensitivity"] = 0.1
        return runs

    told = front.advice(with_table(folder, "runs", change), found)
    assert told.take.name != found.rows[1].name


def test_ratios_are_taken_within_a_seed(folder: Path) -> None:
    found = settings(folder)
    other = found.rows[1].name

    def change(runs: pd.DataFrame) -> pd.DataFrame:
        runs["complexity"] = 100.0 * (1 + runs.seed) * np.where(runs.condition == other, 1.05, 1.0)
        return runs[~((runs.condition == found.base.name) & (runs.seed == 3))]

    value = contrasts.ratios(with_table(folder, "runs", change), found, "complexity")
    part = value[value.condition == other]
    np.testing.assert_allclose(part.value, 1.05)
    assert 3 not in set(part.seed) and len(part) == 5


def test_the_seven_rows_are_seven_in_order_with_intervals_that_shares_allow(folder: Path) -> None:
    found = settings(folder)
    shown = [table for table in tables.seven_rows(Folder(folder), found) if isinstance(table, Table)]
    assert [len(table.rows) for table in shown] == [7, 7, 7]
    for table in shown:
        assert [row[0].text for row in table.rows] == [s.label for s in found.rows]
        assert all(cell.note for row in table.rows for cell in row[1:-1])
    heads = [column.title for table in shown for column in table.columns]
    for word in ("training loss", "zlib of probabilities, bytes", "zlib of logits, bytes", "flips, ‰"):
        assert word in heads
    assert sum("production" in head for head in heads) == 2
    ends = [float(end) for row in shown[2].rows for cell in row[1:-1] for end in cell.note.split(" to ")]
    assert min(ends) >= 0 and max(ends) <= 1000
    assert [row[-1].text for row in shown[0].rows] == ["6"] * 6 + ["5"]  # the stopped run is not counted


def test_complexities_stand_beside_those_of_answers_without_a_model(folder: Path, simple: str) -> None:
    table = tables.references(Folder(folder))
    assert [row[0].text for row in table.rows] == [
        *("always the same answer", "true labels", "shuffled labels", "random answers")
    ]
    true = [cell.order for cell in table.rows[1][1:]]
    assert true == [TRUE, ALONG, 0.61, 0.71] and [cell.text for cell in table.rows[1][1:]][1] == f"{ALONG:.0f}"
    part = section(simple, "seven")
    assert "… along the inputs, bits" in part and part.index("seven-function") < part.index("seven-references")


def test_tables_from_before_the_further_references_still_make_a_page(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "old")
    old = pd.read_csv(folder / "references.csv")[["answers", "complexity"]]
    old.to_csv(tmp_path / "old" / "references.csv", index=False)
    table = tables.references(Folder(tmp_path / "old"))
    assert [column.title for column in table.columns] == ["answers", "complexity, bits"] and len(table.rows) == 4
    assert "seven-references" in html(Folder(tmp_path / "old"))


def test_a_study_without_production_has_no_columns_for_it(tmp_path: Path) -> None:
    page = html(Folder(write(tmp_path / "none", seeds=3, ok=None, production=False)))
    assert "production" not in page[page.index('id="seven"') : page.index('id="maps"')]


def test_maps_hold_every_place_of_the_product_and_the_means_of_what_was_trained(folder: Path) -> None:
    found, seen, say = settings(folder), Folder(folder), say_in("en")
    means, places = maps._means(seen, "sensitivity")
    axes = maps._axes(say)
    cells = pd.DataFrame(maps._cells(found, axes, "t", ("activation", "depth"), "w", means, places))
    assert len(cells) == 12 and (cells.share >= 0).all() and cells.share.max() == 1 and cells.share.min() == 0
    deep = next(s for s in found.settings if s.label == "tanh, 3 layers")
    cell = cells[(cells.row == "tanh") & (cells.column == "3 layers")].iloc[0]
    runs = seen.table("runs")
    assert float(cell.text) == pytest.approx(runs[runs.condition == deep.name].sensitivity.mean(), abs=0.01)
    cross = pd.DataFrame(maps._cells(found, axes, "t", ("lr", "widths"), "w", means, places))
    assert len(cross) == 6 * 3 and (cross.share >= 0).sum() == 6 + 3 - 1
    assert list(dict.fromkeys(cross.column)) == ["32", "128", "512"]
    assert list(dict.fromkeys(cross.row)) == ["0.00001", "0.0001", "0.001", "0.01", "0.03", "0.1"]


def test_no_line_of_a_reference_crosses_the_name_of_another() -> None:
    at = [("a", 1.0), ("b", 9.0), ("c", 9.1), ("d", 2.0), ("outside", 20.0)]
    drawn = scatter.flags(at, scatter.Axis("", (0.0, 10.0)), 300)
    from assay.report.charts import kit

    lines = {}
    for layer in drawn:
        spec = layer.to_dict(validate=False)
        if spec["mark"]["type"] == "rule":
            table = kit.TABLES[spec["data"]["name"]]
            lines[table["name"]["words"][0]] = (table["x"][0], spec["encoding"]["y"]["value"])
    assert set(lines) == {"a", "b", "c", "d"}
    # Names on the left reach to the right, so what stands further right begins lower; on the right the other way.
    assert lines["a"][1] < lines["d"][1] and lines["c"][1] < lines["b"][1]


def test_zeros_have_a_place_on_a_log_axis(folder: Path) -> None:
    figure = hero.plane(Folder(folder), settings(folder))
    assert "at the foot" in figure.caption and len(figure.panels) == 2
    assert "always the same answer 8" in figure.alt and f"true labels {TRUE:.0f}" in figure.alt
    alive = with_table(folder, "runs", lambda runs: runs[runs.sensitivity > 0])
    assert "at the foot" not in hero.plane(alive, settings(folder)).caption


def test_learning_rates_are_those_of_the_base_alone(folder: Path) -> None:
    rates = [s.lr for s in learning.ladder(settings(folder))]
    assert rates == [1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 0.1]


def test_the_text_of_a_relation_is_the_rank_correlation_of_the_means(folder: Path) -> None:
    seen = Folder(folder)
    runs = seen.table("runs")
    runs = runs[runs.status == "finished"].assign(wrong=(runs.shift_false_reject + runs.shift_escape) / 2)
    means = runs.groupby("condition")[["sensitivity", "wrong"]].mean().rank()
    figure, table = relations.relation(seen, settings(folder), "sensitivity-and-alarms")
    assert f"rank correlation of {means.sensitivity.corr(means.wrong):.2f}" in figure.alt
    assert len(table.rows) == 19


@pytest.mark.parametrize("missing", ["runs.csv", "references.csv", "curves.csv", "shifts.csv", "verdicts.json"])
def test_missing_files_leave_their_parts_out(folder: Path, tmp_path: Path, missing: str) -> None:
    shutil.copytree(folder, tmp_path / "part")
    (tmp_path / "part" / missing).unlink()
    page = html(Folder(tmp_path / "part"))
    assert "What the numbers mean" in page and ('id="plane"' in page) == (missing != "runs.csv")


@pytest.mark.parametrize("content", ["", "header"])
def test_empty_tables_leave_their_parts_out(folder: Path, tmp_path: Path, content: str) -> None:
    shutil.copytree(folder, tmp_path / "empty")
    for path in (tmp_path / "empty").glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"
        path.write_text(header if content else "", encoding="utf-8")
    page = html(Folder(tmp_path / "empty"))
    assert 'class="chart"' not in page and "missing or empty" in page


def test_two_seeds_are_enough_for_a_page(tmp_path: Path) -> None:
    page = html(Folder(write(tmp_path / "few", seeds=2)))
    assert 'id="plane"' in page and ">nan<" not in page
