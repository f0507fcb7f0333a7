"""User-written files travel with the jobs that name them."""

from __future__ import annotations

from pathlib import Path

import torch

from assay.lab import Source, TrainJob
from assay.lab.observe import View
from assay.lab.parcel import Parcel, pack, unpack
from assay.models import build

NET = (
    "from torch import nn\n"
    "def net(shape, classes):\n"
    "    return nn.Sequential(nn.Linear(shape[0], classes), nn.ReLU())\n"
)


def job(file: Path) -> TrainJob:
    recipe = {"uses": [str(file)], "model": f"{file}:net", "data": "digits", "seed": 0}
    return TrainJob("job", (recipe,), ("run",), Source("digits"), "/nowhere/job.safetensors", "digest")


def test_a_worker_with_the_same_file_uses_it_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(NET)
    parcel = pack(job(file))
    assert parcel.files == {str(file): NET.encode()}
    assert unpack(parcel, tmp_path / "elsewhere") == job(file)
    assert not (tmp_path / "elsewhere").exists()


def test_a_worker_without_the_file_or_with_another_text_gets_the_drivers(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(NET)
    parcel = pack(job(file))
    for other in (None, "an older text"):
        file.unlink() if other is None else file.write_text(other)
        found = unpack(parcel, tmp_path / "parts")
        there = Path(found.recipes[0]["uses"][0])
        assert there.read_text() == NET and tmp_path / "parts" in there.parents
        assert found.recipes[0]["model"] == f"{there}:net"
        assert (found.runs, found.source, found.checkpoint) == (job(file).runs, job(file).source, job(file).checkpoint)
        assert build(found.recipes[0]["model"], (3,), 2)(torch.zeros(1, 3)).shape == (1, 2)


def test_files_are_found_inside_any_job_and_other_texts_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(NET)
    view = View(Source("digits"), f"{file}:net")
    assert list(pack((view, {"a": [str(file)]})).files) == [str(file)]
    assert unpack(Parcel(("x.pyc", "mlp:8", 3, None), {}), tmp_path) == ("x.pyc", "mlp:8", 3, None)
    assert pack({"model": "gone.py:net"}).files == {}
