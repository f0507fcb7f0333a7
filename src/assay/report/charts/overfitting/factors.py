"""One factor after the other from the onset on: what is left of robust accuracy at the end, and on the way there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Block, Cell, Column, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.arm_table import differences_table, means_table
from assay.report.charts.arms import against, finished
from assay.report.charts.overfitting.along import ends, long, looks, mean, onset, whole
from assay.report.charts.overfitting.arms import Arms, later
from assay.report.charts.overfitting.rows import said, strip
from assay.report.charts.overfitting.tables import above, chosen, judged
from assay.report.charts.paired import slopes
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE, DROP, PERTURBATION

LEVELS = ("A", "B", "C", "X")


def natural_data(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """All arms of the second stage at the end and against the baseline; their curves; the numbers; levels of trust."""
    if found is None:
        return ()
    column, arms = judged(folder), later(found)
    if len(found.there(finished(folder, column), [arm.name for arm in arms])) < 2:
        return ()
    shown = chosen(folder, *dict.fromkeys((column, "robust_last", "robust_best", "clean_last", "drop_corrected")))
    say = say_in(folder.lang)
    less = say("The differences to the baseline: {} arms", "基準との差: {} 条件")
    return (
        at_end(folder, found),
        from_onset(folder, found),
        means_table(folder, found, "factors-table", arms, shown),
        differences_table(
            folder,
            found,
            "factors-differences",
            found.base,
            [arm for arm in arms if arm != found.base],
            shown,
            say(
                "Difference to the baseline with the same seed: mean and interval", "同じシードの基準との差: 平均と区間"
            ),
            less,
        )
        if found.base
        else None,
        levels(folder, found),
    )


def at_end(folder: Folder, found: Arms) -> Figure | None:
    """Robust accuracy at the end by arm, every seed a dot; beside it the differences to the baseline, seed by seed."""
    say, column, arms = say_in(folder.lang), judged(folder), later(found)
    runs = finished(folder, column)
    there = found.there(runs, [arm.name for arm in arms])
    if len(there) < 2:
        return None
    rows, title = [arm.label for arm in there], above(folder, column)
    dots = found.drawn(runs[runs.condition.isin([arm.name for arm in there])])
    dots = dots.assign(row=dots["full"], value=100 * dots[column])
    chart, middle = strip(folder, dots, rows, "% →", found.hues)
    panels, told = [Panel(chart, title)], [said(middle, title, say, " %")]
    less = found.drawn(against(dots, column, BASELINE)).assign(value=lambda f: 100 * f.value)
    less = less.assign(row=less["full"])
    if len(less):
        unit = say("points, the same seed →", "ポイント、同じシード →")
        chart, middle = strip(folder, less, rows, unit, found.hues, zero=True)
        word = say("Difference to the baseline", "基準との差")
        panels.append(Panel(chart, word))
        told.append(said(middle, word, say, say(" points", " ポイント")))
    counted = _levels(runs[runs.condition.isin([arm.name for arm in there])])
    trust = say("; ", "、").join(f"{level}: {count}" for level, count in counted.items())
    return Figure(
        name="factors-end",
        title=say("Robust accuracy at the end", "終了時の頑健正解率"),
        panels=tuple(panels),
        alt=". ".join(told) + ".",
        caption=say(
            "Small dots are seeds, large ones means with intervals; to the right of the line an arm keeps more "
            "robustness than plain adversarial training with the same seed.",
            "小さな点はシード、大きな点は平均と区間。線の右は、"
            "同じシードの通常の敵対的学習よりも頑健性が保たれた条件。",
        )
        + (say(f" Levels of trust, models: {trust}.", f" 信頼水準 (モデル数): {trust}。") if trust else "")
        + (
            ""
            if column == "autoattack_last"
            else say(" Judged by 20 steps of one attack.", " 1 種類の攻撃 20 ステップで判定。")
        ),
        keys=("later",),
        narrowest=330,
        shared=len(panels) > 1,
    )


def from_onset(folder: Folder, found: Arms) -> Figure | None:
    """Mean curves of the baseline and of everything that differs from it from the onset on."""
    say, arms, at = say_in(folder.lang), later(found), onset(folder)
    frame = looks(folder, [arm.name for arm in arms], ["test_robust"])
    if frame.empty or at is None or frame.condition.nunique() < 2:
        return None
    frame = frame[frame.epoch >= 0.9 * at]
    if frame.epoch.nunique() < 2:
        return None
    called = {
        "test_robust": say("On test images, %", "テスト画像 (%)"),
        "train_robust": say("On training images, %", "学習画像 (%)"),
    }
    panels = []
    for name, title in called.items():
        rows = long(frame, [name])
        if len(rows):
            panels.append(Panel(_curves(found, mean(rows), at, say), title))
    last = frame[frame.epoch == frame.epoch.max()].groupby("condition", sort=False).test_robust.mean()
    told = say(", ", "、").join(f"{arm.label} {100 * last[arm.name]:.1f}" for arm in arms if arm.name in last)
    return Figure(
        name="factors-curves",
        title=say("From the onset on", "開始点以降"),
        panels=tuple(panels),
        alt=say(
            f"Curves from epoch {frame.epoch.min():.0f} to {frame.epoch.max():.0f}. Robust accuracy on test at the "
            f"end, in percent: {told}.",
            f"エポック {frame.epoch.min():.0f}〜{frame.epoch.max():.0f} の曲線。終了時のテスト頑健正解率 (%): {told}。",
        ),
        caption=say(
            "Means over seeds, watched with the attack of training on few images; until the onset all arms are the "
            "same model, bit for bit. Controls are dashed.",
            "シードの平均 (学習時の攻撃、少数の画像)。開始点までは全条件が同一のモデル。破線は対照。",
        ),
        keys=("later",),
    )


def _curves(found: Arms, middle: Frame, at: float, say: Say) -> Any:
    middle = found.drawn(middle)
    last = float(middle.epoch.max())
    first = float(middle.epoch.min())
    spans = ((first, last + 0.36 * (last - first)), kit.domain(middle.value, pad=0.08))
    tip = kit.tips(full=say("arm", "条件"), epoch_=say("epoch", "エポック"), value_="%")
    ticks = whole(first, last)
    titles = (say("epoch", "エポック"), "")
    source = middle[["condition", "full", "epoch", "order", "value", "hue", "form"]]
    x = kit.quantity("epoch", titles[0], spans[0], ticks)
    line = kit.lines(
        source,
        x="epoch",
        y="value",
        colours=found.hues,
        group="condition",
        spans=spans,
        titles=titles,
        ticks=ticks,
        width=1.8,
        opacity=0.95,
        tooltip=tip,
    )
    dashed = alt.condition("datum.form === 'control'", alt.value([4, 3]), alt.value([1, 0]))
    layers = [line.encode(strokeDash=dashed)]
    names = {arm.name: arm.label for arm in found.there(middle)}
    layers.append(ends(middle, names, found.hues, spans, x, by="condition").properties(name="wide-ends"))
    if first <= at <= last:
        mark = alt.Chart(kit.data(pd.DataFrame({"epoch": [at]}))).mark_rule(color="@muted", strokeDash=[3, 3])
        layers.append(mark.encode(x=x))
    return alt.layer(*layers).properties(height=250)


def not_perturbation(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Only the attack left out, nothing left out, images left out: every seed a line."""
    if found is None:
        return ()
    column = judged(folder)
    shown = chosen(folder, *dict.fromkeys((column, "robust_last", "robust_train_last", "clean_last")))
    called = {name: above(folder, name) for name in (column, "clean_last")}
    arms = found.named(PERTURBATION, BASELINE, DROP)
    figure = slopes(folder, found, "not-perturbation", arms, shown, called)
    return (figure, means_table(folder, found, "not-perturbation-table", arms, shown)) if figure else ()


