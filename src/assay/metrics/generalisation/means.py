"""The class-mean gap: do new images lie as near to the mean of their class as those trained on?"""

from __future__ import annotations

import numpy as np

from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import Classes
from assay.metrics.generalisation.common import SOURCE, FeatureGap, attacked, compare, split
from assay.metrics.probes.common import same_width, two_classes


@metric(
    range=(-1, 1),
    better="lower",
    unit="fraction",
    invariant=("orthogonal", "permutation", "scale", "translation"),
    cite=SOURCE,
)
def class_mean_gap(
    train_features: Array,
    train_labels: Array,
    features: Array,
    labels: Array,
    *,
    train_attacked_features: Array | None = None,
) -> float:
    """How much better the nearest class mean names images the network was trained on than new ones.

    gap = Σ_c w_c (accuracy_c(train) - accuracy_c(test)),  w_c = share of class c in test

    answer_i = argmin_c |h_i - mu_c|², means over train, that of the own class with one item left out: for a train item
    that item itself, so that no item helps its own answer; for a test item any one, and the share of those for which it
    is right counts. So both sides are judged by the same means, in closed form and without a draw, and for features of
    a network that saw none of the images the gap is 0 on average, exactly.

    Under attack: clean train features, the same train items attacked as ``train_attacked_features``, attacked test
    ``features``; the means are those of clean items, as in `probe_gap`. Features (n, width), n >= 4, of one layer;
    labels (n,) whole numbers, of train those that are true where some were changed. Classes with one train item are not
    judged. A difference of fractions in [-1, 1]; an item as near to another mean is not right. `BadInput` for other
    shapes, NaN, one class, or when no class has items on both sides. `class_mean_gaps` tells accuracies and classes.

    >>> x, y = [[0], [2], [8], [10]], [0, 0, 1, 1]  # means 1 and 9
    >>> class_mean_gap(x, y, [[1], [2], [8], [3]], [0, 0, 1, 1])  # 4 of 4 against 3 of 4
    0.25
    """
    return class_mean_gaps(
        train_features, train_labels, features, labels, train_attacked_features=train_attacked_features
    ).gap


def class_mean_gaps(
    train_features: Array,
    train_labels: Array,
    features: Array,
    labels: Array,
    *,
    train_attacked_features: Array | None = None,
) -> FeatureGap:
    """`class_mean_gap` with what it is made of: both accuracies and each class.

    >>> x, y = [[0], [2], [8], [10]], [0, 0, 1, 1]
    >>> [(c.name, c.train, c.test) for c in class_mean_gaps(x, y, [[1], [2], [8], [3]], [0, 0, 1, 1]).classes]
    [(0, 1.0, 1.0), (1, 1.0, 0.5)]
    """
    x, y = split(train_features, train_labels, "train_")
    z, true = split(features, labels)
    same_width(x, z, "test")
    two_classes(y, "the nearest class mean")
    classes = Classes.of(x, y)
    several = classes.sizes > 1
    judged, known = several[classes.which], np.isin(true, classes.names[several])
    z, true = z[known], true[known]
    seen = attacked(x, train_attacked_features)
    return compare(_without_itself(classes, seen)[judged], y[judged], _without_any(classes, z, true), true)


def _without_itself(classes: Classes, seen: np.ndarray) -> np.ndarray:
    """Whether each train item, as it is ``seen``, is nearest to its class's mean over the others, (n,)."""
    others = np.maximum(1, classes.sizes[classes.which] - 1)[:, None]
    away = seen - classes.means[classes.which] + classes.deviations / others  # mean - mean of the others
    return (away**2).sum(1) < _nearest_other(classes, seen, classes.which)


def _without_any(classes: Classes, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each row the share of its class's train items without which the row is nearest to the mean, (len(rows),)."""
    right = np.empty(len(rows))
    rivals = _nearest_other(classes, rows, np.searchsorted(classes.names, labels))
    for name in np.unique(labels):
        mine, place = labels == name, np.searchsorted(classes.names, name)
        moves = classes.deviations[classes.which == place] / (classes.sizes[place] - 1)  # mean - mean without each
        away = rows[mine] - classes.means[place]
        own = (away**2).sum(1, keepdims=True) + 2 * away @ moves.T + (moves**2).sum(1)
        right[mine] = (own < rivals[mine, None]).mean(1)
    return right


def _nearest_other(classes: Classes, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Squared distance of each row to the nearest class mean that is not its own, (len(rows),)."""
    centre = classes.means.mean(0)  # differences of large numbers would lose small distances
    rows, means = rows - centre, classes.means - centre
    distances = (rows**2).sum(1, keepdims=True) - 2 * rows @ means.T + (means**2).sum(1)
    distances[np.arange(len(rows)), which] = np.inf
    return distances.min(1, initial=np.inf)
