"""From what the user names to a `Dataset` with train, val and test."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from assay.core.errors import BadInput, unknown
from assay.data.copies import overlaps
from assay.data.dataset import Dataset, Split
from assay.data.embedded import EMBEDDED
from assay.data.npz import read_npz
from assay.data.split import complete, merge
from assay.data.table import scaled


def load_data(
    source: str | Path, *, production: str | Path | None = None, regroup: bool = False, seed: int = 0
) -> Dataset:
    """The data set that ``source`` names: images in [0, 1], with the splits train, val and test.

    ``source`` is, in this order: ``digits`` or ``cells`` (embedded), the path of an ``.npz`` (MedMNIST
    scheme), a name for ``$ASSAY_DATA/NAME.npz``, or a folder of class folders (also below train/, val/ and
    test/). A missing split is cut by ``seed``. ``production`` names a later set of the same classes, kept
    whole as the split ``production``. ``regroup`` splits everything anew. Raises `BadInput` when the data
    cannot be used as asked.

    >>> data = load_data("digits")
    >>> data.shape, len(data.train), len(data.val), len(data.test)
    ((1, 8, 8), 1081, 357, 359)
    """
    dataset = complete(read(source), regroup=regroup, seed=seed)
    if production is not None:
        later = _production(dataset, read(production))
        dataset = replace(dataset, splits={**dataset.splits, "production": later})
    dataset = scaled(dataset) if dataset.kind == "table" else dataset
    return replace(dataset, warnings=(*dataset.warnings, *overlaps(dataset)))


def read(source: str | Path) -> Dataset:
    """The splits that ``source`` gives, as they are; a source without splits gives one called "all"."""
    name = str(source)
    shelf = os.environ.get("ASSAY_DATA")
    if name in EMBEDDED:
        return EMBEDDED[name]()
    if name.endswith(".npz"):
        return read_npz(Path(name))
    if shelf and os.sep not in name and (Path(shelf) / f"{name}.npz").is_file():
        return read_npz(Path(shelf) / f"{name}.npz")
    known = [*EMBEDDED, *(file.stem for file in Path(shelf).glob("*.npz"))] if shelf else list(EMBEDDED)
    raise unknown("data set", name, known)


def _production(dataset: Dataset, later: Dataset) -> Split:
    """All images of ``later`` as one split, its labels renumbered by class name."""
    split = merge(later.splits)
    asked = f"asked to use '{later.name}' as production of '{dataset.name}'"
    missing = [name for name in dataset.classes if name not in later.classes]
    extra = [name for name in later.classes if name not in dataset.classes]
    if missing or extra:
        parts = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"unknown: {', '.join(extra)}"] * bool(
            extra
        )
        raise BadInput(
            f"{asked}; found other classes ({'; '.join(parts)}); give both sets the same class names"
        )
    if later.shape != dataset.shape:
        raise BadInput(f"{asked}; found shape {later.shape} beside {dataset.shape}; save both in one size")
    place = np.array([dataset.classes.index(name) for name in later.classes], np.int64)
    return replace(split, labels=place[split.labels])
