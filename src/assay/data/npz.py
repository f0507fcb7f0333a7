"""NumPy archives in the MedMNIST scheme: ``train_images``, ``train_labels``, the same for val and test."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assay.core.errors import BadInput
from assay.data.checks import as_images, as_labels, same_length
from assay.data.dataset import LEARNING, Dataset, Kind, Split

SCHEME = "an .npz needs train_images and train_labels (and may have val_*, test_*, *_groups, class_names)"


def read_npz(path: Path) -> Dataset:
    """The splits that an archive holds; nothing is cut. `BadInput` when it is not in the scheme.

    ``class_names`` is optional (otherwise the numbers are the names). ``*_groups`` become groups; another
    array that begins with a split's name and has one entry an image is kept in ``extra``. Pickles are
    refused.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise BadInput(f"asked to read {path}; found a single array; {SCHEME}")
            return _dataset(path, archive.files, lambda key: _array(archive, key, path))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = (
            "nothing there"
            if isinstance(error, FileNotFoundError)
            else "a file that is not a whole NumPy archive"
        )
        raise BadInput(f"asked to read {path}; found {reason}; {SCHEME}") from error


def _array(archive: np.lib.npyio.NpzFile, key: str, path: Path) -> np.ndarray:
    try:
        return archive[key]
    except ValueError as error:
        raise BadInput(
            f"asked to read {key} of {path}; found pickled objects; they can run code and are never opened; "
            "save plain numbers or text: np.asarray(values, dtype=...)"
        ) from error


def _dataset(path: Path, keys: list[str], get: Callable[[str], np.ndarray]) -> Dataset:
    present = [name for name in LEARNING if {f"{name}_images", f"{name}_labels"} & set(keys)]
    for name in present:
        for key in (f"{name}_images", f"{name}_labels"):
            if key not in keys:
                raise BadInput(f"asked to read {path}; found no {key}; {SCHEME}")
    if not present:
        raise BadInput(f"asked to read {path}; found {', '.join(keys[:8]) or 'no arrays'}; {SCHEME}")
    splits = {name: _split(name, keys, get) for name in present}
    _alike(path, splits)
    classes = _classes(path, splits, get("class_names") if "class_names" in keys else None)
    kind: Kind = "table" if splits[present[0]].images.ndim == 2 else "image"
    return Dataset(path.stem, splits, classes, kind)


def _split(name: str, keys: list[str], get: Callable[[str], np.ndarray]) -> Split:
    images = as_images(get(f"{name}_images"), f"{name}_images")
    labels = as_labels(get(f"{name}_labels"), len(images), f"{name}_labels")
    groups = None
    if f"{name}_groups" in keys:
        groups = same_length(get(f"{name}_groups"), len(images), f"{name}_groups").reshape(len(images), -1)
        if groups.shape[1] != 1:
            raise BadInput(
                f"asked to use {name}_groups; found {groups.shape[1]} columns; give one group an image"
            )
        groups = groups[:, 0]
    known = {f"{name}_{part}" for part in ("images", "labels", "groups")}
    others = {key: get(key) for key in keys if key.startswith(f"{name}_") and key not in known}
    extra = {key.removeprefix(f"{name}_"): a for key, a in others.items() if a.ndim and len(a) == len(images)}
    return Split(images, labels, groups, None, extra)


def _alike(path: Path, splits: dict[str, Split]) -> None:
    first, *rest = splits
    for name in rest:
        a, b = splits[first].images, splits[name].images
        if a.shape[1:] != b.shape[1:] or a.dtype != b.dtype:
            raise BadInput(
                f"asked to read {path}; found {first}_images of {a.shape[1:]} {a.dtype} and {name}_images of "
                f"{b.shape[1:]} {b.dtype}; save all splits in one size and type"
            )


def _classes(path: Path, splits: dict[str, Split], names: np.ndarray | None) -> tuple[str, ...]:
    top = max((int(split.labels.max()) for split in splits.values() if len(split)), default=-1)
    if names is None:
        return tuple(str(i) for i in range(top + 1))
    classes = tuple(str(name) for name in names.reshape(-1))
    if len(set(classes)) < len(classes):
        raise BadInput(
            f"asked to read class_names of {path}; found a name twice; give each class a name of its own"
        )
    if top >= len(classes):
        raise BadInput(
            f"asked to read {path}; found the label {top} but {len(classes)} class_names (labels 0 to "
            f"{len(classes) - 1}); add the missing names or correct the labels"
        )
    return classes
