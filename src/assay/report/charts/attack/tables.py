"""The tables of an attack's page: attacks, classes, examples, checks, and what the words mean."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.families.samples import class_name
from assay.report.folder import Folder
from assay.report.numbers import number, short
from assay.report.words import say_in

ROWS = 500  # examples that the page lists; all are in examples.csv


def attacks(folder: Folder) -> Table | None:
    """The attacks in the order in which they ran, each on whom the ones before had left."""
    say, frame = say_in(folder.lang), folder.table("attacks")
    if frame.empty:
        return None
    columns = (
        Column(say("attack", "攻撃")),
        Column(say("broke", "破った数"), number=True),
        Column(say("left", "残り"), number=True),
        Column(say("accuracy after it, %", "その後の正解率 %"), number=True),
    )
    rows = tuple(
        (Cell(str(row["attack"])), _count(row["broke"]), _count(row["left"]), _share(row["accuracy"]))
        for row in frame.to_dict("records")
    )
    caption = say(
        "Attacks in their order; each is tried on those that the ones before had left",
        "攻撃の順。それぞれ、前の攻撃に耐えた例に対して行う",
    )
    return Table("attacks", caption, columns, rows)


def classes(folder: Folder) -> Table | None:
    """Every class with its figures."""
    say, frame = say_in(folder.lang), folder.table("classes")
    if frame.empty:
        return None
    titles = (say("examples", "例"), say("clean, %", "変更なし %"), say("robust, %", "頑健 %"))
    columns = (
        Column(say("class", "クラス")),
        *(Column(title, number=True) for title in titles),
        Column(say("95 % interval", "95 % 区間"), number=True),
        Column(say("most often becomes", "最も多い誤り")),
    )
    rows = tuple(
        (
            *(Cell(str(row["name"])), _count(row["n"]), _share(row["clean"]), _share(row["robust"])),
            Cell(f"{100 * row['low']:.0f} – {100 * row['high']:.0f}", row["low"]),
            Cell(str(row["turns_into"])),
        )
        for row in frame.sort_values("robust", kind="stable").to_dict("records")
    )
    folded = say(f"The numbers: {len(rows)} classes", f"数値: {len(rows)} クラス")
    return Table("classes", say("Figures by class", "クラスごとの数値"), columns, rows, folded=folded, sortable=True)


def examples(folder: Folder) -> Table | None:
    """What became of each example, nearest first; the file holds all."""
    say, frame = say_in(folder.lang), folder.table("examples")
    if frame.empty:
        return None
    names = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    broken = frame[frame.broken_by != ""].sort_values("distance", kind="stable")[:ROWS]
    if broken.empty:
        return None
    titles = ("example", "例"), ("label", "正解"), ("becomes", "予測"), ("broken by", "攻撃")
    columns = (
        *(Column(say(*title)) for title in titles),
        Column(say("distance", "距離"), number=True),
        Column(say("margin", "余裕"), number=True),
    )
    rows = tuple(
        (
            Cell(row["name"] or f"#{row['index']:.0f}", row["index"]),
            Cell(class_name(row["label"], names)),
            Cell(class_name(row["becomes"], names)),
            Cell(str(row["broken_by"])),
            Cell(short(row["distance"]), row["distance"]),
            Cell(number(row["margin"], 2), row["margin"]),
        )
        for row in broken.to_dict("records")
    )  # fmt: skip
    folded = say(f"The table: {len(rows)} broken examples", f"表: 破られた {len(rows)} 例")
    caption = say("Broken examples, nearest to their originals first", "破られた例 (元に近い順)")
    return Table("examples", caption, columns, rows, folded=folded, sortable=True)


def checks(folder: Folder) -> Table | None:
    """Each check: passed, its figure, and what it found."""
    say, frame = say_in(folder.lang), folder.table("checks")
    if frame.empty:
        return None
    words = {
        "yes": say("● passed", "● 合格"),
        "no": say("◆ failed", "◆ 不合格"),
        "not done": say("○ not done", "○ 実施せず"),
    }
    titles = say("check", "検査"), say("outcome", "結果"), say("figure", "数値"), say("what was found", "内容")
    columns = tuple(Column(title, number=i == 2) for i, title in enumerate(titles))
    rows = tuple(
        (
            Cell(str(row["check"])),
            Cell(words.get(str(row["passed"]), str(row["passed"]))),
            Cell(short(row["figure"]), row["figure"]),
            Cell(str(row["sentence"])),
        )
        for row in frame.to_dict("records")
    )
    caption = say("Signs of a figure that only looks robust", "見かけだけの頑健性の兆候")
    return Table("checks", caption, columns, rows)


def terms(folder: Folder, found: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words of the page."""
    say = say_in(folder.lang)
    said = (
        ("robust accuracy", "頑健正解率", "The share of examples that are right unperturbed and under every attack of "
         "the suite. An upper bound: a stronger attack may find more.",
         "変更なしでも、すべての攻撃下でも正解の割合。上限であり、より強い攻撃はさらに見つけうる。"),
        ("eps", "eps", "How far an input may be changed, in pixel values from 0 to 1: every value (Linf), the "
         "Euclidean length (L2), or the sum of all changes (L1).",
         "入力を変えてよい最大量 (画素値 0〜1)。各値 (Linf)、ユークリッド長 (L2)、変化の総和 (L1)。"),
        ("interval", "区間", "The 95 % Wilson interval: the examples are taken as a sample of inputs of this kind.",
         "95 % ウィルソン区間。例をこの種の入力の標本とみなす。"),
        ("level", "水準", "A: the standard suite on all examples, every check clean. B: a reduced suite or a part of "
         "the examples. C: weak attacks only. X: a check failed; do not use the figure.",
         "A: 標準の攻撃一式を全例に行い全検査合格。B: 攻撃か例を減らした。C: 弱い攻撃のみ。X: 検査不合格、使用不可。"),
        ("margin", "余裕", "The logit of the label minus the largest other, at the perturbed input; below zero: wrong.",
         "摂動後の入力における、正解のロジットと他の最大ロジットの差。負なら誤り。"),
    )  # fmt: skip
    suite = tuple(f"{each['name']}: " + ", ".join(_settings(each)) for each in found["suite"]["attacks"])
    plain = tuple((say(english, japanese), (say(text, other),)) for english, japanese, text, other in said)
    return (*plain, (say("the suite", "攻撃一式"), (*suite, *found["suite"]["notes"])))


def _settings(attack: dict[str, Any]) -> list[str]:
    return [f"{key} {value}" for key, value in attack.items() if key not in ("name", "kind", "norm", "eps")]


def _count(value: Any) -> Cell:
    return Cell(f"{value:.0f}", value)


def _share(value: float) -> Cell:
    return Cell(f"{100 * value:.1f}", value)
