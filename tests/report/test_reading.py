from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.core.errors import BadInput
from assay.report.claims import cards
from assay.report.folder import Folder
from assay.report.numbers import Mean, decimals, mean_interval, with_interval
from assay.report.runs import remarkable, run_table
from assay.report.strip import strip
from assay.report.words import _CHROME


def test_names_that_look_like_numbers_or_like_nothing_stay_names(tmp_path: Path) -> None:
    (tmp_path / "classes.csv").write_text("name,moved\n007,0.5\nNA,\nnull,nan\n", encoding="utf-8")
    found = Folder(tmp_path).table("classes")
    assert found.name.tolist() == ["007", "NA", "null"]
    assert found.moved.isna().tolist() == [False, True, True]


def test_a_column_that_no_study_has_named_is_numbers_if_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,x\n2,3\n", encoding="utf-8")
    found = Folder(tmp_path).table("other")
    assert found.a.tolist() == [1.0, 2.0] and found.b.tolist() == ["x", "3"]


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(BadInput, match=r"asked to read .*runs\.csv"):
        Folder(tmp_path).table("runs")


def test_warnings_are_said_once_whoever_gives_them(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"data": {"warnings": ["a leak", "few samples"]}}))
    (tmp_path / "verdicts.json").write_text(json.dumps({"warnings": [{"en": "a leak", "ja": "漏れ"}]}))
    assert Folder(tmp_path).warnings == ["a leak", "few samples"]


def test_an_interval_of_a_mean_holds_it_and_shrinks_with_more_values() -> None:
    few, many = mean_interval([1.0, 2.0, 3.0]), mean_interval([1.0, 2.0, 3.0] * 10)
    assert few.low < many.low < 2.0 < many.high < few.high
    assert mean_interval([]).n == 0 and mean_interval([4.0]).mean == 4.0


def test_numbers_have_no_more_digits_than_their_interval_supports() -> None:
    for low, high in ((0.1, 0.9), (0.11, 0.12), (3.0, 400.0), (0.0312, 0.0317)):
        places = decimals(low, high)
        assert (high - low) >= 10.0**-places or places == 4
    assert with_interval(Mean(0.5, 0.5, 0.5, 3), 1) == ("0.5", "")
    assert with_interval(Mean(0.31, 0.21, 0.41, 9), 1000, "ja") == ("310", "210〜410")


def test_a_ratio_is_drawn_on_a_log_scale_around_its_threshold(images: Path) -> None:
    import re

    folder = Folder(images)
    claim = folder.study["claims"][0]["name"]
    drawn = str(strip(folder, {"claim": claim, "word": "undecided", "effect": 1.0, "interval": [0.5, 2.0]}))
    low, high = map(float, re.search(r'class="interval" x1="([\d.]+)" x2="([\d.]+)"', drawn).groups())
    middle = float(re.search(r'cx="([\d.]+)"', drawn)[1])
    assert middle == pytest.approx((low + high) / 2, abs=0.1)
    assert strip(folder, {"claim": claim, "effect": None, "interval": None}) == ""


def test_cards_say_how_sure_on_what_and_fall_back_to_undecided(images: Path) -> None:
    folder = Folder(images)
    first = cards(folder)[0]
    assert (
        first["sure"] == "12 pairs of twins, p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}.003 after correction for 5 claims"
    )
    folder.verdicts[0]["word"] = "proven"
    assert cards(folder)[0]["word"] == "undecided"


def test_claims_that_could_not_be_decided_count_in_no_correction_and_have_no_p(images: Path) -> None:
    folder = Folder(images)
    out = [claim["name"] for claim in folder.study["claims"][1:]]
    folder.study["lacking"] = {name: {"en": "Give more."} for name in out}
    assert cards(folder)[0]["sure"].endswith(".003")
    assert not any("p\N{NO-BREAK SPACE}" in card["sure"] for card in cards(folder)[1:])


def test_all_runs_are_in_the_table_with_the_best_and_the_strangest_marked(images: Path) -> None:
    folder = Folder(images)
    table = run_table(folder)
    assert len(table.rows) == len(folder.table("runs")) == 156
    runs = folder.table("runs")
    best = runs.run[runs.val_accuracy.idxmax()]
    assert remarkable(folder)[best] == "best on validation"
    assert sum(bool(row[0].note) for row in table.rows) in (3, 4)


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    for key, (english, japanese) in _CHROME.items():
        assert english and japanese, key
        assert english.count("{") == japanese.count("{"), key
