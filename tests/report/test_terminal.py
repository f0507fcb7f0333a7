from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

from rich.console import Console

from assay.report import terminal
from assay.report.folder import Folder
from assay.report.terminal import next_command


def printed(folder: Path, lang: str = "en", width: int = 70) -> str:
    stream = io.StringIO()
    terminal(folder, Console(file=stream, width=width), lang)
    return stream.getvalue()


def changed(source: Path, target: Path, name: str, **changes: object) -> Path:
    shutil.copytree(source, target)
    value = json.loads((target / name).read_text(encoding="utf-8"))
    (target / name).write_text(json.dumps(value | changes), encoding="utf-8")
    return target


def test_the_cards_are_there_as_text_with_a_shape_for_each_word(images: Path) -> None:
    text = printed(images)
    assert text.count("● Supported") == 3 and text.count("◆ Refuted") == 1 and text.count("○ Undecided") == 1
    assert "4.1 to 5.6" in text and "! 1 of 312 runs stopped" in text
    assert "● 支持" in printed(images, "ja")


def test_paths_and_commands_are_not_broken_over_lines(images: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 20)
    shutil.copytree(images, folder)
    (folder / "report.html").write_text("")
    text = printed(folder, width=40)
    assert f"Report: {folder / 'report.html'}" in text
    assert "  assay study families --data parts --seeds 14\n" in text


def test_markup_of_rich_in_names_is_text(images: Path, tmp_path: Path) -> None:
    folder = changed(images, tmp_path / "rich", "study.json", question="[bold]odd[/bold] [link=x]y")
    assert "[bold]odd[/bold] [link=x]y" in printed(folder)


def test_the_next_command_follows_what_is_open(images: Path, tmp_path: Path) -> None:
    verdicts = json.loads((images / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    assert next_command(Folder(images)) == "assay study families --data parts --seeds 14"
    verdicts[3]["next"] = {"en": "More conditions (--set grid.times=[0.1,0.5]) would.", "ja": ""}
    folder = changed(images, tmp_path / "set", "verdicts.json", verdicts=verdicts)
    assert next_command(Folder(folder)) == "assay study families --data parts --set 'grid.times=[0.1,0.5]'"
    verdicts[3]["next"] = {"en": "Train them: without --preset pilot, or --set 'grid.factors=true'.", "ja": ""}
    folder = changed(images, tmp_path / "without", "verdicts.json", verdicts=verdicts)
    assert next_command(Folder(folder)) == "assay study families --data parts --set 'grid.factors=true'"
    verdicts[3]["next"] = {"en": "Learn from more (--set 'biases=[{kind: fewer, images: 9}]').", "ja": ""}
    folder = changed(images, tmp_path / "quoted", "verdicts.json", verdicts=verdicts)
    assert next_command(Folder(folder)).endswith(" --set 'biases=[{kind: fewer, images: 9}]'")
    verdicts[3]["next"] = {"en": "Give one: --set grid.transfer=NAME.", "ja": ""}  # nothing that can be run as it is
    folder = changed(images, tmp_path / "name", "verdicts.json", verdicts=verdicts)
    assert next_command(Folder(folder)) == "assay study families --data parts --production FOLDER"
    decided = [verdict | {"word": "refuted"} for verdict in verdicts]
    folder = changed(images, tmp_path / "decided", "verdicts.json", verdicts=decided)
    assert next_command(Folder(folder)) == "assay study families --data parts --production FOLDER"


def test_a_study_without_verdicts_says_so(images: Path, tmp_path: Path) -> None:
    folder = changed(images, tmp_path / "none", "verdicts.json", verdicts=[])
    assert "No verdicts were written yet." in printed(folder)
