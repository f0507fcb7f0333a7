"""Does an attack move the features of new images the way it moves those trained on?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.generalisation.common import SOURCE, split
from assay.metrics.probes.common import same_width


@dataclass(frozen=True)
class ClassShift:
    """One class: cosine of its mean shifts on train and on test, what sampling alone leaves of 1, numbers of items.

    ``cosine`` and ``reference`` are None with fewer than two items on a side, or where the mean shift is zero.
    """

    name: int
    cosine: float | None
    reference: float | None
    train_n: int
    test_n: int


@dataclass(frozen=True)
class ShiftSimilarity:
    """Means over the classes that have a cosine, and each class."""

    cosine: float
    reference: float
    classes: tuple[ClassShift, ...]


@metric(
    range=(-1, 1),
    better="higher",
    unit="cosine",
    invariant=("orthogonal", "permutation", "scale", "translation", "shift"),
    cite=SOURCE,
)
def shift_similarity(
    train_features: Array,
    train_attacked_features: Array,
    train_labels: Array,
    features: Array,
    attacked_features: Array,
    labels: Array,
) -> float:
    """Whether an attack moves the features of each class in the same direction on train and on test.

    S = mean_c cos(d_c(train), d_c(test)),  d_c = mean over class c of (h(x attacked) - h(x))

    Features (n, width), n >= 4, of the same items clean and attacked, in one order; labels (n,) whole numbers. Over the
    classes with two items or more on both sides whose mean shift is not zero. A cosine in [-1, 1]. **Means of few items
    look less alike than they are**: compare with the ``reference`` that `shift_similarities` gives, not with 1.
    `BadInput` for other shapes, NaN, or when no class is left.

    >>> still = [[0, 0]] * 4
    >>> moved, turned = [[1, 0], [1, 0], [0, 2], [0, 2]], [[3, 0], [3, 0], [1, 0], [1, 0]]
    >>> shift_similarity(still, moved, [0, 0, 1, 1], still, turned, [0, 0, 1, 1])  # class 0: cosine 1, class 1: 0
    0.5
    """
    return shift_similarities(
        train_features, train_attacked_features, train_labels, features, attacked_features, labels
    ).cosine


def shift_similarities(
    train_features: Array,
    train_attacked_features: Array,
    train_labels: Array,
    features: Array,
    attacked_features: Array,
    labels: Array,
) -> ShiftSimilarity:
    """`shift_similarity` beside what it would be if true mean shifts had one direction, and both for each class.

    reference_c = sqrt(r_c(train) r_c(test)),  r_c = max(0, 1 - tr S_c / (n_c |d_c|²))

    r_c is the reliability of a mean shift: |d_c|² of n_c items is larger than that of the true mean by tr S_c/n_c on
    average, S_c the covariance of the shifts in class c (with n_c - 1). The numerator of the cosine has no such bias,
    so cosine = true cosine x reference up to chance: Spearman's attenuation (1904), in closed form. Reported beside the
    value, which is not divided by it: the quotient is wild where shifts are weak. A ratio itself, it lies a little low,
    by 0.02 where it is 0.7, by 0.05 where it is 0.3 (isotropic shifts in 40 columns). So a value below it is no
    accident of few items, while a value above it speaks for equal directions only where it is near 1. 0: no direction
    can be told. Arguments and errors as for `shift_similarity`.

    >>> still, moved = [[0, 0]] * 4, [[2, 1], [2, -1], [2, 1], [2, -1]]  # |d|² = 4, tr S = 4/3
    >>> found = shift_similarities(still, moved, [0] * 4, still, moved, [0] * 4)
    >>> found.cosine, round(found.reference, 6)  # 1 - (4/3) / (4 * 4)
    (1.0, 0.916667)
    """
    s, y = _shifts(train_features, train_attacked_features, train_labels, "train_")
    t, true = _shifts(features, attacked_features, labels, "")
    same_width(s, t, "test")
    found = tuple(_class_shift(name, s[y == name], t[true == name]) for name in np.union1d(y, true).tolist())
    told = [(c.cosine, c.reference) for c in found if c.cosine is not None and c.reference is not None]
    if not told:
        raise BadInput(
            "asked whether an attack moves features alike on train and on test; found no class with two items on both "
            "sides whose mean shift is not zero; give more items, or an attack that changes this layer"
        )
    cosine, reference = np.mean(told, axis=0).tolist()
    return ShiftSimilarity(cosine, reference, found)


def _shifts(features: Array, attacked: Array, labels: Array, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Attacked minus clean features, at most 1 in size so that squares neither overflow nor vanish, and labels."""
    clean, y = split(features, labels, prefix)
    moved = arrays.features(attacked, f"{prefix}attacked_features")
    arrays.same_length(clean, moved, f"{prefix}features", f"{prefix}attacked_features")
    same_width(clean, moved, "attacked")
    shifts = moved - clean
    return shifts / (np.abs(shifts).max() or 1), y


def _class_shift(name: int, train: np.ndarray, test: np.ndarray) -> ClassShift:
    sizes = len(train), len(test)
    if min(sizes) < 2:
        return ClassShift(name, None, None, *sizes)
    means = [shifts.mean(0) for shifts in (train, test)]
    squares = [float(mean @ mean) for mean in means]
    if not all(squares):
        return ClassShift(name, None, None, *sizes)
    noise = [float(shifts.var(0, ddof=1).sum()) / len(shifts) for shifts in (train, test)]
    reliable = [max(0.0, 1 - n / square) for n, square in zip(noise, squares, strict=True)]
    cosine = float(means[0] @ means[1]) / np.sqrt(squares[0] * squares[1])
    return ClassShift(name, float(np.clip(cosine, -1, 1)), float(np.sqrt(reliable[0] * reliable[1])), *sizes)
