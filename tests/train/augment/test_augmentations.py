"""What every augmentation promises; a new one is tested the moment it is registered."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.train.augment import (
    Augmentation,
    AugMix,
    Blur,
    ColumnDrop,
    ColumnNoise,
    Crop,
    Cutout,
    Flip,
    Grey,
    Jitter,
    Noise,
    ResizedCrop,
)

KINDS = sorted(Augmentation.family)
# Every member at the strength at which it changes nothing, bit for bit.
NOTHING = [
    AugMix(severity=0),
    Blur(p=0),
    ColumnDrop(p=0),
    ColumnDrop(p=0, fill="other"),
    ColumnNoise(sigma=0),
    Crop(padding=0),
    Cutout(size=0),
    Flip(p=0),
    Grey(p=0),
    Jitter(p=0),
    Jitter(brightness=0, contrast=0, saturation=0, hue=0, p=1),
    Noise(sigma=0),
    ResizedCrop(scale=(1, 1), ratio=(1, 1)),
]


def batch(one: Augmentation, channels: int = 1, n: int = 9) -> Tensor:
    shape = (n, channels, 10, 12) if one.takes == "image" else (n, 7)
    return torch.rand(shape, generator=rng(0, "x"))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_shape_and_range_stay_and_so_does_the_input(kind: str, channels: int) -> None:
    one = Augmentation.of(kind)
    for x in (batch(one, channels), batch(one, channels).round(), batch(one, channels, 1), batch(one, channels, 0)):
        before = x.clone()
        for seed in range(5):
            found = one.augment(x, rng(seed, "x"))
            assert found.shape == x.shape and found.dtype == x.dtype and x.equal(before)
            assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_of_the_generator_and_of_nothing_else(kind: str) -> None:
    one = Augmentation.of(kind)
    x = batch(one, 3)
    found = one.augment(x, rng(0, "a"))
    torch.rand(1)
    assert found.equal(one.augment(x, rng(0, "a")))
    assert not found.equal(one.augment(x, rng(1, "a")))


@pytest.mark.parametrize("kind", KINDS)
def test_each_example_draws_its_own(kind: str) -> None:
    one = Augmentation.of(kind)
    x = batch(one, 3, 1).expand(32, *batch(one, 3, 1).shape[1:])
    if kind == "column_drop":
        assert len(one.augment(x, rng(0)).unique(dim=0)) > 16
    elif kind in ("flip", "grey"):
        assert len(one.augment(x, rng(0)).unique(dim=0)) == 2
    else:
        assert len(one.augment(x, rng(0)).unique(dim=0)) > 8


@pytest.mark.parametrize("one", NOTHING, ids=lambda one: one.kind)
def test_no_strength_changes_nothing(one: Augmentation) -> None:
    for channels in (1, 3):
        x = batch(one, channels)
        assert one.augment(x, rng(0)).equal(x)


def test_every_kind_can_change_nothing() -> None:
    assert {one.kind for one in NOTHING} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_images_and_tables_are_not_confused(kind: str) -> None:
    one = Augmentation.of(kind)
    wrong, use = (torch.rand(4, 5), "column") if one.takes == "image" else (torch.rand(4, 1, 5, 5), "crop")
    with pytest.raises(BadInput, match=rf"asked for {kind}; it changes {one.takes}s and found .*; use .*{use}"):
        one.augment(wrong, rng(0))


@pytest.mark.parametrize("kind", KINDS)
def test_plain_data_and_back(kind: str) -> None:
    one = Augmentation.of(kind)
    assert Augmentation.of(one.plain()) == one
