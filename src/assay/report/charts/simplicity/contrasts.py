"""Settings against the base: the ratio of complexities seed by seed, and sensitivity by activation and depth."""

from __future__ import annotations

from math import exp
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.means import means_of
from assay.report.charts.simplicity.grid import Grid, Setting, activation_name, finished, layers
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval
from assay.report.words import Say, say_in


def ratios(folder: Folder, grid: Grid, figure: str) -> Frame:
    """The figure of every run over that of the base with the same seed: run, condition, seed, value."""
    runs = finished(folder, figure)
    if runs.empty:
        return pd.DataFrame(columns=["run", "condition", "seed", "value"])
    base = runs[runs.condition == grid.base.name].set_index("seed")[figure]
    value = runs[figure] / runs.seed.map(base[base > 0])
    return runs[["run", "condition", "seed"]].assign(value=value)[value > 0]


def steady_rows(folder: Folder, grid: Grid | None) -> Figure | None:
    """Complexity of the rows as a ratio to the base, with the margin that counts as no change."""
    if grid is None:
        return None
    say, rows = say_in(folder.lang), grid.rows[1:-1]
    dots = grid.drawn(ratios(folder, grid, "complexity"))
    dots = dots[dots.condition.isin([s.name for s in rows])].rename(columns={"label": "row"})
    if dots.empty:
        return None
    means = _ratio_means(dots, folder.level)
    bound = _margin(folder)
    span = kit.domain(dots.value, means.low, means.high, [0.98 / bound, 1.02 * bound])
    chart = kit.dots_in_rows(
        dots[["row", "hue", "value", "run"]], means, rows=[s.label for s in rows if s.label in set(dots.row)],
        title=say("complexity, times that of the base with the same seed", "複雑さ (同じシードの基準に対する倍率)"),
        colours=grid.hues, span=span,
        tooltip=kit.tips(row=say("setting", "設定"), value_=say("times", "倍"), run=say("run", "学習")), step=34,
    )  # fmt: skip
    far = means.loc[(np.log(means.value)).abs().idxmax()]
    return Figure(
        name="steady-rows",
        title=say("Complexity of the rows against the base", "基準に対する各行の複雑さ"),
        panels=(Panel(alt.layer(*_band(bound, say), chart).properties(height=34 * dots.row.nunique())),),
        alt=say(
            f"Dots in {dots.row.nunique()} rows. The largest change of complexity is {far.value:.3f} times, {far.row}; "
            f"from {1 / bound:.2f} to {bound:.2f} counts as none.",
            f"{dots.row.nunique()} 行の点図。複雑さの最大の変化は {far.row} の {far.value:.3f} 倍。"
            f"{1 / bound:.2f}〜{bound:.2f} は変化なしとみなす。",
        ),
        caption=say(
            f"The pale ground is the margin, {1 / bound:.2f} to {bound:.2f}, within which a change counts as none. "
            "Small dots are seeds, large dots their geometric mean with its interval. The learning rate that is "
            "too high stands in the section before.",
            f"薄い帯は変化なしとみなす範囲 ({1 / bound:.2f}〜{bound:.2f})。"
            "小さな点はシード、大きな点は幾何平均と区間。",
        ),
    )  # fmt: skip


def _margin(folder: Folder) -> float:
    """How far a ratio may be from 1 to count as no change."""
    claims = folder.study.get("claims") or []
    found = next((c.get("threshold") for c in claims if c.get("name") == "otherwise-steady"), None)
    return float(found) if isinstance(found, int | float) and found > 1 else 1.1


def _band(bound: float, say: Say) -> list[Any]:
    source = alt.Chart(kit.data(pd.DataFrame({"low": [1 / bound], "high": [bound], "one": [1.0]})))
    x = alt.X(
        "low:Q",
        title=say("complexity, times that of the base with the same seed", "複雑さ (同じシードの基準に対する倍率)"),
    )
    return [
        source.mark_rect(color="@line", opacity=0.55).encode(x=x, x2="high:Q"),
        source.mark_rule(color="@faint", strokeDash=[3, 3]).encode(x="low:Q"),
        source.mark_rule(color="@faint", strokeDash=[3, 3]).encode(x="high:Q"),
        source.mark_rule(color="@muted").encode(x="one:Q"),
    ]  # fmt: skip


def _ratio_means(dots: Frame, level: float) -> Frame:
    """Geometric means of ratios with their intervals, by row and hue."""
    rows = []
    for (row, hue), part in dots.groupby(["row", "hue"], sort=False):
        found = mean_interval(np.log(part.value), level)
        rows.append({"row": row, "hue": hue, "value": exp(found.mean), "low": exp(found.low), "high": exp(found.high)})
    return pd.DataFrame(rows)


def square(grid: Grid) -> list[Setting]:
    """Every activation and depth at the base's learning rate, each depth at its usual width."""
    usual: dict[int, str] = {}
    for s in grid.settings:  # the rows come first, so the width of a row is the usual one
        usual.setdefault(s.depth, s.widths)
    return [s for s in grid.settings if s.lr == grid.base.lr and s.widths == usual[s.depth]]


def _sensed(folder: Folder, grid: Grid) -> Frame:
    """Sensitivity of the runs in the square: run, condition, activation, depth, hue, form, label, value."""
    runs = finished(folder, "sensitivity")
    if runs.empty:
        return runs
    of = {s.name: s for s in square(grid)}
    runs = grid.drawn(runs[runs.condition.isin(list(of))][["run", "condition", "seed", "sensitivity"]])
    return runs.assign(
        activation=[activation_name(of[name].activation) for name in runs.condition],
        depth=[of[name].depth for name in runs.condition],
        value=runs.sensitivity,
    )


