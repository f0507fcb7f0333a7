"""How wide families are: happy against unhappy within each condition, and width against accuracy."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit, theme
from assay.report.charts.families.place import colours, labels
from assay.report.charts.families.space import Space
from assay.report.charts.labels import beside, labels_beside
from assay.report.charts.means import means_of
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval
from assay.report.words import say_in

FAMILIES = ("happy", "unhappy")


def happy_unhappy(folder: Folder, models: Space) -> Figure | None:
    """Distance of every happy and unhappy model to the centre of its kind within its condition."""
    say = say_in(folder.lang)
    if models.empty:
        return None
    frame = models.models.assign(value=models.to_centre(["condition", "family"]))
    frame = frame[frame.family.isin(FAMILIES) & frame.value.notna()]
    if frame.empty:
        return None
    named = labels(folder)
    dots = frame.assign(row=frame.condition.map(named), hue=frame.stress, lane=frame.family)
    means = means_of(dots, ["row", "hue", "lane"], folder.level)
    wide = means.pivot_table(index="row", columns="lane", values="value", sort=False)
    wider = int((wide.get("unhappy", 0) > wide.get("happy", 0)).sum())
    chart = kit.dots_in_rows(
        dots[["row", "hue", "lane", "value", "run"]],
        means,
        rows=[label for label in named.values() if label in set(dots.row)],
        title=say("distance to the centre of its kind", "同類の中心からの距離"),
        colours=colours(folder),
        shapes={name: theme.SHAPES[name] for name in FAMILIES},
        lanes=FAMILIES,
        span=kit.domain(dots.value, means.low, means.high),
        tooltip=kit.tips(
            row=say("condition", "条件"),
            lane=say("kind", "種類"),
            value_=say("distance", "距離"),
            run=say("run", "学習"),
        ),
        step=32,
    )
    ratio = dots[dots.lane == "unhappy"].value.mean() / dots[dots.lane == "happy"].value.mean()
    return Figure(
        name="spread",
        title=say("Spread of the models that generalise best and worst", "汎化の良いモデルと悪いモデルの広がり"),
        panels=(Panel(chart),),
        alt=say(
            f"Dots in {len(wide)} rows. In {wider} of {len(wide)} conditions the models that generalise worst spread "
            f"wider than those that generalise best; over all of them {ratio:.2f} times as wide.",
            f"{len(wide)} 条件の点図。{wider} 条件で汎化の悪いモデルの方が広い。全体では {ratio:.2f} 倍。",
        ),
        caption=say(
            "Within one condition all models are trained alike, so the spread compared here is not that of a mixture. "
            "Small marks are models, large marks their mean with its interval.",
            "同じ条件の中で比べるので、混合による広がりではない。小さな印はモデル、大きな印は平均と区間。",
        ),
        keys=("extremes", "stress"),
    )


def spread_accuracy(folder: Folder, models: Space) -> Figure | None:
    """Mean spread of each condition against its mean accuracy, with both intervals."""
    say = say_in(folder.lang)
    if models.empty:
        return None
    frame = models.models.assign(value=models.to_centre(["condition"]), errors=1000 * (1 - models.models.test_accuracy))
    rows = []
    for condition, part in frame.dropna(subset=["value", "errors"]).groupby("condition", sort=False):
        wide, wrong = mean_interval(part.value, folder.level), mean_interval(part.errors, folder.level)
        rows.append({
            "condition": condition, "stress": part.stress.iloc[0],
            "x": wrong.mean, "x_low": wrong.low, "x_high": wrong.high,
            "y": wide.mean, "y_low": wide.low, "y_high": wide.high,
        })  # fmt: skip
    points: Frame = pd.DataFrame(rows)
    if len(points) < 3:
        return None
    points["label"] = points.condition.map(labels(folder))
    chart = _crosses(points, folder)
    widest, narrowest = points.loc[points.y.idxmax()], points.loc[points.y.idxmin()]
    return Figure(
        name="spread-accuracy",
        title=say("Spread against errors, by condition", "条件ごとの広がりと誤り"),
        panels=(Panel(chart),),
        alt=say(
            f"Scatter of {len(points)} conditions, errors across and spread upwards. Widest is "
            f"{widest.label} at {widest.y:.2f}, narrowest {narrowest.label} at {narrowest.y:.2f}.",
            f"{len(points)} 条件の散布図 (横は誤り、縦は広がり)。"
            f"最も広いのは {widest.label} ({widest.y:.2f})、最も狭いのは {narrowest.label} ({narrowest.y:.2f})。",
        ),
        caption=say(
            "One mark a condition, with the intervals of both means. The claim is judged over kinds of stress, in the "
            "table below: times of one kind harm and scatter models alike.",
            "印は条件ごと。線は両方の平均の区間。判定は下の表のとおりストレスの種類ごとに行う "
            "(同じ種類の条件は互いに似るため)。",
        ),
        keys=("stress",),
    )


def _crosses(points: Frame, folder: Folder) -> Any:
    say = say_in(folder.lang)
    spans = kit.domain(points.x_low, points.x_high, points.x), kit.domain(points.y_low, points.y_high, points.y)
    titles = (
        say("errors on test data, per thousand items", "テストの誤り (千件あたり)"),
        say("mean distance to the centre of the condition", "条件の中心からの平均距離"),
    )
    points = points.assign(side=beside(points, spans, (820, 380)))
    base = alt.Chart(kit.data(points)).encode(color=kit.hue("stress", colours(folder)))
    across, up = kit.quantity("x", titles[0], spans[0]), kit.quantity_up("y", titles[1], spans[1])
    tip = kit.tips(
        label=say("condition", "条件"), x_=say("errors per thousand", "千件あたりの誤り"), y_=say("spread", "広がり")
    )
    return alt.layer(
        base.mark_rule(opacity=0.45).encode(x=kit.quantity("x_low", titles[0], spans[0]), x2="x_high:Q", y=up),
        base.mark_rule(opacity=0.45).encode(x=across, y=kit.quantity_up("y_low", titles[1], spans[1]), y2="y_high:Q"),
        base.mark_point(filled=True, size=76, opacity=1, stroke="@ground").encode(x=across, y=up, tooltip=tip),
        *labels_beside(points[["x", "y", "label", "side"]], across, up),
    ).properties(height=380)
