from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from assay.data import Dataset, Split
from assay.data.dataset import find_ok


def test_pixels_become_channels_first_fractions_of_full_scale() -> None:
    images = np.zeros((2, 3, 4, 3), np.uint8)
    images[1, 2, 0, 1] = 255
    split = Split(images, np.array([0, 1]))
    assert split.x.shape == (2, 3, 3, 4)
    assert split.x.dtype == torch.float32 and split.y.dtype == torch.int64
    assert split.x[1, 1, 2, 0] == 1 and split.x.sum() == 1


@pytest.mark.parametrize(("dtype", "half"), [(np.uint8, 51), (np.uint16, 13107), (np.float32, 0.2)])
def test_every_stored_type_has_one_scale(dtype: type, half: float) -> None:
    x = Split(np.full((1, 2, 2, 1), half, dtype), np.array([0])).x
    assert x == pytest.approx(0.2, abs=1e-7)


def test_tensors_are_made_once_and_do_not_share_memory_with_the_arrays() -> None:
    split = Split(np.zeros((2, 2, 2, 1), np.float32), np.array([0, 1]))
    assert split.x is split.x and split.y is split.y
    split.x.add_(1)
    split.y.add_(1)
    assert not split.images.any() and split.labels.tolist() == [0, 1]


def test_take_keeps_every_array_in_step() -> None:
    split = Split(
        np.arange(3, dtype=np.float32)[:, None],
        np.arange(3),
        np.array(["a", "b", "c"]),
        ("x", "y", "z"),
        {"coarse": np.array([5, 6, 7])},
    ).take(np.array([2, 0]))
    assert split.images[:, 0].tolist() == [2, 0] and split.labels.tolist() == [2, 0]
    assert split.groups is not None and split.groups.tolist() == ["c", "a"]
    assert split.names == ("z", "x") and split.extra["coarse"].tolist() == [7, 5]


def demo(**changes: object) -> Dataset:
    split = Split(
        np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1),
        np.array([0, 1]),
        np.array(["lot 1", "lot 2"]),
        None,
        {"coarse": np.array([3, 4])},
    )
    return Dataset("demo", {"train": replace(split, **changes)}, ("a", "b"), "image")


def test_the_digest_is_the_same_for_equal_content_whatever_the_name() -> None:
    assert demo().digest == replace(demo(), name="other").digest
    assert len(demo().digest) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"images": np.arange(1, 9, dtype=np.uint8).reshape(2, 2, 2, 1)},
        {"images": np.arange(8, dtype=np.uint8).reshape(2, 1, 4, 1)},
        {"images": np.arange(8, dtype=np.uint8).view(np.int8).reshape(2, 2, 2, 1)},
        {"labels": np.array([1, 0])},
        {"groups": np.array(["lot 1", "lot 3"])},
        {"groups": None},
        {"extra": {"coarse": np.array([3, 5])}},
        {"extra": {"fine": np.array([3, 4])}},
    ],
    ids=["pixels", "shape", "type", "labels", "groups", "no groups", "extra", "extra name"],
)
def test_the_digest_changes_with_every_array(changes: dict[str, object]) -> None:
    assert demo(**changes).digest != demo().digest


def test_the_digest_changes_with_class_names_and_split_names() -> None:
    assert replace(demo(), classes=("a", "c")).digest != demo().digest
    assert replace(demo(), splits={"test": demo().train}).digest != demo().digest
    assert replace(demo(), classes=("ab",)).digest != demo().digest


@pytest.mark.parametrize(
    "name",
    [
        *("ok", "OK", "Good", "normal", "Benign", "healthy", "no defect", "no_defect", "No-Defect"),
        *("defect-free", "free (no defect)", "no crack", "non-cancer", "non_cancer", "NEGATIVE", "pass"),
    ],
)
def test_the_ok_class_is_known_by_name(name: str) -> None:
    assert find_ok(("scratch", name, "dent")) == 1


@pytest.mark.parametrize("classes", [("cat", "dog"), ("abnormal", "crack"), ("positive", "bypass"), ()])
def test_other_names_are_not_ok(classes: tuple[str, ...]) -> None:
    assert find_ok(classes) is None


def test_the_surest_name_wins_and_a_tie_is_no_answer() -> None:
    assert find_ok(("benign", "malignant", "normal")) == 2
    assert find_ok(("normal tissue", "tumour")) == 0
    assert find_ok(("normal left", "normal right")) is None
