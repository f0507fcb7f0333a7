"""Remedies in order: what each gains, what it does to clean accuracy, and the feature gap that it closes."""

from __future__ import annotations

import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arms import against
from assay.report.charts.paired import cut, with_zero
from assay.report.charts.remedies.arms import Arms, ranking, ships
from assay.report.charts.scatter import axis, cloud, diagonal, flags
from assay.report.folder import Folder, Frame
from assay.report.numbers import between, number
from assay.report.words import say_in
from assay.studies.overfitting.design import BASELINE

STEP, HEIGHT = 27, 340
AIR = 5.0  # points by which an interval may reach beyond the seeds before it is cut


def hero(folder: Folder, found: Arms | None) -> Figure | None:
    """Gains in robust accuracy over plain adversarial training, in order, with the intervals of the verdicts."""
    say = say_in(folder.lang)
    table, dots = (ranking(folder, found), ships(folder, found)) if found else (pd.DataFrame(), pd.DataFrame())
    table = table[table.effect.notna()] if len(table) else table
    if found is None or table.empty or dots.empty:
        return None
    dots = found.drawn(against(dots, "robust", BASELINE))
    dots = dots.assign(row=dots["full"], value=100 * dots.value)
    ends = {to: 100 * table[of] for to, of in (("value", "effect"), ("low", "low"), ("high", "high"))}
    middle = table.assign(row=table["full"], **ends)
    dots = dots[dots.row.isin(middle.row)]
    low, high = dots.value.min() - AIR, dots.value.max() + AIR
    span = kit.domain(dots.value, middle.low.clip(lower=low), middle.high.clip(upper=high), [0.0])
    title = say("gain in robust accuracy, points →", "頑健正解率の差 (ポイント) →")
    rows = list(middle.row)
    chart = kit.dots_in_rows(
        dots[["row", "hue", "value", "run"]],
        cut(middle[["row", "hue", "value", "low", "high"]], span),
        rows=rows,
        title=title,
        colours=found.hues,
        span=span,
        tooltip=kit.tips(row=say("remedy", "対策"), value_=say("points", "ポイント"), run=say("run", "学習")),
        step=STEP,
    )
    each = [
        f"{row} {number(value, 1)} ({between(low, high, 1, folder.lang)})"
        for row, value, low, high in zip(middle.row, middle.value, middle.low, middle.high, strict=True)
    ]
    return Figure(
        name="ranking",
        title=say("What each remedy gains at equal cost", "同じ手間での各対策の効果"),
        panels=(Panel(with_zero(chart, title, STEP * len(rows))),),
        alt=say("Points gained over plain adversarial training: ", "通常の敵対的学習との差 (ポイント): ")
        + "; ".join(each)
        + ".",
        caption=say(
            "Robust accuracy on test images of what is shipped, less that of plain adversarial training with the same "
            "seed (the line). Dots are seeds, large marks means, bars their intervals. The order is that of test "
            "images and chooses nothing: what is recommended was chosen by validation images.",
            "出荷するモデルのテスト画像での頑健正解率から、同じシードの通常の敵対的学習の値を引いた差 (線が 0)。"
            "点はシード、大きな印は平均、帯は区間。並びはテスト画像によるもので、推奨は検証画像で選んだ。",
        ),
        keys=("arm",),
    )


def plane(folder: Folder, found: Arms | None) -> Figure | None:
    """Clean against robust accuracy, the baseline marked by lines."""
    say = say_in(folder.lang)
    dots = ships(folder, found) if found else pd.DataFrame()
    if found is None or dots.empty:
        return None
    dots = dots.assign(x=100 * dots.clean, y=100 * dots.robust).dropna(subset=["x", "y"])
    points = dots.groupby("condition", sort=False)[["x", "y"]].mean().reset_index()
    across = axis(say("clean accuracy, % →", "通常の正解率 (%) →"), dots.x)
    up = axis(say("robust accuracy, % ↑", "頑健正解率 (%) ↑"), dots.y)
    tip = kit.tips(full=say("arm", "条件"), x_=say("clean, %", "通常 (%)"), y_=say("robust, %", "頑健 (%)"))
    base = points[points.condition == BASELINE]
    at = [(found.base.short, float(base.x.iloc[0]))] if len(base) and found.base else []
    chart = cloud(found, points, dots, (across, up), tooltip=tip, height=HEIGHT, below=flags(at, across, HEIGHT))
    drawn = found.drawn(points)
    each = [f"{r.label} {number(r.x, 1)} / {number(r.y, 1)}" for r in drawn.itertuples()]
    return Figure(
        name="clean-robust",
        title=say("Clean against robust accuracy", "通常の正解率と頑健正解率"),
        panels=(Panel(chart),),
        alt=say("Clean and robust accuracy, %: ", "通常と頑健の正解率 (%): ") + "; ".join(each) + ".",
        caption=say(
            "Small dots are seeds, large marks means of an arm; the dashed line and the diamond are plain adversarial "
            "training. Above and to the right is better at both.",
            "小さな点はシード、大きな印は条件の平均。破線と菱形は通常の敵対的学習。右上ほど両方に優れる。",
        ),
        keys=("arm",),
    )


def gaps(folder: Folder, found: Arms | None) -> Figure | None:
    """The feature gap that a remedy closes against the robust accuracy that it gains."""
    say = say_in(folder.lang)
    dots = ships(folder, found) if found else pd.DataFrame()
    if found is None or dots.empty or dots.gap_attacked.isna().all():
        return None
    pairs = _pairs(dots)
    if pairs.empty:
        return None
    points = pairs.groupby("condition", sort=False)[["x", "y"]].mean().reset_index()
    across = axis(say("train-test gap of features closed, points →", "縮まった特徴の差 (ポイント) →"), pairs.x, [0.0])
    up = axis(say("gain in robust accuracy, points ↑", "頑健正解率の差 (ポイント) ↑"), pairs.y, [0.0])
    tip = kit.tips(full=say("arm", "条件"), x_=across.title, y_=up.title)
    chart = cloud(found, points, pairs, (across, up), tooltip=tip, height=HEIGHT, below=diagonal((across, up)))
    drawn = found.drawn(points)
    each = [f"{r.label} {number(r.x, 1)} / {number(r.y, 1)}" for r in drawn.itertuples()]
    return Figure(
        name="gap-gain",
        title=say("The feature gap closed against what is gained", "縮まった特徴の差と効果"),
        panels=(Panel(chart),),
        alt=say("Gap closed and robust accuracy gained, points: ", "縮まった差と頑健正解率の差 (ポイント): ")
        + "; ".join(each)
        + ".",
        caption=say(
            "The gap is that of a linear probe on attacked features: right on training images less right on test "
            "images. Both are differences to plain adversarial training with the same seed; on the dashed line they "
            "are equal.",
            "差は攻撃下の特徴の線形プローブによる (学習画像 − テスト画像の正解率)。"
            "どちらも同じシードの通常の敵対的学習との差。破線上では両者が等しい。",
        ),
        keys=("arm",),
    )


def _pairs(dots: Frame) -> Frame:
    gain, gap = against(dots, "robust", BASELINE), against(dots, "gap_attacked", BASELINE)
    both = gain.merge(gap, on=["condition", "seed"], suffixes=("", "_gap"))
    return both.assign(x=-100 * both.value_gap, y=100 * both.value)[["run", "condition", "seed", "x", "y"]]
