"""The interval over runs and items: how wide it is where that is known, and what it covers."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.maths.statistics import crossed_interval


def test_its_width_is_that_of_rows_and_columns_together() -> None:
    """For v_ij = a_i + b_j the mean of a resample has the variance var(a)/n + var(b)/m exactly."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=40), 2 * generator.normal(size=60)
    for rows, columns in ((a, b), (a, 0 * b), (0 * a, b)):
        low, high = crossed_interval(rows[:, None] + columns)
        sd = (rows.var() / len(a) + columns.var() / len(b)) ** 0.5
        assert high - low == pytest.approx(2 * 1.96 * sd, rel=0.08)
        assert low < rows.mean() + columns.mean() < high


def test_it_covers_what_one_kind_of_unit_alone_does_not() -> None:
    """Images that vary and runs that do not: intervals over runs alone would nearly always miss."""
    hits, narrow = 0, 0
    for draw in range(100):
        generator = np.random.default_rng(draw)
        table = generator.normal(size=50) + 0.1 * generator.normal(size=(10, 1)) + 0.1 * generator.normal(size=(10, 50))
        low, high = crossed_interval(table, resamples=399)
        means = table.mean(axis=1)
        half = 2.26 * means.std(ddof=1) / 10**0.5
        hits += low <= 0 <= high
        narrow += abs(means.mean()) <= half
    assert hits >= 88 and narrow <= 70  # 95 of 100; fewer than 88 come by in 0.4 % of such tests


@pytest.mark.parametrize("values", [[[1.0, 2.0]], [[1.0], [2.0]], [1.0, 2.0], [[1.0, np.nan], [0.0, 0.0]]])
def test_too_little_is_refused(values: object) -> None:
    with pytest.raises(BadInput, match="two rows and two columns"):
        crossed_interval(values)  # type: ignore[arg-type]
