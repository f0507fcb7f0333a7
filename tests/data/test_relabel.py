"""Another labelling of the same images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.data import load_data


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    fine = np.arange(120) % 4
    images = draw.integers(0, 255, (120, 8, 8), dtype=np.uint8)
    arrays = {"class_names": np.array(["a", "b", "c", "d"]), "coarse_class_names": np.array(["ok", "bad"])}
    for part, take in (("train", slice(0, 80)), ("test", slice(80, 120))):
        arrays |= {f"{part}_images": images[take], f"{part}_labels": fine[take]}
        arrays[f"{part}_coarse_labels"] = fine[take] // 2
    np.savez(tmp_path / "parts.npz", **arrays)  # type: ignore[arg-type]
    return tmp_path / "parts.npz"


def test_coarse_labels_take_the_place_of_the_fine_ones(archive: Path) -> None:
    data = load_data(f"{archive}@coarse")
    assert data.classes == ("ok", "bad")
    assert data.ok == 0
    assert data.names["fine"] == ("a", "b", "c", "d")
    for split in data.splits.values():
        assert (split.labels == split.extra["fine_labels"] // 2).all()


def test_the_same_images_by_another_labelling_are_another_data_set(archive: Path) -> None:
    assert load_data(archive).learned != load_data(f"{archive}@coarse").learned


def test_a_labelling_that_is_not_there(archive: Path) -> None:
    with pytest.raises(BadInput, match=r"no labelling is called 'fine'.*Known: coarse"):
        load_data(f"{archive}@fine")


def test_a_file_with_an_at_sign_in_its_name(archive: Path) -> None:
    other = archive.rename(archive.with_name("a@b.npz"))
    assert load_data(other).classes == ("a", "b", "c", "d")
    assert load_data(f"{other}@coarse").classes == ("ok", "bad")


def test_any_set_can_be_learned_in_pairs() -> None:
    data = load_data("digits@pairs")
    assert data.classes == ("0 or 1", "2 or 3", "4 or 5", "6 or 7", "8 or 9")
    assert (data.test.labels == data.test.extra["fine_labels"] // 2).all()


def test_two_classes_have_no_pairs() -> None:
    with pytest.raises(BadInput, match="no labelling is called 'pairs'"):
        load_data("cells@pairs")
