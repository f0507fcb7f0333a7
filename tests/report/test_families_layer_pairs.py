"""The page on all pairs of layers says what the table says, in both languages; costs stand beside their measures."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from fake_study import LAYERS, write
from pages import keeps_promises, section

from assay.report.blocks import Cell, Column, Figure, Table
from assay.report.charts.families import cost
from assay.report.charts.families.layer_pairs import layer_pairs
from assay.report.folder import Folder
from assay.report.page import html

NEAR = {("act1", "act1"): 0.3, ("act1", "act2"): 0.6, ("act2", "act2"): 0.4}


def table(values: dict[tuple[str, str], float], procrustes: dict[tuple[str, str], float] | None = None) -> pd.DataFrame:
    """Two conditions, of which the second has twice as many pairs and lies 0.3 farther."""
    other = procrustes or values
    return pd.DataFrame(
        [
            {
                **{"condition": condition, "layer_a": a, "layer_b": b},
                **{"cka_distance": value + further, "procrustes_distance": other[a, b] + further},
                **{"error_cka_distance": 0.001, "error_procrustes_distance": 0.0625, "kept": 0.9991, "pairs": pairs},
            }
            for condition, further, pairs in (("none", 0.0, 5), ("fork@0.25", 0.3, 10))
            for (a, b), value in values.items()
        ]
    )


def seen(path: Path, frame: pd.DataFrame, lang: str = "en", **costs: object) -> Folder:
    write(path, seeds=6)
    frame.to_csv(path / "layer_pairs.csv", index=False)
    if costs:
        about = json.loads((path / "provenance.json").read_text())
        (path / "provenance.json").write_text(json.dumps({**about, "costs": costs}))
    return Folder(path, lang)


def blocks(folder: Folder) -> tuple[Figure, Table]:
    figure, numbers = layer_pairs(folder)
    assert isinstance(figure, Figure) and isinstance(numbers, Table)
    return figure, numbers


def test_the_figure_says_what_the_table_says(tmp_path: Path) -> None:
    figure, numbers = blocks(seen(tmp_path, table(NEAR)))
    assert figure.title == "Every layer is most like the corresponding layer of another model"
    assert len(figure.panels) == 2 and [panel.title for panel in figure.panels] == [
        "CKA distance",
        "Procrustes distance",
    ]
    assert "99.9 % of" in figure.caption and "Procrustes distance 0.062" in figure.caption
    assert "CKA distance: 0.55 and 0.80" in figure.alt  # 0.3 and 0.4, and 0.6; two thirds of pairs 0.3 farther
    assert [row[2].order for row in numbers.rows] == pytest.approx([0.5, 0.8, 0.6])
    assert [row[4].text for row in numbers.rows] == ["15"] * 3 and numbers.rows[0][3].note == "± 0.062"


def test_the_title_counts_layers_that_both_measures_find(tmp_path: Path) -> None:
    astray = {**NEAR, ("act2", "act2"): 0.9}
    title = blocks(seen(tmp_path / "one", table(NEAR, astray)))[0].title
    assert title == "1 of 2 layers are most like the corresponding layer of another model, under both measures"
    title = blocks(seen(tmp_path / "none", table({**astray, ("act1", "act1"): 0.9})))[0].title
    assert title.startswith("No layer is, under both measures")


def test_layers_that_are_called_by_numbers_keep_their_names(tmp_path: Path) -> None:
    frame = table(NEAR).replace({"act1": "1", "act2": "3"})
    folder = seen(tmp_path, frame)
    folder.study["layers"] = ["1", "3"]
    assert [row[0].text + row[1].text for row in blocks(folder)[1].rows] == ["11", "13", "33"]


def test_layers_without_a_pair_of_live_models_are_not_drawn(tmp_path: Path) -> None:
    frame = table(NEAR)
    frame.loc[(frame.layer_a == "act2"), ["cka_distance", "procrustes_distance", "kept"]] = None
    frame.loc[(frame.layer_a == "act2"), "pairs"] = 0
    assert layer_pairs(seen(tmp_path / "one", frame)) == []
    assert layer_pairs(Folder(write(tmp_path / "old", seeds=3))) == []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_it_stands_by_the_layers_on_a_page_that_keeps_its_promises(tmp_path: Path, lang: str) -> None:
    paid = [{"measure": name, "seconds": 2.0, "pairs": 1000} for name in ("cka_distance", "procrustes_distance")]
    page = html(seen(tmp_path, table(NEAR), lang, layer_pairs=paid))
    keeps_promises(page, 18)
    here = section(page, "by-layer")
    assert 'id="layer-pairs"' in here and LAYERS[0] in here and "2.00" in here
    assert ("どの層も" if lang == "ja" else "Every layer is most like") in here


def test_costs_are_told_a_row_and_nothing_where_none_are_known(tmp_path: Path) -> None:
    paid = [{"measure": "a", "seconds": 0.5, "models": 8, "megabytes": 1.5}]
    folder = seen(tmp_path, table(NEAR), runs=paid)
    plain = Table("t", "", (Column("x"),), ((Cell("A", "a"),), (Cell("B", "b"),)))
    found = cost.priced(plain, folder, cost.costs(folder, "runs"), "models")
    assert found is not None and [column.title for column in found.columns] == ["x", "ms a model", "MB"]
    assert [[cell.text for cell in row] for row in found.rows] == [["A", "62.50", "1.50"], ["B", "–", "–"]]
    assert cost.priced(plain, folder, cost.costs(folder, "measures"), "pairs") is plain
    assert cost.priced(None, folder, cost.costs(folder, "runs"), "models") is None
