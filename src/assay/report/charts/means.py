"""Means with intervals, as the charts of dots want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def means(runs: Frame, columns: Sequence[str], level: float) -> Frame:
    """The mean of each column over the seeds of a setting: condition, COLUMN, COLUMN_low, COLUMN_high, n."""
    rows = []
    for condition, part in runs.groupby("condition", sort=False):
        row: dict[str, Any] = {"condition": condition, "n": len(part)}
        for name in columns:
            found = mean_interval(part[name], level)
            row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    ends = [f"{name}{end}" for name in columns for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["condition", "n", *ends])
