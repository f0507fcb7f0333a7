"""A small set of images on disk, as a user would have it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import blobs


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """parts.npz: two classes, one of them ok."""
    data = blobs(n=90, classes=2)
    arrays = {}
    for name in ("train", "val", "test"):
        split = data.splits[name]
        arrays[f"{name}_images"] = (split.images[..., 0] * 255).astype(np.uint8)
        arrays[f"{name}_labels"] = split.labels
    np.savez(tmp_path / "parts.npz", class_names=np.array(["ok", "scratch"]), **arrays)
    return tmp_path / "parts.npz"


SMALL = ("epochs=2", "model=mlp:8", "batch=32", "grid.times=[0.5]", "grid.activations=[tanh]", "grid.losses=[focal]")
FAST = (*SMALL, "grid.beside=0")  # what is shown beside the primary measures takes most of a small study's time
