"""Curves along training: which looks there are, and their means over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

import altair as alt
import pandas as pd

from assay.report.charts import kit
from assay.report.charts.arms import finished
from assay.report.folder import Folder, Frame
from assay.studies.overfitting.design import onset_of


def looks(folder: Folder, names: Sequence[str], columns: Sequence[str]) -> Frame:
    """The looks at the finished runs of some arms that have a value in each column; empty where there are none."""
    frame, runs = folder.table("curves"), finished(folder)
    if frame.empty or runs.empty or not {"run", "condition", "epoch", *columns} <= set(frame.columns):
        return pd.DataFrame()
    return frame[frame.condition.isin(list(names)) & frame.run.isin(runs.run)].dropna(subset=list(columns))


def long(frame: Frame, series: Sequence[str]) -> Frame:
    """One row a look and series, shares as percent: run, condition, epoch, order, series, line, value."""
    parts = [
        frame[["run", "condition", "epoch"]].assign(series=name, line=frame.run + name, value=100 * frame[name])
        for name in series
        if name in frame
    ]
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts).dropna(subset=["value"]).assign(order=lambda f: f.epoch)


def mean(frame: Frame) -> Frame:
    """The mean over seeds of every arm and series at each epoch, with the hue where there is one."""
    by = [name for name in ("condition", "series", "hue", "epoch", "order") if name in frame]
    return frame.groupby(by, sort=False).value.mean().reset_index()


def onset(folder: Folder) -> float | None:
    """The epoch from which on the second stage's arms differ, by the study's own rule; None without curves."""
    frame = folder.table("curves")
    if frame.empty or not {"condition", "share", "epoch", "val_robust"} <= set(frame.columns):
        return None
    known = frame[frame.share > 0]
    if known.empty or known.val_robust.isna().all():
        return None
    return float(onset_of(known)) * float((known.epoch / known.share).median())


def ends(
    middle: Frame,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    spans: tuple[kit.Domain, kit.Domain],
    x: alt.X,
    dx: int = 6,
    by: str = "series",
) -> Any:
    """The name of every line at its end, in its hue, moved apart where they would lie on one another."""
    last = middle[middle.epoch == middle.groupby(by).epoch.transform("max")]
    last = last[last[by].isin(list(names))].sort_values("value", kind="stable")
    apart, places = 0.055 * (spans[1][1] - spans[1][0]), list[float]()
    for value in last.value:
        places.append(max(value, places[-1] + apart) if places else value)
    over = max(0.0, places[-1] - spans[1][1]) if places else 0.0
    source = last[["epoch", "hue"]].assign(value=[p - over for p in places], name=last[by].map(names))
    text = alt.Chart(kit.data(source)).mark_text(align="left", dx=dx, fontSize=11.5)
    return text.encode(
        x=x,
        y=kit.quantity_up("value", "", spans[1]),
        text="name:N",
        color=kit.hue("hue", colours),
    )


def whole(first: float, last: float) -> list[float]:
    """A handful of round epochs between two, none beyond.

    >>> whole(1, 10), whole(34, 104)
    ([2.0, 4.0, 6.0, 8.0, 10.0], [40.0, 60.0, 80.0, 100.0])
    """
    most = max(1.0, (last - first) / 3.5)
    size = 10.0 ** floor(log10(most))
    step = max(1.0, max(size * k for k in (1, 2, 5) if size * k <= most))
    return [step * k for k in range(ceil(first / step), floor(last / step) + 1)]
