"""Table augmentations."""

from __future__ import annotations

import torch

from assay.core.rng import rng
from assay.train.augment import ColumnDrop, ColumnNoise


def test_values_are_lost_independently() -> None:
    x = torch.rand(1000, 8, generator=rng(0)) * 0.4  # no value is 0.5
    lost = (ColumnDrop(p=0.3).augment(x, rng(0)) == 0.5).double()
    assert abs(lost.mean() - 0.3) < 5 * (0.3 * 0.7 / 8000) ** 0.5
    assert abs((lost[:, 0] * lost[:, 1]).mean() - 0.09) < 5 * (0.09 * 0.91 / 1000) ** 0.5


def test_a_lost_value_comes_from_its_own_column() -> None:
    columns = torch.arange(4.0).div(10).expand(500, 4) + torch.rand(500, 1, generator=rng(0)).round() / 100
    found = ColumnDrop(p=1, fill="other").augment(columns, rng(0))
    assert all(set(found[:, k].tolist()) == set(columns[:, k].tolist()) for k in range(4))
    assert not found.equal(columns)


def test_noise_on_values() -> None:
    added = ColumnNoise(sigma=0.1).augment(torch.full((1000, 10), 0.5), rng(0)) - 0.5
    assert abs((added.abs() < 0.1).double().mean() - 0.6827) < 5 * (0.6827 * 0.3173 / 10_000) ** 0.5
