"""The table of controls: what could have produced the same picture, and what was done about it."""

from __future__ import annotations

from collections.abc import Sequence

from assay.report.blocks import Cell, Column, Table
from assay.report.folder import Folder
from assay.report.words import say_in

Row = tuple[str, str, str]


def control_table(folder: Folder, own: Sequence[Row]) -> Table | None:
    """The control, what it rules out, what was found: a study's own rows, then what holds for all runs."""
    say = say_in(folder.lang)
    rows = [*own, *_runs(folder)]
    if not rows:
        return None
    heads = (say("control", "対照"), say("what it rules out", "排除するもの"), say("found", "結果"))
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return Table("control-table", say("Controls", "対照"), tuple(map(Column, heads)), cells)


def _runs(folder: Folder) -> list[Row]:
    """What holds for all runs: none replaced, and no more asked of the seeds than they can say."""
    say, rows, runs = say_in(folder.lang), [], folder.table("runs")
    if len(runs) and "status" in runs:
        stopped = runs[runs.status != "finished"]
        names = {c.name: c.label for c in folder.conditions}
        where = ": " + ", ".join(names.get(n, n) for n in dict.fromkeys(stopped.condition)) if len(stopped) else ""
        rows.append(
            (
                say("Runs that stopped are counted, not replaced", "中断した学習は数え、置き換えない"),
                say("showing only what went well", "うまくいったものだけを示すこと"),
                say(
                    f"{len(stopped)} of {len(runs)} stopped{where}", f"{len(runs)} 件中 {len(stopped)} 件が中断{where}"
                ),
            )
        )
    smallest = (folder.study.get("plan") or {}).get("smallest_p") or {}
    values = [v for v in smallest.values() if isinstance(v, int | float)] if isinstance(smallest, dict) else []
    if values:
        rows.append(
            (
                say("The smallest p-value that this many seeds can reach", "このシード数で到達しうる最小の p 値"),
                say("asking more of the data than it can say", "データが答えられないことを問うこと"),
                f"{max(values):.1g}",
            )
        )
    return rows
