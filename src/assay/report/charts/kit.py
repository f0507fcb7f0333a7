"""The small chart vocabulary of all studies: rows of dots, lines with every seed, heat maps, labelled scatters.

Every function takes a table and gives an Altair chart without colours of the ground, without a width (the page fits it)
and with the domains it was told, so that panels of one figure share their scales.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import altair as alt
import numpy as np

from assay.core.files import to_json
from assay.report.folder import Frame

Domain = tuple[float, float]


TABLES: dict[str, dict[str, Any]] = {}  # what charts refer to, named by content; a page takes its own and clears it


def data(frame: Frame) -> alt.NamedData:
    """A table as named data: charts of one table share it, and Altair does not look into it row by row.

    The table is kept by columns, five digits a number; a column of text is a list of its words and their places.
    """
    table = {str(name): _column(frame[name].tolist()) for name in frame.columns}
    name = "d" + sha256(to_json(table).encode()).hexdigest()[:10]
    TABLES[name] = table
    return alt.NamedData(name=name)


def _column(values: list[Any]) -> Any:
    plain = [_plain(value) for value in values]
    if not any(isinstance(value, str) for value in plain):
        return plain
    words = list(dict.fromkeys(plain))
    place = {word: i for i, word in enumerate(words)}
    return {"words": words, "at": [place[value] for value in plain]}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value


def domain(*columns: Any, zero: bool = False, pad: float = 0.04) -> Domain:
    """The range of all values with a little air; ``zero`` keeps zero in it, without air below.

    >>> domain([0.0, 10.0], zero=True), domain([2.0, 4.0], pad=0.5)
    ((0.0, 10.4), (1.0, 5.0))
    """
    values = np.concatenate([np.asarray(column, dtype=float).ravel() for column in columns] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = pad * (high - low) if high > low else abs(high) * 0.1 or 1.0
    return (low if zero and low == 0 else _round(low - air), high if zero and high == 0 else _round(high + air))


def _round(value: float) -> float:
    return float(f"{value:.5g}")


def hue(field: str, colours: Mapping[str, str]) -> alt.Color:
    """Colour by a field with the report's fixed domain; the key stands in the page, not in the chart."""
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None)


def shape(field: str, shapes: Mapping[str, str]) -> alt.Shape:
    """Shape by a field with a fixed domain."""
    return alt.Shape(f"{field}:N", scale=alt.Scale(domain=list(shapes), range=list(shapes.values())), legend=None)


def tips(**titles: str) -> list[alt.Tooltip]:
    """What hovering says: a title for each field; a field that ends in ``_`` is a number."""
    return [
        alt.Tooltip(f"{name.rstrip('_')}:{'Q' if name.endswith('_') else 'N'}", title=title)
        if not name.endswith("_")
        else alt.Tooltip(f"{name.rstrip('_')}:Q", title=title, format=".4~g")
        for name, title in titles.items()
    ]


def dots_in_rows(
    dots: Frame,
    means: Frame,
    *,
    rows: Sequence[str],
    title: str,
    colours: Mapping[str, str],
    tooltip: list[alt.Tooltip],
    span: Domain,
    shapes: Mapping[str, str] | None = None,
    lanes: Sequence[str] | None = None,
    step: int = 25,
) -> Any:
    """One row a condition: every model a small mark, the mean a large one, its interval a pale bar.

    ``dots`` has columns row, hue, value (and lane); ``means`` has row, hue, value, low, high (and lane).
    """
    x = quantity("value", title, span)
    scale = alt.Scale(domain=list(rows), paddingOuter=0)
    y = alt.Y("row:N", sort=None, title=None, scale=scale, axis=alt.Axis(grid=True, labelColor="@ink"))
    offset = alt.YOffset("lane:N", scale=alt.Scale(domain=list(lanes), paddingOuter=0.4)) if lanes else alt.Undefined
    form_of = shape("lane", shapes) if shapes else alt.Undefined
    common: dict[str, Any] = {"y": y, "yOffset": offset, "color": hue("hue", colours)}
    bar = (
        alt.Chart(data(means))
        .mark_rule(strokeWidth=8, opacity=0.24)
        .encode(x=alt.X("low:Q", title=title), x2="high:Q", **common)
    )
    small = (
        alt.Chart(data(dots))
        .mark_point(filled=True, size=16, opacity=0.65)
        .encode(x=x, shape=form_of, tooltip=tooltip, **common)
    )
    large = (
        alt.Chart(data(means))
        .mark_point(filled=True, size=72, opacity=1, stroke="@ground", strokeWidth=1.2)
        .encode(x=x, shape=form_of, tooltip=tooltip, **common)
    )
    return alt.layer(bar, small, large).properties(height=step * len(rows))


