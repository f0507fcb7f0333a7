"""Labels beside points, placed so that none lies on another."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from assay.report.charts.kit import Domain, data
from assay.report.folder import Frame


def text_width(text: str, size: float = 11.5) -> float:
    """Roughly the width of a text in pixels: Latin letters are about half as wide as high, Japanese ones square.

    >>> text_width("abcd", 10), text_width("広がり", 10)
    (21.0, 30)
    """
    return sum(size if ord(letter) > 0x2E80 else 0.525 * size for letter in text)


SIDES = {"right-up": (8, -7), "right-down": (8, 9), "left-up": (-8, -7), "left-down": (-8, 9)}


def beside(points: Frame, spans: tuple[Domain, Domain], size: tuple[float, float]) -> pd.Series:
    """On which side of its point (columns x, y, label) a label goes so that none lies on another; empty: nowhere.

    Greedy, for a plot of ``size`` pixels; labels that find no place are left to hovering and to the table.
    """
    (x0, x1), (y0, y1) = spans
    xs = ((points.x - x0) / (x1 - x0) * size[0]).to_numpy(float)
    ys = ((y1 - points.y) / (y1 - y0) * size[1]).to_numpy(float)
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in zip(xs, ys, strict=True)]
    sides = []
    for i, label in enumerate(points.label):
        side = next((name for name in SIDES if _free(_box(xs[i], ys[i], label, name), taken, i, size)), "")
        if side:
            taken.append(_box(xs[i], ys[i], label, side))
        sides.append(side)
    return pd.Series(sides, index=points.index)


def _box(x: float, y: float, label: str, side: str) -> tuple[float, float, float, float]:
    dx, dy = SIDES[side]
    wide = text_width(label, 11)
    left = x + dx if dx > 0 else x + dx - wide
    return left, y + dy - 7, left + wide, y + dy + 7


def _free(box: tuple[float, ...], taken: Sequence[tuple[float, ...]], own: int, size: tuple[float, float]) -> bool:
    if box[0] < 0 or box[2] > size[0] or box[1] < 0 or box[3] > size[1]:
        return False
    others = (other for i, other in enumerate(taken) if i != own)
    return not any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)


def labels_beside(points: Frame, x: alt.X, y: alt.Y, least: str = "wide") -> list[alt.Chart]:
    """The labels of points with a ``side``, one layer a side; the page leaves them out of plots below ``least``.

    ``least``: "wide" (640 pixels), "half" (400); under another name they always stay.
    """
    layers = []
    for side, (dx, dy) in SIDES.items():
        here = points[points.side == side]
        if len(here):
            mark = alt.Chart(data(here)).mark_text(align="left" if dx > 0 else "right", dx=dx, dy=dy, fontSize=11)
            label = mark.encode(x=x, y=y, text="label:N", color=alt.value("@ink"))
            layers.append(label.properties(name=f"{least}-{side}"))
    return layers
