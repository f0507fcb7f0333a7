"""Columns of a table in their own units, brought to [0, 1] by what the train split shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.data.dataset import Dataset


def scaled(dataset: Dataset) -> Dataset:
    """Every column minus its smallest train value, over its train range; a constant column becomes 0.

    Only train is looked at, so values of the other splits may lie a little outside [0, 1]. A table whose
    train split is within [0, 1] already is handed back as it is.

    >>> from assay.data.dataset import Split
    >>> rows = np.array([[10.0, 7.0], [30.0, 7.0], [20.0, 7.0]], np.float32)
    >>> data = Dataset("t", {"train": Split(rows, np.zeros(3, int))}, ("a", "b"), "table")
    >>> scaled(data).train.images.tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    low, high = dataset.train.images.min(axis=0), dataset.train.images.max(axis=0)
    if low.min() >= 0 and high.max() <= 1:
        return dataset
    span = np.where(high > low, high - low, 1).astype(np.float32)
    splits = {name: replace(s, images=(s.images - low) / span) for name, s in dataset.splits.items()}
    return replace(dataset, splits=splits)
