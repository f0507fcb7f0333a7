from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from fake_study import write

from assay.core.errors import BadInput
from assay.report import render
from assay.report.folder import Folder
from assay.report.page import embedded, html

EVIL = "<script>alert(1)</script>"


def copied(source: Path, target: Path, *without: str) -> Path:
    shutil.copytree(source, target)
    for name in without:
        (target / name).unlink()
    return target


def page_data(page: str) -> dict:
    return json.loads(re.search(r'id="page-data">(.*?)</script>', page, re.S)[1])


def test_the_same_files_give_the_same_bytes_in_one_process_and_after_a_copy(
    images: Path, tmp_path: Path, page: str
) -> None:
    again = render(copied(images, tmp_path / "copy"))
    assert again.name == "report.html"
    assert again.read_text(encoding="utf-8") == page


def test_a_page_is_under_three_megabytes_and_reads_nothing_from_outside(page: str) -> None:
    assert len(page.encode()) < 3_000_000
    ours = page[: page.index('id="page-data"')]
    assert not re.search(r'(?:src|href)="(?!#|data:image/png;base64,)', ours)
    assert "@import" not in ours and "url(" not in ours
    assert "default-src 'none'" in ours


def test_every_verdict_stands_on_the_first_screen_with_its_interval_and_what_would_decide_it(page: str) -> None:
    first = page[page.index('class="verdicts"') : page.index('id="evidence"')]
    assert re.findall(r'<p class="word">.*?<span>(\w+)</span>', first, re.S) == [
        "Supported", "Supported", "Supported", "Undecided", "Refuted",
    ]  # fmt: skip
    assert "4.1 to 5.6" in first and "about 8 more seeds" in first
    assert first.count('<svg class="strip') == 5
    assert not re.search("[Α-Ωα-ω]", first)


def test_words_that_a_report_must_not_use_are_not_in_it(page: str) -> None:
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.S)
    assert "significan" not in text.lower()
    for leak in ("object at 0x", "built-in method", ">nan<", ">None<", "Undefined"):
        assert leak not in text


def test_every_chart_has_a_place_and_every_place_a_chart_and_a_text_made_from_its_data(page: str) -> None:
    places = re.findall(r'data-chart="([^"]+)"', page)
    charts = page_data(page)["charts"]
    assert sorted(places) == sorted(charts)
    assert len(places) == len(set(places)) >= 18
    for chart in charts.values():
        assert re.search(r"\d", chart["spec"]["description"])


def test_every_table_that_a_chart_names_is_in_the_page_and_no_other(page: str) -> None:
    data = page_data(page)
    named = set(re.findall(r'"(d[0-9a-f]{10})"', json.dumps(data["charts"])))
    assert named == set(data["datasets"])


def test_anchors_lead_somewhere_and_names_are_given_once(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page[: page.index('id="page-data"')])
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_japanese_page_speaks_japanese(images: Path, tmp_path: Path) -> None:
    page = render(copied(images, tmp_path / "ja"), "ja").read_text(encoding="utf-8")
    assert '<html lang="ja">' in page
    assert "学習中のストレスは偶然より大きくモデルを動かす" in page and "否定" in page
    assert "Before you read on" not in page and "The numbers behind it" not in page


def test_names_from_the_users_files_are_text_and_never_markup(tmp_path: Path) -> None:
    folder = write(tmp_path / "evil", seeds=3, classes=(EVIL, "ok'\"><img src=x>", "a", "b"))
    for name in ("study.json", "verdicts.json"):
        value = json.loads((folder / name).read_text(encoding="utf-8"))
        if name == "study.json":
            value["conditions"][1]["label"] = EVIL
            value["data"]["name"] = EVIL
            value["model"] = EVIL
            value["command"] = f"assay study families --data '{EVIL}'"
            value["metrics"][0]["summary"] = EVIL
        else:
            value["warnings"] = [EVIL]
            value["verdicts"][0]["sentence"] = EVIL
            value["verdicts"][0]["word"] = EVIL
            value["verdicts"][0]["claim"] = EVIL
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    samples = (folder / "samples.csv").read_text(encoding="utf-8").replace("lot-0/part-0000.png", EVIL)
    (folder / "samples.csv").write_text(samples, encoding="utf-8")
    page = html(Folder(folder))
    assert "alert(1)" in page  # it is there, as text
    assert EVIL not in page and "<img src=x" not in page
    assert page.count("<script") == page.count("</script>") == 3


def test_json_in_a_page_cannot_end_its_element() -> None:
    text = embedded({"a": "</script><!--", "b": "\u2028"})
    assert "<" not in text and "\u2028" not in text
    assert json.loads(text) == {"a": "</script><!--", "b": "\u2028"}


@pytest.mark.parametrize(
    "missing",
    [
        ("runs.csv",),
        ("pairs.csv", "moments.csv", "samples.csv", "provenance.json"),
        ("layers.csv", "curves.csv", "shifts.csv", "classes.csv", "verdicts.json"),
    ],
    ids="-".join,
)
def test_missing_files_leave_their_parts_out(table: Path, tmp_path: Path, missing: tuple[str, ...]) -> None:
    page = html(Folder(copied(table, tmp_path / "part", *missing)))
    assert "What the numbers mean" in page
    assert ('id="map"' in page) == (not {"runs.csv", "pairs.csv"} & set(missing))


@pytest.mark.parametrize("content", ["", "run,condition\n"])
def test_empty_tables_leave_their_parts_out(table: Path, tmp_path: Path, content: str) -> None:
    folder = copied(table, tmp_path / "empty")
    for path in folder.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"
        path.write_text(header if content else "", encoding="utf-8")
    page = html(Folder(folder))
    assert "missing or empty" in page and 'class="chart"' not in page


def test_a_study_without_pictures_of_its_own_still_has_its_verdicts_and_runs(images: Path, tmp_path: Path) -> None:
    folder = copied(images, tmp_path / "other")
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    (folder / "study.json").write_text(json.dumps({**study, "study": "unheard-of"}), encoding="utf-8")
    page = html(Folder(folder))
    assert 'class="verdict supported"' in page and 'id="all-runs"' in page and 'class="chart"' not in page


def test_tables_have_no_gallery_and_studies_without_a_good_class_count_errors(table: Path) -> None:
    page = html(Folder(table))
    assert 'class="gallery"' not in page and "False rejects: good" not in page
    assert "Errors" in page and 'id="samples"' in page


def test_an_unknown_language_and_a_folder_without_a_study_are_refused_with_a_way_out(
    images: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="asked for a report in 'fr'"):
        render(images, "fr")
    with pytest.raises(BadInput, match=r"study\.json"):
        render(tmp_path)
