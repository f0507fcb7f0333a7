"""The forecast over weight and temperature, as cells, and the edge of collapse on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.charts import kit
from assay.report.folder import Folder, Frame
from assay.report.words import Say

GONE = 1e-3  # foretold variance below which a class counts as collapsed
DARK, BRIGHT = "#10151a", "#ffffff"  # on viridis, whatever the ground of the page


def phase(folder: Folder) -> Frame:
    """The forecast over weights and temperatures: alpha, temperature, within."""
    rows = [row for row in folder.study.get("phase") or [] if len(row) == 3 and row[1] > 0]
    return pd.DataFrame(rows, columns=["alpha", "temperature", "within"], dtype=float)


def boundary(told: Frame, known: Sequence[tuple[float, float]] = ()) -> Frame:
    """The weight at which collapse ends, temperature by temperature: alpha, temperature.

    Between the last collapsed weight and the next one, the line through the next two is followed down to zero.
    ``known``: temperatures with their exact weights; the edge moves up with temperature, so none is below a colder one.

    >>> told = pd.DataFrame({"alpha": [0, 1, 2, 3], "temperature": 1.0, "within": [0, 0, 0.1, 0.3]})
    >>> boundary(told).alpha.tolist(), boundary(told, [(0.5, 1.7)]).alpha.tolist()
    ([1.5], [1.7])
    """
    rows = []
    for temperature, part in told.groupby("temperature"):
        part = part.sort_values("alpha")
        alpha, within = part.alpha.to_numpy(), part.within.to_numpy()
        last = int((within < GONE).nonzero()[0].max(initial=-1))
        if last < 0 or last + 1 >= len(part):
            continue
        at = (alpha[last] + alpha[last + 1]) / 2
        if last + 2 < len(part) and within[last + 2] > within[last + 1]:
            a, b = alpha[last + 1 : last + 3]
            at = a - within[last + 1] * (b - a) / (within[last + 2] - within[last + 1])
        colder = [exact for heat, exact in known if heat <= temperature] or [exact for _, exact in sorted(known)[:1]]
        at = float(np.clip(at, max([alpha[last], *colder]), alpha[last + 1]))
        rows.append((at, float(temperature)))
    return pd.DataFrame(rows, columns=["alpha", "temperature"])


def spans_of(told: Frame) -> tuple[kit.Domain, kit.Domain]:
    """The axes reach to the outer edges of the outermost cells."""
    a, t = np.unique(told.alpha), np.unique(np.log(told.temperature))
    low, high = np.exp([1.5 * t[0] - 0.5 * t[1], 1.5 * t[-1] - 0.5 * t[-2]])
    half = (a[1] - a[0]) / 2
    return (float(a[0] - half), float(a[-1] + half)), (float(f"{low:.5g}"), float(f"{high:.5g}"))


def ground(told: Frame, x: alt.X, y: alt.Y, colour: Any, say: Say) -> list[Any]:
    """The forecast as cells; each reaches a little under the next, so that no seam shows."""
    a, logs = np.unique(told.alpha), np.log(np.unique(told.temperature))
    edges, sides = _between(a), _between(logs)
    at, up = np.searchsorted(a, told.alpha), np.searchsorted(logs, np.log(told.temperature))
    lap = 0.08 * (edges[1] - edges[0]), 0.08 * (sides[1] - sides[0])
    cells = pd.DataFrame(
        {
            "alpha": edges[at],
            "alpha2": edges[at + 1] + lap[0],
            "temperature": np.exp(sides[up]),
            "temperature2": np.exp(sides[up + 1] + lap[1]),
            "weight": told.alpha,
            "heat": told.temperature,
            "within": told.within,
        }
    )
    tip = kit.tips(weight_=say("weight", "重み"), heat_=say("temperature", "温度"), within_=say("foretold", "予測"))
    rects = alt.Chart(kit.data(cells)).mark_rect(clip=True)
    return [rects.encode(x=x, x2="alpha2:Q", y=y, y2="temperature2:Q", color=colour("within"), tooltip=tip)]


def _between(values: np.ndarray) -> np.ndarray:
    """The edges of cells around values: halfway between neighbours, as far out at the ends."""
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


def edge(line: Frame, x: alt.X, y: alt.Y, say: Say) -> list[Any]:
    """The edge of collapse, with the two sides named."""
    if len(line) < 2:
        return []
    source = alt.Chart(kit.data(line)).encode(x=x, y=y, order="temperature:Q")
    layers = [
        source.mark_line(color=DARK, strokeWidth=4.5, opacity=0.5, clip=True, interpolate="monotone"),
        source.mark_line(color=BRIGHT, strokeWidth=1.8, clip=True, interpolate="monotone"),
    ]
    if line.alpha.max() > 0.2:
        at = line.iloc[[int((line.alpha - 0.3).abs().argmin())]]
        for word, dy in ((say("↑ collapse", "↑ 崩壊"), -30), (say("↓ spread", "↓ 広がり"), 22)):
            layers += haloed(at.assign(word=word), x, y, "word", "center", 0, dy, 12.5)
    return layers


def haloed(frame: Frame, x: alt.X, y: alt.Y, field: str, side: Any, dx: float, dy: float, size: float) -> list[Any]:
    """White text with a dark rim: it can be read on every colour of the ground."""
    source = alt.Chart(kit.data(frame)).encode(x=x, y=y, text=f"{field}:N")
    common = {"align": side, "dx": dx, "dy": dy, "fontSize": size, "fontWeight": 600}
    rim = source.mark_text(stroke=DARK, strokeWidth=3.2, strokeJoin="round", opacity=0.72, **common)
    return [rim.encode(color=alt.value(DARK)), source.mark_text(**common).encode(color=alt.value(BRIGHT))]
