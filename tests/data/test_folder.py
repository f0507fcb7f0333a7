from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assay.core.errors import BadInput
from assay.data import load_data
from assay.data.folder import read_folder

from .conftest import noise

Photos = Callable[..., Path]


def test_class_folders_become_a_data_set(photos: Photos) -> None:
    root = photos()
    data = load_data(root)
    assert data.name == "parts" and data.classes == ("crack", "ok") and data.ok == 1
    assert data.shape == (1, 5, 7) and sum(len(s) for s in data.splits.values()) == 24
    for split in data.splits.values():
        assert split.names is not None
        for name, label, pixels in zip(split.names, split.labels, split.images, strict=True):
            assert name.startswith(data.classes[label] + "/")
            with Image.open(root / name) as picture:
                assert (pixels[..., 0] == np.asarray(picture)).all()


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_folder_is_found_by_bare_name_and_digests_alike_wherever_it_lies(photos: Photos) -> None:
    here, there = photos("parts"), photos("elsewhere/deep/parts")
    assert load_data("parts").digest == load_data(str(here) + "/").digest == load_data(there).digest


def test_split_folders_are_kept_as_given(photos: Photos) -> None:
    for seed, part in enumerate(("train", "valid", "test")):
        photos(f"set/{part}", seed=1000 * seed)
    data = load_data("set")
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 24, "val": 24, "test": 24}
    assert data.test.names is not None and data.test.names[0] == "test/crack/00.png"


def test_a_missing_val_folder_is_cut_from_train(photos: Photos) -> None:
    for seed, part in enumerate(("train", "test")):
        photos(f"set/{part}", seed=1000 * seed)
    data = load_data("set")
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 20, "val": 4, "test": 24}
    assert all(name.startswith("train/") for name in data.val.names or ())


def test_hidden_files_and_files_that_are_no_images_are_ignored(photos: Photos) -> None:
    root = photos()
    (root / "crack" / "notes.txt").write_text("lamp changed")
    (root / "crack" / ".00.png").write_bytes(b"not an image")
    (root / ".cache").mkdir()
    (root / "__MACOSX").mkdir()
    (root / "labels.csv").write_text("a,b")
    data = load_data(root)
    assert data.classes == ("crack", "ok") and data.warnings == ()
    assert sum(len(split) for split in data.splits.values()) == 24


def test_folders_inside_class_folders_belong_to_the_class(photos: Photos) -> None:
    root = photos()
    (root / "ok" / "lot 7").mkdir()
    Image.fromarray(noise(1, 5, 7, seed=9)[0]).save(root / "ok" / "lot 7" / "a.PNG")
    split = read_folder(root).splits["all"]
    assert split.names is not None and split.names[-1] == "ok/lot 7/a.PNG" and split.labels[-1] == 1


@pytest.mark.parametrize(
    ("mode", "suffix", "channels", "dtype"),
    [
        ("L", "png", 1, np.uint8),
        ("1", "png", 1, np.uint8),
        ("LA", "png", 1, np.uint8),
        ("RGB", "png", 3, np.uint8),
        ("RGBA", "png", 3, np.uint8),
        ("P", "gif", 3, np.uint8),
        ("CMYK", "tif", 3, np.uint8),
        ("RGB", "jpg", 3, np.uint8),
        ("RGB", "bmp", 3, np.uint8),
        ("RGB", "webp", 3, np.uint8),
        ("I;16", "png", 1, np.uint16),
        ("I;16", "tif", 1, np.uint16),
        ("I", "tif", 1, np.uint16),
    ],
)
def test_image_formats(tmp_path: Path, mode: str, suffix: str, channels: int, dtype: type) -> None:
    for label in ("a", "b"):
        (tmp_path / "set" / label).mkdir(parents=True)
        for i, pixels in enumerate(noise(10, 5, 7, seed=ord(label))):
            picture = Image.fromarray(pixels)
            deep = Image.fromarray(pixels.astype(np.uint16) * 257)
            picture = {"I;16": deep, "I": deep.convert("I")}.get(mode) or picture.convert(mode)
            picture.save(tmp_path / "set" / label / f"{i}.{suffix}")
    images = read_folder(tmp_path / "set").splits["all"].images
    assert images.shape == (20, 5, 7, channels) and images.dtype == dtype
    if mode.startswith(("L", "I", "RGB")) and suffix in ("png", "tif"):
        assert (
            images[0, ..., 0] == noise(10, 5, 7, seed=ord("a"))[0].astype(dtype) * (257 if dtype == np.uint16 else 1)
        ).all()


