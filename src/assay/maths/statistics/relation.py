"""Do two figures go together? Over conditions (Spearman), and over seeds within conditions given a third figure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics.estimate import Estimate
from assay.maths.statistics.ordination import Array
from assay.maths.statistics.shuffles import Indices, codes, orders, share_beyond, square_design


def ranks(values: Array) -> Array:
    """Ranks from 1 along the first axis, ties given their mean.

    >>> ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    below = (values[None] < values[:, None]).sum(axis=1)
    same = (values[None] == values[:, None]).sum(axis=1)
    return below + (same + 1) / 2


def rank_relation(
    x: ArrayLike, y: ArrayLike, *, level: float = 0.95, permutations: int = 1999, seed: int = 0
) -> Estimate:
    """Spearman's rank correlation of two figures, one pair per condition.

    rho = the Pearson correlation of the ranks, in [-1, 1]. p by permuting y against x (every order up to n = 8),
    two-sided. The interval is tanh(artanh(rho) +- z sqrt((1 + rho^2 / 2) / (n - 3))), z the normal quantile;
    |rho| = 1 is taken as half a step below. A figure that does not vary gives NaN and p = 1.
    Source: Bonett and Wright 2000, Psychometrika 65:23-28.

    >>> rank_relation([1, 2, 3, 4, 5], [2, 1, 3, 5, 4]).effect  # 1 - 6 * 4 / (5 * 24)
    0.8
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 4:
        raise BadInput(f"asked to relate shapes {a.shape} and {b.shape}; give two figures of four or more conditions")
    n, nan = len(a), float("nan")
    ra, rb = (ranks(v) - (n + 1) / 2 for v in (a, b))
    scale = float(np.sqrt((ra**2).sum() * (rb**2).sum()))
    if not np.all(np.isfinite(a + b)) or scale == 0:
        return Estimate(nan, nan, nan, 1.0, n, level)
    moves = orders(n, permutations, numpy_rng(seed, "rank relation"))
    null = np.abs(rb[moves] @ ra) / scale
    rho = float(ra @ rb) / scale
    low, high = _fisher_interval(rho, n, level)
    return Estimate(round(rho, 12), low, high, share_beyond(null, abs(rho), observed_is_in=True), n, level)


def _fisher_interval(rho: float, n: int, level: float) -> tuple[float, float]:
    most = 1 - 6 / (n * (n * n - 1))
    r = float(np.clip(rho, -most, most))
    half = NormalDist().inv_cdf(0.5 + level / 2) * ((1 + r * r / 2) / (n - 3)) ** 0.5
    low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return min(float(low), rho), max(float(high), rho)


def within_relation(
    x: ArrayLike,
    y: ArrayLike,
    covariate: ArrayLike | None,
    seeds: Sequence[Any] | ArrayLike,
    blocks: Sequence[Any] | ArrayLike,
    *,
    level: float = 0.95,
    permutations: int = 1999,
    seed: int = 0,
) -> Estimate:
    """The partial rank correlation of two figures over seeds within blocks (conditions), given a third.

    One run for every seed in every block, five seeds or more. x and y are ranked within blocks and centred, which
    removes whatever a block does to all its runs; by least squares both are freed of the covariate's rank and of its
    value standardised within the block (ranks alone lose the gaps, and x and y would share what is left);
    the effect is the correlation of what remains, in [-1, 1].

    Runs of a seed belong together: a permutation moves whole seeds, all blocks at once, and frees y of the covariate
    anew (Freedman and Lane 1983); all orders up to 8 seeds. The statistic is divided by the scatter of the seeds'
    shares of it, so that seeds that vary more at some covariate values do no harm (DiCiccio and Romano 2017, JASA
    112:1211-1220). The interval is a jackknife over seeds of artanh(effect) with Student's t. n counts seeds.
    ``covariate`` None: plain within-block rank correlation. NaN and p = 1 where a figure does not vary.

    Two blocks, y falls wherever x rises:

    >>> x = [1, 2, 3, 4, 5, 10, 20, 30, 40, 50]
    >>> within_relation(x, [-v for v in x], None, [*range(5)] * 2, [0] * 5 + [1] * 5).effect
    -1.0
    """
    n = np.size(x)
    table = square_design(codes(seeds, "seed", n)[1], codes(blocks, "block", n)[1])
    if len(table) < 5:
        raise BadInput(f"asked to relate two figures over seeds; found {len(table)} seeds; give five or more")
    a, b = (np.asarray(v, dtype=float)[table] for v in (x, y))
    c = None if covariate is None else np.asarray(covariate, dtype=float)[table]
    effect, nan = partial_rank_correlation(a, b, c), float("nan")
    if not np.isfinite(effect):
        return Estimate(nan, nan, nan, 1.0, len(table), level)
    low, high = _jackknife(a, b, c, level)
    p = _moved(a, b, c, permutations, numpy_rng(seed, "within relation"))
    return Estimate(effect, low, high, p, len(table), level, {"blocks": float(table.shape[1])})


def _freed(a: Array, b: Array, c: Array | None) -> tuple[Array, Array, Array]:
    """Ranks of a and b (seeds, blocks), centred and freed of c; an orthonormal basis of c (columns, seeds, blocks)."""
    a, b = (ranks(v) - (len(v) + 1) / 2 for v in (a, b))
    basis = np.zeros((0, *a.shape))
    if c is not None:
        spread = c.std(axis=0)
        value = (c - c.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        columns = np.stack([(ranks(c) - (len(c) + 1) / 2).ravel(), value.ravel()], axis=1)
        u, size, _ = np.linalg.svd(columns, full_matrices=False)
        basis = u[:, size > 1e-9 * max(size[0], 1.0)].T.reshape(-1, *a.shape)
    return *(v - np.einsum("ksb,k->sb", basis, np.einsum("ksb,sb->k", basis, v)) for v in (a, b)), basis


def partial_rank_correlation(a: Array, b: Array, c: Array | None) -> float:
    """The effect of `within_relation`, from tables (seeds, blocks); NaN where nothing is left to correlate.

    >>> partial_rank_correlation(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [3.0], [2.0]]), None)
    0.5
    """
    if not all(np.all(np.isfinite(v)) for v in (a, b, c) if v is not None):
        return float("nan")
    whole = float(((len(a) ** 3 - len(a)) / 12) * a.shape[1])  # the sum of squares of untied ranks
    fa, fb, _ = _freed(a, b, c)
    scale = float((fa**2).sum()), float((fb**2).sum())
    if min(scale) <= 1e-9 * whole:
        return float("nan")
    return float(np.clip(round(float((fa * fb).sum()) / (scale[0] * scale[1]) ** 0.5, 12), -1, 1))


def _moved(a: Array, b: Array, c: Array | None, count: int, generator: np.random.Generator) -> float:
    fa, fb, basis = _freed(a, b, c)
    moves = orders(len(fa), count, generator)
    seeds = np.arange(len(fa))
    shares = (fa @ fb.T)[seeds, moves]  # (moves, seeds): what each seed adds to the sum of products
    for column in basis:
        slope = (column @ fb.T)[seeds, moves].sum(axis=1)
        shares = shares - slope[:, None] * (fa * column).sum(axis=1)
    total = shares.sum(axis=1)
    scatter = np.sqrt(((shares - shares.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    floor = 1e-9 * np.sqrt((fa**2).sum() * (fb**2).sum())
    t = np.abs(total) / np.maximum(scatter, floor)
    return share_beyond(t, float(t[0]), observed_is_in=True)


def _jackknife(a: Array, b: Array, c: Array | None, level: float) -> tuple[float, float]:
    from scipy.special import stdtrit

    n, most = len(a), 1 - 1e-3

    def z(keep: Indices) -> float:
        return float(
            np.arctanh(np.clip(partial_rank_correlation(a[keep], b[keep], None if c is None else c[keep]), -most, most))
        )

    every = np.arange(n)
    left = np.array([z(np.delete(every, i)) for i in every])
    left = left[np.isfinite(left)]
    if len(left) < 3:
        return float("nan"), float("nan")
    m = len(left)
    half = float(stdtrit(m - 1, 0.5 + level / 2)) * ((m - 1) / m * ((left - left.mean()) ** 2).sum()) ** 0.5
    centre = z(every)
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))
