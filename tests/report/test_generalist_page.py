"""The page of the generalist study: what is drawn and said follows from the tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_generalist import ARMS, MIXED, write
from pages import keeps_promises, section

from assay.report.charts.generalist import between, decisions, hard, learning, matched, plane, radii, tables, walk
from assay.report.charts.generalist.arms import arms
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies.generalist.claims import CLAIMS
from assay.studies.generalist.design import HERO, POST_HOC, STANDARD, floored

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("generalist"), classes=(EVIL, "shoes", "bags"))


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return html(Folder(folder))


def test_every_claim_has_its_picture(page: str) -> None:
    for claim in CLAIMS:
        part = section(page, f"claim-{claim.name}")
        assert 0 < part.index('class="chart"') < part.index('class="tested"')


def test_the_page_keeps_what_every_page_promises(page: str) -> None:
    keeps_promises(page, 1)
    assert EVIL not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_frontier_says_the_means_of_the_runs(folder: Path) -> None:
    seen = Folder(folder)
    figure = plane.hero(seen, arms(seen))
    assert figure is not None
    runs = pd.read_csv(folder / "runs.csv")
    for name in (HERO, STANDARD, POST_HOC):
        own = runs[runs.condition == name]
        label = arms(seen).of(name).label  # type: ignore[union-attr]
        said = figure.alt[figure.alt.index(label) + len(label) :].split("; ")[0]
        clean, robust = re.findall(r"(\d+\.\d) \(", said)
        assert (clean, robust) == (f"{100 * own.clean.mean():.1f}", f"{100 * own.robust.mean():.1f}")
    drawn = json.dumps(figure.panels[0].chart.to_dict(validate=False))
    assert "datum.step == at" in drawn and '"diamond"' in drawn


def test_rivals_on_the_slider_are_those_of_the_study(folder: Path) -> None:
    """At the generalist's own weight the rivals' means are those of the table that the study matched seed by seed."""
    seen = Folder(folder)
    found = arms(seen)
    assert found is not None
    steps = walk.steps(seen, found)
    assert [row["weight"] for row in steps] == [0.2, 0.4, 0.6, 0.8]
    own = next(row for row in steps if row["condition"] == HERO)
    table = pd.read_csv(folder / "matched.csv")
    for kind, part in table.groupby("family"):
        rival = own["rivals"][kind]
        assert rival is not None and rival.y == pytest.approx(100 * part.rival_robust.mean(), abs=1e-3)
    made = walk.table(seen, found, steps)
    assert [row[0].text for row in made.rows] == ["0.2", "0.4", "0.6", "0.8"]


def test_the_rival_lies_on_the_line_between_its_arms(folder: Path) -> None:
    """Two arms by hand: three quarters of the way in clean accuracy on val is three quarters in robust accuracy."""
    by = pd.DataFrame(
        {"clean": [0.8, 0.9], "robust": [0.6, 0.4], "val_clean": [0.8, 0.88], "val_robust": [0.61, 0.42]},
        index=["averaged", "eps x 0.5"],
    )
    rival = walk.rival(by, "adversarial", 0.86)
    assert rival is not None and rival.fair
    assert (rival.x, rival.y) == (pytest.approx(87.5), pytest.approx(45.0))
    above = walk.rival(by, "adversarial", 0.7)
    assert above is not None and not above.fair and above.y == pytest.approx(60.0)
    assert walk.rival(by, "trades", 0.8) is None


def test_the_matched_table_says_the_paired_difference(folder: Path) -> None:
    seen = Folder(folder)
    table = matched.table(seen, arms(seen))
    assert table is not None and len(table.rows) == 2
    frame = pd.read_csv(folder / "matched.csv")
    for row, (_, part) in zip(table.rows, frame.groupby("family", sort=False), strict=True):
        assert row[5].order == pytest.approx(100 * (part.hero_robust - part.rival_robust).mean(), abs=1e-3)
        assert row[-1].text == "10" and "of the way from" in row[0].text


def test_every_arm_stands_in_the_tables(folder: Path) -> None:
    seen = Folder(folder)
    found = arms(seen)
    shipped, costs, gains = (make(seen, found) for make in (tables.shipped, tables.costs, tables.differences))
    assert shipped is not None and costs is not None and gains is not None
    assert len(shipped.rows) == len(costs.rows) == len(ARMS) == len(gains.rows) + 1
    heads = [column.title for column in shipped.columns]
    trust, passes = heads.index("trust"), heads.index("passes, millions")
    assert {row[trust].text for row in shipped.rows} == {"B"} and {row[passes].text for row in shipped.rows} == {"1.40"}
    assert sum(row[0].note == "recommended by val" for row in shipped.rows) == 1
    operation = tables.operation(seen, found)
    runs = pd.read_csv(folder / "runs.csv")
    hero = runs[runs.condition == HERO].false_reject.mean()
    assert operation is not None and operation.rows[0][1].order == pytest.approx(hero, rel=1e-4)
    assert operation.rows[0][1].text == f"{1000 * hero:.0f}" and len(operation.columns) == 8  # six rates


def test_a_masked_arm_is_named_and_loses_its_hue(tmp_path: Path) -> None:
    seen = Folder(write(tmp_path, masked="trades"))
    found = arms(seen)
    arm = found.of("trades") if found else None
    assert arm is not None and arm.hue == "masked" and arm.label.endswith("(not to be believed)")
    shipped = tables.shipped(seen, found)
    assert shipped is not None
    said = {row[3].text.replace("\N{NO-BREAK SPACE}", " ") for row in shipped.rows if "believed" in row[0].text}
    assert said == {"B × 9, X × 1"}
    assert all("believed" not in row[0].text for row in shipped.rows if row[0].note)


def test_standard_training_far_below_is_a_line_and_else_a_point(folder: Path) -> None:
    points = pd.DataFrame({"condition": [STANDARD, "a", "b"], "y": [2.0, 55.0, 63.0]})
    assert plane._far(points) == {STANDARD}
    assert plane._far(points.assign(y=[50.0, 55.0, 63.0])) == set()
    drawn = plane.hero(Folder(folder), arms(Folder(folder)))
    assert drawn is not None
    text = json.dumps(drawn.panels[0].chart.to_dict(validate=False))
    spans = re.findall(r'"field": "y",.*?"domain": \[([\d.]+), ', text)
    assert len(spans) > 5 and all(float(low) > 20 for low in spans)


def test_classes_are_in_their_own_columns(folder: Path) -> None:
    figure = hard.classes(Folder(folder), arms(Folder(folder)))
    assert figure is not None and len(figure.panels) == 2
    # The first class is the worst by construction.
    assert f"Robust, % lowest: standard training, {EVIL}, 0" in figure.alt
    table = tables.worst(Folder(folder), arms(Folder(folder)))
    assert table is not None and len(table.rows) == len(ARMS)


def test_risks_within_arms_and_moments_have_mean_zero(folder: Path) -> None:
    """Chance moves all networks of a moment alike here: centred, the points lie on the diagonal."""
    from assay.report.charts import kit

    figure = learning.risks(Folder(folder), arms(Folder(folder)))
    assert figure is not None and figure.alt.startswith(f"{len(MIXED) * 10 * 2} points")
    spec = figure.panels[1].chart.to_dict(validate=False)
    name = spec["layer"][-1]["data"]["name"]
    x, y = (np.array(kit.TABLES[name][key]) for key in "xy")
    assert np.abs(x - y).max() < 1e-4 and abs(x.mean()) < 1e-4 and x.std() > 0.01


def test_pictures_say_every_answer(folder: Path) -> None:
    clean, attacked = decisions.pictures(Folder(folder))
    assert len(clean.items) == len(attacked.items) == 3 and clean.caption and not attacked.caption
    first, second, third = clean.items
    assert first["title"] == EVIL and first["becomes"] == "shoes" and second["becomes"] == ""
    assert [item["notes"][1] for item in (first, second, third)] == [
        "follows the adversarial learner",
        "follows the standard learner",
        "follows neither",
    ]


def test_paths_barriers_and_layers(folder: Path) -> None:
    seen = Folder(folder)
    found = arms(seen)
    path, table, layers = (make(seen, found) for make in (between.path, between.barriers, between.layers))
    assert path is not None and len(path.panels) == 3 and "clean 0.30 – 0.50" in path.alt
    assert table is not None and len(table.rows) == len(MIXED) + 1
    chosen = {row[0].text: row[3].text for row in table.rows}
    assert chosen.pop("interpolated afterwards") == "0.600" and set(chosen.values()) == {"–"}
    assert layers is not None and len(layers.panels) == 3


def test_radii_say_what_was_trained_for(folder: Path) -> None:
    figure = radii.figure(Folder(folder), arms(Folder(folder)))
    frame = pd.read_csv(folder / "radii.csv")
    there = frame[(frame.condition == HERO) & (frame.factor == 1)]
    assert figure is not None and "at radius 0.1" in figure.alt
    assert f"generalist (two learners mixed) {100 * there.robust.mean():.1f}" in figure.alt


def test_without_floors_there_is_no_slider(tmp_path: Path) -> None:
    names = tuple(name for name in ARMS if not name.startswith("floor"))
    seen = Folder(write(tmp_path, arms=names))
    figure = plane.hero(seen, arms(seen))
    assert figure is not None and figure.slide is None and "slider" not in figure.caption
    assert 'class="slide"' not in html(seen)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_small_plans_and_missing_tables_give_a_page(tmp_path: Path, lang: str) -> None:
    names = (HERO, "adversarial", floored(0.6), "averaged")
    folder = write(tmp_path, seeds=2, arms=names, judged=False)
    assert "claim-cleaner" in html(Folder(folder, lang))
    for name in ("path", "samples", "matched", "learners", "classes", "radii", "similarity", "decisions"):
        (folder / f"{name}.csv").unlink()
    assert "claim-cleaner" in html(Folder(folder, lang))
