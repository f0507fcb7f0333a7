"""Other labels for the same images: ``NAME@coarse`` learns a data set by its coarse classes.

Archives may hold several labellings of one image (``*_coarse_labels`` with ``coarse_class_names``). Chosen after an
``@``, one of them takes the place of the labels, and the labels it replaces stay in ``extra["fine_labels"]``: what
a model that never saw them still knows about them is what a coarse-to-fine probe asks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.core.errors import BadInput, unknown
from assay.data.dataset import Dataset, Split

FINE = "fine_labels"
ENDING = "_labels"
PAIRS = "pairs"


def relabelled(dataset: Dataset, column: str) -> Dataset:
    """The data set by another of its labellings.

    >>> split = Split(np.zeros((2, 3), np.float32), np.array([4, 1]), extra={"coarse_labels": np.array([1, 0])})
    >>> coarse = relabelled(Dataset("demo", {"train": split}, ("a", "b", "c", "d", "e"), "table"), "coarse")
    >>> coarse.name, coarse.classes, coarse.train.labels.tolist(), coarse.train.extra["fine_labels"].tolist()
    ('demo@coarse', ('0', '1'), [1, 0], [4, 1])
    """
    key = column + ENDING
    if column == PAIRS and len(dataset.classes) >= 4:
        dataset = _paired(dataset)
    known = [name.removesuffix(ENDING) for name in labellings(dataset)]
    if column not in known:
        raise BadInput(
            f"asked for {dataset.name}@{column}; {unknown('labelling', column, known)}; "
            f"an .npz names one by *_{key} for every split"
        )
    top = max(int(split.extra[key].max()) for split in dataset.splits.values()) + 1
    names = dataset.names.get(column) or tuple(str(label) for label in range(top))
    if top > len(names):
        raise BadInput(f"asked for {dataset.name}@{column}; found the label {top - 1} but {len(names)} names; add some")
    splits = {name: _swap(split, key) for name, split in dataset.splits.items()}
    return replace(
        dataset, name=f"{dataset.name}@{column}", splits=splits, classes=names, names={"fine": dataset.classes}
    )


def labellings(dataset: Dataset) -> list[str]:
    """The arrays that label every item of every split with whole numbers from 0."""
    splits = list(dataset.splits.values())
    return [
        name
        for name, array in splits[0].extra.items()
        if name.endswith(ENDING) and all(name in split.extra and _labels(split.extra[name]) for split in splits)
    ]


def _paired(dataset: Dataset) -> Dataset:
    key = PAIRS + ENDING
    splits = {
        name: replace(split, extra={**split.extra, key: split.labels // 2}) for name, split in dataset.splits.items()
    }
    sides = [dataset.classes[start : start + 2] for start in range(0, len(dataset.classes), 2)]
    return replace(dataset, splits=splits, names={**dataset.names, PAIRS: tuple(" or ".join(side) for side in sides)})


def _labels(array: np.ndarray) -> bool:
    return array.ndim == 1 and array.dtype.kind in "iu" and bool((array >= 0).all())


def _swap(split: Split, key: str) -> Split:
    kept = {name: array for name, array in split.extra.items() if name != key}
    return replace(split, labels=split.extra[key].astype(np.int64), extra={**kept, FINE: split.labels})