def test_sizes_and_types_must_agree(photos: Photos) -> None:
    root = photos()
    Image.fromarray(noise(1, 6, 7)[0]).save(root / "ok" / "zz.png")
    with pytest.raises(BadInput, match=r"crack/00.png with 7x5 grey.*ok/zz.png with 7x6 grey.*one size"):
        load_data(root)
    Image.fromarray(noise(1, 5, 7, 3)[0]).save(root / "ok" / "zz.png")
    with pytest.raises(BadInput, match=r"ok/zz.png with 7x5 RGB 8-bit"):
        load_data(root)
    Image.fromarray(noise(1, 5, 7)[0].astype(np.uint16)).save(root / "ok" / "zz.png")
    with pytest.raises(BadInput, match=r"ok/zz.png with 7x5 grey 16-bit"):
        load_data(root)


def test_an_image_that_cannot_be_read_is_named(photos: Photos) -> None:
    root = photos()
    bad = root / "ok" / "zz.png"
    whole = (root / "ok" / "00.png").read_bytes()
    for content in (b"", b"no image", whole[:40], whole[:60]):
        bad.write_bytes(content)
        with pytest.raises(BadInput, match=r"zz.png.*replace or remove"):
            load_data(root)
    frames = [Image.fromarray(pixels) for pixels in noise(2, 5, 7)]
    bad.unlink()
    frames[0].save(root / "ok" / "zz.tif", save_all=True, append_images=frames[1:])
    with pytest.raises(BadInput, match=r"zz.tif.*several frames"):
        load_data(root)
    Image.fromarray(np.full((5, 7), 0.5, np.float32)).save(root / "ok" / "zz.tif")
    with pytest.raises(BadInput, match=r"zz.tif.*decimal or 32-bit"):
        load_data(root)


def test_an_image_bomb_is_refused(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(BadInput, match="not a whole image"):
        load_data(photos())


def test_links_may_not_leave_the_folder(photos: Photos, tmp_path: Path) -> None:
    root = photos()
    (root / "ok" / "again.png").symlink_to(root / "crack" / "00.png")
    assert len(read_folder(root).splits["all"]) == 25
    outside = tmp_path / "secret.png"
    outside.write_bytes((root / "ok" / "00.png").read_bytes())
    for place, target in [
        (root / "ok" / "leak.png", outside),
        (root / "ok" / "up.png", Path("../../secret.png")),
        (root / "ok" / "nothing.png", root / "absent.png"),
        (root / "loop", root),
        (root / "etc", Path("/etc")),
    ]:
        place.symlink_to(target)
        with pytest.raises(BadInput, match=f"link .*{place.name}"):
            load_data(root)
        place.unlink()


def test_a_linked_root_is_fine(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "shortcut").symlink_to(photos())
    assert len(load_data(tmp_path / "shortcut").classes) == 2


def test_folders_without_the_layout(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"no images; put the images into one sub-folder a class"):
        load_data(tmp_path / "empty")
    loose = photos("loose", classes=("",))
    with pytest.raises(BadInput, match=r"12 images outside of class folders"):
        load_data(loose)
    with pytest.raises(BadInput, match=r"1 class \('ok'\)"):
        load_data(photos("single", classes=("ok",), count=30))
    photos("hollow")
    (tmp_path / "hollow" / "dent").mkdir()
    with pytest.raises(BadInput, match=r"no image of class 'dent' in train"):
        load_data("hollow")


def test_split_folders_must_stand_alone(photos: Photos, tmp_path: Path) -> None:
    photos("set/train")
    (tmp_path / "set" / "val").mkdir()
    with pytest.raises(BadInput, match=r"\(val\); found no images"):
        load_data("set")
    (tmp_path / "set" / "extra").mkdir()
    with pytest.raises(BadInput, match="beside it extra"):
        load_data("set")
    (tmp_path / "set" / "extra").rename(tmp_path / "set" / "validation")
    with pytest.raises(BadInput, match="one folder for each split"):
        load_data("set")


def test_a_class_may_be_called_test(photos: Photos) -> None:
    assert load_data(photos(classes=("reference", "test"))).classes == ("reference", "test")


def test_loose_images_are_mentioned(photos: Photos) -> None:
    root = photos()
    os.rename(root / "ok" / "00.png", root / "stray.png")
    assert "1 images of" in load_data(root).warnings[0]


def test_a_class_that_test_lacks_is_mentioned(photos: Photos) -> None:
    photos("set/train")
    photos("set/test", classes=("ok",), seed=5000)
    assert load_data("set").warnings == ("test has no item of crack; its results say nothing about that",)


def test_a_folder_that_may_not_be_read(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    root = photos()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(BadInput, match="Permission denied; make it readable"):
        load_data(root)
