"""Digits in which something was planted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from assay.data import Dataset, Split, load_data


@cache
def digits() -> Dataset:
    """The embedded digits, 8 x 8, 10 classes."""
    return load_data("digits")


def pixels(split: Split) -> np.ndarray:
    """Images as float32 in [0, 1], writable."""
    return np.ascontiguousarray(split.x.numpy().transpose(0, 2, 3, 1))


def changed(data: Dataset, name: str, **fields: Any) -> Dataset:
    """The data with other arrays in one split."""
    return replace(data, splits={**data.splits, name: replace(data.splits[name], **fields)})


def added(data: Dataset, name: str, images: np.ndarray, labels: np.ndarray) -> Dataset:
    """The data with further items at the end of one split."""
    split = data.splits[name]
    both = np.concatenate([pixels(split), images.astype(np.float32)])
    return changed(data, name, images=both, labels=np.concatenate([split.labels, labels]), extra={})


def as_float(data: Dataset) -> Dataset:
    """Every split as float32 in [0, 1]."""
    splits = {name: replace(split, images=pixels(split), extra={}) for name, split in data.splits.items()}
    return replace(data, splits=splits)
