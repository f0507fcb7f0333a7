"""Where models lie: the map, and the distances between conditions."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit, theme
from assay.report.charts.families.space import Space
from assay.report.folder import Folder
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
            f"faithfully as two directions allow ({sum(shares):.0%} of the differences).",
            f"印はそれぞれ学習済みモデル。近いほど内部が似ている。2 方向で差の {sum(shares):.0%} を表す。",
        ),
        keys=("stress", "family"),
        lists=say(
            "Drag over the map to list the models in an area.", "地図をドラッグすると、その範囲のモデルが並びます。"
        ),
    )


def _direction(field: str, span: kit.Domain, name: str, share: float, say: object) -> alt.X | alt.Y:
    title = f"{name} · {share:.0%}"
    axis = alt.Axis(labels=False, grid=True, tickCount=4, title=title)
    scale = alt.Scale(domain=list(span), nice=False, zero=False)
    channel = alt.X if field == "x" else alt.Y
    return channel(f"{field}:Q", scale=scale, axis=axis)


def _map_text(folder: Folder, frame: pd.DataFrame, shares: tuple[float, float]) -> str:
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


def distance_heat(folder: Folder, models: Space) -> Figure | None:
    """Mean distance between models of every two conditions."""
    if models.empty:
        return None
    say = say_in(folder.lang)
    named = labels(folder)
    frame = models.between_conditions(list(named))
    if frame.empty:
        return None
    frame = frame.assign(row=frame.row.map(named), column=frame.column.map(named))
    own = frame[frame.row == frame.column]
    other = frame[frame.row != frame.column]
    top = other.loc[other.value.idxmax()] if len(other) else own.iloc[0]
    shown = [label for label in named.values() if label in set(frame.row)]
    chart = kit.heat(
        frame,
        rows=shown,
        columns=shown,
        span=kit.domain(frame.value, zero=True, pad=0),
        title=say("mean distance between two models", "2 モデル間の平均距離"),
        tooltip=kit.tips(
            row=say("model from", "モデル"), column=say("and from", "と"), value_=say("mean distance", "平均距離")
        ),
    )
    return Figure(
        name="distances",
        title=say("Distance between conditions", "条件間の距離"),
        panels=(Panel(chart),),
        alt=say(
            f"Heat map of {len(shown)} by {len(shown)} conditions. Within a condition models differ by {own.value.mean():.2f} "
            f"on average, between conditions by {other.value.mean():.2f}; most by {top.value:.2f}, {top.row} and {top.column}.",
            f"{len(shown)} 条件のヒートマップ。条件内の平均距離は {own.value.mean():.2f}、条件間は {other.value.mean():.2f}、"
            f"最大は {top.row} と {top.column} の {top.value:.2f}。",
        ),
        caption=say(
            "The diagonal is how far two models of one condition differ; a family of its own is dark on the diagonal "
            "and bright beside it.",
            "対角線は同じ条件のモデルどうしの距離。独自の系統なら対角線が暗く、その周りが明るい。",
        ),
    )
