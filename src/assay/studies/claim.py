"""The usual forms of claims: a difference of shares, a ratio, a rank correlation.

Each sets what such a figure can be at all, its unit, and where the effect would be nothing; a study says the rest.
"""

from __future__ import annotations

from typing import Any

from assay.studies.study import Claim, Text, text

SHARE, TIMES = text("share", "割合"), text("times", "倍")
CORRELATION = text("rank correlation", "順位相関")
MOST = 1e6  # a ratio above is not told apart from one that has no bound


def share(
    name: str, said: Text, measure: str, *, margin: tuple[float, float], unit: Text = SHARE, **where: Any
) -> Claim:
    """A share, or a difference of shares, in [-1, 1]; no effect is 0. ``where``: claimed, threshold, design."""
    fixed = {"bounds": (-1.0, 1.0), "scale": "share", "unit": unit}
    return _claim(name, said, measure, margin=margin, **fixed, **where)


def ratio(
    name: str, said: Text, measure: str, *, margin: tuple[float, float], unit: Text = TIMES, **where: Any
) -> Claim:
    """A ratio above 0; no effect is 1. ``where``: claimed, threshold, design."""
    fixed = {"bounds": (0.0, MOST), "scale": "ratio", "unit": unit, "threshold": 1.0}
    return _claim(name, said, measure, margin=margin, **{**fixed, **where})


def relation(name: str, said: Text, measure: str, *, margin: tuple[float, float] = (-0.2, 0.2), **where: Any) -> Claim:
    """A rank correlation in [-1, 1] over conditions, unless ``where`` says otherwise: claimed, design."""
    fixed = {"bounds": (-1.0, 1.0), "scale": "correlation", "unit": CORRELATION, "design": "family"}
    return _claim(name, said, measure, margin=margin, **{**fixed, **where})


def _claim(name: str, said: Text, measure: str, **fields: Any) -> Claim:
    """A claim of an effect above nothing, seed by seed, in what the fields do not say otherwise."""
    usual = {"claimed": "above", "threshold": 0.0, "design": "paired"}
    return Claim(name=name, text=said, measure=measure, **{**usual, **fields})
