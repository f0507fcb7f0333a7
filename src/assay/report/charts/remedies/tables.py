"""The ranking and the costs as tables."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.measure import signed
from assay.report.charts.remedies.arms import Arms, ranking
from assay.report.folder import Folder
from assay.report.numbers import between, number
from assay.report.words import say_in


def ranked(folder: Folder, found: Arms | None) -> Table | None:
    """Every arm with what it gains, what it costs in clean accuracy, and the gap it closes."""
    table = ranking(folder, found) if found else None
    if found is None or table is None or table.empty:
        return None
    say = say_in(folder.lang)

    def points(row: Any, value: str, low: str, high: str) -> Cell:
        if row[value] != row[value]:
            return Cell("–", -1e9)
        return Cell(
            signed(number(100 * row[value], 1)),
            row[value],
            note=between(100 * row[low], 100 * row[high], 1, folder.lang),
        )

    rows = []
    for place, (_, row) in enumerate(table.iterrows()):
        chosen = say(" (recommended)", "（推奨）") if str(row.recommended) in ("True", "1.0") else ""
        rows.append(
            (
                Cell(row["full"] + chosen, place, hue=found.hues[row.hue]),
                Cell(number(100 * row.robust, 1), row.robust),
                points(row, "effect", "low", "high"),
                Cell(number(100 * row.clean, 1), row.clean),
                points(row, "clean_effect", "clean_low", "clean_high"),
                Cell(number(row.price, 2), row.price if row.price == row.price else 1e9),
                points(row, "gap_closed", "gap_low", "gap_high"),
                Cell(number(100 * row["drop"], 1), row["drop"]),
                Cell(number(row.n, 0), row.n),
            )
        )
    columns = (
        Column(say("remedy", "対策")),
        Column(say("robust, %", "頑健 %"), True, say("AutoAttack where it was run", "AutoAttack（実施時）")),
        Column(say("gain, points", "差 ポイント"), True, say("with the same seed", "同じシードでの差")),
        Column(say("clean, %", "通常 %"), True),
        Column(say("clean, points", "通常の差"), True),
        Column(
            say("price", "代償"),
            True,
            say("points of clean accuracy given up for one gained", "1 ポイントの効果あたりに失う通常の正解率"),
        ),
        Column(say("gap closed, points", "縮まった特徴の差"), True),
        Column(say("loss after the best look", "最良時からの低下"), True),
        Column("n", True, say("finished runs", "完了した学習")),
    )
    caption = say("All remedies: means over seeds and intervals", "すべての対策: シードの平均と区間")
    return Table("ranking-table", caption, columns, tuple(rows), sortable=True)


def costs(folder: Folder, found: Arms | None) -> Table | None:
    """What each arm costs: passes of examples through networks, epochs, images."""
    table = ranking(folder, found) if found else None
    if found is None or table is None or table.empty or "passes" not in table:
        return None
    say = say_in(folder.lang)
    rows = tuple(
        (
            Cell(row["full"], place, hue=found.hues[row.hue]),
            Cell(number(row.images, 0), row.images),
            Cell(number(row.epochs, 0), row.epochs),
            Cell(number(row.passes_forward, 2), row.passes_forward),
            Cell(number(row.passes_backward, 2), row.passes_backward),
            Cell(number(row.passes / 1e6, 2), row.passes),
            Cell(number(row.passes_teachers / 1e6, 2), row.passes_teachers),
        )
        for place, (_, row) in enumerate(table.iterrows())
    )
    each = say("passes an example of a step, mean over training", "1 例 1 ステップあたり、学習全体の平均")
    columns = (
        Column(say("remedy", "対策")),
        Column(say("images", "画像数"), True),
        Column(say("epochs", "エポック"), True),
        Column(say("forward", "順伝播"), True, each),
        Column(say("backward", "逆伝播"), True, each),
        Column(say("passes a run, millions", "1 学習あたり (百万回)"), True, say("teachers included", "教師を含む")),
        Column(say("of which teachers", "うち教師"), True),
    )
    caption = say(
        "Equal cost: passes of examples, forward and backward, in all of training",
        "等しい手間: 学習全体での順・逆伝播の回数",
    )
    return Table("costs", caption, columns, rows, sortable=True)
