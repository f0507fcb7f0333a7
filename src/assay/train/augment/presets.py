"""Augmentations that suit the data: what may change without changing what an example is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from assay.core.spec import OneOf
from assay.train.augment.base import Augmentation
from assay.train.augment.blur import Blur
from assay.train.augment.columns import ColumnDrop, ColumnNoise
from assay.train.augment.crop import Crop
from assay.train.augment.flip import Flip
from assay.train.augment.grey import Grey
from assay.train.augment.jitter import Jitter
from assay.train.augment.noise import Noise
from assay.train.augment.resized_crop import ResizedCrop

# What a strategy's field ``augment`` takes: a preset, or steps in order.
Augment = Literal["weak", "strong"] | tuple[OneOf[Augmentation], ...]


def weak(kind: str, shape: Sequence[int]) -> tuple[Augmentation, ...]:
    """Small changes, for supervised training: ``kind`` "image" or "table", ``shape`` (channels, h, w) or (columns,).

    Only colour images are mirrored: a mirrored digit or part means something else.

    >>> [step.kind for step in weak("image", (3, 32, 32))], weak("image", (1, 28, 28))[0].padding
    (['crop', 'flip'], 3)
    """
    if kind == "table":
        return (ColumnNoise(sigma=0.02),)
    move = Crop(padding=max(1, min(shape[1:]) // 8))
    return (move, Flip()) if shape[0] == 3 else (move,)


def strong(kind: str, shape: Sequence[int]) -> tuple[Augmentation, ...]:
    """Large changes, for contrastive training.

    Colour images: window, mirror, jitter, grey as in SupCon (Khosla et al. 2020). Grey images: milder windows, because
    a fifth of a digit may be another digit; jitter of brightness and contrast, blur, noise. Tables: values replaced by
    those of other rows (Bahri et al. 2022), and noise.

    >>> [step.kind for step in strong("table", (30,))]
    ['column_drop', 'column_noise']
    """
    if kind == "table":
        return (ColumnDrop(p=0.3, fill="other"), ColumnNoise(sigma=0.05))
    if shape[0] == 3:
        return (ResizedCrop(), Flip(), Jitter(), Grey())
    blur = Blur(sigma=(0.1, max(0.2, min(shape[1:]) / 32)))
    return (ResizedCrop(scale=(0.4, 1.0)), Jitter(saturation=0, hue=0), blur, Noise(sigma=0.03))


def steps_for(augment: Augment, kind: str, shape: Sequence[int]) -> tuple[Augmentation, ...]:
    """The steps that a field ``augment`` stands for on this data.

    >>> [step.kind for step in steps_for("weak", "image", (1, 28, 28))], steps_for((), "image", (1, 28, 28))
    (['crop'], ())
    """
    return {"weak": weak, "strong": strong}[augment](kind, shape) if isinstance(augment, str) else augment
