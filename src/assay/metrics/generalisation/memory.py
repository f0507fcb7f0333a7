"""Memorisation: does the model repeat wrong labels that it could only know by heart?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric


@dataclass(frozen=True)
class Memorisation:
    """Share of relabelled items answered with their wrong label, the share by chance, and how many items there are."""

    rate: float
    chance: float
    n: int


@metric(range=(0, 1), better="lower", unit="fraction", cite="Zhang et al. 2017 (ICLR): fitting random labels")
def memorised(predicted: Array, given_labels: Array, labels: Array) -> float:
    """Share of relabelled training items for which the model answers the wrong label it was given.

    rate = #{i : given_i ≠ y_i, predicted_i = given_i} / #{i : given_i ≠ y_i}

    predicted, given_labels (as they were trained on) and labels (the true ones), (n,) whole numbers of the same
    training items; `data.biases.true_labels` gives the true ones back. A fraction in [0, 1]; a model that knows nothing
    by heart still errs, so compare with the ``chance`` that `memorisation` gives. `BadInput` for other shapes, NaN, or
    when no label was changed.

    >>> memorised([1, 0, 2, 1], [1, 1, 0, 1], [0, 0, 2, 1])  # items 0, 1, 2 were relabelled; item 0 is known by heart
    0.3333333333333333
    """
    said, given, true = _items(predicted, given_labels, labels)
    changed = given != true
    if not changed.any():
        raise BadInput(
            f"asked for memorised wrong labels; found none among {len(true)} items; train with label_noise, "
            "and give the labels before it as labels"
        )
    return float((said == given)[changed].mean())


def memorisation(
    predicted: Array, given_labels: Array, labels: Array, test_predicted: Array, test_labels: Array
) -> Memorisation:
    """`memorised` beside the same share for new images, which the model cannot know by heart.

    chance = mean over relabelled i of #{j in test : y_j = y_i, predicted_j = given_i} / #{j in test : y_j = y_i}

    How often new images of the same true class are answered with that very wrong label: what the rate would be on
    average if training had not met these items. For wrong labels drawn alike from the others of C classes it is on
    average (1 - accuracy_c)/(C - 1) over the true classes of the relabelled items; taken from the confusions, it also
    holds where wrong labels prefer classes that look alike. Arguments as for `memorised`, those of test
    (m,). rate and chance in [0, 1]. `BadInput` also for a relabelled item whose true class has no test item.

    >>> memorisation([1, 0, 2, 1], [1, 1, 0, 1], [0, 0, 2, 1], [0, 1, 0, 0, 2, 2], [0, 0, 0, 0, 2, 2])
    Memorisation(rate=0.3333333333333333, chance=0.16666666666666666, n=3)
    """
    rate = memorised(predicted, given_labels, labels)
    _, given, true = _items(predicted, given_labels, labels)
    told, known = _whole(test_predicted, "test_predicted"), _whole(test_labels, "test_labels")
    arrays.same_length(told, known, "test_predicted", "test_labels")
    changed = given != true
    missing = np.setdiff1d(true[changed], known)
    if len(missing):
        raise BadInput(
            f"asked how often new images get the wrong labels of relabelled ones; found no test image of class "
            f"{missing[0]}; give test images of each class that was relabelled"
        )
    pairs, counts = np.unique(np.stack([true[changed], given[changed]]), axis=1, return_counts=True)
    shares = [(told[known == y] == g).mean() for y, g in pairs.T]
    return Memorisation(rate, float(np.average(shares, weights=counts)), int(changed.sum()))


def _items(predicted: Array, given: Array, labels: Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    said, got, true = _whole(predicted, "predicted"), _whole(given, "given_labels"), _whole(labels, "labels")
    arrays.same_length(said, got, "predicted", "given_labels")
    arrays.same_length(said, true, "predicted", "labels")
    return said, got, true


def _whole(value: Array, name: str) -> np.ndarray:
    array = arrays.numbers(value, name)
    if array.ndim != 1 or not len(array) or (array != np.rint(array)).any():
        raise BadInput(f"asked for {name} as one whole number a sample; found shape {array.shape}; give class indices")
    return array.astype(np.int64)
