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
from assay.data.folder import read_folder
from assay.data.npz import read_npz
from assay.data.relabel import relabelled
from assay.data.split import complete, merge
from assay.data.table import scaled


def load_data(
    source: str | Path, *, production: str | Path | None = None, regroup: bool = False, seed: int = 0
) -> Dataset:
    """The data set that ``source`` names: images in [0, 1], with the splits train, val and test.

    ``source`` is, in this order: ``digits`` or ``cells`` (embedded), the path of an ``.npz`` (MedMNIST
    scheme), a name for ``$ASSAY_DATA/NAME.npz``, or a folder of class folders (also below train/, val/ and
    test/). ``NAME@coarse`` takes another labelling of the same images, where the archive has ``coarse_labels``. A
    missing split is cut by ``seed``. ``production`` names a later set of the same classes, kept
    whole as the split ``production``. ``regroup`` splits everything anew. Raises `BadInput` when the data
    cannot be used as asked.

    >>> data = load_data("digits")
    >>> data.shape, len(data.train), len(data.val), len(data.test)
    ((1, 8, 8), 1081, 357, 359)
    """
    dataset = complete(_numbered(read(source)), regroup=regroup, seed=seed)
    if production is not None:
        later = _production(dataset, read(production))
        dataset = replace(dataset, splits={**dataset.splits, "production": later})
    dataset = replace(dataset, warnings=(*dataset.warnings, *overlaps(dataset)))
    return scaled(dataset) if dataset.kind == "table" else dataset


def read(source: str | Path) -> Dataset:
    """The splits that ``source`` gives, as they are; a source without splits gives one called "all"."""
    name = os.path.expanduser(str(source))
    plain, mark, column = name.rpartition("@")
    if mark and plain and os.sep not in column and not Path(name).exists():
        return relabelled(_numbered(read(plain)), column)
    if name.startswith("hf:"):
        raise BadInput(
            f"asked for {name}; data sets of the Hugging Face hub cannot be loaded yet; "
            "download it and give its folder of class folders, or an .npz"
        )
    if name in EMBEDDED:
        return EMBEDDED[name]()
    if name.endswith(".npz"):
        return read_npz(Path(name))
    shelf = _shelf()
    if name in shelf:
        return read_npz(shelf[name])
    if name and Path(name).is_dir():
        return read_folder(Path(name))
    if name and (os.sep in name or Path(name).exists()):
        found = "a file of another kind" if Path(name).exists() else "nothing there"
        raise BadInput(f"asked for the data {name}; found {found}; give a folder of class folders or an .npz")
    raise _unknown_name(name, [*EMBEDDED, *shelf])


def available() -> dict[str, str]:
    """What can be named right now: the embedded sets, and the archives in $ASSAY_DATA, with a word on each.

    >>> sorted(name for name in available() if name in ("digits", "cells"))
    ['cells', 'digits']
    """
    about = {
        "digits": "1,797 handwritten digits of 8x8 pixels, 10 classes (embedded)",
        "cells": "569 cell-nuclei measurements of 30 columns, benign or malignant (embedded)",
    }
    return {**about, **{name: str(path) for name, path in _shelf().items()}}


def _shelf() -> dict[str, Path]:
    """The archives in $ASSAY_DATA by name."""
    place = os.environ.get("ASSAY_DATA")
    return {file.stem: file for file in sorted(Path(place).expanduser().glob("*.npz"))} if place else {}


def _unknown_name(name: str, known: list[str]) -> BadInput:
    unset = "" if os.environ.get("ASSAY_DATA") else " (it is not set)"
    remedy = f"give one of these, a folder, an .npz, or put {name}.npz into $ASSAY_DATA{unset}"
    return BadInput(f"{unknown('data set', name, known)}; {remedy}")


def _numbered(dataset: Dataset) -> Dataset:
    """Classes that have no names are called by their numbers."""
    if dataset.classes:
        return dataset
    top = max(int(split.labels.max()) for split in dataset.splits.values())
    if top >= sum(len(split) for split in dataset.splits.values()):
        raise BadInput(
            f"asked to learn from '{dataset.name}'; found the label {top}, more than there are images; "
            "number the classes 0, 1, 2, ... without gaps"
        )
    return replace(dataset, classes=tuple(str(label) for label in range(top + 1)))


def _production(dataset: Dataset, later: Dataset) -> Split:
    """All items of ``later`` as one split, labels renumbered by class name; unnamed classes go by number."""
    split = merge(later.splits)
    asked = f"asked to use '{later.name}' as production of '{dataset.name}'"
    if later.shape != dataset.shape:
        raise BadInput(f"{asked}; found shape {later.shape} beside {dataset.shape}; save both in one size")
    if not later.classes:
        if split.labels.max() >= len(dataset.classes):
            most = len(dataset.classes) - 1
            raise BadInput(f"{asked}; found the label {split.labels.max()}; give labels from 0 to {most} only")
        return split
    parts = {
        "missing": [name for name in dataset.classes if name not in later.classes],
        "unknown": [name for name in later.classes if name not in dataset.classes],
    }
    found = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts.items() if names)
    if found:
        raise BadInput(f"{asked}; found other classes ({found}); give both sets the same class names")
    place = np.array([dataset.classes.index(name) for name in later.classes], np.int64)
    return replace(split, labels=place[split.labels])