def by_activation(folder: Folder, grid: Grid | None) -> Figure | None:
    """Sensitivity by activation, a panel a depth."""
    if grid is None or (dots := _sensed(folder, grid)).empty:
        return None
    say = say_in(folder.lang)
    dots = dots.rename(columns={"activation": "row"})
    rows = list(dict.fromkeys(activation_name(s.activation) for s in grid.settings))
    rows = [row for row in rows if (dots.row == row).any()]
    means = {d: means_of(part, ["row", "hue"], folder.level) for d, part in dots.groupby("depth")}
    span = kit.domain(dots.value, *(m.low for m in means.values()), *(m.high for m in means.values()), zero=True)
    tip = kit.tips(row=say("activation", "活性化関数"), value_=say("sensitivity", "感度"), run=say("run", "学習"))
    panels = [
        Panel(
            kit.dots_in_rows(
                dots[dots.depth == depth][["row", "hue", "value", "run"]], mean, rows=rows,
                title=say("sensitivity", "感度"), colours=grid.hues, span=span, tooltip=tip, step=34,
            ),
            layers(int(depth), say),
        )
        for depth, mean in means.items()
    ]  # fmt: skip
    first = means[grid.base.depth] if grid.base.depth in means else next(iter(means.values()))
    said = say(", ", "、").join(f"{row.row} {row.value:.2g}" for row in first.itertuples())
    return Figure(
        name="by-activation",
        title=say("Sensitivity by activation", "活性化関数ごとの感度"),
        panels=tuple(panels),
        alt=say(
            f"Dots in rows. Mean sensitivity at the base's depth: {said}.", f"点図。基準の深さでの平均感度: {said}。"
        ),
        caption=say(
            "How far the outputs move for a small change of the input, divided by that change. The claim is about the "
            "depth of the base; the others stand beside it.",
            "入力の小さな変化に対する出力の変化の比。主張は基準の深さについてで、他の深さは参考。",
        ),
        narrowest=260,
        shared=len(panels) > 1,
    )  # fmt: skip


def by_depth(folder: Folder, grid: Grid | None) -> Figure | None:
    """Sensitivity over depth, a line an activation."""
    if grid is None or (dots := _sensed(folder, grid)).empty or dots.depth.nunique() < 2:
        return None
    say = say_in(folder.lang)
    # Activations stand side by side at each depth, so that none hides another.
    kinds = list(dict.fromkeys(dots.activation))
    beside = {kind: 0.05 * (i - (len(kinds) - 1) / 2) for i, kind in enumerate(kinds)}
    means = means_of(dots, ["activation", "hue", "depth"], folder.level)
    dots, means = (each.assign(place=each.depth + each.activation.map(beside)) for each in (dots, means))
    chart = _depth_lines(grid, dots, means, say)
    own = means[means.hue == grid.base.hue].sort_values("depth")
    said = say(", ", "、").join(f"{layers(int(row.depth), say)} {row.value:.2g}" for row in own.itertuples())
    name = activation_name(grid.base.activation)
    return Figure(
        name="by-depth",
        title=say("Sensitivity by depth", "深さごとの感度"),
        panels=(Panel(chart),),
        alt=say(
            f"Lines over depth. Mean sensitivity with {name}: {said}.", f"深さの折れ線。{name} の平均感度: {said}。"
        ),
        caption=say(
            f"The claim is about {name}, the activation of the base; the others stand beside it. Dots are seeds.",
            f"主張は基準の {name} について。他は参考。点はシード。",
        ),
        keys=("activation",),
    )


def _depth_lines(grid: Grid, dots: Frame, means: Frame, say: Say) -> Any:
    height, title = 270, say("sensitivity", "感度")
    up = kit.domain(dots.value, means.low, means.high, zero=True)
    deepest = int(dots.depth.max())
    span = (int(dots.depth.min()) - 0.15, deepest + 0.6)
    x = kit.quantity("place", say("hidden layers", "隠れ層の数"), span, sorted(set(dots.depth)))
    y, colour = kit.quantity_up("value", title, up), kit.hue("hue", grid.hues)
    tip = kit.tips(activation=say("activation", "活性化関数"), value_=title)
    seeds = alt.Chart(kit.data(dots[["run", "activation", "hue", "place", "value"]]))
    base = alt.Chart(kit.data(means)).encode(x=x, color=colour)
    ends = means[means.depth == deepest]
    ends = alt.Chart(kit.data(ends.assign(at=_apart(ends.value, 14 / height * (up[1] - up[0])))))
    return alt.layer(
        seeds.mark_point(filled=True, size=15, opacity=0.45).encode(
            x=x, y=y, color=colour, tooltip=[*tip, *kit.tips(run=say("run", "学習"))]
        ),
        base.mark_line(strokeWidth=1.8).encode(y=y, detail="activation:N"),
        base.mark_rule(strokeWidth=6, opacity=0.24).encode(y=kit.quantity_up("low", title, up), y2="high:Q"),
        base.mark_point(filled=True, size=80, opacity=1, stroke="@ground").encode(y=y, tooltip=tip),
        ends.mark_text(align="left", dx=14, fontSize=11.5)
        .encode(x=x, y=kit.quantity_up("at", title, up), text="activation:N", color=colour)
        .properties(name="half-ends"),
    ).properties(height=height)


def _apart(values: Frame, gap: float) -> Frame:
    """Places for labels, in the order of their values and at least a gap from one another.

    >>> _apart(pd.Series([1.0, 1.1, 5.0]), 1.0).tolist()
    [1.0, 2.0, 5.0]
    """
    order = values.sort_values()
    places = [float(order.iloc[0])]
    for value in order.iloc[1:]:
        places.append(max(float(value), places[-1] + gap))
    return pd.Series(places, index=order.index).reindex(values.index)
