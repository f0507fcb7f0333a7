"""Splits of labelled images (or table rows), as plain arrays that become tensors on first use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Literal

import numpy as np
import torch

from assay.core.rng import numpy_rng

Kind = Literal["image", "table"]
LEARNING = ("train", "val", "test")

# Names of the class in which nothing is wrong, surest first: of "normal" and "benign", "normal" is meant.
OK_NAMES = (
    *("ok", "good", "pass", "normal", "healthy", "negative"),
    *("no defect", "nodefect", "defect free", "non defective", "free no defect", "no crack", "no anomaly"),
    *("no finding", "undamaged", "intact", "non cancer", "noncancer", "benign"),
)
OK_FIRST_WORDS = ("normal", "healthy", "benign")


@dataclass(frozen=True, eq=False)
class Split:
    """Items with their labels, in the order in which they were stored.

    ``images`` is (n, h, w, channels) in uint8, uint16 or float32 within [0, 1]; a table is (n, columns)
    float32. ``groups`` names what must stay together (lot, patient, tile); ``extra`` holds further arrays of
    length n.

    >>> split = Split(np.full((2, 4, 4, 1), 51, np.uint8), np.array([0, 1]))
    >>> len(split), tuple(split.x.shape), round(float(split.x.max()), 6)
    (2, (2, 1, 4, 4), 0.2)
    """

    images: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None = None
    names: tuple[str, ...] | None = None
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def x(self) -> torch.Tensor:
        """The items as float32: (n, channels, h, w) in [0, 1], or (n, columns) for a table."""
        stored = self.images
        if stored.ndim == 4:
            stored = np.ascontiguousarray(stored.transpose(0, 3, 1, 2))
        full = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}.get(stored.dtype)
        values = torch.from_numpy(stored.astype(np.float32))  # a copy: x may be changed, images may not
        return values.div_(full) if full else values

    @cached_property
    def y(self) -> torch.Tensor:
        """The labels as int64, (n,)."""
        return torch.from_numpy(self.labels.astype(np.int64))

    def take(self, index: np.ndarray) -> Split:
        """The items at ``index``, in that order.

        >>> Split(np.zeros((3, 2), np.float32), np.array([7, 8, 9])).take(np.array([2, 0])).labels.tolist()
        [9, 7]
        """
        return Split(
            self.images[index],
            self.labels[index],
            None if self.groups is None else self.groups[index],
            None if self.names is None else tuple(self.names[i] for i in index),
            {key: array[index] for key, array in self.extra.items()},
        )

    def of_each(self, most: int) -> np.ndarray:
        """Positions of at most so many items of each class, in a drawn order: a rare class is seen whole.

        >>> Split(np.zeros((5, 2), np.float32), np.array([0, 0, 0, 0, 1])).of_each(2).shape
        (3,)
        """
        order = numpy_rng(0, "geometry").permutation(len(self))  # the first caller gave the address its name
        return np.concatenate([order[self.labels[order] == label][:most] for label in np.unique(self.labels)])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Splits to learn from (``train``), select on (``val``), be judged on (``test``), and named later ones.

    >>> split = Split(np.zeros((2, 3), np.float32), np.array([0, 1]))
    >>> data = Dataset("demo", {"train": split, "production": split}, ("defect", "OK"), "table")
    >>> data.shape, data.ok, data.later
    ((3,), 1, ('production',))
    """

    name: str
    splits: Mapping[str, Split]
    classes: tuple[str, ...]
    kind: Kind
    warnings: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # class names of further labellings

    @property
    def train(self) -> Split:
        """What is learned from."""
        return self.splits["train"]

    @property
    def val(self) -> Split:
        """What settings and thresholds are chosen on."""
        return self.splits["val"]

    @property
    def test(self) -> Split:
        """What is judged on, and nothing else."""
        return self.splits["test"]

    @property
    def later(self) -> tuple[str, ...]:
        """Names of the splits beyond train, val and test, such as ``("production",)``."""
        return tuple(name for name in self.splits if name not in LEARNING)

    @property
    def ok(self) -> int | None:
        """Index of the class that means "nothing wrong", recognised by its name, else None."""
        return find_ok(self.classes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one item as a model sees it: (channels, h, w), or (columns,)."""
        stored = next(iter(self.splits.values())).images.shape[1:]
        return (stored[2], stored[0], stored[1]) if len(stored) == 3 else tuple(stored)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (64 hexadecimal digits) over class names and every array of every split, no path."""
        return self._digest(tuple(self.splits))

    @cached_property
    def learned(self) -> str:
        """The same over what training reads, train and val: a new production set makes no new runs."""
        return self._digest(("train", "val"))

    def _digest(self, names: tuple[str, ...]) -> str:
        total = sha256("\x1f".join(self.classes).encode())
        for name in sorted(names):
            split = self.splits[name]
            arrays = {
                "images": split.images,
                "labels": split.labels,
                **{f"extra {k}": v for k, v in split.extra.items()},
            }
            if split.groups is not None:
                arrays["groups"] = split.groups
            for key, array in sorted(arrays.items()):
                total.update(f"\x1e{name}\x1f{key}\x1f{array.dtype.str}\x1f{array.shape}\x1f".encode())
                total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        return total.hexdigest()


def find_ok(classes: tuple[str, ...]) -> int | None:
    """Index of the class whose name says that nothing is wrong, or None when that is not clear.

    Case and punctuation do not matter. A whole name counts before a first word.

    >>> find_ok(("crack", "free (no defect)")), find_ok(("Malignant", "Benign")), find_ok(("cat", "dog"))
    (1, 1, None)
    >>> find_ok(("lung adenocarcinoma", "benign lung tissue"))
    1
    """
    plain = [" ".join(re.findall(r"[^\W_]+", name.casefold())) for name in classes]
    for wanted in OK_NAMES:
        if plain.count(wanted) == 1:
            return plain.index(wanted)
    for word in OK_FIRST_WORDS:
        found = [i for i, name in enumerate(plain) if name.split(" ")[0] == word]
        if len(found) == 1:
            return found[0]
    return None
