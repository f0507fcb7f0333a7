"""Where models lie: the map, and the distances between conditions."""

from __future__ import annotations

import altair as alt
import numpy as np

from assay.report.blocks import Cell, Column, Figure, Panel, Table
from assay.report.charts import kit, theme
from assay.report.charts.families.space import Space
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval, number, with_interval
from assay.report.words import say_in


def labels(folder: Folder) -> dict[str, str]:
    """Condition names to the labels that people read, in the fixed order."""
    return {c.name: c.label for c in folder.conditions}


def colours(folder: Folder) -> dict[str, str]:
    """Stress kinds to hues, in the order of the conditions."""
    return theme.hues(c.stress for c in folder.conditions)


def model_map(folder: Folder, models: Space) -> Figure | None:
    """The map of the models: near on the map is alike inside; hue is the stress, shape is how well it generalises."""
    if models.empty:
        return None
    say = say_in(folder.lang)
    points, shares = models.map
    named = labels(folder)
    frame = models.models.assign(
        x=points[:, 0], y=points[:, 1], label=[named.get(name, name) for name in models.models.condition]
    )
    x, y = kit.domain(points[:, 0], pad=0.06), kit.domain(points[:, 1], pad=0.08)
    chart = (
        alt.Chart(kit.data(frame))
        .mark_point(filled=True, size=48, opacity=0.82, stroke="@ground", strokeWidth=0.6)
        .encode(
            x=_direction("x", x, say("first direction", "第 1 方向"), shares[0], say),
            y=_direction("y", y, say("second direction", "第 2 方向"), shares[1], say),
            color=kit.hue("stress", colours(folder)),
            shape=kit.shape("family", theme.SHAPES),
            opacity=alt.condition("brush", alt.value(0.85), alt.value(0.15)),
            tooltip=kit.tips(
                run=say("run", "学習"),
                label=say("condition", "条件"),
                family=say("generalises", "汎化"),
                test_accuracy_=say("test accuracy", "テスト正解率"),
            ),
        )
        .add_params(
            alt.selection_interval(name="brush", mark=alt.BrushConfig(fill="@muted", fillOpacity=0.12, stroke="@muted"))
        )
    )
    aspect = float(np.clip((y[1] - y[0]) / (x[1] - x[0]), 0.35, 1.1))
    return Figure(
        name="map",
        title=say("The map of the models", "モデルの地図"),
        panels=(Panel(chart, aspect=aspect),),
        alt=_map_text(folder, frame, shares),
        caption=say(
            "Each mark is one trained model; near means alike inside. Distances between models are flattened as "
            f"faithfully as two directions allow ({100 * sum(shares):.0f} % of the differences).",
            f"印はそれぞれ学習済みモデル。近いほど内部が似ている。2 方向で差の {100 * sum(shares):.0f} % を表す。",
        ),
        keys=("stress", "family"),
        beside=_beside(folder, models),
    )


def _direction(field: str, span: kit.Domain, name: str, share: float, say: object) -> alt.X | alt.Y:
    title = f"{name} · {100 * share:.0f} %"
    axis = alt.Axis(labels=False, grid=True, tickCount=4, title=title)
    scale = alt.Scale(domain=list(span), nice=False, zero=False)
    channel = alt.X if field == "x" else alt.Y
    return channel(f"{field}:Q", scale=scale, axis=axis)


def _map_text(folder: Folder, frame: Frame, shares: tuple[float, float]) -> str:
    say = say_in(folder.lang)
    named = labels(folder)
    centres = frame.groupby("condition", sort=False)[["x", "y"]].mean()
    origin = centres.loc["none"] if "none" in centres.index else centres.mean()
    far = np.hypot(centres.x - origin.x, centres.y - origin.y)
    farthest = str(far.idxmax())
    return say(
        f"Scatter of {len(frame)} models in {len(centres)} conditions on two directions that show {sum(shares):.0%} of "
        f"their differences. The condition farthest from the unstressed models is {named.get(farthest, farthest)}.",
        f"{len(centres)} 条件 {len(frame)} モデルの散布図。2 方向で差の {sum(shares):.0%} を表す。"
        f"ストレスなしから最も遠い条件は「{named.get(farthest, farthest)}」。",
    )


