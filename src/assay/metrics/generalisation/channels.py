"""Which channels tell the classes apart in images trained on, and lose it in new ones."""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import NOISE, Array
from assay.metrics.generalisation.common import split
from assay.metrics.probes.common import same_width


def channel_separation(features: Array, labels: Array) -> np.ndarray:
    """Share of each channel's variance that lies between classes, every class counting the same: omega², (width,).

    omega² = B / (B + W),  W = mean_c s_c²,  B = mean_c (mu_c - mean_c mu_c)² - (K-1)/K² Σ_c s_c²/n_c

    s_c²: variance of the channel in class c, with n_c - 1. What chance puts between K means is taken off B: few items
    do not look separate, as they do by eta². With equally many items of each class this is omega² of a one-way analysis
    of variance (Hays 1963, Statistics for Psychologists); epsilon² hardly differs, but here B and W are both debiased
    and add up, so that omega² is the complement of `within_share` in one channel. features (n, width), n >= 4, maps
    flattened: average a map over its places first for one value a channel. labels (n,) whole numbers; classes with one
    item are left out, two others are needed. At most 1; 0 on average where classes do not differ, there also below,
    never under -(K-1)/(K+1); 0 for a channel that does not vary. `BadInput` for other shapes, NaN, or too few classes.

    >>> channel_separation([[0, 5], [2, 5], [6, 5], [8, 5]], [0, 0, 1, 1])  # W = 2, B = 9 - (1/4) (1 + 1) = 8.5
    array([0.80952381, 0.        ])
    """
    return _omega(*split(features, labels), None)


def channel_gaps(train_features: Array, train_labels: Array, features: Array, labels: Array) -> np.ndarray:
    """Each channel's `channel_separation` on train minus that on test, (width,).

    gap_j = omega²_j(train) - omega²_j(test)

    Over the classes that have two items or more on both sides. Nothing is fitted, so all train items count; sizes and
    mixes of classes may differ between the sides, without a gap on average where the distributions are equal, but for
    what a ratio of estimates is off, of the order of 1/n (0.01 where one side has 10 items a class). Above 0: the
    channel separates what was trained on better than what is new. In [-1, 1] but for chance, within [-2, 2] always.
    An attack that knows the true label adds to the separation on both sides (see `probe_gap`). Shapes and errors as for
    `channel_separation`.

    >>> x, y = [[0, 0], [2, 2], [6, 6], [8, 8]], [0, 0, 1, 1]
    >>> channel_gaps(x, y, [[0, 0], [2, 6], [6, 2], [8, 8]], y).round(4).tolist()  # test: W = 18, B = 1 - 4.5
    [0.0, 1.0509]
    """
    x, y = split(train_features, train_labels, "train_")
    z, true = split(features, labels)
    same_width(x, z, "test")
    shared = np.intersect1d(_several(y), _several(true))
    return _omega(x, y, shared) - _omega(z, true, shared)


def _several(labels: np.ndarray) -> np.ndarray:
    names, sizes = np.unique(labels, return_counts=True)
    return names[sizes > 1]


def _omega(x: np.ndarray, y: np.ndarray, names: np.ndarray | None) -> np.ndarray:
    names = _several(y) if names is None else names
    if len(names) < 2:
        raise BadInput(
            f"asked which channels tell classes apart; found {len(names)} classes with two items or more; "
            "give several items of two classes or more, of the same classes in all splits"
        )
    kept = np.isin(y, names)
    x, y = x[kept], y[kept]
    centred = x - x.mean(0)
    alive = np.abs(centred).max(0) > NOISE * np.abs(x).max(0)
    means = np.stack([centred[y == name].mean(0) for name in names])
    variances = np.stack([centred[y == name].var(0, ddof=1) for name in names])
    sizes = np.array([(y == name).sum() for name in names])[:, None]
    k = len(names)
    between = means.var(0) - (k - 1) / k**2 * (variances / sizes).sum(0)
    whole = between + variances.mean(0)
    return np.divide(between, whole, out=np.zeros_like(whole), where=alive)
