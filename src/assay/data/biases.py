"""What may be wrong with the images one learns from, put there on purpose and in a known dose.

A bias changes the training split alone; val and test stay as they are. It is drawn at an address of its own, so runs
of all seeds meet the same biased data unless ``seed`` says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Self

import numpy as np
import torch
from pydantic import Field, model_validator

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng, rng
from assay.core.spec import Kind, Number, Share
from assay.data.dataset import Dataset, Split
from assay.data.shifts import SHIFTS


class Bias(Kind):
    """One thing that is wrong with the training images."""

    seed: int = Field(0, ge=0)

    def apply(self, data: Dataset) -> Dataset:
        """The data set with a changed training split."""
        changed = self.change(data.train, len(data.classes))
        return replace(data, splits={**data.splits, "train": changed})

    def change(self, train: Split, classes: int) -> Split:
        """What each bias implements."""
        raise NotImplementedError


class LabelNoise(Bias):
    """A share of the training labels is replaced by another class, each other class alike (symmetric noise).

    >>> split = Split(np.zeros((10, 1), np.float32), np.arange(10) % 2)
    >>> noisy = LabelNoise(share=0.2).change(split, 2)
    >>> int((noisy.labels != split.labels).sum())  # exactly a fifth
    2
    """

    kind: str = "label_noise"
    share: Number = Field(0.2, ge=0, le=1)

    def change(self, train: Split, classes: int) -> Split:
        """``round(share * n)`` labels, drawn without replacement, moved by 1 to classes - 1 places."""
        draw = numpy_rng(self.seed, "bias", "label noise")
        wrong = draw.permutation(len(train))[: round(self.share * len(train))]
        labels = train.labels.copy()
        labels[wrong] = (labels[wrong] + draw.integers(1, classes, len(wrong))) % classes
        return replace(train, labels=labels)


class Imbalance(Bias):
    """Classes thinned so that the last holds ``ratio`` of the first's images, the others in between, geometrically.

    Class c of C keeps the share ratio^(c / (C - 1)) of its images, at least one (long-tailed sets are made so).

    >>> split = Split(np.zeros((30, 1), np.float32), np.arange(30) % 3)
    >>> np.bincount(Imbalance(ratio=0.1).change(split, 3).labels).tolist()  # 10, 10 * 0.316, 10 * 0.1
    [10, 3, 1]
    """

    kind: str = "imbalance"
    ratio: Number = Field(0.1, gt=0, le=1)

    def change(self, train: Split, classes: int) -> Split:
        """The first of a shuffle of each class."""
        draw = numpy_rng(self.seed, "bias", "imbalance")
        kept = []
        for label in range(classes):
            members = draw.permutation(np.flatnonzero(train.labels == label))
            share = self.ratio ** (label / max(1, classes - 1))
            kept.append(members[: max(1, round(share * len(members)))])
        return train.take(np.sort(np.concatenate(kept)))


class Fewer(Bias):
    """Only ``images`` of the training images, the same share of each class, at least one of each.

    >>> split = Split(np.zeros((30, 1), np.float32), np.arange(30) % 3)
    >>> len(Fewer(images=12).change(split, 3))
    12
    """

    kind: str = "fewer"
    images: int = Field(1000, ge=1)

    def change(self, train: Split, classes: int) -> Split:
        """The first of a shuffle of each class; a larger number of images keeps all of a smaller one."""
        if self.images > len(train):
            raise BadInput(f"asked to learn from {self.images} images; train holds {len(train)}; ask for fewer")
        draw = numpy_rng(self.seed, "bias", "fewer")
        kept = []
        for label in range(classes):
            members = draw.permutation(np.flatnonzero(train.labels == label))
            kept.append(members[: _quota(len(members), self.images, len(train))])
        return train.take(np.sort(np.concatenate(kept)))


class Narrow(Bias):
    """Narrower conditions, one lighting: of each class only the ``share`` of images nearest to its usual brightness.

    Kept are the images whose mean brightness lies nearest to the median of their class; at least one of each class. Val
    and test keep the whole range. The fair control is `fewer` with ``images`` = ``round(share * n)``, n the images of
    train: it keeps as many of each class, drawn from the whole range. Tables have no brightness: `BadInput`.

    >>> split = Split(np.arange(8, dtype=np.uint8).reshape(8, 1, 1, 1), np.zeros(8, int))  # median 3.5
    >>> Narrow(share=0.5).change(split, 1).images.ravel().tolist()
    [2, 3, 4, 5]
    """

    kind: str = "narrow"
    share: Number = Field(0.5, gt=0, le=1)

    def change(self, train: Split, classes: int) -> Split:
        """The nearest to the median of each class; of equally near ones, those that a shuffle puts first."""
        if train.images.ndim != 4:
            raise BadInput(
                "asked for narrower conditions, images of one brightness; found a table, which has none; "
                "ask for 'fewer' or 'imbalance' instead"
            )
        draw = numpy_rng(self.seed, "bias", "narrow")
        brightness = train.images.mean(axis=(1, 2, 3), dtype=np.float64)
        images = round(self.share * len(train))
        kept = []
        for label in range(classes):
            members = draw.permutation(np.flatnonzero(train.labels == label))
            distance = np.abs(brightness[members] - np.median(brightness[members])) if len(members) else members
            kept.append(members[np.argsort(distance, kind="stable")][: _quota(len(members), images, len(train))])
        return train.take(np.sort(np.concatenate(kept)))


class Part(Bias):
    """The images of each class from the share ``start`` to the share ``stop`` of one shuffle of it.

    Of m images of a class those at round(start m) to round(stop m) - 1: parts that adjoin share no image and leave none
    out, so a class that is smaller than the number of parts may be missing in some.

    >>> split = Split(np.arange(8, dtype=np.float32).reshape(8, 1), np.zeros(8, int))
    >>> first, second = (Part(start=a, stop=b).change(split, 1).images.ravel() for a, b in [(0, 0.5), (0.5, 1)])
    >>> len(first), sorted({*first.tolist(), *second.tolist()}) == list(range(8))
    (4, True)
    """

    kind: str = "part"
    start: Share = Field(Fraction(0), ge=0, lt=1)
    stop: Share = Field(Fraction(1), gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.start < self.stop:
            raise ValueError(f"stop: {float(self.stop):g} is not after start, {float(self.start):g}")
        return self

    def change(self, train: Split, classes: int) -> Split:
        """The stretch of the shuffle of each class; `BadInput` where no image lies in it."""
        draw = numpy_rng(self.seed, "bias", "part")
        kept = []
        for label in range(classes):
            members = draw.permutation(np.flatnonzero(train.labels == label))
            kept.append(members[round(self.start * len(members)) : round(self.stop * len(members))])
        index = np.sort(np.concatenate(kept))
        if not len(index):
            raise BadInput(
                f"asked for the part from {float(self.start):g} to {float(self.stop):g} of each class; found no image "
                f"in it, of {len(train)}; make fewer or larger parts"
            )
        return train.take(index)


class Shifted(Bias):
    """The images as one of the `SHIFTS` of a strength would show them, unrounded; val and test stay as they are.

    What a shift draws it draws as in the test images that studies shift (at ``seed`` 0): columns of a table that drift
    upwards do so there, too, and at every strength. As val does not move, choose a run's last moment, not its best.

    >>> split = Split(np.array([[[[0.5], [0.95]]]], np.float32), np.zeros(1, int))
    >>> Shifted(shift="brightness", strength=0.25).change(split, 1).images.ravel().tolist()
    [0.75, 1.0]
    """

    kind: str = "shifted"
    shift: str = "gaussian_noise"
    strength: Number = 0.1

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            shift = SHIFTS.find(self.shift)
            one = torch.zeros((1, 1, 2, 2) if shift.kind == "image" else (1, 2))
            shift.apply(one, self.strength, rng(self.seed, "shift", self.shift))
        except BadInput as error:
            raise ValueError(f"shift: {error}") from None
        return self

    def change(self, train: Split, classes: int) -> Split:
        """Every image shifted; `BadInput` for a shift of images on a table, and the other way round."""
        shift, kind = SHIFTS.find(self.shift), "image" if train.images.ndim == 4 else "table"
        if shift.kind != kind:
            fitting = ", ".join(name for name, other in SHIFTS.items() if other.kind == kind)
            raise BadInput(
                f"asked for training images shifted by {self.shift}; found a set of kind '{kind}'; use {fitting}"
            )
        moved = shift.apply(train.x, self.strength, rng(self.seed, "shift", self.shift)).numpy()
        return replace(train, images=np.ascontiguousarray(moved.transpose(0, 2, 3, 1) if moved.ndim == 4 else moved))


def _quota(members: int, images: int, n: int) -> int:
    """How many of a class's members stay when ``images`` of n do, at least one: alike for all that keep the mix."""
    return max(1, round(members * images / n))


