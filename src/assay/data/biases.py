"""What may be wrong with the images one learns from, put there on purpose and in a known dose.

A bias changes the training split alone; val and test stay as they are. It is drawn at an address of its own, so runs
of all seeds meet the same biased data unless ``seed`` says otherwise.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.core.spec import Kind, Number
from assay.data.dataset import Dataset, Split


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
            kept.append(members[: max(1, round(len(members) * self.images / len(train)))])
        return train.take(np.sort(np.concatenate(kept)))


def biased(data: Dataset, biases: tuple[Bias, ...]) -> Dataset:
    """The data set with each bias applied in turn."""
    for bias in biases:
        data = bias.apply(data)
    return data
