"""How similarity rises along each axis beside the references, and every level, as tables."""

from __future__ import annotations

from assay.maths.statistics import Estimate
from assay.report.blocks import Cell, Column, Table
from assay.report.charts.limit.along import HUES, kinds, seen, titles
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, number, probability, with_interval
from assay.report.words import say_in
from assay.studies.limit.claims import REFERENCES, along, beyond
from assay.studies.limit.design import BASE, UNTRAINED
from assay.studies.limit.tables import curve


def rises(folder: Folder) -> Table | None:
    """From the lowest to the highest level: the rise of each kind of model, and what the happy ones have beyond it."""
    if seen(folder).empty:
        return None
    say, called = say_in(folder.lang), kinds(folder)
    found = curve(folder.study, {name: folder.table(name) for name in ("runs", "pairs")}, 1 - folder.level)
    rows = []
    for axis, title in titles(folder).items():
        for kind in ("happy", *REFERENCES):
            if (axis, kind) not in found or (kind == UNTRAINED and axis != "width"):
                continue
            own = along(found, axis, kind, 1 - folder.level)
            more = beyond(found, axis, kind, 1 - folder.level) if kind != "happy" else None
            rows.append((
                Cell(title),
                Cell(called[kind], hue=HUES[kind]),
                _cell(own, folder),
                _cell(more, folder) if more else Cell("–", -1e9),
                Cell(probability(more.p) if more and more.known else "–", more.p if more else None),
            ))  # fmt: skip
    columns = (
        Column(say("along", "軸")),
        Column(say("models", "モデル")),
        Column(say("rise", "上昇"), True, say("highest minus lowest level, by a line", "直線による最高と最低の差")),
        Column(say("happy beyond it", "汎化モデルとの差"), True),
        Column("p", True, say("of the difference, by itself", "差について、補正なし")),
    )
    return Table("axes", say("Rise of similarity along each axis", "各軸での類似度の上昇"), columns, tuple(rows))


def _cell(found: Estimate, folder: Folder) -> Cell:
    if not found.known:
        return Cell("–", -1e9)
    text, interval = with_interval(Mean(found.effect, found.low, found.high, found.n), lang=folder.lang)
    return Cell(text, found.effect, note=interval)


def levels(folder: Folder) -> Table | None:
    """Every level: similarity by kind, and what the happy models score on test."""
    table, runs = seen(folder), folder.table("runs")
    if table.empty or not {"level", "family", "test_accuracy"} <= set(runs.columns):
        return None
    say, called = say_in(folder.lang), kinds(folder)
    to, rows = say("to", "〜"), []
    for axis, title in titles(folder).items():
        for step in (folder.study.get("axes") or {}).get(axis, []):
            here = table[(table.axis == axis) & (table.step == step["level"])].set_index("hue")
            own = runs[(runs.level == step["condition"]) & (runs.family == "happy")]
            score, interval = with_interval(mean_interval(own.test_accuracy, folder.level), 100, folder.lang)
            shown = number(step["level"], 0) + (f" ({say('base', '基準')})" if step["condition"] == BASE else "")
            cells = [
                Cell(number(here.value.get(kind), 3), here.value.get(kind, -1e9), note=_span(here, kind, to))
                for kind in called
            ]
            rows.append((Cell(title), Cell(shown, step["level"]), *cells, Cell(score, note=interval)))
    columns = (
        Column(say("along", "軸")),
        Column(say("level", "水準"), True),
        *(Column(name, True) for name in called.values()),
        Column(say("accuracy, %", "正解率 %"), True, say("of the happy models, on test", "汎化モデルのテスト正解率")),
    )
    return Table("levels", say("Similarity at every level", "水準ごとの類似度"), columns, tuple(rows))


def _span(here: Frame, kind: str, to: str) -> str:
    if kind not in here.index:
        return ""
    return f"{number(max(here.low[kind], -1), 2)} {to} {number(min(here.high[kind], 1), 2)}"
