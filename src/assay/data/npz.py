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
BROKEN = (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error, MemoryError)

Get = Callable[[str], np.ndarray]


def read_npz(path: Path) -> Dataset:
    """The splits that an archive holds; nothing is cut. `BadInput` when it is not in the scheme.

    ``*_groups`` become groups; another array that begins with a split's name and has one entry an image is
    kept in ``extra``. Without ``class_names`` the classes are left empty. Pickles are refused.
    """
    try:
        with open(path, "rb") as file:  # opened here, because NumPy leaves a broken file open
            found = np.load(file, allow_pickle=False)
            if not isinstance(found, np.lib.npyio.NpzFile):
                raise BadInput(f"asked to read {path}; found a single array; {SCHEME}")
            return _dataset(path, found.files, lambda key: _array(found, key, path))
    except BROKEN as error:
        raise BadInput(f"asked to read {path}; found {_reason(error)}; {SCHEME}") from error


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "nothing there"
    if isinstance(error, PermissionError):
        return "a file that may not be read"
    return "a file that is not a whole NumPy archive"


def _array(archive: np.lib.npyio.NpzFile, key: str, path: Path) -> np.ndarray:
    try:
        return archive[key]
    except BROKEN as error:
        if "allow_pickle" in str(error):
            raise BadInput(
                f"asked to read {key} of {path}; found pickled objects (they can run code: never opened); "
                "save plain numbers or text instead: np.asarray(values, dtype=...)"
            ) from error
        why = "an array too large for this computer" if isinstance(error, MemoryError) else "a broken array"
        raise BadInput(f"asked to read {key} of {path}; found {why}; save the file anew") from error


def _dataset(path: Path, keys: list[str], get: Get) -> Dataset:
    present = [name for name in LEARNING if {f"{name}_images", f"{name}_labels"} & set(keys)]
    if not present:
        raise BadInput(f"asked to read {path}; found {', '.join(keys[:8]) or 'no arrays'}; {SCHEME}")
    for name in present:
        for key in (f"{name}_images", f"{name}_labels"):
            if key not in keys:
                raise BadInput(f"asked to read {path}; found no {key}; {SCHEME}")
    splits = {name: _split(name, keys, get) for name in present}
    _check_alike(path, splits)
    kind: Kind = "table" if splits[present[0]].images.ndim == 2 else "image"
    endings = [key.removesuffix("_class_names") for key in keys if key.endswith("_class_names")]
    names = {each: tuple(str(name) for name in get(f"{each}_class_names").reshape(-1)) for each in endings}
    return Dataset(path.stem, splits, _classes(path, splits, keys, get), kind, names=names)


def _split(name: str, keys: list[str], get: Get) -> Split:
    images = as_images(get(f"{name}_images"), f"{name}_images")
    labels = as_labels(get(f"{name}_labels"), len(images), f"{name}_labels")
    groups = None
    if f"{name}_groups" in keys:
        groups = same_length(get(f"{name}_groups"), len(images), f"{name}_groups")
        if groups.size != len(images):
            raise BadInput(f"asked to use {name}_groups; found shape {groups.shape}; give one group an image")
        groups = groups.reshape(-1)
    known = {f"{name}_{part}" for part in ("images", "labels", "groups")}
    others = {key: get(key) for key in keys if key.startswith(f"{name}_") and key not in known}
    extra = {key.removeprefix(f"{name}_"): a for key, a in others.items() if a.ndim and len(a) == len(images)}
    return Split(images, labels, groups, None, extra)


def _check_alike(path: Path, splits: dict[str, Split]) -> None:
    first, *rest = splits
    for name in rest:
        a, b = splits[first].images, splits[name].images
        if a.shape[1:] != b.shape[1:] or a.dtype != b.dtype:
            raise BadInput(
                f"asked to read {path}; found {first}_images of {a.shape[1:]} {a.dtype} and {name}_images of "
                f"{b.shape[1:]} {b.dtype}; save all splits in one size and type"
            )


def _classes(path: Path, splits: dict[str, Split], keys: list[str], get: Get) -> tuple[str, ...]:
    if "class_names" not in keys:
        return ()
    classes = tuple(str(name) for name in get("class_names").reshape(-1))
    if len(set(classes)) < len(classes):
        raise BadInput(f"asked to read class_names of {path}; found a name twice; give each class its own")
    top = max(int(split.labels.max()) for split in splits.values())
    if top >= len(classes):
        raise BadInput(
            f"asked to read {path}; found the label {top} but {len(classes)} class_names (labels 0 to "
            f"{len(classes) - 1}); add the missing names or correct the labels"
        )
    return classes
