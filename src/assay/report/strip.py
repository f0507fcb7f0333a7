"""A verdict as a small picture: the interval, the threshold it was held against, and the band that counts as none."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup, escape

from assay.report.folder import Folder
from assay.report.numbers import decimals, number

WIDTH, MIDDLE, EDGE = 260, 22, 8
FAR = 20.0  # times the threshold of a ratio; what lies beyond is drawn there


def strip(folder: Folder, verdict: dict[str, Any]) -> Markup:
    """Inline SVG of one verdict; empty where a number is missing. Ratios are drawn on a log scale."""
    claim: dict[str, Any] = next(
        (c for c in folder.study.get("claims") or [] if c.get("name") == verdict.get("claim")), {}
    )
    effect: Any = verdict.get("effect")
    interval: Any = verdict.get("interval") or (None, None)
    low, high = interval
    threshold: Any = claim.get("threshold")
    margin = claim.get("margin") or ()
    if not all(map(_number, (effect, low, high, threshold))):
        return Markup("")
    # An interval that says nothing reaches to the bounds of its measure: the drawing stops where reading does.
    ratio = claim.get("scale") == "ratio" and threshold > 0
    least, most = (threshold / FAR, threshold * FAR) if ratio else (-math.inf, math.inf)
    effect, low, high = (float(min(max(v, least), most)) for v in (effect, low, high))
    values = [v for v in (effect, low, high, threshold, *margin) if _number(v)]
    place = _scale(values, ratio and min(values) > 0)
    places = decimals(low, high)
    parts = []
    if len(margin) == 2 and all(map(_number, margin)):
        a, b = sorted(map(place, margin))
        parts.append(f'<rect class="margin" x="{a:.1f}" y="{MIDDLE - 13}" width="{max(b - a, 1):.1f}" height="26"/>')
    t = place(threshold)
    parts += [
        f'<line class="base" x1="0" x2="{WIDTH}" y1="{MIDDLE}" y2="{MIDDLE}"/>',
        f'<line class="threshold" x1="{t:.1f}" x2="{t:.1f}" y1="{MIDDLE - 13}" y2="{MIDDLE + 13}"/>',
        f'<line class="interval" x1="{place(low):.1f}" x2="{place(high):.1f}" y1="{MIDDLE}" y2="{MIDDLE}"/>',
        f'<circle class="effect" cx="{place(effect):.1f}" cy="{MIDDLE}" r="5.5"/>',
        _labels(place, (low, high), threshold, places),
    ]
    text = escape(f"{number(effect, places)} ({number(low, places)} – {number(high, places)})")
    return Markup(
        f'<svg class="strip {escape(verdict.get("word", ""))}" viewBox="0 0 {WIDTH} 52" role="img" aria-label="{text}">'
        f"{''.join(parts)}</svg>"
    )


def _labels(place: Any, interval: tuple[float, float], threshold: float, places: int) -> str:
    """Numbers under the ends of the interval, and under the threshold where it does not touch them."""
    low, high = interval
    ends = [place(low), place(high)]
    y = MIDDLE + 26
    if ends[1] - ends[0] < 34:  # too near: one label for both
        middle = min(max(sum(ends) / 2, 34.0), WIDTH - 34.0)
        said = [(middle, f"{number(low, places)} – {number(high, places)}", 36.0)]
    else:
        said = [(min(max(x, 12.0), WIDTH - 12.0), number(v, places), 16.0) for x, v in zip(ends, interval, strict=True)]
    text = "".join(f'<text x="{x:.1f}" y="{y}">{escape(label)}</text>' for x, label, _ in said)
    t = min(max(place(threshold), 8.0), WIDTH - 8.0)
    if all(abs(t - x) > room + 10 for x, _, room in said):
        text += f'<text class="muted" x="{t:.1f}" y="{y}">{escape(f"{threshold:g}")}</text>'
    return text


def _scale(values: list[float], log: bool) -> Any:
    change = math.log if log else float
    low, high = change(min(values)), change(max(values))
    span = high - low or 1.0
    low, high = low - 0.06 * span, high + 0.06 * span
    return lambda value: EDGE + (change(value) - low) / (high - low) * (WIDTH - 2 * EDGE)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
