"""What probes share: checked samples with labels, and what a probe says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array


@dataclass(frozen=True, eq=False)
class Probed:
    """What a probe answered on the samples it was judged on.

    ``accuracy`` is the share of right answers there; ``predicted`` (n,) the answers, in the labels given;
    ``chosen`` the setting used (neighbours, or strength of the regulariser); ``val_accuracy`` the accuracy by
    which it was chosen, None if it was given; ``edge`` whether the best setting is the first or last tried, so
    that a wider grid may find a better one.
    """

    accuracy: float
    predicted: np.ndarray
    chosen: float
    val_accuracy: float | None = None
    edge: bool = False


def samples(features: Array, labels: Array, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, width), maps flattened, and whole-numbered labels (n,) of one split.

    >>> samples([[[1.0], [2.0]]], [3], "val")
    (array([[1., 2.]]), array([3]))
    """
    name, beside = f"{split} features", f"{split} labels"
    x, y = arrays.numbers(features, name), arrays.numbers(labels, beside)
    if x.ndim < 2 or not x.size:
        raise BadInput(f"asked for {name} as (samples, width); found shape {x.shape}; give one row for each sample")
    if y.ndim != 1 or (y != np.rint(y)).any():
        raise BadInput(f"asked for {beside} as one whole number a sample; found shape {y.shape}; give class indices")
    arrays.same_length(x, y, name, beside)
    return x.reshape(len(x), -1), y.astype(np.int64)


def same_width(x: np.ndarray, other: np.ndarray, split: str) -> None:
    """`BadInput` unless both splits come from one layer."""
    if x.shape[1] != other.shape[1]:
        raise BadInput(
            f"asked to probe features of width {x.shape[1]}; found {split} features of width {other.shape[1]}; "
            "take all splits from one layer"
        )


def two_classes(labels: np.ndarray, asked: str) -> None:
    """`BadInput` unless there is something to tell apart."""
    if len(np.unique(labels)) < 2:
        raise BadInput(f"asked for {asked}; found one class in its training labels; give two classes or more")
