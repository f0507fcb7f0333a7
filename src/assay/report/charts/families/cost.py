"""What measures cost, from the study's provenance: they differ from run to run and so are in none of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in

Cost = Mapping[str, Any]


def costs(folder: Folder, table: str) -> dict[str, Cost]:
    """By measure what was measured beside a table; nothing in studies from before that."""
    return {row["measure"]: row for row in (folder.provenance.get("costs") or {}).get(table, [])}


def cells(cost: Cost, of: str = "pairs") -> tuple[Cell, Cell]:
    """Milliseconds of processor time a pair or model (``of``), and megabytes at the peak of one."""
    count, held = cost.get(of) or 0, cost.get("megabytes")
    each = 1000 * cost["seconds"] / count if count else float("nan")
    return Cell(number(each, 2), each), Cell(number(held, 2), held)


def columns(folder: Folder, of: str = "pairs") -> tuple[Column, Column]:
    """The heads of `cells`."""
    say = say_in(folder.lang)
    each = say("ms a pair", "ミリ秒/対") if of == "pairs" else say("ms a model", "ミリ秒/モデル")
    return Column(each, number=True), Column("MB", number=True)


def priced(table: Table | None, folder: Folder, found: Mapping[str, Cost], of: str) -> Table | None:
    """The table with what each row's measure costs at its end; ``found``: by what the row's first cell is sorted by."""
    if table is None or not found:
        return table
    rows = tuple((*row, *cells(found.get(str(row[0].order), {}), of)) for row in table.rows)
    return replace(table, columns=(*table.columns, *columns(folder, of)), rows=rows)
