from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assay.core.errors import BadInput
from assay.data import load_data

from .conftest import noise

Writer = Callable[..., Path]


def test_digits() -> None:
    data = load_data("digits")
    assert data.shape == (1, 8, 8) and data.kind == "image" and data.classes == tuple("0123456789")
    assert data.ok is None and data.warnings == () and data.later == ()
    assert sum(len(split) for split in data.splits.values()) == 1797
    for split in data.splits.values():
        assert split.images.dtype == np.float32 and split.x.min() == 0 and split.x.max() == 1
        assert (split.images * 16 == (split.images * 16).round()).all()


def test_cells_are_scaled_by_train_alone() -> None:
    data = load_data("cells")
    assert data.shape == (30,) and data.kind == "table" and data.classes == ("malignant", "benign")
    assert data.ok == 1 and sum((split.labels == 1).sum() for split in data.splits.values()) == 357
    assert (data.train.images.min(axis=0) == 0).all() and (data.train.images.max(axis=0) == 1).all()
    assert data.test.images.max() < 3 and data.test.images.min() > -1
    assert data.test.images.max() > 1 or data.test.images.min() < 0  # not clipped, and not scaled by itself


def test_embedded_sets_are_the_same_each_time_and_follow_the_seed() -> None:
    assert load_data("digits").digest == load_data("digits").digest
    assert load_data("digits").digest != load_data("digits", seed=1).digest


def test_a_bare_name_is_looked_up_on_the_shelf(
    archive: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive("bolts")
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path))
    assert load_data("bolts").digest == load_data(path).digest == load_data(str(path)).digest
    with pytest.raises(BadInput, match=r"did you mean 'bolts'.*Known: bolts, cells, digits"):
        load_data("bolds")


def test_an_unknown_name_gets_the_nearest_and_the_remedy() -> None:
    with pytest.raises(BadInput, match=r"did you mean 'digits'.*digitz.npz into \$ASSAY_DATA \(it is not set\)"):
        load_data("digitz")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("no/such/place", "nothing there"),
        ("../secret", "nothing there"),
        ("no.npz", "nothing there"),
        ("", "no data set is called ''"),
        ("hf:someone/something", "cannot be loaded yet"),
    ],
)
def test_what_is_not_there(source: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as error:
        load_data(source)
    assert "\n" not in str(error.value)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    with pytest.raises(BadInput, match="another kind"):
        load_data(tmp_path / "data.csv")


def test_production_is_kept_whole_and_numbered_by_class_name(archive: Writer) -> None:
    labels = np.arange(40) % 2
    names = np.array(["bad", "good"])
    main = archive(class_names=names)
    later = archive(
        "later",
        train_images=noise(40, 6, 6, seed=7),
        test_images=noise(5, 6, 6, seed=8),
        test_labels=np.zeros(5, int),
        train_labels=labels,
        class_names=names[::-1],
    )
    data = load_data(main, production=later)
    split = data.splits["production"]
    assert data.later == ("production",) and len(split) == 45
    assert split.labels.tolist() == [*(1 - labels), *np.ones(5, int)]
    assert data.warnings == ()
    assert data.digest != load_data(main).digest


def test_production_may_be_a_folder_of_any_balance(photos: Writer) -> None:
    main, later = photos(), photos("later", count=1, seed=999)
    (later / "crack" / "00.png").unlink()
    data = load_data(main, production=later)
    assert data.splits["production"].labels.tolist() == [1]
    assert data.splits["production"].names == ("ok/00.png",)


def test_production_without_class_names_goes_by_number(archive: Writer) -> None:
    main = archive(class_names=np.array(["bad", "good"]))
    later = archive("later", train_images=noise(40, 6, 6, seed=7), train_labels=np.zeros(40, int))
    assert load_data(main, production=later).splits["production"].labels.sum() == 0
    later = archive("later", train_images=noise(40, 6, 6, seed=7), train_labels=np.arange(40))
    with pytest.raises(BadInput, match="found the label 39; give labels from 0 to 1 only"):
        load_data(main, production=later)


def test_production_must_match(archive: Writer, photos: Writer) -> None:
    main = photos()
    with pytest.raises(BadInput, match=r"missing: ok; unknown: dent, scratch.*same class names"):
        load_data(main, production=photos("later", classes=("crack", "dent", "scratch")))
    with pytest.raises(BadInput, match=r"shape \(1, 6, 6\) beside \(1, 5, 7\)"):
        load_data(main, production=archive())
    with pytest.raises(BadInput, match=r"shape \(30,\) beside"):
        load_data(main, production="cells")


def test_production_that_repeats_train_is_loud(photos: Writer) -> None:
    data = load_data(photos(), production=photos("again"))
    assert [sentence.split(",")[0] for sentence in data.warnings] == [
        f"LEAK: {len(data.splits[name])} of 24 production items are exact copies of items of {name}"
        for name in ("train", "val")
    ]


def test_every_split_of_a_table_is_scaled_by_the_same_train_range(archive: Writer) -> None:
    rows = np.arange(120, dtype=np.float32).reshape(40, 3)
    labels = np.arange(40) % 2
    given = {"val_images": rows + 117, "test_images": rows - 117, "val_labels": labels, "test_labels": labels}
    data = load_data(archive(train_images=rows, **given), production=archive("later", train_images=rows + 1170))
    expected = np.arange(40)[:, None].repeat(3, axis=1) / 39  # each column runs over 117 in steps of 3
    for name, offset in (("train", 0), ("val", 1), ("test", -1), ("production", 10)):
        assert data.splits[name].images == pytest.approx(expected + offset, abs=1e-5)


def test_a_table_within_0_and_1_is_left_alone(archive: Writer) -> None:
    rows = (noise(40, 3) / 510 + 0.25).astype(np.float32)
    data = load_data(archive(train_images=rows))
    assert set(data.train.images[:, 0].tolist()) <= set(rows[:, 0].tolist())


def test_a_folder_reads_the_same_as_an_archive_of_it(photos: Writer, archive: Writer) -> None:
    root = photos()
    pixels = [np.asarray(Image.open(path)) for path in sorted(root.rglob("*.png"))]
    path = archive(
        train_images=np.stack(pixels), train_labels=np.arange(24) // 12, class_names=np.array(["crack", "ok"])
    )
    assert load_data(root).digest == load_data(path).digest
