"""The page of a search: what is drawn and said follows from its trials and its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fake_tune import DANGER, LEARNED, write
from pages import keeps_promises, page_data, section

from assay.core.files import read_json
from assay.report.charts.tune import figures, tables
from assay.report.charts.tune.cards import cards
from assay.report.charts.tune.trials import Trials
from assay.report.folder import Folder
from assay.report.page import html


def seen(folder: Path) -> tuple[Folder, dict[str, Any], Trials]:
    there, found = Folder(folder), read_json(folder / "result.json")
    return there, found, Trials.of(there, found)


def changed(folder: Path, **changes: Any) -> Path:
    path = folder / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return folder


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("told", [True, False])
def test_the_page_keeps_what_every_page_promises(tmp_path: Path, lang: str, told: bool) -> None:
    page = html(Folder(write(tmp_path, told=told), lang))
    keeps_promises(page, 7)  # the front; by goal its way and two settings
    assert DANGER not in page.replace(page[page.index('id="page-data"') :], "")
    assert 'id="claim-+val_accuracy"' not in page and 'id="claim--val_accuracy"' in page  # as links write it


def test_a_search_for_one_goal_shows_its_way_first(tmp_path: Path) -> None:
    page = html(Folder(write(tmp_path, goals="val_accuracy")))
    keeps_promises(page, 3)
    assert page.index('id="along-val_accuracy"') < page.index('id="claim-chosen"')
    assert page.count('id="along-val_accuracy"') == 1


def test_cards_say_what_was_chosen_and_whether_it_beats_the_default(tmp_path: Path) -> None:
    there, found, _ = seen(write(tmp_path))
    chosen, right, flips = cards(there, found)
    assert chosen["text"] == "Chosen: trial 2" and "val_accuracy 0.95" in chosen["sentence"]
    assert (right["word"], flips["word"]) == ("supported", "undecided")
    assert right["sentence"] == "On test 0.94 against 0.81: 0.13 (0.10 to 0.16)." and "5 seeds" in right["sure"]
    one = [{**row, "seeds": 1, "interval": None} for row in found["comparison"]]
    assert "luck of training" in cards(there, found | {"comparison": one})[1]["sure"]
    worse = [{**row, "word": "worse"} for row in found["comparison"]]
    assert cards(there, found | {"comparison": worse})[1]["word"] == "refuted"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chosen": None, "comparison": []}, "No trial finished"),
        ({"satisfied": False}, "No trial keeps every bound"),
    ],
)
def test_what_did_not_come_off_is_said_first(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    folder = changed(write(tmp_path), **changes)
    there, found, _ = seen(folder)
    assert cards(there, found)[0]["text"] == said and cards(there, found)[0]["word"] == "refuted"
    keeps_promises(html(there), 3)


def test_settings_chosen_for_one_good_run_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert "unsteady" not in html(Folder(folder))  # as of searches from before this was kept
    first, second = read_json(folder / "result.json")["comparison"]
    by_seed = {"chosen": [0.95, 0.17], "default": [0.93, 0.91]}
    shown = html(Folder(changed(folder, comparison=[{**first, "by_seed": by_seed, "unsteady": True}, second])))
    assert "It is unsteady from seed to seed (0.17 to 0.95; the default" in shown
    assert "0.170 to 0.950; 0.910 to 0.930" in shown


def test_where_the_default_is_best_it_stays(tmp_path: Path) -> None:
    there, found, _ = seen(write(tmp_path))
    kept = found | {"chosen": found["chosen"] | {"is_default": True}, "comparison": []}
    assert [card["text"] for card in cards(there, kept)] == ["The default stays"]
    assert tables.compared(there, kept) is None


def test_a_search_in_which_nothing_finished_has_a_page(tmp_path: Path) -> None:
    folder = changed(write(tmp_path), chosen=None, comparison=[], importance={})
    table = pd.read_csv(folder / "trials.csv").assign(status="given up", val_accuracy=None, flip_rate=None)
    table.to_csv(folder / "trials.csv", index=False)
    page = html(Folder(folder))
    keeps_promises(page, 0)
    assert "No trial finished" in page and page.count("given up") > 10


def test_the_best_so_far_keeps_every_bound(tmp_path: Path) -> None:
    there, found, trials = seen(write(tmp_path))
    figure = figures.along(there, found, trials, "val_accuracy")
    assert figure is not None and figure.alt == "10 finished trials; best 0.95."
    flips = figures.along(there, found, trials, "flip_rate")
    lowest = min(0.02 + 0.1 * right**4 for right in LEARNED if right > 0.5)  # the trial below .5 breaks the bound
    assert flips is not None and flips.alt == f"10 finished trials; best {lowest:.4g}."
    assert "Outside of what is drawn: 1 trials" in figure.caption


def test_every_trial_is_in_the_table_with_its_reason(tmp_path: Path) -> None:
    there, _, trials = seen(write(tmp_path))
    table = tables.trials(there, trials)
    assert table is not None and len(table.rows) == 12
    assert [row[0].note for row in table.rows][:5] == ["front", "", "chosen", "", "breaks a bound"]
    assert table.rows[11][1].note == "diverged" and table.rows[11][2].text == "–"


def test_settings_are_shown_by_their_weight_where_it_is_known(tmp_path: Path) -> None:
    there, found, trials = seen(write(tmp_path))
    shown = figures.slices(there, found, trials, "val_accuracy")
    assert shown is not None and [panel.title for panel in shown.panels] == ["lr", "activation"]
    found["importance"]["val_accuracy"]["shares"] = {"activation": 0.8, "lr": 0.2}
    shown = figures.slices(there, found, trials, "val_accuracy")
    assert shown is not None and [panel.title for panel in shown.panels] == ["activation", "lr"]
    page = html(there)
    assert "90" in section(page, "claim--val_accuracy") and page_data(page)["charts"]["slices-val_accuracy-1"]
