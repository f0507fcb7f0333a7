"""What a design can show before anything is trained: the smallest p-value, the smallest ratio of spreads seen."""

from __future__ import annotations

from functools import lru_cache
from math import comb, exp, factorial, inf
from typing import Literal

import numpy as np

from assay.core.errors import unknown
from assay.core.rng import numpy_rng
from assay.maths.statistics.contrast import FLIPPED_FROM


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

    For round Gaussian clouds in ``dimensions``: a group's sum of squares is chi-square with (n - 1) dimensions
    degrees of freedom, so the log ratios of the blocks are simulated directly. Above 1; infinite where no p-value
    of the design can reach ``alpha``. Two-sided.

    >>> 1.3 < detectable_ratio(10, 1) < 1.4
    True
    >>> detectable_ratio(3, 1)
    inf
    """
    flips = blocks >= FLIPPED_FROM
    if (
        n_per_group < 2
        or (smallest_p("sign-flip", blocks) if flips else smallest_p("labels", n_per_group, blocks=blocks)) > alpha
    ):
        return inf
    generator = numpy_rng(seed, "detectable ratio")
    squares = generator.chisquare((n_per_group - 1) * dimensions, (2, 20_000, blocks))
    logs = 0.5 * (np.log(squares[0]) - np.log(squares[1]))
    mean = logs.mean(axis=1)
    if flips:
        from scipy.special import stdtrit

        bar = stdtrit(blocks - 1, 1 - alpha / 2) * logs.std(axis=1, ddof=1) / blocks**0.5
    else:
        bar = np.quantile(np.abs(mean), 1 - alpha)
    return exp(float(np.quantile(bar - mean, power)))
