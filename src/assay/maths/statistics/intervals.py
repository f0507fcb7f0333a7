"""Intervals for shares and for any statistic of units, and Holm's correction for several claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng


def wilson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of a share, k successes in n trials.

        centre = (k + z^2/2) / (n + z^2),  half = z / (n + z^2) * sqrt(k (n - k) / n + z^2 / 4)

    It lies in [0, 1], contains k/n and has a positive width also at k = 0 and k = n. n = 0 gives (0, 1).
    Source: Wilson 1927, JASA 22:209-212.

    >>> low, high = wilson(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.2775)
    """
    if not 0 <= k <= n:
        raise BadInput(f"asked for the share of {k} in {n}; found no such share; give 0 <= k <= n")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * (k * (n - k) / n + z * z / 4) ** 0.5
    return (0.0 if k == 0 else max(centre - half, 0.0)), (1.0 if k == n else min(centre + half, 1.0))


def bootstrap_interval(
    statistic: Callable[[NDArray[np.float64]], float],
    units: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 1999,
    seed: int = 0,
) -> tuple[float, float]:
    """The bias-corrected and accelerated (BCa) bootstrap interval of ``statistic(units)``.

    ``units``: (n, ...), resampled along the first axis; a unit is whatever is independent (a seed with all its
    runs, say). ``statistic`` takes an array of the same shape. Resamples whose statistic is not a number are left
    out; (nan, nan) when no two values remain. Good from about 15 units on; below that it is too short.
    Source: Efron 1987, JASA 82:171-185.

    >>> bootstrap_interval(np.mean, [4.0, 4.0, 4.0])
    (4.0, 4.0)
    """
    values = np.asarray(units, dtype=float)
    n = len(values)
    if n < 2:
        return float("nan"), float("nan")
    generator = numpy_rng(seed, "bootstrap")
    found = float(statistic(values))
    draws = np.array([statistic(values[generator.integers(0, n, n)]) for _ in range(resamples)], dtype=float)
    draws = draws[np.isfinite(draws)]
    if len(draws) < 2 or not np.isfinite(found):
        return float("nan"), float("nan")
    left = np.array([statistic(np.delete(values, i, axis=0)) for i in range(n)], dtype=float)
    return _bca(found, draws, left[np.isfinite(left)], level)


def _bca(found: float, draws: NDArray[np.float64], left: NDArray[np.float64], level: float) -> tuple[float, float]:
    normal = NormalDist()
    below = np.mean(draws < found) + 0.5 * np.mean(draws == found)
    bias = normal.inv_cdf(float(np.clip(below, 1e-6, 1 - 1e-6)))
    lag = left.mean() - left
    scale = 6.0 * float((lag**2).sum()) ** 1.5
    acceleration = float((lag**3).sum()) / scale if scale > 0 else 0.0
    ends = []
    for share in (0.5 - level / 2, 0.5 + level / 2):
        z = bias + normal.inv_cdf(share)
        ends.append(normal.cdf(bias + z / (1 - acceleration * z)))
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down p-values, in the order given: each at least the raw one, at most 1.

    The i-th smallest of m is multiplied by m - i + 1, and none falls below a smaller one's. They hold the
    family-wise error rate under any dependence. Source: Holm 1979, Scand. J. Statist. 6:65-70. NaN counts as 1.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    raw = np.nan_to_num(np.asarray(ps, dtype=float), nan=1.0)
    if np.any((raw < 0) | (raw > 1)):
        raise BadInput(f"asked to correct the p-values {list(ps)}; a p-value lies in [0, 1]; give such numbers")
    order = np.argsort(raw, kind="stable")
    steps = np.maximum.accumulate(raw[order] * (len(raw) - np.arange(len(raw))))
    corrected = np.empty(len(raw))
    corrected[order] = np.minimum(steps, 1.0)
    return [float(p) for p in corrected]
