"""Arms, classes or moments in rows: every run a dot, means with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from assay.report.charts import kit
from assay.report.charts.arms import Arm, Arms, finished
from assay.report.charts.means import means_of
from assay.report.charts.overfitting.tables import MOMENTS
from assay.report.charts.paired import cut, with_zero
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in

STEP = 32  # pixels of a row with two lanes
SHAPES = {"best": "triangle-up", "last": "circle"}


def moments(say: Say) -> dict[str, str]:
    """What the two moments are called, in their order."""
    return dict(zip(MOMENTS, (say("best look", "最良の時点"), say("end", "終了時")), strict=True))


def kinds(say: Say) -> dict[str, str]:
    """The two kinds of input that features are taken of."""
    return {"clean": say("clean images", "通常の画像"), "attacked": say("attacked images", "攻撃した画像")}


def strip(
    folder: Folder,
    dots: Frame,
    rows: Sequence[str],
    title: str,
    hues: Mapping[str, str],
    *,
    zero: bool = False,
    shapes: Mapping[str, str] | None = None,
    span: kit.Domain | None = None,
    step: int = 25,
) -> tuple[Any, Frame]:
    """The chart of ``dots`` (row, hue, value, run; with ``shapes`` also lane) and the means that it draws.

    ``zero``: an upright line at zero, which the axis then holds. Intervals are cut at the ends of the axis.
    """
    say, by = say_in(folder.lang), ["row", "hue", *(["lane"] if shapes else [])]
    middle = means_of(dots, by, folder.level)
    air = 0.6 * float(dots.value.max() - dots.value.min() or 1.0)
    low, high = middle.low.clip(lower=dots.value.min() - air), middle.high.clip(upper=dots.value.max() + air)
    span = span or kit.domain(dots.value, low, high, [0.0] if zero else [])
    tip = {"lane": say("when", "時点")} if shapes else {}
    chart = kit.dots_in_rows(
        dots[[*by, "value", "run"]],
        cut(middle, span),
        rows=rows,
        title=title,
        colours=hues,
        span=span,
        shapes=shapes,
        lanes=list(shapes) if shapes else None,
        tooltip=kit.tips(row=say("row", "行"), **tip, value_=say("value", "値"), run=say("run", "学習")),
        step=step,
    )
    return (with_zero(chart, title, step * len(rows)) if zero else chart), middle


def by_moment(folder: Folder, found: Arms, figure: str, shown: Sequence[Arm], scale: float = 100.0) -> Frame:
    """A figure at the best look and at the end of every finished run: run, condition, row, hue, lane, value."""
    words, parts = moments(say_in(folder.lang)), []
    for moment, word in words.items():
        runs = finished(folder, f"{figure}_{moment}")
        if len(runs):
            drawn = found.drawn(runs[runs.condition.isin([arm.name for arm in shown])])
            part = drawn.assign(row=drawn["full"], lane=word, value=scale * drawn[f"{figure}_{moment}"])
            parts.append(part[["run", "condition", "row", "hue", "lane", "value"]])
    return pd.concat(parts) if parts else pd.DataFrame()


def lanes(say: Say) -> dict[str, str]:
    """The shapes of the two moments by what they are called."""
    return {word: SHAPES[moment] for moment, word in moments(say).items()}


def said(middle: Frame, title: str, say: Say, unit: str = "") -> str:
    """Where a figure is highest and lowest, for the text that replaces a picture."""
    top, bottom = middle.loc[middle.value.idxmax()], middle.loc[middle.value.idxmin()]
    return say(
        f"{title}: highest {top.value:.3g}{unit} ({top.row}), lowest {bottom.value:.3g}{unit} ({bottom.row})",
        f"{title}: 最高 {top.value:.3g}{unit} ({top.row})、最低 {bottom.value:.3g}{unit} ({bottom.row})",
    )
