"""Weights and marks from a CSV file: as from the data set; another content is another run; misfits are told."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.lab.parcel import pack, unpack
from assay.train.augment import Noise

from .toy import by_hand, distance, draw, recipe, trained

Blobs = Callable[..., Dataset]


def listed(data: Dataset, path: Path, **columns: Any) -> str:
    pd.DataFrame({"class": [data.classes[y] for y in data.train.labels], **columns}).to_csv(path, index=False)
    return str(path)


def weighted(file: str) -> dict[str, Any]:
    return {"kind": "weighted", "rule": {"kind": "column", "name": "weight", "file": file}}


def test_a_file_weighs_as_the_same_column_of_the_data_does(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    values = np.random.default_rng(0).random(len(data.train)).round(3)
    file = listed(data, tmp_path / "w.csv", weight=values)
    inside = replace(data, splits={**data.splits, "train": replace(data.train, extra={"weight": values})})
    own = trained(inside, {"kind": "weighted", "rule": {"kind": "column", "name": "weight"}}).kept["1"].tensors
    assert all(own[name].equal(value) for name, value in trained(data, weighted(file)).kept["1"].tensors.items())


def test_only_marked_examples_are_augmented(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    marks = (np.arange(len(data.train)) % 3 == 0).astype(int)
    noise = {"kind": "noise", "sigma": 0.2}
    found = trained(
        data, {"kind": "targeted", "name": "m", "augment": [noise], "file": listed(data, tmp_path / "m.csv", m=marks)}
    )

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        changed, seen = Noise(sigma=0.2).augment(x, draw("targeted", number)), x.clone()
        for row, place in enumerate(index.tolist()):
            if marks[place]:
                seen[row] = changed[row]
        return F.cross_entropy(net(seen), y)

    assert distance(found, by_hand(data, step)) < 1e-5
    assert distance(trained(data, {"kind": "standard"}), by_hand(data, step)) > 1e-4


def test_another_content_is_another_run_and_the_digest_is_kept(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    file = listed(data, tmp_path / "w.csv", weight=1.0)
    first = recipe(weighted(file))
    assert recipe(weighted(os.path.relpath(file))) == first and type(first).parse(first.plain()) == first
    listed(data, tmp_path / "w.csv", weight=[1.0] * (len(data.train) - 1) + [0.5])
    assert recipe(weighted(file)).run_id("d") != first.run_id("d")
    with pytest.raises(BadInput, match="changed since the recipe was read"):
        trained(data, first.plain()["strategy"])


def test_the_file_travels_with_its_job(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    file = listed(data, tmp_path / "w.csv", weight=1.0)
    parcel = pack(recipe(weighted(file)).plain())
    Path(file).unlink()
    there = unpack(parcel, tmp_path / "worker")
    assert there["strategy"]["rule"]["file"]["path"].startswith(str(tmp_path / "worker"))
    assert torch.tensor(trained(data, there["strategy"]).history[-1]["train_loss"]).isfinite()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="weight"), "no column of .* is called 'weight'"),
        (lambda table: table[:-1], "rows for"),
        (lambda table: table[::-1], "found other classes"),
        (lambda table: table.assign(weight="much"), "one number for each"),
        (lambda table: table.assign(weight=-1), "below 0"),
        (lambda table: table.assign(weight=0), "none above 0"),
        (lambda table: table.assign(weight=np.inf), "not finite"),
    ],
)
def test_a_file_that_does_not_fit_is_told(make_blobs: Blobs, tmp_path: Path, change: Any, words: str) -> None:
    data = make_blobs()
    path = Path(listed(data, tmp_path / "w.csv", weight=1.0))
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(BadInput, match=words):
        trained(data, weighted(str(path)))


def test_no_file_and_no_mark_are_told(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    with pytest.raises(BadInput, match=r"found no file .*nowhere\.csv"):
        recipe(weighted(str(tmp_path / "nowhere.csv")))
    with pytest.raises(BadInput, match="found no mark"):
        trained(data, {"kind": "targeted", "name": "m", "file": listed(data, tmp_path / "m.csv", m=0)})
