"""Which items are copies of one another: equal pixels, or far nearer than chance lets two items come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.data import Split
from assay.data.copies import pixel_keys
from assay.studies.quality.neighbours import nearest

OUTER = 30  # the neighbour whose distance says how dense it is around an item
INNER = 10  # dimension is measured between this neighbour and the outer one, beyond any copies
BY_CHANCE = 0.5  # pairs that chance may give in the whole data set
NEAREST = 0.25  # never a copy beyond this part of the outer distance, however many dimensions there are


@dataclass(frozen=True, eq=False)
class Pairs:
    """Copies over all splits, whose items are numbered one split after the other.

    ``unit`` (n,): items with one number are copies of one another; ``ends`` (m, 2): pairs that are near each other or
    equal; ``gap`` (m,): their distance over that to the 30th neighbour (of either, or the usual one, whichever is
    least), 0 for equal pixels; ``bar``: the gap below which a pair is a copy; ``dimension``: how many directions the
    data fill locally.
    """

    unit: np.ndarray
    ends: np.ndarray
    gap: np.ndarray
    bar: float
    dimension: float


def copies(splits: Mapping[str, Split], spaces: Mapping[str, np.ndarray]) -> Pairs:
    """Equal items, and pairs nearer than ``bar`` times the distance to the 30th neighbour of either.

    Were items spread evenly over D dimensions, the nearest of 30 would lie within a part r of the 30th distance with
    probability about 29 r^D, so that n items give n 29 r^D such cases. ``bar`` is the r that gives half a case in all
    the data, at most 0.25; D is measured on the spot (Levina and Bickel 2004, NIPS 17, between the 10th and the 30th
    neighbour, where copies do not reach). A kind of fewer than 30 items is far from everything else: the median of all
    30th distances stands in for one that is larger, so that its items are not copies for being few.
    """
    x = np.concatenate([spaces[name] for name in splits])
    keys = np.concatenate([pixel_keys(split.images) for split in splits.values()])
    k = min(OUTER + 1, len(x) - 1)
    own = np.arange(len(x))
    distances, places = nearest(x, x, k, (own, own))
    dimension = _dimension(distances)
    bar = min(NEAREST, (BY_CHANCE / ((k - 1) * len(x))) ** (1 / dimension))
    outer = np.minimum(distances[:, -1], np.median(distances[:, -1]))
    rows, columns = np.nonzero(distances[:, : min(INNER, k)] <= bar * outer[:, None])
    others = places[rows, columns]
    gap = distances[rows, columns] / np.maximum(np.minimum(outer[rows], outer[others]), 1e-12)
    near = np.stack([rows, others], 1)[(gap <= bar) & (keys[rows] != keys[others])]
    near_gap = gap[(gap <= bar) & (keys[rows] != keys[others])]
    ends, first = np.unique(np.sort(near, 1), axis=0, return_index=True)
    equal = _equal(keys)
    return Pairs(
        _units(len(x), np.concatenate([ends, equal])),
        np.concatenate([equal, ends]),
        np.concatenate([np.zeros(len(equal)), near_gap[first]]),
        bar,
        dimension,
    )


def _dimension(distances: np.ndarray) -> float:
    """Levina and Bickel's estimate from the ratios of distances, as a mean of inverses; at least 1."""
    outer, inner = distances[:, -1:], distances[:, INNER - 1 : -1]
    usable = (inner > 0).all(1) & np.isfinite(outer[:, 0])
    if inner.shape[1] < 2 or not usable.any():
        return 1.0
    return max(1.0, 1 / max(float(np.log(outer[usable] / inner[usable]).mean()), 1e-3))


def _equal(keys: np.ndarray) -> np.ndarray:
    """Pairs of equal keys, each item with the next one of its kind, (m, 2)."""
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    return np.sort(np.stack([order[:-1][same], order[1:][same]], 1), 1)


def _units(n: int, ends: np.ndarray) -> np.ndarray:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]
