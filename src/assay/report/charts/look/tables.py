"""The tables behind the pictures of a look."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.families.samples import class_name
from assay.report.charts.look.samples import outcome_name
from assay.report.folder import Folder
from assay.report.numbers import between, number, probability
from assay.report.words import say_in

LISTED = 400  # wrong items in the table; items.csv has all


def rates(folder: Folder, found: dict[str, Any]) -> Table:
    """Accuracy, false rejects and escapes of each set."""
    say = say_in(folder.lang)
    named = (("accuracy", "low", "high"), *((n, f"{n}_low", f"{n}_high") for n in ("false_reject", "escape")))
    rows = []
    for row in found["rates"]:
        cells = [Cell(str(row["set"])), Cell(f"{row['n']:,}", row["n"])]
        for name, low, high in named:
            span = "" if row[name] is None else between(100 * row[low], 100 * row[high], 1, folder.lang)
            cells.append(Cell("–" if row[name] is None else number(100 * row[name], 1), row[name], note=span))
        rows.append((*cells, Cell(f"{row['n_ok']:,} / {row['n_faulty']:,}")))
    columns = (
        Column(say("set", "セット")),
        Column(say("items", "件数"), number=True),
        Column(say("right, %", "正解 %"), number=True),
        Column(say("false rejects, %", "過検出 %"), number=True),
        Column(say("escapes, %", "見逃し %"), number=True),
        Column(say("ok / faulty", "良品 / 不良"), number=True),
    )
    return Table("rates", say("Rates with 95 % intervals", "率と 95 % 区間"), columns, tuple(rows))


def classes(folder: Folder, found: dict[str, Any]) -> Table | None:
    """The early-warning figure of each class with what it lost."""
    say = say_in(folder.lang)
    if not found["classes"]:
        return None
    rows = []
    for row in found["classes"]:
        span = "" if row["low"] is None else between(100 * row["low"], 100 * row["high"], 0, folder.lang)
        figures = (row["test"], row["before"], row["shifted"], row["production"])
        rows.append((
            Cell(row["name"]), Cell(str(row["n"]), row["n"]),
            Cell(number(100 * row["moved"], 0), row["moved"], note=span), Cell(row["nearest"]),
            *(Cell("–" if value is None else number(100 * value, 0), value) for value in figures),
        ))  # fmt: skip
    columns = (
        Column(say("class", "クラス")),
        Column(say("items shifted", "件数"), number=True),
        Column(say("moved, %", "移動 %"), number=True),
        Column(say("nearest class", "最寄りクラス")),
        Column(say("right on test, %", "テスト正解 %"), number=True),
        Column(say("of the shifted items, before", "対象の変化前 %"), number=True),
        Column(say("under the whole shifts", "変化後 %"), number=True),
        Column(say("on production", "製造 %"), number=True),
    )
    return Table("warning-table", say("Class by class", "クラスごと"), columns, tuple(rows), sortable=True)


def relations(folder: Folder, found: dict[str, Any]) -> Table:
    """How well movement foretold each loss."""
    say = say_in(folder.lang)
    what = {
        "shift": say("classes: loss under the whole shifts", "クラス: 変化全体での低下"),
        "shifts": say("shifts within a class: loss under the whole shift", "クラス内の変化: 変化全体での低下"),
        "production": say("classes: loss from test to production", "クラス: テストから製造への低下"),
    }
    words = {
        "supported": say("foretells", "予告する"), "refuted": say("does not foretell", "予告しない"),
        "undecided": say("not clear", "不明"), "too few": say("too few", "少なすぎる"),
        "no loss": say("all alike", "差なし"),
    }  # fmt: skip
    rows = tuple(
        (
            Cell(what[row["against"]]),
            Cell(str(row["n"]), row["n"]),
            Cell(number(row["effect"], 2), row["effect"]),
            Cell("" if row["low"] is None else between(row["low"], row["high"], 2, folder.lang)),
            Cell(probability(row["p"])),
            Cell(words[row["word"]]),
        )
        for row in found["relations"]
    )
    columns = (
        Column(say("movement under small shifts against", "小さな変化での移動と")),
        Column("n", number=True),
        Column(say("rank correlation", "順位相関"), number=True),
        Column(say("95 % interval", "95 % 区間"), number=True),
        Column(say("p, corrected", "p (補正済み)"), number=True),
        Column(say("in a word", "判定")),
    )
    return Table("relations", say("Movement against loss", "移動と低下"), columns, rows)


def layers(folder: Folder) -> Table | None:
    """All samples together at each layer: density, correlation, how far classes lie apart, what PCA shows."""
    say, table = say_in(folder.lang), folder.table("layers")
    if table.empty:
        return None
    rows = []
    for row in table[table.label < 0].to_dict("records"):
        figures = (number(row["density"], 1), number(row["correlation"], 2), number(row["apart"], 2))
        shares = 100 * (row["pca_1"] + row["pca_2"])
        rows.append((
            Cell(str(row["layer"])), Cell(str(row["kind"])), Cell(number(row["width"], 0)),
            *(Cell(text) for text in figures), Cell(number(shares, 0)),
        ))  # fmt: skip
    columns = (
        Column(say("layer", "層")),
        Column(say("kind", "種類")),
        Column(say("width", "幅"), number=True),
        Column(say("density", "密度"), number=True),
        Column(say("correlation", "相関"), number=True),
        Column(say("within less between classes", "クラス内 − クラス間"), number=True),
        Column(say("shown by PCA, %", "PCA の割合 %"), number=True),
    )
    return Table("layers-table", say("All samples, layer by layer", "全サンプル、層ごと"), columns, tuple(rows))


def wrong(folder: Folder) -> Table | None:
    """All items that went wrong, the surest first."""
    say, items = say_in(folder.lang), folder.table("items")
    items = items[items.outcome != "right"] if not items.empty else items
    if items.empty:
        return None
    names = [str(name) for name in folder.study["data"]["classes"]]
    shown = items.sort_values("confidence", ascending=False, kind="stable").head(LISTED)
    rows = tuple(
        (
            Cell(str(row["set"])),
            Cell(str(row["name"])),
            Cell(class_name(row["label"], names)),
            Cell(class_name(row["predicted"], names)),
            Cell(outcome_name(str(row["outcome"]), say)),
            Cell(number(row["confidence"], 3), row["confidence"]),
            Cell(class_name(row["among"], names)),
        )
        for row in shown.to_dict("records")
    )
    columns = (
        Column(say("set", "セット")),
        Column(say("item", "サンプル")),
        Column(say("class", "クラス")),
        Column(say("predicted", "予測")),
        Column(say("outcome", "結果")),
        Column(say("confidence", "確信度"), number=True),
        Column(say("lies among", "周囲のクラス")),
    )
    caption = say(f"{len(rows)} of {len(items)} wrong items", f"誤り {len(items)} 件のうち {len(rows)} 件")
    return Table("wrong", caption, columns, rows, folded=caption, sortable=True)
