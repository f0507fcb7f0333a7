"""What batches hold, as a table of kinds of anchor: the only thing the reduced problem needs to know of a sampler."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_EXACT = 4000  # count vectors that are all written out
DRAWS = 300  # count vectors drawn where there are more; the same ones for every alpha and temperature
RESTS = 12  # for one count of the anchor's own class, drawn counts of the others


@dataclass(frozen=True, eq=False)
class Batches:
    """Kinds of anchor in the batches of a data set, classes of one size taken together as a group.

    ``sizes`` (G,): instances of a class of each group in the data set; ``classes`` (G,): how many such classes;
    ``group_of`` (K,): the group of each class. One row a kind of anchor: ``group`` (T,); ``own`` (T,), instances of
    the anchor's class in its batch; ``held`` (T, G), instances of each group there; ``share`` (T,), its share of the
    anchors; ``supervised`` (T,), its weight in the supervised mean. ``exact``: False where count vectors were drawn
    or classes of different sizes were taken together.
    """

    sizes: Array
    classes: Ints
    group_of: Ints
    group: Ints
    own: Array
    held: Array
    share: Array
    supervised: Array
    exact: bool


def fixed_batches(counts: Sequence[int], totals: Sequence[int], reduction: str, most_groups: int = 24) -> Batches:
    """Batches that always hold ``counts`` (K,) of the ``totals`` (K,) instances of each class.

    >>> found = fixed_batches((2, 4), (2, 4), "anchor")
    >>> found.own.tolist(), found.share.round(3).tolist(), found.held.tolist()
    ([2.0, 4.0], [0.333, 0.667], [[2.0, 4.0], [2.0, 4.0]])
    """
    n = np.asarray(counts, dtype=np.int64)
    group_of, exact = groups([*zip(counts, totals, strict=True)], most_groups)
    return _from_vectors(n[None], np.ones(1), np.asarray(totals, np.int64), group_of, reduction, exact)


def random_batches(totals: Sequence[int], batch: int, reduction: str, seed: int = 0, most_groups: int = 24) -> Batches:
    """Batches of ``batch`` instances drawn without replacement from classes of ``totals`` (K,) instances.

    Counts follow the multivariate hypergeometric law. With reduction ``anchor`` only the counts of the anchor's own
    class and of whole groups matter: the former is summed exactly, the latter exactly up to `MOST_EXACT` vectors and
    else over `RESTS` drawn rests of the batch. With ``pair`` the counts of all classes matter: up to `MOST_EXACT`
    vectors exactly, else over `DRAWS` drawn ones.

    >>> found = random_batches((2, 2), 2, "anchor")  # both of one class, 1/3 of batches, or one of each
    >>> found.own.tolist(), found.share.round(3).tolist()
    ([1.0, 2.0], [0.667, 0.333])
    """
    N = np.asarray(totals, dtype=np.int64)
    if len(N) < 2 or N.min() < 1:
        raise BadInput(f"asked for batches from classes of {tuple(totals)}; give two classes or more, none empty")
    if not 2 <= batch <= N.sum():
        raise BadInput(f"asked for batches of {batch} out of {N.sum()} instances; give from 2 to all of them")
    group_of, exact = groups(totals, most_groups)
    if reduction == "pair":
        vectors, weights, all_ = count_vectors(N, batch, seed)
        return _from_vectors(vectors, weights, N, group_of, reduction, exact and all_)
    sizes, classes = _sizes(N, group_of)
    pools = (sizes * classes).astype(np.int64)
    if math.comb(batch + len(pools) - 1, len(pools) - 1) > MOST_EXACT:
        rows, all_ = [_drawn_rest(g, sizes, pools, batch, seed) for g in range(len(sizes))], False
    else:
        vectors, weights, all_ = count_vectors(pools, batch, seed)
        rows = [
            _own_counts(g, int(size), int(k), vectors, weights / batch)
            for g, (size, k) in enumerate(zip(sizes, classes, strict=True))
        ]
    group, own, held, share = (np.concatenate([row[i] for row in rows]) for i in range(4))
    return _merge(sizes, classes, group_of, group, own, held, share, share * (own > 1), exact and all_)


def groups(keys: Sequence[object], most: int) -> tuple[Ints, bool]:
    """The group of each class, (K,), and whether only equal classes share one.

    Classes are alike where their keys are; beyond ``most`` different keys, neighbours in order are taken together.

    >>> groups([5, 9, 5], 24)[0].tolist()
    [0, 1, 0]
    """
    known = sorted(set(keys))  # type: ignore[type-var]
    place = {key: i for i, key in enumerate(known)}
    index = np.asarray([place[key] for key in keys], dtype=np.int64)
    if len(known) <= most:
        return index, True
    return index * most // len(known), False


def count_vectors(pools: Ints, batch: int, seed: int) -> tuple[Array, Array, bool]:
    """Counts from each pool in a batch, (V, pools), their probabilities (V,), and whether these are all there are.

    >>> vectors, weights, exact = count_vectors(np.array([2, 2]), 2, 0)
    >>> vectors.tolist(), weights.round(3).tolist(), exact
    ([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]], [0.167, 0.667, 0.167], True)
    """
    if math.comb(batch + len(pools) - 1, len(pools) - 1) > MOST_EXACT:
        drawn = numpy_rng(seed, "count-vectors", batch).multivariate_hypergeometric(
            pools, batch, size=DRAWS, method="marginals"
        )
        vectors, times = np.unique(drawn, axis=0, return_counts=True)
        return vectors.astype(float), times / DRAWS, False
    from scipy.special import gammaln

    vectors = np.array([v for v in _compositions(batch, len(pools)) if all(np.less_equal(v, pools))], dtype=float)
    logs = (gammaln(pools + 1.0) - gammaln(vectors + 1) - gammaln(pools - vectors + 1)).sum(axis=1)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    keep = weights > 1e-15
    return vectors[keep], weights[keep], True


def _compositions(total: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in _compositions(total - first, parts - 1)]


def _drawn_rest(g: int, sizes: Array, pools: Ints, batch: int, seed: int) -> tuple[Ints, Array, Array, Array]:
    """Kinds of anchor of one group: every count of its own class, with some draws of what else its batch holds."""
    from scipy.special import gammaln

    size, everything = sizes[g], pools.sum()
    own = np.arange(max(1, batch - everything + size), min(size, batch) + 1)
    logs = (gammaln(size + 1) - gammaln(own + 1) - gammaln(size - own + 1)) + (
        gammaln(everything - size + 1) - gammaln(batch - own + 1) - gammaln(everything - size - batch + own + 1)
    )
    logs -= gammaln(everything + 1) - gammaln(batch + 1) - gammaln(everything - batch + 1)
    share = np.exp(logs) * own * (pools[g] / size) / batch
    own, share = own[share > 1e-9], share[share > 1e-9]
    rest = pools - np.where(np.arange(len(pools)) == g, int(size), 0)
    held = []
    for count in own:
        random = numpy_rng(seed, "rest-of-batch", g, int(count), batch)
        held.append(random.multivariate_hypergeometric(rest, batch - int(count), size=RESTS, method="marginals"))
        held[-1][:, g] += int(count)
    rows = np.concatenate(held).astype(float)
    return np.full(len(rows), g), np.repeat(own, RESTS), rows, np.repeat(share / RESTS, RESTS)


def _own_counts(g: int, size: int, classes: int, vectors: Array, weights: Array) -> tuple[Ints, Array, Array, Array]:
    """Kinds of anchor of one group: how many of its own class a batch holds, given how many of its group."""
    from scipy.special import gammaln

    def log_choose(n: Array | float, k: Array) -> Array:
        return gammaln(n + 1.0) - gammaln(k + 1) - gammaln(n - k + 1)

    held = vectors[:, g, None]  # (V, 1)
    own = np.arange(1.0, min(size, vectors[:, g].max(initial=0)) + 1)[None]
    rest = size * (classes - 1)
    possible = (own <= held) & (held - own <= rest)
    left = np.where(possible, held - own, 0.0)
    logs = log_choose(size, own) + log_choose(rest, left) - log_choose(size * classes, held)
    share = np.where(possible, weights[:, None] * classes * own * np.exp(logs), 0.0)
    row, column = np.nonzero(share > 1e-15)
    return np.full(len(row), g), own[0, column], vectors[row], share[row, column]


def _from_vectors(
    vectors: Array | Ints, weights: Array, totals: Ints, group_of: Ints, reduction: str, exact: bool
) -> Batches:
    n = np.asarray(vectors, dtype=float)  # (V, K)
    sizes, classes = _sizes(totals, group_of)
    share = weights[:, None] * n / n.sum(axis=1, keepdims=True)
    if reduction == "pair":
        pairs = n * (n - 1)
        supervised = weights[:, None] * pairs / np.maximum(pairs.sum(axis=1, keepdims=True), 1)
    else:
        supervised = share * (n > 1)
    held = np.repeat(_pooled(n, group_of)[:, None], n.shape[1], axis=1)
    flat = (np.broadcast_to(group_of, n.shape).ravel(), n.ravel(), held.reshape(n.size, -1))
    return _merge(sizes, classes, group_of, *flat, share.ravel(), supervised.ravel(), exact)


def _merge(
    sizes: Array, classes: Ints, group_of: Ints, group: Ints, own: Array, held: Array, share: Array, supervised: Array,
    exact: bool,
) -> Batches:  # fmt: skip
    """Equal rows become one, and anchors that are nowhere are left out."""
    keep = share > 0
    rows, index = np.unique(np.column_stack([group, own, held])[keep], axis=0, return_inverse=True)
    index = index.ravel()
    return Batches(
        sizes, classes, group_of, rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2:],
        np.bincount(index, share[keep]).astype(float), np.bincount(index, supervised[keep]).astype(float), exact,
    )  # fmt: skip


def _sizes(totals: Ints, group_of: Ints) -> tuple[Array, Ints]:
    classes = np.bincount(group_of)
    return np.maximum(1, np.round(np.bincount(group_of, totals) / classes)), classes


def _pooled(counts: Array | Ints, group_of: Ints) -> Array:
    pooled = np.zeros((len(counts), group_of.max() + 1))
    for k, g in enumerate(group_of):
        pooled[:, g] += counts[:, k]
    return pooled
