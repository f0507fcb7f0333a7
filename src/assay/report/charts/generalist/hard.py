"""Near the boundary: the fate of the hardest tenth, the margins of every arm, and every class."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arms import finished
from assay.report.charts.families.samples import class_name
from assay.report.charts.generalist.arms import Arms
from assay.report.charts.means import means_of
from assay.report.charts.paired import cut
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in

STEP = 23
KINDS = {"clean": ("on clean images", "通常の画像"), "attacked": ("on attacked images", "攻撃された画像")}


def tenth(folder: Folder, found: Arms | None) -> Figure | None:
    """Clean and robust accuracy on the hardest tenth of the judged images, the same images for every arm."""
    runs, say = finished(folder), say_in(folder.lang)
    if found is None or not {"hard_clean", "hard_robust"} <= set(runs.columns):
        return None
    panels, said = [], []
    for column, title in (("hard_clean", say("Clean, %", "通常 (%)")), ("hard_robust", say("Robust, %", "頑健 (%)"))):
        dots = found.drawn(runs.dropna(subset=[column]))
        if dots.empty:
            continue
        dots = dots.assign(row=dots["full"], value=100 * dots[column])
        middle = means_of(dots, ["row", "hue"], folder.level)
        span = (-2.0, 102.0)
        chart = kit.dots_in_rows(
            dots[["row", "hue", "value", "run"]],
            cut(middle, span),
            rows=[arm.label for arm in found.there(dots)],
            title=say("% right →", "正解 (%) →"),
            colours=found.hues,
            span=span,
            tooltip=kit.tips(row=say("arm", "条件"), value_="%", run=say("run", "学習")),
            step=STEP,
        )
        panels.append(Panel(chart, title))
        said.append(f"{title} " + ", ".join(f"{r.row} {number(r.value, 1)}" for r in middle.itertuples()))
    if not panels:
        return None
    return Figure(
        name="tenth",
        title=say("The hardest tenth of the images", "最も難しい一割の画像"),
        panels=tuple(panels),
        alt="; ".join(said) + ".",
        caption=say(
            "Hardest are the judged images with the smallest clean margin, the mean over all standard and adversarial "
            "runs: the same images for every arm, but chosen where these two fail, so all others look a little better "
            "beside them. Dots are seeds, bars intervals.",
            "通常学習と敵対的学習の平均マージンが最小の画像 (全条件で同じ)。"
            "この二つの失敗で選ぶため、他の条件がやや有利に見える。点はシード、帯は区間。",
        ),
        narrowest=340,
        shared=True,
    )


def margins(folder: Folder, found: Arms | None) -> Figure | None:
    """From the 5 % to the 50 % quantile of the margin, mean over seeds, a row an arm."""
    frame, say = folder.table("margins"), say_in(folder.lang)
    if found is None or not {"inputs", "q05", "q10", "q25", "q50"} <= set(frame.columns):
        return None
    middle = frame.groupby(["condition", "inputs"], sort=False)[["q05", "q10", "q25", "q50"]].mean().reset_index()
    middle = found.drawn(middle)
    if middle.empty:
        return None
    span = kit.domain(middle.q05, middle.q50, [0.0])
    panels, said = [], []
    for kind, words in KINDS.items():
        here = middle[middle.inputs == kind]
        if len(here):
            panels.append(Panel(_spread(found, here, span, say), say(*words)))
            each = ", ".join(f"{r.full} {number(r.q05, 2)} / {number(r.q50, 2)}" for r in here.itertuples())
            said.append(f"{say(*words)}: {each}")
    return Figure(
        name="margins",
        title=say("Margins: how near answers are to changing", "マージン: 答えが変わるまでの余裕"),
        panels=tuple(panels),
        alt=say("5 % and 50 % quantiles of the margin ", "マージンの 5 % と 50 % 分位 ") + "; ".join(said) + ".",
        caption=say(
            "Probability of the true class less the largest of the others; below 0 the answer is wrong. From left to "
            "right the marks are below 5, 10, 25 and 50 % of the images; means over seeds.",
            "正解クラスの確率から他の最大を引いた値 (0 未満は誤答)。左から 5、10、25、50 % 分位、シードの平均。",
        ),
        narrowest=340,
        shared=True,
    )


def _spread(found: Arms, here: Frame, span: kit.Domain, say: Say) -> Any:
    rows = [arm.label for arm in found.there(here)]
    title = say("margin →", "マージン →")
    axis = alt.Axis(grid=True, labelColor="@ink")
    y = alt.Y("row:N", sort=None, title=None, scale=alt.Scale(domain=rows, paddingOuter=0), axis=axis)
    x, hue = kit.quantity("value", title, span), kit.hue("hue", found.hues)
    wide = here.assign(row=here["full"])[["row", "hue", "q05", "q50"]]
    long = here.assign(row=here["full"]).melt(["row", "hue"], ["q05", "q10", "q25", "q50"], "quantile", "value")
    bar = alt.Chart(kit.data(wide)).mark_rule(strokeWidth=5, opacity=0.25).encode(
        x=kit.quantity("q05", title, span), x2="q50:Q", y=y, color=hue
    )  # fmt: skip
    zero = alt.Chart(kit.data(pd.DataFrame({"value": [0.0]}))).mark_rule(color="@muted").encode(x=x)
    tip = kit.tips(row=say("arm", "条件"), quantile=say("quantile", "分位"), value_=say("margin", "マージン"))
    marks = alt.Chart(kit.data(long)).mark_tick(thickness=2.4, size=13, opacity=1)
    return alt.layer(bar, marks.encode(x=x, y=y, color=hue, tooltip=tip), zero).properties(height=STEP * len(rows))


def classes(folder: Folder, found: Arms | None) -> Figure | None:
    """Clean and robust accuracy of every class, arms by classes."""
    frame, say = folder.table("classes"), say_in(folder.lang)
    if found is None or not {"class", "label", "clean", "robust"} <= set(frame.columns):
        return None
    known = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    drawn = found.drawn(frame.assign(place=frame.label))  # what is drawn has labels of its own
    if drawn.empty or len(known) > 30:
        return None
    panels, said = [], []
    for column, title in (("clean", say("Clean, %", "通常 (%)")), ("robust", say("Robust, %", "頑健 (%)"))):
        mean = drawn.groupby(["full", "place"], sort=False)[column].mean().dropna().reset_index()
        cells = pd.DataFrame(
            {"row": mean["full"], "column": [class_name(v, known) for v in mean.place], "value": 100 * mean[column]}
        )
        if cells.empty:
            continue
        rows = [arm.label for arm in found.arms if arm.label in set(cells.row)]
        tip = kit.tips(row=say("arm", "条件"), column=say("class", "クラス"), value_="%")
        chart = kit.heat(
            cells, rows=rows, columns=known, span=(0.0, 100.0), title="%", tooltip=tip, form=".0f", step=STEP, angle=-40
        )
        panels.append(Panel(chart, title))
        worst = cells.sort_values("value", kind="stable").to_dict("records")[0]
        told = f"{worst['row']}, {worst['column']}, {worst['value']:.0f}"
        said.append(say(f"{title} lowest: {told}", f"{title} 最小: {told}"))
    if not panels:
        return None
    return Figure(
        name="classes",
        title=say("Class by class", "クラスごと"),
        panels=tuple(panels),
        alt="; ".join(said) + ".",
        caption=say("Means over seeds on test images.", "テスト画像でのシード平均。"),
        narrowest=420,
    )
