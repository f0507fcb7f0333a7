"""Tables of settings: means with intervals over seeds, and differences to another setting seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.arms import Arm, Arms, against, finished
from assay.report.charts.measure import Measure, signed
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, number
from assay.report.words import say_in

Measures = Mapping[str, Measure]


def means_table(
    folder: Folder, found: Arms[Any], name: str, settings: Sequence[Arm], measures: Measures, caption: str = ""
) -> Table | None:
    """Mean and interval over seeds of some columns for some settings; folded unless it has a caption."""

    def cell(part: Frame, column: str) -> Mean:
        return measures[column].inside(mean_interval(part[column], folder.level))

    say = say_in(folder.lang)
    folded = "" if caption else say("The numbers behind it: {} settings", "元の数値: {} 設定")
    caption = caption or say("Mean and interval over seeds", "シードの平均と区間")
    return _table(folder, found, name, settings, measures, cell, caption, folded)


def differences_table(
    folder: Folder,
    found: Arms[Any],
    name: str,
    other: Arm,
    settings: Sequence[Arm],
    measures: Measures,
    caption: str,
    folded: str = "",
) -> Table | None:
    """How settings differ from another with the same seed: mean and interval, in points for shares."""
    runs = finished(folder)
    table = {column: against(runs, column, other.name) for column in measures if column in runs}

    def cell(part: Frame, column: str) -> Mean:
        each = table[column]
        return mean_interval(each[each.condition.isin(set(part.condition))].value, folder.level)

    return _table(folder, found, name, settings, measures, cell, caption, folded, differ=True)


def costs_table(folder: Folder, found: Arms[Any] | None, heads: tuple[str, str, str]) -> Table | None:
    """Epochs and passes (in thousands) of every setting, as ``study.json`` has them; None where it has none."""
    told = {str(each["name"]): each for each in folder.study.get("conditions") or []}
    if found is None or any("passes" not in told[arm.name] for arm in found.arms):
        return None
    say = say_in(folder.lang)
    rows = tuple(
        (
            Cell(arm.label, place, hue=found.hues[arm.hue]),
            Cell(number(told[arm.name]["epochs"], 0), told[arm.name]["epochs"]),
            Cell(number(told[arm.name]["passes"] / 1e3, 1), told[arm.name]["passes"]),
        )
        for place, arm in enumerate(found.arms)
    )
    columns = (Column(heads[0]), Column(heads[1], True), Column(heads[2], True))
    caption = say("Equal cost: passes of examples, forward and backward", "等しい手間: 例の順・逆伝播の回数")
    return Table("costs", caption, columns, rows)


def _table(
    folder: Folder,
    found: Arms[Any],
    name: str,
    settings: Sequence[Arm],
    measures: Measures,
    cell: Callable[[Frame, str], Mean],
    caption: str,
    folded: str,
    differ: bool = False,
) -> Table | None:
    say, runs, rows = say_in(folder.lang), finished(folder), []
    columns = [c for c in measures if c in runs and runs[c].notna().any()]
    for i, arm in enumerate(found.arms):
        part = runs[runs.condition == arm.name] if len(runs) else runs
        if arm not in settings or part.empty:
            continue
        cells = []
        for column in columns:
            mean = cell(part, column)
            text, interval = measures[column].written(mean, folder.lang)
            text = signed(text) if differ else text
            fewer = f" (n {mean.n})" if 0 < mean.n < len(part) else ""
            cells.append(Cell(text if mean.n else "–", mean.mean, note=interval + fewer))
        rows.append((Cell(arm.label, i, hue=found.hues[arm.hue]), *cells, Cell(str(len(part)), len(part))))
    if not rows or not columns:
        return None
    heads = [Column(measures[c].head(say, differ), number=True, help=measures[c].help) for c in columns]
    last = Column("n", number=True, help=say("finished runs", "完了した学習"))
    columns_ = (Column(say("setting", "設定")), *heads, last)
    return Table(name, caption, columns_, tuple(rows), folded=folded.format(len(rows)), sortable=True)
