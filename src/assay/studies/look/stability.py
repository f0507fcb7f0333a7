"""How far a representation moves under small shifts, measured against how far classes lie apart.

    moved(i) = |f(s(x_i)) - f(x_i)| / d(c),   d(c) = distance of the mean of i's class c to the nearest other class mean

for a shift s of a third of its usual strength. 0: nothing moves; 0.5: half as far as the nearest class is away,
in whatever direction. Turning, scaling and moving the whole representation change nothing. The definition is ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.core.rng import numpy_rng
from assay.data import Split

SMALL = 1 / 3  # of a shift's usual strength
MOST = 300  # items that are shifted, of every class as many
FEWEST_OF_CLASS = 10


def chosen(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Places of the items that are shifted: of every class as many where it has them, about 300 in all.

    No class gives fewer than 10 if it has them. The order within a class is drawn.

    >>> labels = np.array([0] * 500 + [1] * 4)
    >>> np.bincount(labels[chosen(labels)]).tolist()
    [150, 4]
    """
    present = np.unique(labels)
    most = max(FEWEST_OF_CLASS, MOST // len(present))
    order = numpy_rng(seed, "stability").permutation(len(labels))
    return np.concatenate([order[labels[order] == label][:most] for label in present])


def halves(labels: np.ndarray) -> np.ndarray:
    """0 or 1 for each item: the items of each class in turn, so that two figures may be from different items.

    >>> halves(np.array([0, 0, 1, 0])).tolist()
    [0, 1, 0, 0]
    """
    return pd.Series(labels).groupby(labels).cumcount().to_numpy() % 2


def apart(features: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each class mean to the nearest other one, and which that is, (classes,); NaN and -1 where none is.

    >>> distance, which = apart(np.array([[0.0], [2.0], [3.0]]), np.array([0, 1, 2]), 3)
    >>> distance.tolist(), which.tolist()
    ([2.0, 1.0, 1.0], [1, 2, 1])
    """
    x = features.astype(np.float64)
    means = np.full((classes, x.shape[1]), np.nan)
    for label in np.unique(labels):
        means[label] = x[labels == label].mean(0)
    between = np.linalg.norm(means[:, None] - means[None], axis=2)
    between[np.eye(classes, dtype=bool) | np.isnan(between)] = np.inf
    distance, which = between.min(1), between.argmin(1)
    known = np.isfinite(distance)
    return np.where(known, distance, np.nan), np.where(known, which, -1)


def moved(before: np.ndarray, after: np.ndarray, labels: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """How far each item moved over the distance of its class, (n,); NaN where classes coincide.

    >>> moved(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([1]), np.array([1.0, 10.0])).tolist()
    [0.5]
    """
    far = np.linalg.norm(after.astype(np.float64) - before.astype(np.float64), axis=1)
    unit = distance[labels]
    return np.divide(far, unit, out=np.full(len(far), np.nan), where=unit > 0)


def units(split: Split, index: np.ndarray) -> list[Any]:
    """What is independent of what else: each item's group where the data name groups, else its own place."""
    return [str(split.groups[i]) for i in index] if split.groups is not None else [int(i) for i in index]
