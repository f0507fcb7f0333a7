"""Means with intervals, as the charts of dots want them."""

from __future__ import annotations

import pandas as pd

from assay.report.folder import Frame
from assay.report.numbers import mean_interval


def means_of(dots: Frame, by: list[str], level: float) -> Frame:
    """The mean of ``value`` in each group with its interval: columns ``by``, value, low, high, n."""
    rows = []
    for key, part in dots.groupby(by, sort=False):
        found = mean_interval(part.value, level)
        rows.append(
            {**dict(zip(by, key, strict=True)), "value": found.mean, "low": found.low, "high": found.high, "n": found.n}
        )
    return pd.DataFrame(rows, columns=[*by, "value", "low", "high", "n"])