def _levels(runs: Frame) -> Counter[str]:
    """How many models have each level of trust, in the order of the levels."""
    if "autoattack_level_last" not in runs:
        return Counter()
    told = Counter(str(level) for level in runs.autoattack_level_last)
    return Counter({level: told[level] for level in LEVELS if told[level]})


def levels(folder: Folder, found: Arms) -> Table | None:
    """How far each arm's AutoAttack figure is to be believed: models by level of trust."""
    say, runs, rows = say_in(folder.lang), finished(folder), []
    for i, arm in enumerate(found.arms):
        counts = _levels(runs[runs.condition == arm.name]) if len(runs) else Counter[str]()
        if counts:
            cells = [Cell(str(counts[level]), counts[level]) for level in LEVELS]
            rows.append((Cell(arm.label, i, hue=found.hues[arm.hue]), *cells))
    if not rows:
        return None
    means = {
        "A": say("believed", "信頼できる"),
        "B": say("believed within limits", "限定付き"),
        "C": say("an upper bound", "上限"),
        "X": say("not to be used", "使用不可"),
    }
    heads = (Column(say("arm", "条件")), *(Column(f"{level}: {means[level]}", number=True) for level in LEVELS))
    folded = say(f"How far to believe it: levels of trust of {len(rows)} arms", f"信頼水準: {len(rows)} 条件")
    caption = say("Models by level of trust at the end", "終了時の信頼水準ごとのモデル数")
    return Table("trust", caption, heads, tuple(rows), folded=folded, sortable=True)
