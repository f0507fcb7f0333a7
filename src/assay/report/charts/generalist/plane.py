"""Clean against robust accuracy: every arm with its interval, tuned rivals joined, a slider along the mixtures."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel, Slide
from assay.report.charts import kit
from assay.report.charts.generalist import walk
from assay.report.charts.generalist.arms import HUES, Arms, judged, weight
from assay.report.charts.means import means
from assay.report.charts.scatter import Axis, axis, channels, cloud, flags, headroom
from assay.report.folder import Folder, Frame
from assay.report.numbers import between, number
from assay.report.words import say_in
from assay.studies.generalist.design import HERO, STANDARD
from assay.studies.generalist.matched import KINDS, family

HEIGHT = 400
LEAST = 3  # seeds: the interval of two says nothing and would cover the plane


def hero(folder: Folder, found: Arms | None) -> Figure | None:
    """The picture that carries the answer."""
    runs = judged(folder)
    if found is None or runs.empty:
        return None
    say, dots = say_in(folder.lang), runs.assign(x=100 * runs.clean, y=100 * runs.robust)
    points = _ends(means(dots, ["x", "y"], folder.level))
    points = points[points.condition.isin([arm.name for arm in found.arms])]
    order = {arm.name: i for i, arm in enumerate(found.arms)}
    points = points.sort_values("condition", key=lambda names: names.map(order), kind="stable")
    far = _far(points)
    shown, near = (frame[~frame.condition.isin(far)] for frame in (points, dots))
    across = axis(say("clean accuracy, % →", "通常の正解率 (%) →"), near.x, points.x, shown.x_low, shown.x_high)
    up = axis(say("robust accuracy, % ↑", "頑健正解率 (%) ↑"), near.y, shown.y_low, shown.y_high)
    outside = [
        (say(f"standard training: {number(r.y, 1)} % robust ↓", f"通常の学習: 頑健 {number(r.y, 1)} % ↓"), float(r.x))
        for r in points[points.condition.isin(far)].itertuples()
    ]
    up = up.raised(headroom(outside, across.span, HEIGHT)) if outside else up
    axes = (across, up)
    tip = kit.tips(full=say("arm", "条件"), x_=say("clean, %", "通常 (%)"), y_=say("robust, %", "頑健 (%)"))
    below = [*flags(outside, across, HEIGHT), *_curves(folder, found, shown, axes), *_halo(shown, axes)]
    small, named = near[["run", "condition", "x", "y"]], [name for name in order if name != HERO]
    chart: Any = cloud(found, shown, small, axes, tooltip=tip, height=HEIGHT, crosses=True, below=below, named=named)
    chart = alt.layer(chart, *_front(found, shown, axes))
    steps, slide = walk.steps(folder, found), None
    if len(steps) > 1:
        start = [row["condition"] for row in steps].index(HERO) if HERO in [r["condition"] for r in steps] else 0
        label = say(
            "weight of the adversarial learner at the end: from clean to robust", "終了時の敵対側の重み (通常 → 頑健)"
        )
        slide = Slide(label, walk.table(folder, found, steps), start)
        chart = alt.layer(chart, *_rings(steps, axes)).add_params(alt.param(name="at", value=start))
    each = [
        f"{r.full} {number(r.x, 1)}{_said(r.x_low, r.x_high, folder.lang)} / "
        f"{number(r.y, 1)}{_said(r.y_low, r.y_high, folder.lang)}"
        for r in found.drawn(points).itertuples()
    ]
    return Figure(
        name="frontier",
        title=say("What is to be had: clean against robust accuracy", "得られるもの: 通常と頑健の正解率"),
        panels=(Panel(chart.properties(height=HEIGHT)),),
        alt=say("Clean / robust accuracy, %: ", "通常/頑健の正解率 (%): ") + "; ".join(each) + ".",
        caption=_caption(folder, slide is not None),
        keys=("arm",),
        slide=slide,
    )


def _caption(folder: Folder, moves: bool) -> str:
    say = say_in(folder.lang)
    text = say(
        "Above and to the right is better at both. Small dots are seeds, large marks means, crosses their intervals "
        "(from three seeds on). Curves join what one rule gives: mixtures with another weight at the end, adversarial "
        "training in smaller radii, TRADES with other values of beta.",
        "右上ほど両方に優れる。小さな点はシード、大きな印は平均、十字は区間 (3 シード以上)。"
        "曲線は同じ方法の設定違い (終了時の重み、半径、ベータ) を結ぶ。",
    )
    more = say(
        " The ring is where the slider stands; hollow marks are the rivals tuned to the same clean accuracy on "
        "validation images.",
        "輪はスライダーの位置、中抜きの印は検証画像で同じ通常の正解率になる比較対象。",
    )
    return text + more if moves else text


def _ends(points: Frame) -> Frame:
    """Intervals of fewer than three seeds are left out: both ends at the mean."""
    ends = {}
    for name in ("x", "y"):
        for end in ("low", "high"):
            ends[f"{name}_{end}"] = points[f"{name}_{end}"].where(points.n >= LEAST, points[name]).clip(0, 100)
    return points.assign(**ends)


def _far(points: Frame) -> set[str]:
    """Standard training, where it is so little robust that all else would be pressed into a corner."""
    rest, own = points[points.condition != STANDARD].y, points[points.condition == STANDARD].y
    if own.empty or len(rest) < 2:
        return set()
    return {STANDARD} if float(own.iloc[0]) < rest.min() - (rest.max() - rest.min()) else set()


def families(folder: Folder, found: Arms) -> dict[str, list[str]]:
    """The arms that one rule gives, by the hue they are drawn in."""
    names = [arm.name for arm in found.arms]
    swept = {HERO: [name for name in names if weight(folder, name) is not None]}
    return swept | {usual: family(names, kind) for kind, (usual, _) in KINDS.items()}


def _curves(folder: Folder, found: Arms, points: Frame, axes: tuple[Axis, Axis]) -> list[Any]:
    """A line through the means of a family, in the order of their clean accuracy."""
    layers, (x, y) = [], channels(axes)
    for rule, group in families(folder, found).items():
        line = found.drawn(points[points.condition.isin(group)]).sort_values("x", kind="stable")
        if len(line) > 1:
            source = alt.Chart(kit.data(line[["x", "y"]]))
            layers.append(
                source.mark_line(color=HUES[rule], strokeWidth=1.8, opacity=0.75).encode(x=x, y=y, order="x:Q")
            )
    return layers


def _halo(points: Frame, axes: tuple[Axis, Axis]) -> list[Any]:
    """A pale disc behind the generalist."""
    own, (x, y) = points[points.condition == HERO], channels(axes)
    if own.empty:
        return []
    disc = alt.Chart(kit.data(own[["x", "y"]])).mark_point(filled=True, size=900, color="@vermillion", opacity=0.16)
    return [disc.encode(x=x, y=y)]


def _front(found: Arms, points: Frame, axes: tuple[Axis, Axis]) -> list[Any]:
    """The generalist before all others, larger, with its name above it."""
    own, (x, y) = found.drawn(points[points.condition == HERO]), channels(axes)
    if own.empty:
        return []
    source, hue = alt.Chart(kit.data(own[["x", "y", "label"]])), found.hues[own.hue.iloc[0]]
    mark = source.mark_point(filled=True, shape="diamond", size=230, color=hue, opacity=1, stroke="@ground")
    name = source.mark_text(dy=-22, fontSize=13, fontWeight=600, color=hue)
    return [mark.encode(x=x, y=y), name.encode(x=x, y=y, text="label:N")]


def _rings(steps: list[dict[str, Any]], axes: tuple[Axis, Axis]) -> list[Any]:
    """Where the slider stands, and the rivals there."""
    x, y = channels(axes)
    own = pd.DataFrame([{"step": i, "x": row["x"], "y": row["y"]} for i, row in enumerate(steps)])
    others = pd.DataFrame(
        [
            {"step": i, "x": rival.x, "y": rival.y}
            for i, row in enumerate(steps)
            for rival in row["rivals"].values()
            if rival
        ],
        columns=["step", "x", "y"],
    )
    here = "datum.step == at"
    ring = alt.Chart(kit.data(own)).transform_filter(here).mark_point(size=330, color="@ink", strokeWidth=1.8)
    hollow = alt.Chart(kit.data(others)).transform_filter(here).mark_point(size=90, color="@ink", strokeWidth=1.6)
    return [mark.encode(x=x, y=y) for mark in ((ring, hollow) if len(others) else (ring,))]


def _said(low: float, high: float, lang: str) -> str:
    return f" ({between(low, high, 1, lang)})" if high > low else ""
