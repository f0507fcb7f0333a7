"""Figures over two axes of the grid: activation by depth at a glance, any two axes by choice."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.simplicity.contrasts import square
from assay.report.charts.simplicity.grid import Grid, Setting, activation_name, finished, layers, plain
from assay.report.charts.simplicity.tables import scale_of
from assay.report.folder import Folder, Frame
from assay.report.numbers import decimals, mean_interval
from assay.report.words import Say, say_in


def figures(say: Say) -> dict[str, str]:
    """What can be mapped."""
    return {
        "test_accuracy": say("test accuracy, %", "テスト正解率 (%)"),
        "complexity": say("complexity, bits", "複雑さ (ビット)"),
        "sensitivity": say("sensitivity", "感度"),
        "flip_rate": say("flips, per thousand", "反転 (千件あたり)"),
        "gap": say("gap, points", "差 (ポイント)"),
        "shift_accuracy": say("accuracy on changed data, %", "変化したデータの正解率 (%)"),
    }


def _means(folder: Folder, figure: str) -> tuple[dict[str, float], int]:
    """The mean of a figure by setting as it is read, and the decimals that the intervals support."""
    runs, scale = finished(folder, figure), scale_of(figure)
    if runs.empty or runs[figure].notna().sum() == 0:
        return {}, 0
    found = {str(name): mean_interval(scale * part[figure], folder.level) for name, part in runs.groupby("condition")}
    widths = [mean.high - mean.low for mean in found.values() if mean.high > mean.low]
    places = decimals(0.0, float(np.median(widths))) if widths else 2
    return {name: mean.mean for name, mean in found.items() if mean.n}, min(places, 3)


def small_multiples(folder: Folder, grid: Grid | None) -> Figure | None:
    """Activation by depth for accuracy, complexity, sensitivity and flips."""
    if grid is None:
        return None
    say = say_in(folder.lang)
    settings, panels, said = square(grid), [], []
    rows = [activation_name(s.activation) for s in settings]
    columns = {s.depth: str(s.depth) for s in sorted(settings, key=lambda s: s.depth)}
    if len(columns) < 2:
        return None
    tip = kit.tips(label=say("setting", "設定"), value_=say("mean", "平均"))
    for figure in list(figures(say))[:4]:
        found, places = _means(folder, figure)
        here = [s for s in settings if s.name in found]
        if not here:
            continue
        frame = pd.DataFrame({
            "row": [activation_name(s.activation) for s in here],
            "column": [columns[s.depth] for s in here],
            "label": [s.label for s in here],
            "value": [found[s.name] for s in here],
        })  # fmt: skip
        title = figures(say)[figure]
        by_value = frame.sort_values("value", kind="stable")
        low, top = by_value.iloc[0], by_value.iloc[-1]
        said.append(say(
            f"{title}: {low.value:.{places}f} ({low.label}) to {top.value:.{places}f} ({top.label})",
            f"{title}: {low.value:.{places}f} ({low.label}) 〜 {top.value:.{places}f} ({top.label})",
        ))  # fmt: skip
        chart = kit.heat(
            frame, rows=list(dict.fromkeys(rows)), columns=list(columns.values()), title="", form=f".{places}f",
            span=_span(figure, frame.value), tooltip=tip, step=32,
        )  # fmt: skip
        panels.append(Panel(chart, title[:1].upper() + title[1:]))
    if not panels:
        return None
    return Figure(
        name="activation-depth",
        title=say("Activation by depth", "活性化関数と深さ"),
        panels=tuple(panels),
        alt=". ".join(said) + ".",
        caption=say(
            "Mean over seeds; columns are the number of hidden layers. Each panel has a scale of its "
            "own; that of complexity reaches at least a tenth to either side, since less counts as no change.",
            "シードの平均。列は隠れ層の数。色の尺度はパネルごと。"
            "複雑さは 1 割未満の差を変化とみなさないため、尺度を上下 1 割以上に取る。",
        ),
        narrowest=300,
        shared=len(panels) <= 4,
    )


def _span(figure: str, values: Frame) -> kit.Domain:
    """The scale of a panel: from lowest to highest, for complexity wide enough not to colour what counts as none."""
    low, high = float(values.min()), float(values.max())
    if figure == "complexity":
        low, high = min(low, high / 1.1), max(high, low * 1.1)
    return low, high


def _axes(say: Say) -> dict[str, tuple[str, Callable[[Setting], Any], Callable[[Any], str]]]:
    """The axes of the grid: what they are called, a setting's place on them, how a place is written."""
    return {
        "activation": (say("activation", "活性化関数"), lambda s: s.activation, activation_name),
        "depth": (say("depth", "深さ"), lambda s: s.depth, lambda depth: layers(depth, say)),
        "lr": (say("learning rate", "学習率"), lambda s: s.lr, plain),
        "widths": (say("width", "幅"), lambda s: s.widths, str),
    }


