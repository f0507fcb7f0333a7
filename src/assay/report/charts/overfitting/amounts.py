"""Fewer and worse images: how much is lost with how many, and what is learned by heart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import Arm, finished
from assay.report.charts.means import means
from assay.report.charts.overfitting.arms import Arms, earlier
from assay.report.charts.overfitting.rows import strip
from assay.report.charts.overfitting.tables import above, chosen, measures
from assay.report.charts.paired import slopes
from assay.report.charts.scatter import axis, channels, cloud
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in
from assay.studies.overfitting.design import BASELINE, CLEAN, NARROWED, WRONG, fewer

CURVE = ("drop_corrected", "robust_best", "robust_last", "clean_last")
HEIGHT = 240


def sizes(folder: Folder, found: Arms) -> list[Arm]:
    """The baseline and the arms that differ from it in how many images they have."""
    shares = folder.study.get("sizes") or []
    return found.named(BASELINE, *(fewer(float(share)) for share in shares))


def less_data(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """The training-size curve, with the arms of worse images beside it."""
    if found is None:
        return ()
    table = means_table(
        folder, found, "sizes-table", [*earlier(found), *found.named(CLEAN)], chosen(folder, "images", *CURVE)
    )
    return (size_curve(folder, found), table) if table else ()


def size_curve(folder: Folder, found: Arms) -> Figure | None:
    """Loss, robust accuracy at the best look and at the end, and clean accuracy against the number of images."""
    say, known, line = say_in(folder.lang), measures(folder), [arm.name for arm in sizes(folder, found)]
    runs, panels, told = finished(folder, "images"), [], []
    runs = runs[runs.condition.isin([arm.name for arm in earlier(found)])] if len(runs) else runs
    if runs.empty or runs.images.nunique() < 2:
        return None
    across = axis(say("training images", "学習画像数"), runs.images, log=True, pad=0.12)
    for column in CURVE:
        measure = known[column]
        here = runs.dropna(subset=[column]) if column in runs else runs.iloc[:0]
        if here.condition.nunique() < 2:
            continue
        middle = means(here, [column], folder.level)
        images = middle.condition.map(here.groupby("condition").images.mean())
        points = pd.DataFrame({"condition": middle.condition, "x": images, "y": 100 * middle[column]})
        points = points.assign(
            x_low=points.x,
            x_high=points.x,
            y_low=(100 * middle[f"{column}_low"]).fillna(points.y),
            y_high=(100 * middle[f"{column}_high"]).fillna(points.y),
        )
        dots = here.assign(x=here.images, y=100 * here[column])[["run", "condition", "x", "y"]]
        up = axis("", dots.y, points.y, *([[0.0]] if column == "drop_corrected" else []))
        tip = kit.tips(full=say("arm", "条件"), run=say("run", "学習"), x_=across.title, y_=measure.title)
        x, y = channels((across, up))
        path = points[points.condition.isin(line)].sort_values("x")
        below: list[Any] = [
            alt.Chart(kit.data(path[["x", "y"]])).mark_line(color="@faint", strokeWidth=1.6).encode(x=x, y=y)
        ]
        if column == "drop_corrected":
            none = alt.Chart(kit.data(pd.DataFrame({"y": [0.0]}))).mark_rule(color="@muted").encode(y=y)
            below.insert(0, none)
        chart = cloud(
            found, points, dots, (across, up), tooltip=tip, height=HEIGHT, least="half", crosses=True, below=below
        )
        panels.append(Panel(chart, above(folder, column)))
        each = say(", ", "、").join(f"{p.x:.0f}: {number(p.y, 1)}" for p in path.itertuples())
        told.append(f"{measure.title} {each}")
    if not panels:
        return None
    return Figure(
        name="size-curve",
        title=say("With how many images", "画像数の影響"),
        panels=tuple(panels),
        alt=say("Against the number of images, in percent or points. ", "画像数に対する値 (%・ポイント)。")
        + "; ".join(told)
        + ".",
        caption=say(
            "The line joins the baseline with parts of its images. Squares off the line have worse images: wrong "
            "labels, uneven classes or one lighting. Small dots are seeds, large marks means with intervals.",
            "線は基準とその一部の画像を結ぶ。線から外れた四角は質の悪い画像 (誤ラベル、不均衡、一様な明るさ)。"
            "小さな点はシード、大きな印は平均と区間。",
        ),
        keys=("earlier",),
        narrowest=380,
    )


def pair(folder: Folder, found: Arms, name: str, arms: Sequence[Arm]) -> tuple[Block | None, ...]:
    """Two arms with the same seed: what is lost, what is left at the best look and at the end."""
    called = {column: above(folder, column) for column in ("drop_corrected", "robust_best")}
    figure = slopes(folder, found, name, arms, measures(folder), called)
    if figure is None:
        return ()
    columns = ("drop_corrected", "robust_best", "robust_last", "clean_last", "gap_attacked_last", "images")
    return figure, means_table(folder, found, f"{name}-table", arms, chosen(folder, *columns))


def wrong_labels(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """The baseline against the arm with wrong labels, and how many of these it learned by heart."""
    if found is None:
        return ()
    two = pair(folder, found, "wrong-labels", found.named(BASELINE, WRONG))
    return (*two[:1], memory(folder, found), *two[1:])


def memory(folder: Folder, found: Arms) -> Figure | None:
    """Relabelled training images that are answered as they were relabelled, beside what chance gives."""
    say = say_in(folder.lang)
    runs = finished(folder, "memorised_best", "memorised_last", "memorised_by_chance_best", "memorised_by_chance_last")
    runs = runs[runs.condition == WRONG] if len(runs) else runs
    if runs.empty:
        return None
    when = {"best": say("at the best look", "最良の時点"), "last": say("at the end", "終了時")}
    what = {
        "memorised": say("learned by heart", "暗記"),
        "memorised_by_chance": say("by chance", "偶然"),
    }
    rows = {f"{w}, {t}": (name, m) for m, t in when.items() for name, w in what.items()}
    dots = pd.concat(
        [
            runs[["run"]].assign(
                row=row, hue="data" if name == "memorised" else "chance", value=100 * runs[f"{name}_{m}"]
            )
            for row, (name, m) in rows.items()
        ]
    )
    hues = {"data": found.hues["data"], "chance": "@muted"}
    chart, middle = strip(
        folder, dots, list(rows), say("% of the relabelled images →", "ラベルを変えた画像のうち (%) →"), hues, zero=True
    )
    told = say(", ", "、").join(f"{row.row} {row.value:.1f} %" for row in middle.itertuples())
    return Figure(
        name="memory",
        title=say("Wrong labels learned by heart", "暗記された誤ラベル"),
        panels=(Panel(chart),),
        alt=say(f"Of relabelled training images: {told}.", f"ラベルを変えた学習画像のうち: {told}。"),
        caption=say(
            "How many training images with a wrong label are answered with that very label, beside how often new "
            "images of the same class get it. What lies between them was memorised.",
            "誤ったラベルの学習画像のうち、そのラベルで答えた割合。"
            "同じクラスの新しい画像がその誤答になる割合と並べる。差が暗記。",
        ),
    )


def narrow(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """As many images in all lightings and in one."""
    return pair(folder, found, "narrow", found.named(fewer(0.5), NARROWED)) if found else ()