def lines(
    frame: Frame,
    *,
    x: str,
    y: str,
    colours: Mapping[str, str],
    group: str,
    spans: tuple[Domain, Domain],
    titles: tuple[str, str],
    ticks: Sequence[float] | int = 5,
    width: float = 1.0,
    opacity: Any = 0.3,
    tooltip: list[alt.Tooltip] | None = None,
    log: bool = False,
) -> alt.Chart:
    """Thin lines, one for each value of ``group``, in the order of the rows of ``frame`` (column ``order``)."""
    return (
        alt.Chart(data(frame))
        .mark_line(strokeWidth=width, strokeJoin="round", clip=True)
        .encode(
            x=quantity(x, titles[0], spans[0], ticks),
            y=quantity_up(y, titles[1], spans[1], log=log),
            color=hue("hue", colours),
            detail=f"{group}:N",
            order="order:Q",
            opacity=opacity if not isinstance(opacity, float) else alt.value(opacity),
            tooltip=tooltip or alt.Undefined,
        )
    )


def quantity(field: str, title: str, span: Domain, ticks: Sequence[float] | int = 5, *, log: bool = False) -> alt.X:
    """A horizontal axis of a quantity with a fixed domain."""
    return alt.X(f"{field}:Q", title=title or None, scale=_scale(span, log), axis=_axis(ticks))


def quantity_up(field: str, title: str, span: Domain, ticks: Sequence[float] | int = 5, *, log: bool = False) -> alt.Y:
    """A vertical axis of a quantity with a fixed domain."""
    return alt.Y(f"{field}:Q", title=title or None, scale=_scale(span, log), axis=_axis(ticks))


def _scale(span: Domain, log: bool = False) -> alt.Scale:
    if log:
        return alt.Scale(type="log", domain=list(span), nice=False)
    return alt.Scale(domain=list(span), nice=False, zero=False)


def _axis(ticks: Sequence[float] | int) -> alt.Axis:
    return alt.Axis(tickCount=ticks) if isinstance(ticks, int) else alt.Axis(values=list(ticks))


def heat(
    frame: Frame,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    span: Domain,
    title: str,
    tooltip: list[alt.Tooltip],
    form: str = ".2f",
    step: int = 25,
    angle: int = 0,
) -> Any:
    """A heat map with columns row, column, value: the number in each cell where there is room for it."""
    x = alt.X(
        "column:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=list(columns)),
        axis=alt.Axis(
            grid=False,
            orient="top",
            labelAngle=angle,
            labelAlign="left" if angle else "center",
            labelPadding=4,
            labelOverlap=False,
        ),
    )
    y = alt.Y(
        "row:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=list(rows)),
        axis=alt.Axis(grid=False, labelColor="@ink"),
    )
    legend = alt.Legend(orient="bottom", direction="horizontal", title=title, format=form, titleLimit=400, offset=10)
    scale = alt.Scale(scheme="viridis", domain=list(span), clamp=True)
    base = alt.Chart(data(frame)).encode(x=x, y=y, tooltip=tooltip)
    cells = base.mark_rect(stroke="@ground", strokeWidth=1).encode(
        color=alt.Color("value:Q", scale=scale, legend=legend)
    )
    # Dark text on the bright half of viridis, white on the dark half.
    bright = f"datum.value > {span[0] + 0.55 * (span[1] - span[0])}"
    room = f"width / {max(1, len(columns))} > 26"
    text = base.mark_text(fontSize=10.5).encode(
        text=alt.Text("value:Q", format=form),
        color=alt.condition(bright, alt.value("#10151a"), alt.value("#ffffff")),
        opacity=alt.condition(room, alt.value(1), alt.value(0)),
    )
    air = 34 if angle else 2
    chart = alt.layer(cells, text).properties(height=step * len(rows))
    return chart.properties(padding={"left": 2, "right": air, "top": 2, "bottom": 2})