def chooser(folder: Folder, grid: Grid | None) -> Figure | None:
    """A heat map of any figure over any two axes; what it shows at first stands there without a choice."""
    if grid is None:
        return None
    say = say_in(folder.lang)
    axes, known = _axes(say), figures(say)
    pairs = {f"{axes[a][0]} × {axes[b][0]}": (a, b) for a, b in combinations(axes, 2)}
    means = {title: _means(folder, name) for name, title in known.items()}
    means = {title: found for title, found in means.items() if found[0]}
    cells = [cell for title, pair in pairs.items() for what, found in means.items()
             for cell in _cells(grid, axes, title, pair, what, *found)]  # fmt: skip
    frame = pd.DataFrame(cells)
    if frame.empty:
        return None
    pairs = {title: pair for title, pair in pairs.items() if (frame.pair == title).any()}
    first = next((title for title, pair in pairs.items() if pair == ("activation", "lr")), next(iter(pairs)))
    what = known["sensitivity"] if known["sensitivity"] in means else next(iter(means))
    shown = frame[(frame.pair == first) & (frame.figure == what) & (frame.share >= 0)]
    tallest = int(frame.groupby(["pair", "figure"]).row.nunique().max())
    chart = _chosen(frame, list(pairs), list(means), first, what, say).properties(height=32 * tallest)
    return Figure(
        name="any-two",
        title=say("Any figure over any two axes", "任意の 2 軸の地図"),
        panels=(Panel(chart),),
        alt=say(
            f"Heat map of {what} over {first} for {len(shown)} settings, with menus for {len(pairs)} pairs of axes and "
            f"{len(means)} figures.",
            f"{first} に対する {what} のヒートマップ ({len(shown)} 設定)。"
            f"軸 {len(pairs)} 組、数値 {len(means)} 種を選べる。",
        ),
        caption=say(
            "Choose the axes and the figure under the picture. Bright is high, dark is low; empty places were not "
            "trained. What the two axes do not name is as in the base. The numbers are in the tables as well.",
            "図の下で軸と数値を選ぶ。明るいほど高い。空欄は学習していない。他の軸は基準と同じ。数値は表にもある。",
        ),
    )  # fmt: skip


def _cells(
    grid: Grid, axes: dict[str, Any], title: str, pair: tuple[str, str], what: str, found: dict[str, float], places: int
) -> list[dict[str, Any]]:  # fmt: skip
    """The cells of one map, all places of the product in order, so that the axes keep theirs; share −1: not trained."""
    others = [name for name in axes if name not in pair and not ("depth" in pair and name == "widths")]
    usual = {s.name for s in square(grid)} if "depth" in pair and "widths" not in pair and "lr" not in pair else None
    (_, row_of, row_text), (_, column_of, column_text) = axes[pair[0]], axes[pair[1]]
    here = [
        s for s in grid.settings
        if s.name in found and all(axes[o][1](s) == axes[o][1](grid.base) for o in others)
        and (usual is None or s.name in usual)
    ]  # fmt: skip
    place = {(row_of(s), column_of(s)): s for s in here}
    rows, columns = ordered(row_of(s) for s in here), ordered(column_of(s) for s in here)
    if len(rows) < 2 or len(columns) < 2:
        return []
    low, high = min(found[s.name] for s in here), max(found[s.name] for s in here)
    cells = []
    for column in columns:
        for row in rows:
            s = place.get((row, column))
            value = found[s.name] if s else 0.0
            share = (value - low) / (high - low) if high > low else 0.5
            cells.append({
                "pair": title, "figure": what, "row": row_text(row), "column": column_text(column),
                "share": round(share, 4) if s else -1.0, "text": f"{value:.{places}f}" if s else "",
                "label": s.label if s else "",
            })  # fmt: skip
    return cells


def ordered(values: Any) -> list[Any]:
    """Distinct values: numbers by size, widths by their layers, names as they come.

    >>> ordered([0.1, 0.001, 0.1]), ordered(["512", "32", "128-128"]), ordered(["tanh", "relu"])
    ([0.001, 0.1], ['32', '512', '128-128'], ['tanh', 'relu'])
    """
    found = list(dict.fromkeys(values))
    if all(isinstance(value, int | float) for value in found):
        return sorted(found)
    if all(str(value).replace("-", "").isdigit() for value in found):
        return sorted(found, key=lambda widths: (widths.count("-"), [int(n) for n in widths.split("-")]))
    return found


def _chosen(frame: Frame, pairs: list[str], known: list[str], first: str, what: str, say: Say) -> Any:
    pair = alt.param(name="axes", value=first, bind=alt.binding_select(options=pairs, name=say("axes ", "軸 ")))
    figure = alt.param(name="shown", value=what, bind=alt.binding_select(options=known, name=say("figure ", "数値 ")))
    x = alt.X("column:N", sort=None, title=None, axis=alt.Axis(grid=False, orient="top", labelAngle=0, labelPadding=4))
    y = alt.Y("row:N", sort=None, title=None, axis=alt.Axis(grid=False, labelColor="@ink"))
    base = alt.Chart(kit.data(frame)).transform_filter("datum.pair === axes && datum.figure === shown")
    base = base.encode(x=x, y=y, tooltip=kit.tips(label=say("setting", "設定"), text=say("mean", "平均")))
    colour = alt.Color("share:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1], clamp=True), legend=None)
    seen = alt.condition("datum.share >= 0", alt.value(1), alt.value(0))
    cells = base.mark_rect(stroke="@ground", strokeWidth=1).encode(color=colour, opacity=seen)
    dark = alt.condition("datum.share > 0.55", alt.value("#10151a"), alt.value("#ffffff"))
    text = base.mark_text(fontSize=11).encode(text="text:N", color=dark)
    return alt.layer(cells, text).add_params(pair, figure)
