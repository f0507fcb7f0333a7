"""The picture that carries the answer: what is foretold over weight and temperature, and what was found there."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arms import finished
from assay.report.charts.collapse.arms import COMPARED, Arms
from assay.report.charts.collapse.phase import BRIGHT, DARK, GONE, boundary, edge, ground, haloed, phase, spans_of
from assay.report.charts.labels import text_width
from assay.report.charts.means import means
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in

HEIGHT, WIDTH = 400, 900
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


def diagram(folder: Folder, found: Arms | None) -> Figure | None:
    """The phase diagram with the measured settings on it."""
    told = phase(folder)
    if told.empty or told.alpha.nunique() < 2 or told.temperature.nunique() < 2:
        return None
    say, marks = say_in(folder.lang), _marks(folder, found)
    spans = spans_of(told)
    x = kit.quantity(
        "alpha", say("weight of an image's own views against its class →", "画像自身の別表示の重み →"), spans[0], 6
    )
    ticks = [t for t in TICKS if spans[1][0] <= t <= spans[1][1]]
    y = kit.quantity_up("temperature", say("temperature ↑", "温度 ↑"), spans[1], ticks, log=True)
    line, colour = boundary(told, _exact(found)), _viridis(say)
    layers = [
        *ground(told, x, y, colour, say),
        *edge(line, x, y, say),
        *_points(marks, spans, x, y, colour, say),
    ]
    return Figure(
        name="phase",
        title=say("Foretold and found: how much difference is left inside a class", "予測と実測: クラス内に残る違い"),
        panels=(Panel(alt.layer(*layers).properties(height=HEIGHT)),),
        alt=_words(told, line, marks, say),
        caption=say(
            "The ground is the forecast, made without data; the fill of a mark and the number beside it are what was "
            "measured on training items, on the same scale from 0 (all images of a class fall on one point) to 1. "
            "Where a mark melts into its ground, the forecast was right. The line is the edge of collapse.",
            "背景はデータなしの予測。印の塗りと数字は学習画像での実測値で、同じ尺度 (0 はクラス全体が 1 点に重なる)。"
            "印が背景に溶け込む所では予測が当たっている。線は崩壊の境界。",
        ),
    )


def _exact(found: Arms | None) -> list[tuple[float, float]]:
    """The edges that the settings of the grid know exactly: temperature, weight."""
    grid = [arm for arm in found.arms if arm.role == "grid"] if found else []
    return [(arm.temperature, arm.edge) for arm in grid if arm.temperature is not None and arm.edge is not None]


def _viridis(say: Say) -> Any:
    """One colour scale for what was foretold and what was measured."""
    legend = alt.Legend(
        orient="bottom",
        direction="horizontal",
        title=say("variance within classes", "クラス内分散"),
        offset=6,
        format=".1f",
        titleLimit=300,
    )
    scale = alt.Scale(scheme="viridis", domain=[0, 1], clamp=True)
    return lambda field: alt.Color(f"{field}:Q", scale=scale, legend=legend)


def _marks(folder: Folder, found: Arms | None) -> Frame:
    """The settings of the grid with what was foretold and measured of them."""
    runs = finished(folder, "within_train")
    if found is None or runs.empty:
        return pd.DataFrame()
    of = {arm.name: arm for arm in found.arms if arm.role == "grid" and arm.alpha is not None and arm.temperature}
    more = [name for name in ("fine_accuracy",) if name in runs]
    frame = means(runs[runs.condition.isin(list(of))], ["within_train", *more], folder.level)
    frame = found.drawn(frame)
    frame = frame.assign(
        alpha=[of[name].alpha for name in frame.condition],
        temperature=[of[name].temperature for name in frame.condition],
        told=pd.Series([of[name].foretold for name in frame.condition], frame.index, dtype=float),
        written=[
            f"{row.label} {number(row.within_train, 2)}" if row.condition in COMPARED else number(row.within_train, 2)
            for row in frame.itertuples()
        ],
    )
    return frame.assign(percent=100 * frame.fine_accuracy) if more else frame


def _points(marks: Frame, spans: tuple[kit.Domain, kit.Domain], x: alt.X, y: alt.Y, colour: Any, say: Say) -> list[Any]:
    if marks.empty:
        return []
    fine = {"percent_": say("fine accuracy, %", "下位クラス正解率 (%)")} if "percent" in marks else {}
    tip = kit.tips(
        full=say("setting", "設定"),
        told_=say("foretold", "予測"),
        within_train_=say("measured", "実測"),
        within_train_low_=say("from", "下限"),
        within_train_high_=say("to", "上限"),
        **fine,
    )
    source = alt.Chart(kit.data(marks)).encode(x=x, y=y)
    layers: list[Any] = [
        source.mark_point(filled=True, size=330, opacity=1, color=DARK),
        source.mark_point(filled=True, size=270, opacity=1, color=BRIGHT),
        source.mark_point(filled=True, size=160, opacity=1).encode(color=colour("within_train"), tooltip=tip),
    ]
    placed = marks.assign(place=_places(marks, spans))
    for place, (side, dx, dy) in PLACES.items():
        here = placed[placed.place == place][["alpha", "temperature", "written"]]
        layers += haloed(here, x, y, "written", side, dx, dy, 11.5) if len(here) else []
    return layers


PLACES = {"right": ("left", 13, 0), "left": ("right", -13, 0), "above": ("left", -9, -18), "below": ("left", -9, 18)}


def _places(marks: Frame, spans: tuple[kit.Domain, kit.Domain]) -> list[str]:
    """Where the words of each mark stand, so that none lies on another or on a mark; empty: nowhere."""
    (x0, x1), (y0, y1) = spans[0], np.log(spans[1])
    xs = ((marks.alpha - x0) / (x1 - x0) * WIDTH).tolist()
    ys = ((y1 - np.log(marks.temperature)) / (y1 - y0) * HEIGHT).tolist()
    taken = [(x - 10, y - 10, x + 10, y + 10) for x, y in zip(xs, ys, strict=True)]
    found = [""] * len(marks)
    for i in sorted(range(len(marks)), key=lambda i: marks.condition.iloc[i] not in COMPARED):
        wide = text_width(marks.written.iloc[i], 13)
        for place, (side, dx, dy) in PLACES.items():
            left = xs[i] + dx - (wide if side == "right" else 0)
            box = (left, ys[i] + dy - 8, left + wide, ys[i] + dy + 8)
            inside = box[0] > -6 and box[2] < WIDTH and box[1] > 0 and box[3] < HEIGHT
            if inside and not any(
                box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3]
                for j, t in enumerate(taken)
                if j != i
            ):
                found[i] = place
                taken.append(box)
                break
    return found


def _words(told: Frame, line: Frame, marks: Frame, say: Say) -> str:
    gone = float((told.within < GONE).mean())
    text = say(
        f"Heat map over {told.alpha.nunique()} weights and {told.temperature.nunique()} temperatures; collapse is "
        f"foretold for {gone:.0%} of it.",
        f"重み {told.alpha.nunique()} × 温度 {told.temperature.nunique()} のヒートマップ。{gone:.0%} で崩壊を予測。",
    )
    if len(line):
        low, high = line.iloc[0], line.iloc[-1]
        text += say(
            f" Its edge goes from weight {low.alpha:.2g} at temperature {low.temperature:.2g} to {high.alpha:.2g} at "
            f"{high.temperature:.2g}.",
            f"境界の重みは温度 {low.temperature:.2g} で {low.alpha:.2g}、{high.temperature:.2g} で {high.alpha:.2g}。",
        )
    if len(marks):
        each = [f"{m.label} {m.within_train:.2f} ({number(m.told, 2)})" for m in marks.itertuples()]
        text += say(" Measured, with what was foretold: ", " 実測 (予測): ") + say(", ", "、").join(each) + "."
    return text
