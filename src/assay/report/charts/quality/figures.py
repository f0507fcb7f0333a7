"""The picture of each finding, drawn from its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.folder import Folder, Frame
from assay.report.numbers import number

HUES = {"train": "@blue", "val": "@sky", "test": "@orange", "production": "@purple"}
KINDS = {"rule": "@vermillion", "whole": "@blue", "guess": "@muted"}
ROWS = 40  # classes that are drawn; the table has all


def figure(folder: Folder, finding: dict[str, Any]) -> Figure | None:
    """The picture of a finding, or None where there is nothing to draw."""
    name = str(finding["name"])
    frame, draw = folder.table(name), DRAWN.get(name.partition("-")[0])
    return draw(frame, finding) if draw and not frame.empty else None


def _balance(frame: Frame, finding: dict[str, Any]) -> Figure:
    order = list(frame[frame.split == "train"].sort_values("n", ascending=False, kind="stable").name)
    shown = order if len(order) <= ROWS else [*order[: ROWS // 2], *order[-ROWS // 2 :]]
    frame = frame[frame.name.isin(shown)]
    hues = {name: HUES.get(name, "@green") for name in dict.fromkeys(frame.split)}
    base = alt.Chart(kit.data(frame)).encode(
        y=_rows("name", shown),
        x=kit.quantity("n", "items", kit.domain(frame.n, zero=True)),
        color=kit.hue("split", hues),
    )
    dots = base.mark_point(filled=True, size=64, opacity=1).encode(
        tooltip=kit.tips(name="class", split="split", n_="items")
    )
    train = alt.Chart(kit.data(frame[frame.split == "train"])).mark_rule(strokeWidth=6, opacity=0.24, color="@blue")
    bars = train.encode(y=_rows("name", shown), x=alt.X("n:Q", title=None))
    last = frame[(frame.split == "train") & (frame.name == shown[-1])].n.iloc[0]
    return Figure(
        finding["name"],
        "Items of each class",
        (Panel(alt.layer(bars, dots).properties(height=_tall(shown))),),
        f"Training items: {shown[0]} has most, {shown[-1]} fewest ({last:.0f}).",
        "Every class, the most frequent first." if len(shown) == len(order) else "The most and least frequent classes.",
        keys=("split",),
    )


def _rules(frame: Frame, finding: dict[str, Any]) -> Figure:
    best = frame.iloc[0]
    return Figure(
        finding["name"],
        "What trivial rules reach",
        (Panel(_intervals(frame, frame.kind, "right on test, %", (0.0, 100.0), 100)),),
        f"Best trivial rule: {best['name']}, {100 * best.value:.0f} % of test.",
        "Red: a rule that sees only a few numbers of an item. Blue: neighbours in everything. Grey: always the "
        "commonest class. A red dot near the blue one is a shortcut. Bars are 95 % intervals.",
    )


def _distance(frame: Frame, finding: dict[str, Any]) -> Figure:
    row = frame.iloc[0]
    kinds = pd.Series(["rule"] * len(frame), index=frame.index)
    chart = _intervals(frame, kinds, "told apart, of 100 pairs (50: alike)", (0.0, 100.0), 100)
    half = (
        alt.Chart(kit.data(pd.DataFrame([{"at": 50.0}]))).mark_rule(color="@muted", strokeDash=[4, 3]).encode(x="at:Q")
    )
    return Figure(
        finding["name"],
        "How well the two can be told apart",
        (Panel(alt.layer(half, chart).properties(height=40)),),
        f"{row['name']}: {100 * row.value:.0f} of 100, {100 * row.low:.0f} to {100 * row.high:.0f}.",
        "Dashed: guessing. The bar is the 95 % interval.",
    )


def _coverage(frame: Frame, finding: dict[str, Any]) -> Figure:
    sets = {name: np.log10(part.distance.to_numpy(float)) for name, part in frame.groupby("split", sort=False)}
    limit = float(np.log10(finding["detail"]["limit"]))
    return Figure(
        finding["name"],
        "Distance to the nearest training items",
        (Panel(_histogram(sets, limit, "distance, powers of ten of the usual one")),),
        f"{100 * finding['figure']:.1f} % lies beyond the limit that holds 99 % of train.",
        "Each set's items by their mean distance to the five nearest training items; 0 is the usual distance in train. "
        "Dashed: the limit that holds 99 % of train.",
        keys=("split",),
    )


def _odd(frame: Frame, finding: dict[str, Any]) -> Figure:
    return Figure(
        finding["name"],
        "How far training items are from the others",
        (Panel(_histogram({"train": frame.z.to_numpy(float)}, 4.0, "spreads above the middle of its class")),),
        f"Beyond the limit: {finding['count']} of {finding['n']:,}.",
        "Dashed: the limit beyond which an item is listed.",
    )


def _doubts(frame: Frame, finding: dict[str, Any]) -> Figure:
    x = alt.X("agree:O", title="of ten neighbours, so many share the label", axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(type="sqrt")
    bars = alt.Chart(kit.data(frame)).mark_bar(opacity=0.35, color="@blue").encode(
        x=x,
        y=alt.Y("seen:Q", title="training items (root scale)", scale=scale),
        tooltip=kit.tips(agree="agree", seen_="items"),
    )  # fmt: skip
    lines = [
        alt.Chart(kit.data(frame))
        .mark_line(point={"color": colour}, color=colour, strokeWidth=1.6)
        .encode(x=x, y=f"{column}:Q")
        for column, colour in (("right", "@blue"), ("wrong", "@vermillion"))
    ]
    return Figure(
        finding["name"],
        "How many neighbours share the label",
        (Panel(alt.layer(bars, *lines).properties(height=240)),),
        f"About {100 * finding['figure']:.1f} % of labels look wrong.",
        "Bars: what was counted. Blue line: what right labels give. Red line: what wrong labels give.",
    )


def _resolution(frame: Frame, finding: dict[str, Any]) -> Figure:
    classes = frame[frame.name != "all"].sort_values("unseen", ascending=False, kind="stable").head(ROWS)
    rows = list(classes.name)
    classes = classes.assign(value=100 * classes.unseen)
    dots = alt.Chart(kit.data(classes[["name", "value", "n"]])).mark_point(
        filled=True, size=72, opacity=1, color="@blue"
    )
    chart = dots.encode(
        y=_rows("name", rows),
        x=kit.quantity("value", "still possibly wrong, %", kit.domain(classes.value, zero=True)),
        tooltip=kit.tips(name="class", value_="%", n_="test items"),
    )
    worst = classes.iloc[0]
    return Figure(
        finding["name"],
        "What no error at all would still allow",
        (Panel(chart.properties(height=_tall(rows))),),
        f"{worst['name']}: {number(worst.value, 1)} % could be wrong though none of {worst.n:.0f} is.",
        "For each class: the error rate that its test items cannot rule out even if a model gets all of them right.",
    )


DRAWN: dict[str, Callable[[Frame, dict[str, Any]], Figure]] = {
    "balance": _balance,
    "shortcuts": _rules,
    "distance": _distance,
    "coverage": _coverage,
    "odd": _odd,
    "doubts": _doubts,
    "resolution": _resolution,
}


def _rows(field: str, order: Sequence[str]) -> alt.Y:
    scale = alt.Scale(domain=list(order))
    return alt.Y(f"{field}:N", sort=None, title=None, scale=scale, axis=alt.Axis(grid=True, labelColor="@ink"))


def _tall(rows: Sequence[str]) -> int:
    return max(60, 24 * len(rows))


def _intervals(frame: Frame, kinds: pd.Series, title: str, span: kit.Domain, times: float) -> Any:
    """One row a name: a dot and its interval as a pale bar."""
    rows = list(frame.name)
    table = frame[["name"]].assign(kind=kinds, **{c: times * frame[c] for c in ("value", "low", "high")})
    base = alt.Chart(kit.data(table)).encode(y=_rows("name", rows), color=kit.hue("kind", KINDS))
    bars = base.mark_rule(strokeWidth=8, opacity=0.24).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    tip = kit.tips(name="", value_="value", low_="from", high_="to")
    dots = base.mark_point(filled=True, size=72, opacity=1).encode(x=kit.quantity("value", title, span), tooltip=tip)
    return alt.layer(bars, dots).properties(height=_tall(rows))


def _histogram(sets: dict[str, np.ndarray], limit: float, title: str) -> Any:
    """The share of each set's items in bins, as steps, with a dashed limit."""
    values = np.concatenate(list(sets.values()))
    values = values[np.isfinite(values)]
    low, high = min(float(np.quantile(values, 0.001)), limit), max(float(values.max()), limit)
    edges = np.linspace(low, high + 1e-9, 41)
    rows = []
    for name, each in sets.items():
        counts, _ = np.histogram(each.clip(low, high), edges)
        share = 100 * counts / max(counts.sum(), 1)
        rows += [{"split": name, "x": x, "share": s} for x, s in zip((edges[1:] + edges[:-1]) / 2, share, strict=True)]
    frame = pd.DataFrame(rows)
    hues = {name: HUES.get(name, "@green") for name in sets}
    lines = alt.Chart(kit.data(frame)).mark_line(interpolate="step", strokeWidth=1.8).encode(
        x=kit.quantity("x", title, kit.domain(edges)),
        y=kit.quantity_up("share", "% of the set", kit.domain(frame.share, zero=True)),
        color=kit.hue("split", hues),
    )  # fmt: skip
    rule = alt.Chart(kit.data(pd.DataFrame([{"x": limit}]))).mark_rule(color="@ink", strokeDash=[4, 3])
    return alt.layer(lines, rule.encode(x="x:Q")).properties(height=220)
