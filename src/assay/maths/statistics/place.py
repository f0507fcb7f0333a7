"""Do groups of models end in different places? The share of squared distance between groups, beyond chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics.estimate import Estimate
from assay.maths.statistics.ordination import Array, checked_distances, gram
from assay.maths.statistics.shuffles import Indices, codes, share_beyond, shuffles


@dataclass(frozen=True, eq=False)
class Design:
    """Which cell (group within block) each model is in, which block each cell is in, and their sizes."""

    cell: Indices
    block: Indices
    cell_block: Indices

    @property
    def sizes(self) -> Array:
        """Models in each cell."""
        return np.bincount(self.cell).astype(float)

    @property
    def weights(self) -> Array:
        """1 - n_cell / n_block: how much of a cell's variance its mean brings into the sum of squares between."""
        return 1 - self.sizes / np.bincount(self.block)[self.cell_block]


def place(
    distances: ArrayLike,
    groups: Sequence[Any] | ArrayLike,
    *,
    blocks: Sequence[Any] | ArrayLike | None = None,
    level: float = 0.95,
    permutations: int = 1999,
    seed: int = 0,
) -> Estimate:
    """omega squared: the share of squared distance that lies between groups of models, beyond chance.

        A = SS_A - sum_k (1 - n_k / n) V_k,  V_k = SS_k / (n_k - 1),  omega2 = A / (A + sum_k n_k V_k)

    For equal groups this is PERMANOVA's omega squared; at most 1, about 0 on average when all groups lie in one
    place (then it may be negative). ``distances``: (n, n) between models with seeds of their own; ``groups``: n labels;
    with ``blocks`` places are compared within each block (condition) only, whatever the blocks themselves do. p by
    permuting labels (within blocks) on SS_A / sum_k (1 - n_k / n) V_k, which unequal spreads mislead less than F.

    The interval holds the shares omega2 at which the found statistic is not extreme, when the groups' centres are
    pulled together or apart along the differences found and residuals are drawn anew: from all groups, because those
    of one small group span too few directions, and given the spread sqrt(V_k) of their new group. A share is at least
    0, so is ``low`` unless the effect is below it. n counts models.
    Source: Anderson et al. 2017, ANZ J. Stat. 59:57-79 (the statistic).

    A = 100 - (2 + 2) / 2 and sum n_k V_k = 8:

    >>> x = np.array([0.0, 2, 10, 12])
    >>> round(place(np.abs(x[:, None] - x), [0, 0, 1, 1], permutations=19).effect, 6)  # 98 / 106
    0.924528
    """
    g = gram(checked_distances(distances))
    design = _design(groups, blocks, len(g))
    g = _centred(g, design.block)
    orders = shuffles(len(g), permutations, numpy_rng(seed, "place"), design.block)
    ratios = [_ratio(*_squares(g, part, design), design) for part in np.array_split(orders, _parts(orders, design))]
    own = np.arange(len(g))[None]
    between, within = _squares(g, own, design)
    variance = within[0] / (design.sizes - 1)
    chance, total = float(design.weights @ variance), float(design.sizes @ variance)
    found, nan = float(between[0]), float("nan")
    if found + total <= 0:
        return Estimate(nan, nan, nan, 1.0, len(g), level)
    ratio = float(_ratio(between, within, design)[0])
    p = share_beyond(np.concatenate(ratios), ratio)
    effect = (found - chance) / (found - chance + total)
    low, high = _interval(g, design, ratio, level, permutations, seed)
    low, high = min(low, effect), max(high, effect)
    detail = {"r2": found / (found + float(within.sum())), "ratio": ratio, "groups": float(len(design.sizes))}
    return Estimate(effect, low, high, p, len(g), level, detail)


def _design(groups: Any, blocks: Any, n: int) -> Design:
    _, group = codes(groups, "group", n)
    block = np.zeros(n, dtype=np.intp) if blocks is None else codes(blocks, "block", n)[1]
    pairs, cell = np.unique(np.stack([block, group]), axis=1, return_inverse=True)
    cell = cell.ravel()
    sizes = np.bincount(cell)
    if sizes.min() < 2 or np.bincount(pairs[0]).min() < 2:
        raise BadInput(
            f"asked to compare places; found groups of sizes {sorted(sizes.tolist())}; "
            "give at least two groups of at least two models" + ("" if blocks is None else " in every block")
        )
    return Design(cell, block, pairs[0])


def _centred(g: Array, block: Indices) -> Array:
    """Inner products of each model's offset from the mean of its block."""
    same = block[:, None] == block
    away = np.eye(len(g)) - same / same.sum(axis=1)
    return away @ g @ away.T


