"""Whether two figures go together over settings: their means with intervals both ways, every seed behind them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from assay.report.blocks import Panel
from assay.report.charts import kit
from assay.report.charts.arm_table import Measures
from assay.report.charts.arms import Arms, finished
from assay.report.charts.means import means
from assay.report.charts.scatter import axis, cloud
from assay.report.folder import Folder, Frame
from assay.report.words import say_in

LEAST = 3  # settings below which there is nothing to see


def _both(folder: Folder, a: str, b: str, runs: Frame, measures: Measures) -> tuple[Frame, Frame]:
    """Seeds and means of two figures: run, condition, x, y; condition, x, y and their ends."""
    middle = means(runs, [a, b], folder.level)
    points = pd.DataFrame({"condition": middle.condition})
    for to, name in (("x", a), ("y", b)):
        scale = measures[name].scale
        points[to] = scale * middle[name]
        for end in ("low", "high"):
            points[f"{to}_{end}"] = (scale * middle[f"{name}_{end}"]).fillna(points[to])
        points[f"{to}_low"] = points[f"{to}_low"].clip(lower=scale * measures[name].low)
    dots = runs.assign(x=measures[a].scale * runs[a], y=measures[b].scale * runs[b])[["run", "condition", "x", "y"]]
    return dots, points


def panel(
    folder: Folder,
    found: Arms[Any],
    a: str,
    b: str,
    measures: Measures,
    titles: tuple[str, str],
    ranks: bool = False,
    log: bool = False,
) -> tuple[Panel, Frame] | None:
    """Figure ``b`` against ``a``, and the means drawn: condition, x, y; None for less than three settings.

    ``ranks``: the order alone; ``log``: a log axis upwards where all is above zero.
    """
    runs = finished(folder, a, b)
    runs = runs[runs.condition.isin([arm.name for arm in found.arms])] if len(runs) else runs
    if runs.empty or runs.condition.nunique() < LEAST:
        return None
    say = say_in(folder.lang)
    dots, points = _both(folder, a, b, runs, measures)
    if ranks:
        points = points[["condition"]].assign(x=points.x.rank(), y=points.y.rank())
    log = log and bool((dots.y > 0).all())
    if log:
        points["y_low"] = points.y_low.clip(lower=float(dots.y.min()))
    axes = (axis(titles[0], points.x if ranks else dots.x), axis(titles[1], points.y if ranks else dots.y, log=log))
    tip = kit.tips(
        full=say("setting", "設定"), run=say("run", "学習"), x_=titles[0].rstrip(" →"), y_=titles[1].rstrip(" ↑")
    )
    chart = cloud(
        found, points, None if ranks else dots, axes, tooltip=tip, height=330, least="half", crosses=not ranks
    )
    return Panel(chart), points
