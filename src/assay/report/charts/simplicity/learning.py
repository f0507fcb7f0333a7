"""What the learning rate does: complexity, sensitivity and accuracy of the base over learning rates."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.means import means
from assay.report.charts.scatter import axis, channels, cloud
from assay.report.charts.simplicity.grid import TOO_HIGH, Grid, Setting, answers, finished, floored, plain
from assay.report.folder import Folder, Frame
from assay.report.words import say_in

HEIGHT = 230


def ladder(grid: Grid) -> list[Setting]:
    """The base at all its learning rates, low first."""
    same = [s for s in grid.settings if (s.activation, s.widths) == (grid.base.activation, grid.base.widths)]
    return sorted(same, key=lambda s: s.lr)


def learning_rates(folder: Folder, grid: Grid | None) -> Figure | None:
    """A panel a figure over learning rates: every seed a dot, a line through the means, the too-high one marked."""
    say, runs = say_in(folder.lang), finished(folder, "sensitivity", "test_accuracy")
    if grid is None or runs.empty:
        return None
    rate = {s.name: s.lr for s in ladder(grid)}
    runs = runs[runs.condition.isin(list(rate))]
    if runs.condition.nunique() < 2:
        return None
    runs = runs.assign(percent=100 * runs.test_accuracy, steady=floored(runs.sensitivity))
    kinds = (
        ("complexity", say("Complexity of the answers, bits", "答えの複雑さ (ビット)"), False),
        ("steady", say("Sensitivity", "感度"), True),
        ("percent", say("Accuracy on test data, %", "テスト正解率 (%)"), False),
    )
    found = means(runs, [name for name, _, _ in kinds], folder.level)
    panels = [Panel(_panel(folder, grid, runs, found, rate, name, log), title) for name, title, log in kinds]
    high = found[found.condition == grid.too_high.name]
    base = found[found.condition == grid.base.name]
    said = [
        say(
            f"{title}: {float(base[name].iloc[0]):.3g} at the base, {float(high[name].iloc[0]):.3g} when too high",
            f"{title}: 基準 {float(base[name].iloc[0]):.3g}、高すぎる学習率 {float(high[name].iloc[0]):.3g}",
        )
        for name, title, _ in kinds
        if len(base) and len(high)
    ]  # fmt: skip
    return Figure(
        name="learning-rate",
        title=say("What the learning rate does", "学習率の影響"),
        panels=tuple(panels),
        alt=say("Lines over learning rates. ", "学習率に沿った折れ線。") + "; ".join(said) + ".",
        caption=say(
            f"Base setting at {len(found)} learning rates; small dots are seeds, large dots their means with "
            f"intervals. The learning rate called too high, {plain(grid.too_high.lr)}, has a colour of its own.",
            f"基準設定、{len(found)} 通りの学習率。小さな点はシード、大きな点は平均と区間。"
            f"高すぎる学習率 {plain(grid.too_high.lr)} は別の色。",
        ),
        narrowest=290,
    )  # fmt: skip


def _panel(
    folder: Folder, grid: Grid, runs: Frame, found: Frame, rate: dict[str, float], name: str, log: bool
) -> Any:  # fmt: skip
    say = say_in(folder.lang)
    points = pd.DataFrame({"condition": found.condition, "x": found.condition.map(rate), "y": found[name]})
    ends = {"y_low": found[f"{name}_low"], "y_high": found[f"{name}_high"], "x_low": points.x, "x_high": points.x}
    low = float(runs[name].min()) if log else None
    points = points.assign(**{k: v.fillna(points.y if k[0] == "y" else points.x) for k, v in ends.items()})
    points["y_low"] = points.y_low.clip(lower=low)
    dots = pd.DataFrame({"run": runs.run, "condition": runs.condition, "x": runs.condition.map(rate), "y": runs[name]})
    across = axis(say("learning rate", "学習率"), dots.x, log=True)
    up = axis("", dots.y, points.y_low, points.y_high, log=log)
    tip = kit.tips(
        label=say("setting", "設定"), run=say("run", "学習"), x_=say("learning rate", "学習率"), y_=say("value", "値")
    )
    x, y = channels((across, up))
    path = alt.Chart(kit.data(points[["x", "y"]].sort_values("x"))).mark_line(
        color=grid.hues[grid.base.hue], strokeWidth=1.6, clip=True
    )
    below = [path.encode(x=x, y=y)]
    if name == "complexity":
        below += _references(folder, across.span, up.span, x)
    chart = cloud(grid, points, dots, (across, up), tooltip=tip, height=HEIGHT, named=[], crosses=True, below=below)
    marked = points[points.condition == grid.too_high.name].assign(label=say("too high", "高すぎる"))
    source = alt.Chart(kit.data(marked[["x", "label"]]))
    line = source.mark_rule(color=grid.hues[TOO_HIGH], strokeDash=[3, 3], opacity=0.7).encode(x=x)
    text = source.mark_text(align="right", dx=-8, fontSize=11, color=grid.hues[TOO_HIGH])
    text = text.encode(x=x, y=alt.value(HEIGHT - 26), text="label:N")
    return alt.layer(line, chart, text).properties(height=HEIGHT)


def _references(folder: Folder, across: kit.Domain, up: kit.Domain, x: alt.X) -> list[Any]:
    """What the true labels and a constant answer have, as lines."""
    say, at = say_in(folder.lang), dict(answers(folder))
    words = {say("true labels", "正解ラベル"): 9, say("always the same answer", "常に同じ答え"): -7}
    layers: list[Any] = []
    for word, dy in words.items():
        if word in at and up[0] <= at[word] <= up[1]:
            source = alt.Chart(kit.data(pd.DataFrame({"x": [across[0]], "y": [at[word]], "name": [word]})))
            y = kit.quantity_up("y", "", up)
            layers.append(source.mark_rule(color="@muted", strokeDash=[3, 3], opacity=0.8).encode(y=y))
            text = source.mark_text(align="left", dx=3, dy=dy, fontSize=11, color="@muted")
            layers.append(text.encode(x=x, y=y, text="name:N"))
    return layers
