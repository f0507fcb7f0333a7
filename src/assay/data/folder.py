"""Folders of images: one sub-folder a class, or train/, val/ and test/ with such folders inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from assay.core.errors import BadInput
from assay.data.dataset import Dataset, Split
from assay.data.pixels import decode, suffixes

SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
LAYOUT = "put the images into one sub-folder a class (and those, if you like, into train/, val/ and test/)"


def read_folder(folder: Path) -> Dataset:
    """The images below ``folder``, labelled by their class folder; nothing is cut.

    All images must have one size and one colour type. Hidden files and files that are no images are
    ignored; links that leave the folder are refused. Raises `BadInput`, which names the file.
    """
    root = folder.resolve()
    tops = _tops(folder, root)
    found = {name: _by_class(top, root) for name, top in tops.items()}
    loose = [path for top in {root, *tops.values()} for path in _list(top, root)[1]]
    for name, by_class in found.items():
        if not any(by_class.values()):
            what = f"{len(loose)} images outside of class folders" if loose else "no images"
            raise BadInput(f"asked to read {folder} ({name}); found {what}; {LAYOUT}")
    classes = tuple(sorted({label for by_class in found.values() for label in by_class}))
    first = next(path for files in next(iter(found.values())).values() for path in files)
    like = decode(first)
    splits = {name: _split(by_class, classes, root, first, like) for name, by_class in found.items()}
    note = f"{len(loose)} images of {folder} lie outside of class folders and were left out"
    return Dataset(root.name, splits, classes, "image", (note,) if loose else ())


def _tops(folder: Path, root: Path) -> dict[str, Path]:
    """The folders that hold class folders: one a split, or the folder itself as "all"."""
    inside = _list(root, root)[0]
    named = [sub for sub in inside if sub.name.lower() in SPLITS]
    if not any(sub.name.lower() == "train" for sub in named) and len(named) < len(inside):
        return {"all": root}
    others = [sub.name for sub in inside if sub not in named]
    if others:
        raise BadInput(
            f"asked to read the folder {folder}; found train/ and beside it {', '.join(others[:5])}; "
            "leave only train/, val/ and test/ there, or only class folders"
        )
    tops = {SPLITS[sub.name.lower()]: sub for sub in named}
    if len(tops) < len(named):
        names = ", ".join(sub.name for sub in named)
        raise BadInput(f"asked to read the folder {folder}; found {names}; leave one folder for each split")
    return tops or {"all": root}


def _list(folder: Path, root: Path) -> tuple[list[Path], list[Path]]:
    """The sub-folders and the image files right inside ``folder``, sorted; links are checked."""
    folders, images = [], []
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise BadInput(f"asked to read the folder {folder}; found: {error.strerror}; make it readable") from error
    for entry in entries:
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_symlink() and not (entry.is_file() and entry.resolve().is_relative_to(root)):
            raise BadInput(
                f"asked to read {root}; found the link {entry}, which does not lead to a file inside; "
                "put a copy of what it leads to in its place"
            )
        if entry.is_dir():
            folders.append(entry)
        elif entry.suffix.lower() in suffixes() and entry.is_file():
            images.append(entry)
    return folders, images


def _by_class(top: Path, root: Path) -> dict[str, list[Path]]:
    return {sub.name: _images(sub, root) for sub in _list(top, root)[0]}


def _images(folder: Path, root: Path) -> list[Path]:
    folders, images = _list(folder, root)
    return images + [path for sub in folders for path in _images(sub, root)]


def _split(
    by_class: Mapping[str, list[Path]], classes: tuple[str, ...], root: Path, model: Path, like: np.ndarray
) -> Split:
    paths = [path for label in sorted(by_class) for path in by_class[label]]
    labels = np.array([classes.index(label) for label in sorted(by_class) for _ in by_class[label]], np.int64)
    images = np.empty((len(paths), *like.shape), like.dtype)
    for place, path in enumerate(paths):
        image = like if path == model else decode(path)
        if image.shape != like.shape or image.dtype != like.dtype:
            raise BadInput(
                f"asked to read the folder {root}; found {model.relative_to(root)} with {_words(like)} and "
                f"{path.relative_to(root)} with {_words(image)}; save all images in one size and type"
            )
        images[place] = image
    names = tuple(path.relative_to(root).as_posix() for path in paths)
    return Split(images, labels, None, names)


def _words(image: np.ndarray) -> str:
    height, width, channels = image.shape
    return f"{width}x{height} {'grey' if channels == 1 else 'RGB'} {8 * image.itemsize}-bit pixels"
