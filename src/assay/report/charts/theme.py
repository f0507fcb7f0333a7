"""One look for all charts: two grounds, one type face, one hue for one condition through the whole report.

A chart never names a colour that depends on the ground. It names a token (``@ink``, ``@muted``, ``@blue``), and the
page puts the colour in when it draws, so that one specification serves light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", "Source Sans 3", "Noto Sans", "Hiragino Sans", '
    '"Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic UI", Helvetica, Arial, sans-serif'
)

# Okabe and Ito's colour-blind-safe set; black becomes the ink of the ground; yellow, faint on white, comes last.
TOKENS: dict[str, dict[str, str]] = {
    "light": {
        "ground": "#ffffff",
        "ink": "#1d2329",
        "muted": "#7b858f",
        "faint": "#b9c0c7",
        "line": "#e6e9ec",
        "blue": "#0072b2",
        "orange": "#e69f00",
        "purple": "#cc79a7",
        "green": "#009e73",
        "vermillion": "#d55e00",
        "sky": "#56b4e9",
        "yellow": "#d9c700",
    },
    "dark": {
        "ground": "#14171a",
        "ink": "#e8eaec",
        "muted": "#929ba4",
        "faint": "#5b646d",
        "line": "#2a2f35",
        "blue": "#3d9fdc",
        "orange": "#e69f00",
        "purple": "#cc79a7",
        "green": "#1fb58a",
        "vermillion": "#e8702a",
        "sky": "#56b4e9",
        "yellow": "#f0e442",
    },
}

_FIXED = {
    "none": "@ink",
    "fork": "@muted",
    "activation": "@blue",
    "loss": "@orange",
    "both": "@purple",
}
_SPARE = ("@blue", "@orange", "@purple", "@green", "@sky", "@vermillion", "@yellow")
SHAPES = {"happy": "circle", "middle": "square", "unhappy": "triangle-up", "": "circle"}


def hues(groups: Iterable[str]) -> dict[str, str]:
    """A colour token for each group, in order; the references and the stress kinds have theirs for good.

    >>> hues(["none", "loss", "own"])
    {'none': '@ink', 'loss': '@orange', 'own': '@blue'}
    """
    names = list(dict.fromkeys(groups))
    taken = {_FIXED[name] for name in names if name in _FIXED}
    spare = [token for token in _SPARE if token not in taken]
    others = [name for name in names if name not in _FIXED]
    given = {name: spare[i % len(spare)] for i, name in enumerate(others)}
    return {name: _FIXED.get(name) or given[name] for name in names}


def config() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart, with tokens for colours."""
    axis = {
        "domain": False,
        "ticks": False,
        "grid": True,
        "gridColor": "@line",
        "gridWidth": 1,
        "labelColor": "@muted",
        "labelFontSize": 11.5,
        "labelPadding": 6,
        "titleColor": "@muted",
        "titleFontSize": 11.5,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelLimit": 260,
    }
    return {
        "background": None,
        "font": FONT,
        "padding": 2,
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"titleAnchor": "end", "titleAlign": "right"},
        "axisLeft": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleX": 0, "titleY": -12},
        "axisYQuantitative": {"titleBaseline": "bottom"},
        "legend": {
            "labelColor": "@muted",
            "titleColor": "@muted",
            "labelFontSize": 11.5,
            "labelOffset": 6,
            "titleFontSize": 11.5,
            "titleFontWeight": "normal",
            "gradientThickness": 8,
            "gradientLength": 140,
        },
        "text": {"fill": "@ink", "fontSize": 11.5},
        "rule": {"color": "@faint"},
        "range": {"heatmap": {"scheme": "viridis"}, "ramp": {"scheme": "viridis"}},
    }
