"""Files are whole or absent, and a place that cannot be written to is said in one line."""

import os
from pathlib import Path

import pytest

from assay.core import files
from assay.core.errors import BadInput
from assay.core.files import read_json, to_json, write_bytes, write_json


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [float("inf"), 1.5]})
    assert read_json(tmp_path / "a.json") == {"x": [None, 1.5]}
    assert to_json({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(BadInput, match="No space left on device"):
        write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "lab").write_text("")
    with pytest.raises(BadInput, match="--lab"):
        write_bytes(tmp_path / "lab" / "x", b"")