def _beside(folder: Folder, models: Space) -> Table:
    """What stands beside the map until something is marked on it: each condition's accuracy and place."""
    say, hue = say_in(folder.lang), colours(folder)
    between = models.between_conditions([c.name for c in folder.conditions]).set_index(["row", "column"]).value
    rows = []
    for i, c in enumerate(folder.conditions):
        part = models.models[models.models.condition == c.name]
        if part.empty:
            continue
        accuracy = mean_interval(part.test_accuracy, folder.level)
        far = float(between.get((folder.conditions[0].name, c.name), float("nan")))
        text = with_interval(accuracy, 100)[0]
        rows.append((Cell(c.label, i, hue=hue[c.stress]), Cell(text, accuracy.mean), Cell(number(far, 2), far)))
    columns = (
        Column(say("condition", "条件")),
        Column(say("accuracy, %", "正解率 %"), number=True),
        Column(
            say("distance", "距離"),
            number=True,
            help=say("mean distance to the unstressed models", "ストレスなしまでの平均距離"),
        ),
    )
    caption = say(
        "Accuracy on test data and mean distance to the unstressed models. Drag over the map to list the models there.",
        "テスト正解率と、ストレスなしのモデルまでの平均距離。地図をドラッグすると、その範囲のモデルが並びます。",
    )
    return Table("map-conditions", caption, columns, tuple(rows))


def numbered(labels_of: dict[str, str]) -> dict[str, str]:
    """Labels with their place in the fixed order, so that columns need only the number.

    >>> numbered({"none": "no stress", "fork": "other chance"})
    {'none': '1  no stress', 'fork': '2  other chance'}
    """
    return {name: f"{i}  {label}" for i, (name, label) in enumerate(labels_of.items(), 1)}


def distance_heat(folder: Folder, models: Space) -> Figure | None:
    """Mean distance between models of every two conditions."""
    if models.empty:
        return None
    say = say_in(folder.lang)
    named = labels(folder)
    frame = models.between_conditions(list(named))
    if frame.empty:
        return None
    there = {name: named[name] for name in named if (frame.row == name).any()}
    number_of = {name: str(i) for i, name in enumerate(there, 1)}
    shown = numbered(there)
    frame = frame.assign(
        a=frame.row.map(named), b=frame.column.map(named), row=frame.row.map(shown), column=frame.column.map(number_of)
    )
    chart = kit.heat(
        frame,
        rows=list(shown.values()),
        columns=list(number_of.values()),
        span=kit.domain(frame.value, pad=0),
        title=say("mean distance", "平均距離"),
        tooltip=kit.tips(a=say("models of", "条件"), b=say("and of", "と"), value_=say("mean distance", "平均距離")),
    )
    return Figure(
        name="distances",
        title=say("Distance between conditions", "条件間の距離"),
        panels=(Panel(chart),),
        alt=_heat_text(folder, frame),
        caption=say(
            "The diagonal is how far two models of one condition differ; a family of its own is dark on the diagonal "
            "and bright beside it. Columns have the numbers of the rows.",
            "対角線は同じ条件のモデルどうしの距離。独自の系統なら対角線が暗く、その周りが明るい。列の番号は行の番号。",
        ),
    )


def _heat_text(folder: Folder, frame: Frame) -> str:
    say = say_in(folder.lang)
    own, other = frame[frame.a == frame.b], frame[frame.a != frame.b]
    if own.empty or other.empty:
        return say("Heat map of a single condition.", "条件が 1 つだけのヒートマップ。")
    top = other.loc[other.value.idxmax()]
    return say(
        f"Heat map of {len(own)} by {len(own)} conditions. Within a condition models differ by {own.value.mean():.2f} "
        f"on average, between conditions by {other.value.mean():.2f}; most by {top.value:.2f}, {top.a} and {top.b}.",
        f"{len(own)} 条件のヒートマップ。条件内の平均距離は {own.value.mean():.2f}、条件間は {other.value.mean():.2f}、"
        f"最大は {top.a} と {top.b} の {top.value:.2f}。",
    )
