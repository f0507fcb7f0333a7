"""What a design can show before anything is trained: the smallest p-value, the smallest ratio of spreads seen."""

from __future__ import annotations

from functools import lru_cache
from math import comb, exp, factorial, inf, log
from typing import Literal

import numpy as np

from assay.core.errors import unknown
from assay.core.rng import numpy_rng
from assay.maths.statistics.contrast import FLIPPED_FROM, log_ratio
from assay.maths.statistics.shuffles import shuffles


def smallest_p(
    test: Literal["sign-flip", "labels", "orders"], n: int, *, blocks: int = 1, permutations: int | None = None
) -> float:
    """The smallest two-sided p-value that a permutation test can reach.

    - "sign-flip": n pairs, 2 / 2^n;
    - "labels": two groups of n in each of ``blocks``, labels permuted within blocks, 2 / C(2n, n)^blocks;
    - "orders": n conditions or seeds put in any order, 2 / n!.

    ``permutations`` random ones (None: all of them) cannot go below 1 / (1 + permutations).

    >>> smallest_p("sign-flip", 6), smallest_p("labels", 3), smallest_p("labels", 3, blocks=2)
    (0.03125, 0.1, 0.005)
    """
    count = {"sign-flip": lambda: 2**n, "labels": lambda: comb(2 * n, n) ** blocks, "orders": lambda: factorial(n)}
    if test not in count:
        raise unknown("test", test, count)
    return min(1.0, max(2 / count[test](), 0.0 if permutations is None else 1 / (1 + permutations)))


@lru_cache(maxsize=256)
def detectable_ratio(
    n_per_group: int,
    blocks: int,
    dimensions: int = 10,
    alpha: float = 0.05,
    power: float = 0.8,
    seed: int = 0,
) -> float:
    """The smallest ratio of spreads that `spread_contrast` finds at level ``alpha`` with chance ``power``.

    Simulated with round Gaussian clouds in ``dimensions``, two-sided, to a few percent. Above 1; infinite where no
    p-value of the design can reach ``alpha``, or where 20 times the spread would not be enough.

    >>> 1.3 < detectable_ratio(10, 1) < 1.5
    True
    >>> detectable_ratio(3, 1)
    inf
    """
    flips = blocks >= FLIPPED_FROM
    if n_per_group < 2:
        return inf
    reach = smallest_p("sign-flip", blocks) if flips else smallest_p("labels", n_per_group, blocks=blocks)
    if reach > alpha:
        return inf
    generator = numpy_rng(seed, "detectable ratio")
    if flips:
        return exp(_by_flips(n_per_group, blocks, dimensions, alpha, power, generator))
    return _by_labels(n_per_group, blocks, dimensions, alpha, power, generator)


def _by_flips(
    n: int, blocks: int, dimensions: int, alpha: float, power: float, generator: np.random.Generator
) -> float:
    """The log ratio found when the blocks' log ratios are the data; sums of squares are chi-square, the bar is t's."""
    from scipy.special import stdtrit

    squares = np.log(generator.chisquare((n - 1) * dimensions, (2, 20_000, blocks)))
    logs = 0.5 * (squares[0] - squares[1])
    bar = stdtrit(blocks - 1, 1 - alpha / 2) * logs.std(axis=1, ddof=1) / blocks**0.5
    return float(np.quantile(bar - logs.mean(axis=1), power))


def _by_labels(
    n: int, blocks: int, dimensions: int, alpha: float, power: float, generator: np.random.Generator
) -> float:
    """The ratio at which the aligned permutation test itself rejects in the share ``power`` of simulated worlds."""
    m, count = 2 * n, max(199, int(2 / alpha))
    worlds = int(np.clip(400_000 // (m * m * blocks), 60, 400))
    clouds = generator.standard_normal((blocks, worlds, 2, n, dimensions))
    clouds -= clouds.mean(axis=3, keepdims=True)
    clouds = clouds.reshape(blocks, worlds, m, dimensions)
    grams = clouds @ clouds.swapaxes(-1, -2)
    wider = np.arange(m) < n
    members = [np.vstack([wider, wider[shuffles(m, count, generator)]]) for _ in range(blocks)]

    def found(ratio: float) -> float:
        scale = np.where(wider, ratio, 1.0)
        drawn = np.zeros((worlds, count + 1))
        for gram, member in zip(grams, members, strict=True):
            drawn += log_ratio(gram * np.outer(scale, scale), member)
        p = (np.abs(drawn) >= np.abs(drawn[:, :1]) - 1e-9).mean(axis=1)
        return float((p <= alpha).mean())

    low, high = 0.0, log(1.25)
    while found(exp(high)) < power:
        low, high = high, 2 * high
        if high > log(20):
            return inf
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if found(exp(middle)) >= power else (middle, high)
    return exp(high)
