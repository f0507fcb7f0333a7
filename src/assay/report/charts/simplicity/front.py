"""Which settings are not beaten on accuracy and steadiness together, and which one a reader might take."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Block, Figure, Panel, Text
from assay.report.charts import kit
from assay.report.charts.means import means
from assay.report.charts.scatter import axis, channels, cloud
from assay.report.charts.simplicity.grid import Grid, Setting, finished, floored
from assay.report.charts.simplicity.tables import settings_table
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, with_interval
from assay.report.words import say_in

MUCH = 0.01  # accuracy that is not given away, however wide the interval of a few seeds may be


@dataclass(frozen=True)
class Advice:
    """A setting that is as accurate as the best within the interval of their difference, and the steadiest of these."""

    best: Setting
    take: Setting
    sentence: str


def unbeaten(found: Frame) -> Frame:
    """Rows that no other row beats on ``y`` (accuracy, higher) without being beaten on ``x`` (sensitivity, lower).

    >>> unbeaten(pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0.9, 0.8, 0.95]})).x.tolist()
    [1.0, 3.0]
    """
    x, y = found.x.to_numpy(float), found.y.to_numpy(float)
    as_good = (x[:, None] <= x) & (y[:, None] >= y)
    better = as_good & ((x[:, None] < x) | (y[:, None] > y))
    return found[~better.any(axis=0)].sort_values("x", kind="stable")


def advice(folder: Folder, grid: Grid) -> Advice | None:
    """The steadiest setting whose validation accuracy is that of the best within the interval of their difference.

    Accuracies and sensitivities are compared seed by seed.
    """
    runs = finished(folder, "sensitivity", "val_accuracy")
    if runs.empty:
        return None
    accuracy = runs.pivot_table(index="seed", columns="condition", values="val_accuracy")
    sensitivity = runs.pivot_table(index="seed", columns="condition", values="sensitivity")
    known = [s for s in grid.settings if s.name in accuracy]
    if len(known) < 2:
        return None
    best = max(known, key=lambda s: float(accuracy[s.name].mean()))
    less = {s: mean_interval(accuracy[s.name] - accuracy[best.name], folder.level) for s in known}
    equal = [s for s in known if s is best or (less[s].high >= 0 and less[s].mean >= -MUCH)]
    take = min(equal, key=lambda s: float(sensitivity[s.name].mean()))
    ratio = _ratio(sensitivity[take.name], sensitivity[best.name], folder.level)
    return Advice(best, take, _sentence(folder, best, take, mean_interval(accuracy[best.name], folder.level),
                                        less[take], ratio))  # fmt: skip


def _ratio(a: Frame, b: Frame, level: float) -> Mean:
    """How many times as large, seed by seed: the mean of the log ratio and its interval, as a ratio."""
    both = pd.DataFrame({"a": a, "b": b}).dropna()
    both = both[(both > 0).all(axis=1)]
    found = mean_interval(np.log(both.a / both.b), level)
    return Mean(exp(found.mean), exp(found.low), exp(found.high), found.n)


def _sentence(folder: Folder, best: Setting, take: Setting, accuracy: Mean, less: Mean, ratio: Mean) -> str:
    say = say_in(folder.lang)
    top, top_range = with_interval(accuracy, 100, folder.lang)
    first = say(
        f"Most accurate on validation data: {best.label}, {top} % ({top_range}).",
        f"検証で最も正確なのは {best.label}、{top} % ({top_range})。",
    )
    if take is best:
        return first + say(
            " No steadier setting is as accurate within the interval: take this one.",
            "区間の範囲で同じ精度の、より安定した設定はありません。",
        )
    points, points_range = with_interval(less, 100, folder.lang)
    times, times_range = with_interval(ratio, 1, folder.lang)
    return first + say(
        f" Worth taking instead: {take.label}. It has the same accuracy within the interval (difference {points} "
        f"points, {points_range}), and reacts {times} times as strongly to small changes ({times_range}).",
        f"代わりの候補は {take.label}。精度は区間の範囲で同じ (差 {points} ポイント、{points_range})、"
        f"小さな変化への反応は {times} 倍 ({times_range})。",
    )


def front(folder: Folder, grid: Grid | None) -> tuple[Block | None, ...]:
    """The advice in words, the picture of the front, and the settings on it."""
    runs = finished(folder, "sensitivity", "val_accuracy")
    if grid is None or runs.empty:
        return ()
    runs = runs.assign(val=100 * runs.val_accuracy)
    found = means(runs, ("val", "sensitivity"), folder.level)
    found = found.assign(x=floored(found.sensitivity), y=found.val)
    say, edge, told = say_in(folder.lang), unbeaten(found), advice(folder, grid)
    return (
        Text(told.sentence) if told else None,
        _picture(folder, grid, runs, found, edge),
        settings_table(
            folder,
            grid,
            "front-settings",
            list(edge.condition),
            ("val_accuracy", "sensitivity", "test_accuracy"),
            say(
                "Settings that no other beats on both; test accuracy was not used",
                "両方で上回られない設定 (テストは不使用)",
            ),
            {told.take.name: say("worth taking", "候補")} if told else None,
        ),
    )


def _picture(folder: Folder, grid: Grid, runs: Frame, found: Frame, edge: Frame) -> Figure:
    say = say_in(folder.lang)
    dots = runs.assign(x=floored(runs.sensitivity), y=runs.val)[["run", "condition", "x", "y"]]
    # Settings far below the best are of no use here: the picture stops at a tenth below the front.
    floor = float(edge.y.max()) - 10
    shown, dots = found[found.y >= floor], dots[dots.y >= floor]
    axes = (
        axis(say("reaction to small changes →", "小さな変化への反応 →"), dots.x, shown.x, log=True),
        axis(say("accuracy on validation data, % ↑", "検証データの正解率 (%) ↑"), dots.y, shown.y),
    )
    line = alt.Chart(kit.data(edge[["x", "y"]])).mark_line(
        interpolate="step-after", color="@faint", strokeWidth=7, opacity=0.55, clip=True
    )
    tip = kit.tips(
        label=say("setting", "設定"),
        run=say("run", "学習"),
        x_=say("sensitivity", "感度"),
        y_=say("validation accuracy, %", "検証正解率 (%)"),
    )
    across, up = channels(axes)
    chart = cloud(
        grid, shown[["condition", "x", "y"]], dots, axes, tooltip=tip, below=[line.encode(x=across, y=up)],
    )  # fmt: skip
    names = say(", ", "、").join(grid.drawn(edge).label)
    left_out = len(found) - len(shown)
    beyond = say(
        f" {left_out} settings more than 10 points below the best are not drawn." if left_out else "",
        f" 最良より 10 ポイント以上低い {left_out} 設定は描いていません。" if left_out else "",
    )
    return Figure(
        name="front",
        title=say("Accuracy against sensitivity", "正解率と感度"),
        panels=(Panel(chart),),
        alt=say(
            f"Scatter of {len(shown)} settings. Not beaten on validation accuracy and steadiness together: {names}.",
            f"{len(shown)} 設定の散布図。検証正解率と安定性の両方で上回られない設定: {names}。",
        ),
        caption=say(
            "The best place is the upper left. The grey steps join the settings that no other beats on both. Accuracy "
            "is that of validation data, so that test data stay unused for choosing; sensitivity needs no labels. "
            "Means that are close may change places with other seeds."
            + beyond,
            "左上ほど良い。灰色の段は、両方で上回られない設定を結ぶ。選択に使わないようテストではなく検証の正解率を用いる。"
            "近い平均の順位は別のシードで入れ替わりうる。" + beyond,
        ),
        keys=("activation", "depth"),
    )  # fmt: skip
