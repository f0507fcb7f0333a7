"""What contrastive training watches at a look at val: every class, however the split is sorted and however rare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from assay.data import Split
from assay.models import build
from assay.train.learner import Learner
from assay.train.strategies import Contrastive


def sorted_split(*sizes: int, at_one_point: int) -> Split:
    """Class after class, as a folder is read; all images of one class are the same."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    images = np.random.default_rng(0).random((len(labels), 4, 4, 1), np.float32)
    images[labels == at_one_point] = images[labels == at_one_point][:1]
    return Split(images, labels)


@torch.no_grad()
def seen(split: Split, classes: int, runs: int = 1, silent: bool = False) -> list[dict[str, Any]]:
    modules = [build("mlp:8+projector:4", (1, 4, 4), classes, seed=seed) for seed in range(runs)]
    for weights in modules[0].projector.parameters() if silent else ():  # type: ignore[union-attr]
        weights.zero_()
    return Contrastive(alarm=1e-5).watch(Learner(modules, 3).net, split)


@pytest.mark.parametrize("runs", [1, 2])
def test_the_last_class_of_a_sorted_split_is_watched(runs: int) -> None:
    """1,260 images, more than are looked at: the last 60 are those of the rare class."""
    for found in seen(sorted_split(600, 600, 60, at_one_point=2), 3, runs):
        assert set(found["within_variance"]) == {0, 1, 2} and found["unwatched"] == []
        assert found["collapsed"] == [2] and found["within_variance"][2] == pytest.approx(0, abs=1e-6)


def test_many_classes_are_all_watched() -> None:
    (found,) = seen(sorted_split(*[20] * 70, at_one_point=69), 70)
    assert len(found["within_variance"]) == 70 and 69 in found["collapsed"]


def test_classes_without_two_images_are_named() -> None:
    (found,) = seen(sorted_split(10, 1, 10, at_one_point=0), 4)
    assert found["unwatched"] == [1, 3] and found["collapsed"] == [0]


def test_embeddings_without_a_direction_are_collapsed() -> None:
    (found,) = seen(sorted_split(10, 10, at_one_point=0), 2, silent=True)
    assert found["collapsed"] == [0, 1] and found["within_variance"] == {0: 0.0, 1: 0.0}
