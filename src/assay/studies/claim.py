"""The usual forms of claims: a difference of shares, a ratio, a rank correlation.

Each sets what such a figure can be at all, its unit, and where the effect would be nothing; a study says the rest.
"""

from __future__ import annotations

from typing import Literal

from assay.studies.study import Claim, Text, text

Side = Literal["above", "below", "apart"]
Design = Literal["paired", "family"]
SHARE, TIMES = text("share", "割合"), text("times", "倍")
CORRELATION = text("rank correlation", "順位相関")
MOST = 1e6  # a ratio above is not told apart from one that has no bound


def share(
    name: str,
    said: Text,
    measure: str,
    *,
    margin: tuple[float, float],
    claimed: Side = "above",
    threshold: float = 0.0,
    unit: Text = SHARE,
    design: Design = "paired",
) -> Claim:
    """A share, or a difference of shares, in [-1, 1]."""
    return Claim(
        name=name,
        text=said,
        measure=measure,
        claimed=claimed,
        threshold=threshold,
        margin=margin,
        bounds=(-1.0, 1.0),
        scale="share",
        unit=unit,
        design=design,
    )


def ratio(
    name: str,
    said: Text,
    measure: str,
    *,
    margin: tuple[float, float],
    claimed: Side = "above",
    threshold: float = 1.0,
    unit: Text = TIMES,
    design: Design = "paired",
) -> Claim:
    """A ratio above 0; no effect is 1."""
    return Claim(
        name=name,
        text=said,
        measure=measure,
        claimed=claimed,
        threshold=threshold,
        margin=margin,
        bounds=(0.0, MOST),
        scale="ratio",
        unit=unit,
        design=design,
    )


def relation(
    name: str,
    said: Text,
    measure: str,
    *,
    claimed: Side = "above",
    margin: tuple[float, float] = (-0.2, 0.2),
    design: Design = "family",
) -> Claim:
    """A rank correlation in [-1, 1]."""
    return Claim(
        name=name,
        text=said,
        measure=measure,
        claimed=claimed,
        threshold=0.0,
        margin=margin,
        bounds=(-1.0, 1.0),
        scale="correlation",
        unit=CORRELATION,
        design=design,
    )
