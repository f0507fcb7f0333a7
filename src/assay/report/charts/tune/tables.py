"""The tables of a search's page: against the default, what was chosen, what matters, every trial, the words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from assay.report.blocks import Cell, Column, Table, Text
from assay.report.charts.tune.trials import Trials
from assay.report.folder import Folder
from assay.report.numbers import between, decimals, number, short
from assay.report.words import say_in


def compared(folder: Folder, found: dict[str, Any]) -> Table | None:
    """The chosen settings and the default on test, goal by goal."""
    if not found["comparison"]:
        return None
    say = say_in(folder.lang)
    words = {"better": say("● better", "● 改善"), "worse": say("◆ worse", "◆ 悪化"),
             "undecided": say("○ undecided", "○ 未判定")}  # fmt: skip
    rows = []
    for row in found["comparison"]:
        span, places = row["interval"], decimals(*row["interval"]) if row["interval"] else 3
        rows.append((
            Cell(row["figure"].removeprefix("test_")), Cell(short(row["chosen"]), row["chosen"]),
            Cell(short(row["default"]), row["default"]), Cell(number(row["effect"], places), row["effect"]),
            Cell(between(span[0], span[1], places, folder.lang) if span else ""), Cell(str(row["seeds"]), row["seeds"]),
            Cell(_by_seed(row, folder.lang), note=say("unsteady", "不安定") if row.get("unsteady") else ""),
            Cell(words[row["word"]]),
        ))  # fmt: skip
    columns = (
        Column(say("goal", "目標")), Column(say("chosen", "選択"), number=True),
        Column(say("default", "既定"), number=True), Column(say("difference", "差"), number=True),
        Column(say("95 % interval", "95 % 区間"), number=True), Column(say("seeds", "シード"), number=True),
        Column(say("from seed to seed, chosen; default", "シードごとの範囲、選択; 既定"), number=True),
        Column(say("in a word", "判定")),
    )  # fmt: skip
    return Table("compared", say("Chosen against default, on test", "選択と既定 (test)"), columns, tuple(rows))


def _by_seed(row: dict[str, Any], lang: str) -> str:
    """The range of both over seeds; searches from before this was kept have none."""
    each = row.get("by_seed")
    if not each or row["seeds"] < 2:
        return ""
    return "; ".join(between(min(v), max(v), 3, lang) for v in (each["chosen"], each["default"]))


def settings(folder: Folder, found: dict[str, Any]) -> Table | None:
    """Each setting as chosen, beside the default's."""
    if found["chosen"] is None:
        return None
    say, trials = say_in(folder.lang), folder.table("trials")
    first = trials[trials["start"] == "default"].head(1).to_dict("records")
    before = first[0] if first else {}
    rows = tuple(
        (Cell(name), Cell(_said(value)), Cell(_said(before[name]) if name in before else "–"))
        for name, value in found["chosen"]["values"].items()
    )
    columns = (Column(say("setting", "設定")), Column(say("chosen", "選択")), Column(say("default", "既定")))
    return Table("chosen", say("The settings", "設定"), columns, rows)


def importance(folder: Folder, found: dict[str, Any], goal: str) -> Table | Text | None:
    """How much each setting matters for a goal, or why that cannot be told."""
    say, each = say_in(folder.lang), found["importance"].get(goal)
    if not each:
        return None
    told = say(f"What matters for {goal}", f"{goal} に効く設定") + f": {each['text']}"
    if not each["shares"]:
        return Text(told)
    columns = (
        Column(say("setting", "設定")),
        Column(say("share of explained spread, %", "説明された変動の割合 %"), number=True),
    )
    rows = tuple((Cell(name), Cell(f"{100 * share:.0f}", share)) for name, share in each["shares"].items())
    return Table(f"importance-{goal}", told, columns, rows)


def trials(folder: Folder, trials: Trials) -> Table | None:
    """One row a trial, the chosen one marked, with the reason where it did not finish."""
    if trials.all.empty:
        return None
    say = say_in(folder.lang)
    marks = {
        "chosen": say("chosen", "選択"),
        "front": say("front", "フロント"),
        "bound": say("breaks a bound", "制約違反"),
    }
    figures = [name for name in _figures(folder) if name in trials.all]
    rows = []
    for row in trials.all.to_dict("records"):
        done = row["status"] == "finished"
        rows.append((
            Cell(f"{row['trial']:.0f}", row["trial"], note=marks.get(row["role"], "") if done else ""),
            Cell(str(row["status"]), note=str(row.get("reason") or "") if not done else ""),
            *(Cell(short(row[name]), row[name] if _known(row[name]) else None) for name in figures),
            *(Cell(_said(row[name])) for name in trials.axes), Cell(str(row["run"])),
        ))  # fmt: skip
    columns = (
        Column(say("trial", "試行"), number=True), Column(say("status", "状態")),
        *(Column(name, number=True) for name in figures), *(Column(name) for name in trials.axes), Column("run"),
    )  # fmt: skip
    caption = say("All trials, figures on val", "全試行 (val)")
    return Table("all-trials", caption, columns, tuple(rows), sortable=True)


def _figures(folder: Folder) -> list[str]:
    """Figures of goals and of constraints, in that order."""
    bounds = (text.partition("<=")[0].partition(">=")[0] for text in folder.study.get("constraints") or [])
    return list(dict.fromkeys([*(goal[1:] for goal in folder.study["goals"]), *bounds]))


def _known(value: Any) -> bool:
    return isinstance(value, int | float) and not pd.isna(value)


def _said(value: Any) -> str:
    return short(value) if isinstance(value, float) else str(value)


def terms(folder: Folder, found: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words of the page."""
    say = say_in(folder.lang)
    slack = short(found.get("slack") or 0.0)
    said = (
        (
            *("front", "フロント"),
            "Trials that no other trial beats on every goal (not dominated, Pareto front).",
            "全目標で上回る試行が他にない試行 (パレートフロント)。",
        ),
        (
            *("chosen", "選択"),
            f"Of the trials within {slack} of the best on the first goal, the one whose worst other goal is best. "
            "On val alone.",
            f"先頭の目標の最良値から {slack} 以内の試行のうち、他の目標で最も悪いものが最も良い試行。val のみで選ぶ。",
        ),
        (
            *("interval", "区間"),
            "95 %, for the difference on test: spread over seeds and over test items. With one seed it covers "
            "the items alone.",
            "test での差の 95 % 区間。シードと test 項目のばらつきを含む。シード一つの場合は項目のみ。",
        ),
        (
            *("share of explained spread", "説明された変動の割合"),
            "fANOVA: how much of what a random forest explains of a goal goes with a setting. Given where the forest "
            "predicts trials that it has not seen.",
            "fANOVA: ランダムフォレストが説明した変動のうち各設定による割合。未知の試行を予測できる場合のみ示す。",
        ),
        (
            *("given up", "打ち切り"),
            "Ended early, since at that share of training most finished trials had done better.",
            "学習の同じ時点で、完了した試行の大半より劣ったため途中で止めた。",
        ),
    )
    return tuple((say(english, japanese), (say(text, other),)) for english, japanese, text, other in said)
