"""Shared by all tests: one thread, small data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from assay.data import Dataset, Split

torch.set_num_threads(1)


def blobs(kind: str = "image", n: int = 120, classes: int = 3, seed: int = 0) -> Dataset:
    """A small data set that can be learned: one bright patch (or column) a class, with noise."""
    draw = np.random.default_rng(seed)

    def split(size: int) -> Split:
        labels = np.arange(size) % classes
        x = draw.normal(0.3, 0.12, (size, 6, 6, 1))
        for row, label in enumerate(labels):
            x[row, 2 * label % 6 : 2 * label % 6 + 2] += 0.35
        images = x.clip(0, 1).astype(np.float32)
        return Split(images if kind == "image" else images.reshape(size, 36), labels.astype(np.int64))

    names = tuple("abcdefgh"[:classes])
    return Dataset("blobs", {"train": split(n), "val": split(n // 2), "test": split(n // 2)}, names, kind)


@pytest.fixture
def make_blobs() -> Callable[..., Dataset]:
    return blobs
