"""What measures of generalising features share: checked splits, and accuracies compared class by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.probes.common import same_width, samples

SOURCE = "Our protocol, for the hypothesis of arXiv 2310.00607 (2023)"


@dataclass(frozen=True)
class ClassGap:
    """One class: accuracy on items of train and of test (None where there are none), their difference, their numbers.

    Only items that were judged are counted: of train those that the read-out did not see.
    """

    name: int
    train: float | None
    test: float | None
    train_n: int
    test_n: int

    @property
    def gap(self) -> float | None:
        """Accuracy on train minus accuracy on test, None where a side has no items."""
        return None if self.train is None or self.test is None else self.train - self.test


@dataclass(frozen=True)
class FeatureGap:
    """Accuracy of one read-out on items of train that it did not see, on test, the difference, and each class.

    ``train`` and ``test`` are over the classes that both sides have, in the mix of test: another mix of classes is no
    gap. ``chosen`` is the regulariser of a linear read-out, None for class means.
    """

    gap: float
    train: float
    test: float
    classes: tuple[ClassGap, ...]
    chosen: float | None = None


def split(features: Array, labels: Array, prefix: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Features (n, width), n at least 4, and whole-numbered labels (n,); errors name the arguments by their prefix."""
    x = arrays.features(features, f"{prefix}features")
    return samples(x, arrays.numbers(labels, f"{prefix}labels"), prefix.rstrip("_") or "test")


def attacked(x: np.ndarray, attacked_features: Array | None) -> np.ndarray:
    """The train items as they are judged: attacked where that is given, the same as they are learned otherwise."""
    if attacked_features is None:
        return x
    moved = arrays.features(attacked_features, "train_attacked_features")
    arrays.same_length(x, moved, "train_features", "train_attacked_features")
    same_width(x, moved, "attacked")
    return moved


def compare(
    right: np.ndarray, labels: np.ndarray, test_right: np.ndarray, test_labels: np.ndarray, chosen: float | None = None
) -> FeatureGap:
    """Right or wrong on items of train and of test, as a `FeatureGap`; `BadInput` when no class has both.

    >>> found = compare(np.array([1, 1, 1, 0, 0]), np.array([0, 0, 0, 0, 1]), np.array([1, 0]), np.array([0, 0]))
    >>> found.train, found.test, found.gap
    (0.75, 0.5, 0.25)
    """
    found = []
    for name in np.union1d(labels, test_labels).tolist():
        a, b = right[labels == name], test_right[test_labels == name]
        found.append(
            ClassGap(
                name,
                float(a.mean()) if len(a) else None,
                float(b.mean()) if len(b) else None,
                len(a),
                len(b),
            )
        )
    both = [c for c in found if c.train is not None and c.test is not None]
    if not both:
        raise BadInput(
            f"asked for a gap between train and test; found judged train items of classes {np.unique(labels).tolist()} "
            f"and test items of {np.unique(test_labels).tolist()}; give several items of each class on both sides"
        )
    mix = [c.test_n for c in both]
    train, test = (float(np.average([getattr(c, side) for c in both], weights=mix)) for side in ("train", "test"))
    return FeatureGap(train - test, train, test, tuple(found), chosen)
