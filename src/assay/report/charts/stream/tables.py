"""Where every arm ends, and what its updates cost, as tables."""

from __future__ import annotations

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.arm_table import costs_table
from assay.report.charts.arms import finished
from assay.report.charts.measure import Measure
from assay.report.charts.stream.arms import Arms
from assay.report.folder import Folder
from assay.report.numbers import mean_interval, number
from assay.report.words import say_in
from assay.studies.stream.tables import ends


def ended(folder: Folder, found: Arms | None) -> Table | None:
    """Accuracy under the last shift and on the original images, and what was forgotten: means and intervals."""
    stream, runs = folder.table("stream"), finished(folder)
    if found is None or stream.empty or runs.empty or "autoattack" not in runs:
        return None
    say, table = say_in(folder.lang), ends(stream, runs, int(folder.study.get("judged") or 0))
    shown = {
        "clean": (say("accuracy, %", "正解率 %"), say("under the last shift", "最後の条件")),
        "robust": (say("robust, %", "頑健 %"), say("AutoAttack where it was run", "AutoAttack（実施時）")),
        "forgotten": (
            say("forgotten, points", "忘却 ポイント"),
            say("best earlier accuracy on earlier data minus the last", "以前の条件での最良の正解率と最後の差"),
        ),
        "forgotten_robust": (say("forgotten, robust", "忘却（頑健）"), say("the same under PGD", "PGD による同じ値")),
        "original": (say("original images, %", "元の画像 %"), ""),
        "original_robust": (say("original, robust, %", "元の画像（頑健） %"), "PGD"),
    }
    rows = []
    for place, arm in enumerate(found.arms):
        own = table[table.condition == arm.name]
        cells = []
        for column in shown:
            mean = mean_interval(own[column], folder.level)
            text, interval = Measure(column, share=True).written(mean, folder.lang)
            cells.append(Cell(text if mean.n else "–", mean.mean if mean.n else -1e9, note=interval))
        rows.append((Cell(arm.label, place, hue=found.hues[arm.hue]), *cells, Cell(number(len(own), 0), len(own))))
    columns = (
        Column(say("update", "更新")),
        *(Column(title, True, note) for title, note in shown.values()),
        Column("n", True, say("seeds that came to the end", "最後まで完了したシード")),
    )
    caption = say("At the end of the stream: means over seeds and intervals", "最後の時点: シードの平均と区間")
    return Table("ends", caption, columns, tuple(rows), sortable=True)


def costs(folder: Folder, found: Arms | None) -> Table | None:
    """What an update costs, an arm."""
    say = say_in(folder.lang)
    heads = (say("update", "更新"), say("epochs a chunk", "1 段階のエポック"))
    return costs_table(folder, found, (*heads, say("passes a chunk, thousands", "1 段階の順・逆伝播 (千回)")))
