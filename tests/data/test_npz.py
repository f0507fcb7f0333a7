from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.data import load_data
from assay.data.npz import read_npz

from .conftest import noise

Archive = Callable[..., Path]


def test_given_splits_are_kept_as_they_are(archive: Archive) -> None:
    arrays = {f"{part}_images": noise(20, 6, 6, seed=i) for i, part in enumerate(("train", "val", "test"))}
    labels = {f"{part}_labels": np.arange(20)[:, None] % 2 for part in ("train", "val", "test")}
    data = load_data(archive(**arrays, **labels))
    assert list(data.splits) == ["train", "val", "test"] and data.name == "parts"
    for part in data.splits:
        assert (data.splits[part].images[..., 0] == arrays[f"{part}_images"]).all()
        assert data.splits[part].labels.tolist() == labels[f"{part}_labels"][:, 0].tolist()
    assert data.classes == ("0", "1") and data.kind == "image" and data.shape == (1, 6, 6)
    assert data.warnings == ()


def test_names_groups_and_other_arrays_are_kept(archive: Archive) -> None:
    split = read_npz(
        archive(
            train_groups=np.arange(40) // 4,
            train_coarse_labels=np.arange(40),
            train_note=np.arange(3),
            class_names=np.array(["bad", "good"]),
        )
    )
    assert split.classes == ("bad", "good") and split.ok == 1
    assert split.train.groups is not None and split.train.groups[4] == 1
    assert list(split.train.extra) == ["coarse_labels"]


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (noise(40, 6, 5, 3), (3, 6, 5)),
        (noise(40, 6, 5, 1), (1, 6, 5)),
        (noise(40, 6, 5).astype(">u2"), (1, 6, 5)),
        (noise(40, 6, 5) / 255, (1, 6, 5)),
        (noise(40, 6).astype(np.float16), (6,)),
        (noise(40, 6), (6,)),
    ],
)
def test_shapes_and_types_that_are_understood(archive: Archive, images: np.ndarray, shape: tuple[int, ...]) -> None:
    data = load_data(archive(train_images=images))
    assert data.shape == shape and tuple(data.train.x.shape[1:]) == shape
    assert data.train.images.dtype in (np.uint8, np.uint16, np.float32)
    assert data.kind == ("image" if len(shape) == 3 else "table")


def broken(value: float) -> np.ndarray:
    images = noise(40, 6, 6) / 255
    images[3, 2, 1] = value
    return images


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_labels": None}, "no train_labels"),
        ({"train_images": None}, "no train_images"),
        ({"train_images": None, "train_labels": None, "x": np.zeros(2)}, "found x"),
        ({"train_labels": np.arange(39)}, "39 entries for 40 images"),
        ({"train_groups": np.arange(39)}, "39 entries for 40 images"),
        ({"train_groups": np.zeros((40, 2))}, "one group an image"),
        ({"train_labels": np.arange(40) % 2 - 1}, "the label -1"),
        ({"train_labels": np.arange(40) % 2 / 1}, "float64"),
        ({"train_labels": np.array(["a", "b"] * 20)}, "<U1"),
        ({"train_labels": np.zeros((40, 14), int)}, "argmax"),
        ({"train_labels": np.arange(40) + 10**9}, "1000000039"),
        ({"train_labels": np.full(40, 2**63, np.uint64)}, "9223372036854775808"),
        ({"train_labels": 1 + np.arange(40) % 2}, "no image of class '0'"),
        ({"class_names": np.array(["only"])}, "label 1 but 1 class_names"),
        ({"class_names": np.array(["twice", "twice"])}, "a name twice"),
        ({"train_images": broken(np.nan)}, "NaN or infinite values in 1 of 40 items, first in item 3"),
        ({"train_images": broken(np.inf)}, "NaN or infinite"),
        ({"train_images": broken(1.5)}, "0..1"),
        ({"train_images": broken(-0.5)}, "0..1"),
        ({"train_images": noise(40, 6, 6).astype(np.int64)}, "int64"),
        ({"train_images": noise(40, 3, 6, 6)}, "transpose"),
        ({"train_images": noise(40, 6, 6, 4)}, "transparency"),
        ({"train_images": noise(40, 6, 6, 6, 1)}, "found shape"),
        ({"train_images": noise(40)}, "found shape"),
        ({"train_images": noise(0, 6, 6), "train_labels": np.zeros(0, int)}, "no items"),
        ({"train_images": np.full((40, 3), "a")}, "as a table"),
        ({"test_images": noise(5, 6, 7), "test_labels": np.zeros(5, int)}, "one size and type"),
        ({"test_images": noise(5, 6, 6) / 255, "test_labels": np.zeros(5, int)}, "one size and type"),
        ({"train_labels": np.zeros(40, int)}, "1 class ('0')"),
        ({"train_images": noise(19, 6, 6), "train_labels": np.arange(19) % 2}, "19 images in all"),
        ({"train_labels": (np.arange(40) < 2).astype(int)}, "2 separate images or groups of '1'"),
        ({"train_labels": np.arange(40) % 2, "train_groups": np.arange(40) % 2}, "1 separate images"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    archive: Archive, changes: dict[str, np.ndarray | None], words: str
) -> None:
    with pytest.raises(BadInput) as error:
        load_data(archive(**changes))
    message = str(error.value)
    assert words in message and "\n" not in message
    assert message.startswith("asked to") and message.count(";") >= 2


def test_only_a_test_split_is_a_production_set_but_nothing_to_learn_from(archive: Archive) -> None:
    arrays = {"test_images": noise(30, 6, 6, seed=5), "test_labels": np.arange(30) % 2}
    path = archive("later", train_images=None, train_labels=None, **arrays)
    with pytest.raises(BadInput, match="--production"):
        load_data(path)
    data = load_data(archive(), production=path)
    assert data.later == ("production",) and len(data.splits["production"]) == 30


class Spy:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("key", ["train_images", "train_labels", "class_names", "train_groups", "train_more"])
def test_pickles_are_never_opened(archive: Archive, tmp_path: Path, key: str) -> None:
    path = archive(**{key: np.array([Spy(tmp_path / "opened")] * 40, object)})
    with pytest.raises(BadInput, match="pickled"):
        load_data(path)
    assert not (tmp_path / "opened").exists()


def test_files_that_are_no_archives(archive: Archive, tmp_path: Path) -> None:
    whole = archive().read_bytes()
    cases = {
        "empty": (b"", "not a whole NumPy archive"),
        "text": (b"hello", "not a whole NumPy archive"),
        "half": (whole[: len(whole) // 2], "not a whole NumPy archive"),
    }
    for name, (content, words) in cases.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(content)
        with pytest.raises(BadInput, match=words):
            load_data(path)
    with open(tmp_path / "single.npz", "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(BadInput, match="single array"):
        load_data(tmp_path / "single.npz")
    with pytest.raises(BadInput, match="nothing there"):
        load_data(tmp_path / "absent.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(BadInput, match="not a whole NumPy archive"):
        load_data(tmp_path / "folder.npz")


def test_damaged_contents_are_noticed(archive: Archive) -> None:
    path = archive()
    content = bytearray(path.read_bytes())
    content[500] ^= 255  # inside the pixels: the checksum of the zip entry no longer holds
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"train_images.*broken array"):
        load_data(path)