def biased(data: Dataset, biases: tuple[Bias, ...]) -> Dataset:
    """The data set with each bias applied in turn."""
    for bias in biases:
        data = bias.apply(data)
    return data


def true_labels(data: Dataset, biases: tuple[Bias, ...]) -> np.ndarray:
    """Labels that the training items of ``biased(data, biases)`` had before any bias, (n,), in the same order.

    Derived by applying the biases once more to items that carry their labels along; nothing is stored. `BadInput` for a
    user's own bias that makes a split without the ``extra`` arrays of the one it was given.

    >>> split = Split(np.zeros((4, 1), np.float32), np.array([0, 1, 0, 1]))
    >>> data = Dataset("demo", {"train": split}, ("a", "b"), "table")
    >>> swapped = (LabelNoise(share=1),)
    >>> biased(data, swapped).train.labels.tolist(), true_labels(data, swapped).tolist()
    ([1, 0, 1, 0], [0, 1, 0, 1])
    """
    marked = replace(data.train, extra={**data.train.extra, TRUE: data.train.labels})
    carried = biased(replace(data, splits={**data.splits, "train": marked}), biases).train.extra
    if TRUE not in carried:
        raise BadInput(
            f"asked for the labels before {', '.join(bias.kind for bias in biases)}; found a bias that drops the extra "
            "arrays of its items; let it make its split by train.take or dataclasses.replace"
        )
    return carried[TRUE]


def relabelled(data: Dataset, biases: tuple[Bias, ...]) -> np.ndarray:
    """Positions in ``biased(data, biases).train`` of the items whose label is not their own, sorted.

    positions = {i : given_i ≠ true_i},  true from `true_labels`

    >>> split = Split(np.zeros((10, 1), np.float32), np.arange(10) % 2)
    >>> data = Dataset("demo", {"train": split}, ("a", "b"), "table")
    >>> len(relabelled(data, (LabelNoise(share=0.3),))), len(relabelled(data, ()))
    (3, 0)
    """
    return np.flatnonzero(biased(data, biases).train.labels != true_labels(data, biases))


TRUE = "labels before biases"  # the extra array in which `true_labels` sends labels through the biases