def _parts(orders: Indices, design: Design) -> int:
    return max(1, orders.size * len(design.sizes) // 4_000_000)


def _squares(g: Array, orders: Indices, design: Design) -> tuple[Array, Array]:
    """SS_A (count,) and SS_k of each cell (count, cells) with the models reordered by ``orders`` (count, n)."""
    member = np.eye(len(design.sizes))[design.cell][orders]
    mean2 = ((g @ member) * member).sum(axis=1) / design.sizes
    return mean2.sum(axis=1), np.maximum(np.diag(g) @ member - mean2, 0.0)


def _ratio(between: Array, within: Array, design: Design) -> Array:
    chance = (within / (design.sizes - 1)) @ design.weights
    return between / np.maximum(chance, 1e-15 * (between + within.sum(axis=1)) + np.finfo(float).tiny)


def _interval(g: Array, design: Design, ratio: float, level: float, draws: int, seed: int) -> tuple[float, float]:
    """Ends of the interval of omega2, by inverting the test over how far the centres are apart (``apart``)."""
    sizes = design.sizes
    mean = np.eye(len(sizes))[design.cell] / sizes  # (n, cells): g-products with it are products with the means
    factor = np.sqrt(sizes / (sizes - 1))[design.cell]
    away = (np.eye(len(g)) - mean[:, design.cell].T) * factor[:, None]
    residual, cross = away @ g @ away.T, away @ g @ mean  # with one another; with the centres
    scale = np.sqrt(np.bincount(design.cell, np.maximum(np.diag(residual), 0.0)) / sizes)  # sqrt(V_k)
    centres, scatter = float(sizes @ np.diag(mean.T @ g @ mean)), float(sizes @ scale**2)
    unit = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)[design.cell]
    shape = residual * np.outer(unit, unit), cross * unit[:, None]
    noise, lean, chance = _drawn(*shape, scale, design, draws, numpy_rng(seed, "place interval"))

    def above(apart: float) -> float:
        """The share of drawn worlds with the centres ``apart`` times as far whose statistic is above the one found."""
        return float(np.mean(apart**2 * centres + 2 * apart * lean + noise >= ratio * chance))

    ends = (_solve(above, (1 - level) / 2), _solve(above, (1 + level) / 2))
    low, high = (apart**2 * centres / max(apart**2 * centres + scatter, 1e-300) for apart in ends)
    return low, high


def _drawn(
    residual: Array, cross: Array, scale: Array, design: Design, draws: int, generator: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Worlds whose residuals are drawn from all cells and given the spread ``scale`` of the cell they land in.

    For each: their SS_A, its product with the centres found, and the SS_A that chance alone would bring.
    """
    n = len(residual)
    pool = np.flatnonzero(scale[design.cell] > 0)
    if not len(pool):
        return np.zeros(draws), np.zeros(draws), np.zeros(draws)
    counts = np.stack([_counts(pool, int(size), n, draws, generator) for size in design.sizes])  # (cells, draws, n)
    counts *= scale[:, None, None]
    lean = np.einsum("kdn,nk->d", counts, cross)
    mean2 = ((counts @ residual) * counts).sum(axis=2) / design.sizes[:, None]
    total = counts @ np.diag(residual) * scale[:, None]
    chance = design.weights / (design.sizes - 1) @ np.maximum(total - mean2, 0.0)
    noise = mean2.sum(axis=0)
    for block in range(int(design.block.max()) + 1):
        summed = counts[design.cell_block == block].sum(axis=0)
        noise -= ((summed @ residual) * summed).sum(axis=1) / np.sum(design.block == block)
    return noise, lean, chance


def _counts(pool: Indices, size: int, n: int, draws: int, generator: np.random.Generator) -> Array:
    """How often each of n residuals comes up when ``size`` are drawn from ``pool``: (draws, n)."""
    counts = np.zeros((draws, n))
    np.add.at(counts, (np.arange(draws)[:, None], pool[generator.integers(0, len(pool), (draws, size))]), 1.0)
    return counts


def _solve(above: Callable[[float], float], share: float) -> float:
    """How far apart the centres must be for ``above`` to reach ``share``; 0 when it does so at once."""
    if above(0.0) >= share:
        return 0.0
    inside, outside = 0.0, 1.0
    while above(outside) < share and outside < 1e6:
        inside, outside = outside, 2 * outside
    for _ in range(30):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if above(middle) < share else (inside, middle)
    return outside
