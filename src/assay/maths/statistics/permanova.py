"""PERMANOVA: do groups of models differ in place? Sums of squared distances split as in an analysis of variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics.ordination import Array, checked_distances, gram
from assay.maths.statistics.shuffles import Indices, codes, seed_moves, share_beyond, shuffles


class Permanova(NamedTuple):
    """Pseudo-F, the share of squared distance between groups (plain and beyond chance) and the p-value."""

    f: float
    r2: float
    omega2: float
    p: float


def permanova(
    distances: ArrayLike,
    groups: Sequence[Any] | ArrayLike,
    *,
    seeds: Sequence[Any] | ArrayLike | None = None,
    blocks: Sequence[Any] | ArrayLike | None = None,
    permutations: int = 1999,
    seed: int = 0,
) -> Permanova:
    """Pseudo-F of a grouping of models, by permutation of the group labels.

        SS_T = (1/n) sum_{i<j} d_ij^2,  SS_W = sum_k (1/n_k) sum_{i<j in k} d_ij^2,  SS_A = SS_T - SS_W
        F = [SS_A / (g - 1)] / [SS_W / (n - g)],  R2 = SS_A / SS_T,  omega2 = (SS_A - (g - 1) MS_W) / (SS_T + MS_W)

    ``distances``: (n, n); ``groups``: n labels. omega2 is at most 1 and about 0 on average when there is nothing; it
    may be negative. With ``blocks`` alone, labels move within blocks. Runs that share a seed are not exchangeable one
    by one: with ``seeds``, whole seeds trade their labels, condition by condition (``blocks`` names the conditions;
    without it, the order of appearance within a seed does), and every seed needs one run in every condition.
    Source: Anderson 2001, Austral Ecology 26:32-46.

    >>> d = np.abs(np.subtract.outer([0.0, 2, 10, 12], [0.0, 2, 10, 12]))
    >>> result = permanova(d, [0, 0, 1, 1], permutations=9)
    >>> round(result.f, 6), round(result.r2, 6)  # SS_A = 100, SS_W = 2 + 2
    (50.0, 0.961538)
    """
    g = gram(checked_distances(distances))
    names, index = codes(groups, "group", len(g))
    n, k = len(g), len(names)
    if k < 2 or n <= k:
        raise BadInput(
            f"asked for PERMANOVA; found {k} groups of {n} models; give two groups and more models than that"
        )
    orders = _orders(n, permutations, numpy_rng(seed, "permanova"), seeds, blocks)
    drawn = between(g, index, orders)
    total, found = float(np.trace(g)), float(between(g, index, np.arange(n)[None])[0])
    mean_within = max(total - found, 0.0) / (n - k)
    f = found / (k - 1) / mean_within if mean_within > 0 else float("inf") if found > 0 else float("nan")
    omega2 = (found - (k - 1) * mean_within) / (total + mean_within) if total > 0 else float("nan")
    return Permanova(f, found / total if total > 0 else float("nan"), omega2, share_beyond(drawn, found))


def between(g: Array, index: Indices, orders: Indices) -> Array:
    """SS_A of a centred Gram matrix (n, n) for the groups ``index[order]``, one for each of ``orders`` (count, n).

    SS_A = sum_k n_k ||mean of group k||^2 = sum_k (1/n_k) sum_{i, j in k} G_ij, since the grand mean is the origin.

    >>> between(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([0, 1]), np.array([[0, 1]])).tolist()
    [2.0]
    """
    share = np.eye(int(index.max()) + 1)[index] / np.sqrt(np.bincount(index))
    parts = np.array_split(orders, max(1, orders.size * share.shape[1] // 4_000_000))
    return np.concatenate([((g @ share[part]) * share[part]).sum(axis=(1, 2)) for part in parts])


def _orders(
    n: int,
    count: int,
    generator: np.random.Generator,
    seeds: Sequence[Any] | ArrayLike | None,
    blocks: Sequence[Any] | ArrayLike | None,
) -> Indices:
    if seeds is None:
        return shuffles(n, count, generator, blocks if blocks is None else codes(blocks, "block", n)[1])
    _, owner = codes(seeds, "seed", n)
    if blocks is None:
        position = np.array([int(np.sum(owner[:i] == owner[i])) for i in range(n)], dtype=np.intp)
    else:
        position = codes(blocks, "block", n)[1]
    return seed_moves(owner, position, shuffles(int(owner.max()) + 1, count, generator))
