"""Settings as points in a plane: every seed a faint dot, the mean over seeds larger, its name beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Literal, Protocol

import altair as alt
import numpy as np
import pandas as pd

from assay.report.charts import kit
from assay.report.charts.labels import beside, labels_beside
from assay.report.folder import Frame

FLAG = 15  # pixels from one flag to the next


class Looks(Protocol):
    """The settings of a study as they are drawn: what hues and shapes there are, and which a row has."""

    @property
    def hues(self) -> Mapping[str, str]:
        """Names of hues to colour tokens."""

    @property
    def shapes(self) -> Mapping[str, str]:
        """Names of forms to shapes."""

    def drawn(self, frame: Frame) -> Frame:
        """A table with a column ``condition``, with the columns label, hue and form."""


@dataclass(frozen=True)
class Axis:
    """What an axis says and how far it reaches."""

    title: str
    span: kit.Domain
    log: bool = False

    def place(self, values: Frame) -> Frame:
        """Values as they lie along the axis."""
        return np.log10(values) if self.log else values

    @property
    def ends(self) -> kit.Domain:
        """The ends of the axis in units along it."""
        low, high = self.place(np.asarray(self.span, dtype=float))
        return float(low), float(high)

    @property
    def ticks(self) -> list[float] | int:
        """Few ticks: on a log axis powers of ten, with twice and five times these where there is room."""
        if not self.log:
            return 5
        low, high = self.ends
        parts = (1, 2, 5) if high - low < 2.5 else (1,)
        known = [float(f"{part}e{power}") for power in range(floor(low), ceil(high) + 1) for part in parts]
        return [tick for tick in known if self.span[0] <= tick <= self.span[1]]

    def raised(self, share: float) -> Axis:
        """The same axis with so much of its length left empty at the top."""
        low, high = self.ends
        top = low + (high - low) / (1 - share)
        return Axis(self.title, (self.span[0], float(f"{10**top if self.log else top:.5g}")), self.log)


def axis(title: str, *columns: Any, log: bool = False, pad: float = 0.06) -> Axis:
    """An axis that holds all values."""
    if not log:
        return Axis(title, kit.domain(*columns, pad=pad))
    values = np.concatenate([np.asarray(column, dtype=float) for column in columns])
    low, high = kit.domain(np.log10(values[np.isfinite(values) & (values > 0)]), pad=pad)
    return Axis(title, (float(f"{10**low:.5g}"), float(f"{10**high:.5g}")), log=True)


def cloud(
    grid: Looks,
    means: Frame,
    dots: Frame | None,
    axes: tuple[Axis, Axis],
    *,
    tooltip: list[alt.Tooltip],
    height: int = 360,
    least: str = "wide",
    named: Sequence[str] | None = None,
    crosses: bool = False,
    below: Sequence[Any] = (),
) -> Any:
    """Points of settings with columns condition, x, y (with ``crosses`` also x_low, x_high, y_low, y_high).

    ``least``: the width below which labels are left out ("any": never); ``named``: which settings get a label, the
    others are left to hovering; ``below``: layers under the points.
    """
    across, up = channels(axes)
    means = grid.drawn(means)
    look = {"color": kit.hue("hue", grid.hues), "shape": kit.shape("form", grid.shapes)}
    layers = list(below)
    if dots is not None:
        small = alt.Chart(kit.data(grid.drawn(dots))).mark_point(filled=True, size=15, opacity=0.45, clip=True)
        layers.append(small.encode(x=across, y=up, tooltip=tooltip, **look))
    if crosses:
        thin = alt.Chart(kit.data(means)).mark_rule(opacity=0.4, clip=True).encode(color=look["color"])
        layers.append(thin.encode(x=channels(axes, "x_low")[0], x2="x_high:Q", y=up))
        layers.append(thin.encode(x=across, y=channels(axes, "y", "y_low")[1], y2="y_high:Q"))
    # The first settings are those that are compared most: they lie on top.
    front = alt.Chart(kit.data(means.iloc[::-1]))
    large = front.mark_point(filled=True, size=92, opacity=1, stroke="@ground", strokeWidth=1.2)
    layers.append(large.encode(x=across, y=up, tooltip=tooltip, **look))
    shown = means if named is None else means[means.condition.isin(named)]
    size = ({"wide": 820, "half": 430}.get(least, 300), height)  # pixels of the plot for which labels are placed
    points = pd.DataFrame({"x": axes[0].place(shown.x), "y": axes[1].place(shown.y), "label": shown.label})
    sided = shown[["x", "y", "label"]].assign(side=beside(points, (axes[0].ends, axes[1].ends), size))
    return alt.layer(*layers, *labels_beside(sided, across, up, least)).properties(height=height)


def channels(axes: tuple[Axis, Axis], x: str = "x", y: str = "y") -> tuple[alt.X, alt.Y]:
    """The two position channels of a plane, for these fields."""
    return (
        kit.quantity(x, axes[0].title, axes[0].span, axes[0].ticks, log=axes[0].log),
        kit.quantity_up(y, axes[1].title, axes[1].span, axes[1].ticks, log=axes[1].log),
    )


def diagonal(axes: tuple[Axis, Axis], band: float = 0.0) -> list[Any]:
    """The line on which both are equal, as far as both axes reach, with a band beside it."""
    ends = max(axes[0].span[0], axes[1].span[0]), min(axes[0].span[1], axes[1].span[1])
    frame = pd.DataFrame({"x": ends, "y": ends, "low": [v - band for v in ends], "high": [v + band for v in ends]})
    source, (x, y) = alt.Chart(kit.data(frame)), channels(axes)
    line = source.mark_line(color="@faint", strokeDash=[4, 3], clip=True).encode(x=x, y=y)
    if not band:
        return [line]
    area = source.mark_area(color="@line", opacity=0.8, clip=True)
    return [area.encode(x=x, y=channels(axes, "x", "low")[1], y2="high:Q"), line]


def flags(at: Sequence[tuple[str, float]], axis: Axis, height: int) -> list[Any]:
    """Vertical lines with a name at the top, each as high as its name, so that no line crosses another's name."""
    low, high = axis.ends
    inside = sorted(((name, x) for name, x in at if axis.span[0] <= x <= axis.span[1]), key=lambda item: item[1])
    left = [item for item in inside if axis.place(item[1]) < low + 0.5 * (high - low)]
    right = [item for item in inside if item not in left]
    layers = []
    sides: tuple[tuple[Literal["left", "right"], Any], ...] = (("left", left), ("right", right[::-1]))
    for side, items in sides:
        for i, (name, x) in enumerate(items):
            top = FLAG * i + 6
            source = alt.Chart(kit.data(pd.DataFrame({"x": [x], "name": [name]})))
            across = channels((axis, axis))[0]
            line = source.mark_rule(color="@muted", strokeDash=[3, 3], opacity=0.8)
            layers.append(line.encode(x=across, y=alt.value(top), y2=alt.value(height)))
            text = source.mark_text(align=side, dx=4 if side == "left" else -4, fontSize=11, color="@muted")
            layers.append(text.encode(x=across, y=alt.value(top + 1), text="name:N"))
    return layers


def headroom(at: Sequence[tuple[str, float]], span: kit.Domain, height: int) -> float:
    """The share of the height that the flags inside a span need."""
    count = sum(span[0] <= x <= span[1] for _, x in at)
    return min(0.4, (FLAG * count + 8) / height) if count else 0.0
