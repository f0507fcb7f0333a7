"""How far robust accuracy falls: as measured, what choosing the best look gives by itself, and what is left."""

from __future__ import annotations

import pandas as pd

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import finished
from assay.report.charts.overfitting.arms import Arms
from assay.report.charts.overfitting.rows import strip
from assay.report.charts.overfitting.tables import chosen
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in
from assay.studies.overfitting.design import BASELINE

STEPS = ("drop", "drop_flat", "drop_corrected")
TABLE = (*STEPS, "best_epoch", "robust_best", "robust_last", "robust_train_last", "clean_last")


def occurs(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """The baseline's drop before and after the correction for choosing, every seed a dot; then all arms in a table."""
    runs = finished(folder, *STEPS)
    if found is None or runs.empty:
        return ()
    table = means_table(folder, found, "occurs-table", found.arms, chosen(folder, *TABLE))
    base = runs[runs.condition == BASELINE]
    if base.empty:
        return (table,)
    say, known = say_in(folder.lang), chosen(folder, *STEPS)
    rows = {name: known[name].title for name in STEPS}
    rows["drop_corrected"] = say("after the correction", "補正後")
    dots = pd.concat(
        [base[["run"]].assign(row=row, hue=BASELINE, value=100 * base[name]) for name, row in rows.items()]
    )
    chart, middle = strip(
        folder,
        dots,
        list(rows.values()),
        say("points of robust accuracy →", "頑健正解率 (ポイント) →"),
        found.hues,
        zero=True,
        step=34,
    )
    told = say(", ", "、").join(f"{row.row} {number(row.value, 1)}" for row in middle.itertuples())
    figure = Figure(
        name="drop",
        title=say("From the best look to the end", "最良の時点から終了まで"),
        panels=(Panel(chart),),
        alt=say(
            f"Robust accuracy lost by {len(base)} seeds, in points: {told}.",
            f"{len(base)} シードの頑健正解率の低下 (ポイント): {told}。",
        ),
        caption=say(
            "Small dots are seeds, large ones means with intervals. The best of many looks lies above its "
            "neighbours by luck even on a curve that never falls; how far, is measured on each curve itself and taken "
            "off. To the right of the line robustness was lost.",
            "小さな点はシード、大きな点は平均と区間。低下しない曲線でも、"
            "多くの時点から最良を選べば偶然に上振れする。その分を各曲線から測って引く。線の右は頑健性の低下。",
        ),
    )
    return figure, table
