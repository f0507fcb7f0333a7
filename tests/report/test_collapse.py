"""The page of the collapse study: every claim has its picture, and what is said follows from the tables."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_collapse import CLAIMS, write
from pages import keeps_promises, section, with_study, with_table

from assay.report.blocks import Figure, Table
from assay.report.charts import paired
from assay.report.charts.arms import against, finished
from assay.report.charts.collapse import classes, compared, hero, maps, phase, relations, remedies, told
from assay.report.charts.collapse.arms import Arms, arms
from assay.report.charts.collapse.tables import measures
from assay.report.folder import Folder
from assay.report.page import html

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("collapse"), seeds=6)


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return html(Folder(folder))


def settings(folder: Path) -> Arms:
    found = arms(Folder(folder))
    assert found is not None
    return found


def test_every_claim_has_its_picture_first_and_then_its_numbers(page: str) -> None:
    for name in CLAIMS:
        part = section(page, f"claim-{name}")
        assert 0 < part.index('class="chart"') < part.index('class="fold"') < part.index('class="tested"')


def test_the_page_keeps_what_every_page_promises(page: str) -> None:
    keeps_promises(page, 30)


def test_the_first_screen_has_the_phase_diagram_in_plain_words(page: str) -> None:
    first = page[page.index('class="verdicts"') : page.index('id="evidence"')]
    assert 'id="phase"' in first and not re.search("[Α-Ωα-ω]", first)


def test_a_japanese_page_speaks_japanese(folder: Path) -> None:
    page = html(Folder(folder, "ja"))
    assert "崩壊したモデルと健全なモデル" in page and "seed by seed" not in page
    captions = re.findall(r"<figcaption>(.*?)<span", page, re.S)
    assert len(captions) > 12 and not any(re.search(r"\b(the|seeds|settings)\b", caption) for caption in captions)


def test_the_edge_of_collapse_lies_where_the_forecast_begins_to_rise() -> None:
    weights, heat = np.linspace(0, 1, 11), [0.1, 1.0]
    rows = [(a, t, max(0.0, a - 0.33 * t)) for a in weights for t in heat]
    line = phase.boundary(pd.DataFrame(rows, columns=["alpha", "temperature", "within"]))
    assert line.temperature.tolist() == heat
    np.testing.assert_allclose(line.alpha, [0.033, 0.33], atol=1e-9)  # linear beyond it, so it is found exactly
    raised = phase.boundary(pd.DataFrame(rows, columns=["alpha", "temperature", "within"]), [(0.05, 0.04)])
    np.testing.assert_allclose(raised.alpha, [0.04, 0.33], atol=1e-9)  # a colder exact edge is a bound from below


def test_words_on_the_phase_diagram_do_not_lie_on_one_another(folder: Path) -> None:
    marks = pd.DataFrame({
        "condition": ["SupCon", "a", "b"], "alpha": [0.5, 0.5001, 0.501], "temperature": [0.1, 0.1, 0.1],
        "written": ["SupCon 0.05", "0.08", "0.10"],
    })  # fmt: skip
    places = hero._places(marks, ((0.0, 1.0), (0.02, 2.0)))
    assert places[0] == "right"  # what is compared comes first
    shown = [place for place in places if place]
    assert len(shown) == len(set(shown)) >= 2


def test_the_diagram_says_what_was_foretold_and_measured(folder: Path) -> None:
    seen = Folder(folder)
    figure = hero.diagram(seen, settings(folder))
    assert figure is not None
    runs = seen.table("runs")
    for name, told_of in (("SupCon", 0.0), ("forecast", None)):
        arm = settings(folder).of(name)
        mean = runs[(runs.condition == name) & (runs.status == "finished")].within_train.mean()
        foretold = arm.foretold if told_of is None else told_of
        assert f"{arm.short} {mean:.2f} ({foretold:.2f})" in figure.alt


def test_a_diagram_needs_no_runs_and_no_diagram_is_drawn_without_a_forecast(folder: Path) -> None:
    bare = with_table(folder, "runs", lambda runs: runs.iloc[:0])
    figure = hero.diagram(bare, settings(folder))
    assert figure is not None and "Measured" not in figure.alt
    for found in ([], None, [[0.1, 0.2, 0.3]]):
        assert hero.diagram(with_study(folder, phase=found), settings(folder)) is None


def test_differences_are_taken_within_a_seed(folder: Path) -> None:
    def change(runs: pd.DataFrame) -> pd.DataFrame:
        gain = np.where(runs.condition == "forecast", 0.04, 0.0)
        runs["fine_accuracy"] = 0.5 + 0.05 * runs.seed + gain
        return runs[~((runs.condition == "SupCon") & (runs.seed == 3))]

    seen = with_table(folder, "runs", change)
    value = against(finished(seen, "fine_accuracy"), "fine_accuracy", "SupCon")
    part = value[value.condition == "forecast"]
    np.testing.assert_allclose(part.value, 0.04)
    assert 3 not in set(part.seed) and len(part) == 5 and "SupCon" not in set(value.condition)
    double = against(finished(seen, "fine_accuracy"), "fine_accuracy", "SupCon", ratio=True)
    np.testing.assert_allclose(double[double.condition == "forecast"].value, 1 + 0.04 / (0.5 + 0.05 * part.seed))
    measure = measures(seen)["fine_accuracy"]
    words = paired.difference_words(seen, "forecast", "fine_accuracy", measure, "SupCon")
    assert words.startswith("fine accuracy +4.00 points")


def test_the_text_of_a_relation_is_the_rank_correlation_of_the_means(folder: Path) -> None:
    seen, found = Folder(folder), settings(folder)
    runs = finished(seen, "predicted", "within_train", "fine_accuracy")
    ranks = runs.groupby("condition")[["predicted", "within_train", "train_loss", "fine_accuracy"]].mean().rank()
    figure, table = told.settings(seen, found)
    assert f"rank correlation of {ranks.predicted.corr(ranks.within_train):.2f}" in figure.alt
    assert isinstance(table, Table)
    figure, table = relations.loss(seen, found)
    assert f"rank correlation of {ranks.train_loss.corr(ranks.fine_accuracy):.2f}" in figure.alt
    assert len(table.rows) == len(ranks) == 17  # those that the theory speaks about, and of one formula


def test_classes_stand_in_the_order_of_their_size(folder: Path) -> None:
    figure, table = classes.rare(Folder(folder), settings(folder))
    assert [row[0].text for row in table.rows] == ["tops", "shoes", "bags"]
    counts = [float(row[1].order) for row in table.rows]
    assert counts == sorted(counts, reverse=True) and len(figure.panels) == 3
    chart = figure.panels[1].chart.to_dict(validate=False)
    assert chart["layer"][0]["encoding"]["y"]["scale"]["domain"][0] == f"tops · {counts[0]:.0f}"


def test_thumbnails_do_not_lie_on_one_another_and_a_page_carries_only_so_many(folder: Path) -> None:
    items = maps._items(Folder(folder))
    spans = maps._spans(items)
    zoom = maps.SIZE / (spans[0][1] - spans[0][0])
    for _, part in items.groupby("condition"):
        shown = maps._placed(part, spans)
        shown = shown[shown.drawn]
        assert 3 <= len(shown) < len(part)
        points = zoom * shown[["x", "y"]].to_numpy()
        apart = np.abs(points[:, None] - points[None]).max(axis=-1) + 1e9 * np.eye(len(points))
        assert apart.min() >= shown.wide.max()
    heavy = items.assign(drawn=items["index"] < 5, image=[f"{i}" * 200_000 for i in range(len(items))])
    kept = maps._carried(heavy)
    assert 0 < kept.image.str.len().sum() <= maps.WEIGHT and kept.drawn.any()
    assert (kept.image[~heavy.drawn] == "").all()  # what is drawn comes first


def test_maps_have_whole_zoom_equal_units_and_the_variance_of_their_run(folder: Path) -> None:
    figure = maps.maps(Folder(folder), settings(folder))
    assert [panel.title.partition(":")[0] for panel in figure.panels] == ["SupCon", "weight from the forecast"]
    assert len({panel.aspect for panel in figure.panels}) == 1
    images = [layer for panel in figure.panels for layer in panel.chart.to_dict(validate=False)["layer"]
              if layer["mark"]["type"] == "image"]  # fmt: skip
    assert images and all(layer["mark"]["width"] % 8 == layer["mark"]["height"] % 8 == 0 for layer in images)


def test_what_is_not_a_png_does_not_become_an_image(folder: Path) -> None:
    evil = with_table(folder, "pictures", lambda table: table.assign(thumbnail="PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+"))
    items = maps._items(evil)
    assert (items.image == "").all() and maps.maps(evil, settings(folder)) is not None


def test_remedies_stand_against_supcon_and_the_figure_has_none_of_the_controls(folder: Path) -> None:
    figure, table, costs = remedies.remedies(Folder(folder), settings(folder))
    assert isinstance(figure, Figure) and len(figure.panels) == 6 and costs is None  # nothing was counted
    names = [row[0].text for row in table.rows]
    assert "SupCon" not in names and {"spread term", "20% wrong labels", "weight from the forecast"} <= set(names)
    rows = figure.panels[0].chart.to_dict(validate=False)["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert "20% wrong labels" not in rows and "cross-entropy" in rows
    assert any("0.05" in row for row in rows) and not any("0.2" in row for row in rows)  # colder than SupCon's 0.1
    evened = figure.panels[4].chart.to_dict(validate=False)["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert len(evened) == 1 and "balanced" in evened[0]


def test_what_the_arms_cost_is_said_where_it_was_counted(folder: Path) -> None:
    seen = Folder(folder)
    for place, each in enumerate(seen.study["conditions"]):
        each |= {"epochs": 9, "passes": 1000 * (place + 1)}
    costs = remedies.remedies(seen, settings(folder))[2]
    assert costs is not None and [cell.text for cell in costs.rows[1][1:]] == ["9", "2.0"]


def test_nc1_never_stands_without_its_warning(page: str) -> None:
    part = section(page, "lie-section")
    assert part.index("NC1 does not detect") < part.index('id="nc1"')


@pytest.mark.parametrize(
    ("given", "gone", "there"),
    [
        (
            {"controls": False, "transfer": False},
            ("rare-classes", "noise-moves-seeds", "spread-transfers-seeds"),
            ("phase", "foretold-measured", "maps", "middle", "spread-knows-subclasses-strip"),
        ),
        (
            {"fine": False, "transfer": False, "kind": "table", "seeds": 2},
            ("middle", "loss", "spread-knows-subclasses-seeds"),
            ("phase", "maps", "remedies", "rare-classes", "nc1"),
        ),
    ],
)
def test_what_a_study_does_not_have_is_left_out(
    tmp_path: Path, given: dict[str, Any], gone: tuple[str, ...], there: tuple[str, ...]
) -> None:
    page = html(Folder(write(tmp_path / "part", **{"seeds": 3, **given})))
    assert [name for name in gone if f'id="{name}"' in page] == []
    assert [name for name in there if f'id="{name}"' not in page] == []
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.S)
    for leak in (">nan<", ">None<", " nan", "inf "):
        assert leak not in text, leak


def test_missing_tables_leave_their_parts_out(folder: Path) -> None:
    found, seen = settings(folder), Folder(folder)
    seen._tables.update({name: pd.DataFrame() for name in ("classes", "free", "pictures", "runs")})
    assert told.free(seen) == classes.rare(seen, found) == classes.classes(seen, found) == ()
    assert told.settings(seen, found) == relations.middle(seen, found) == relations.loss(seen, found) == ()
    assert maps.maps(seen, found) is None and compared.noise(seen, found) == (None, None)
    assert compared.claim(seen, found, "spread-transfers") == ()


def test_a_study_without_its_settings_keeps_what_needs_none(folder: Path) -> None:
    bare = with_study(folder, conditions=[], base_arm=None)
    assert arms(bare) is None and hero.diagram(bare, None) is not None and len(told.free(bare)) == 2
    assert remedies.remedies(bare, None) == relations.nc1(bare, None) == classes.classes(bare, None) == ()


@pytest.mark.parametrize("content", ["", "header"])
def test_empty_tables_leave_their_parts_out(folder: Path, tmp_path: Path, content: str) -> None:
    shutil.copytree(folder, tmp_path / "empty")
    for path in (tmp_path / "empty").glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"
        path.write_text(header if content else "", encoding="utf-8")
    page = html(Folder(tmp_path / "empty"))
    assert page.count('class="chart"') == 1 and "missing or empty" in page  # the forecast needs no runs


def test_a_study_in_which_every_run_stopped_still_has_a_page(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "lost")
    runs = pd.read_csv(tmp_path / "lost" / "runs.csv")
    runs.assign(status="stopped: the loss is not finite").to_csv(tmp_path / "lost" / "runs.csv", index=False)
    page = html(Folder(tmp_path / "lost"))
    assert 'id="phase"' in page and f"{len(runs)} of {len(runs)} stopped" in page


def test_names_from_the_users_files_are_text_and_never_markup(tmp_path: Path) -> None:
    folder = write(tmp_path / "evil", seeds=2, classes=(EVIL, "ok'\"><img src=x>", "b"))
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    study["conditions"][4]["label"] = study["transfer"] = study["fine"][0] = EVIL
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    page = html(Folder(folder))
    assert "alert(1)" in page and EVIL not in page and "<img src=x" not in page
    assert page.count("<script") == page.count("</script>") == 3
