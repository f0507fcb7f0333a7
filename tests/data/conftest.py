from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assay.core.rng import numpy_rng


@pytest.fixture(autouse=True)
def no_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_DATA", raising=False)


def noise(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    return numpy_rng(seed, "test images").integers(0, 256, (n, *shape), dtype=np.uint8)


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Write an .npz of 40 train images in two classes; keywords replace, add or (None) remove arrays."""

    def write(name: str = "parts", **changes: np.ndarray | None) -> Path:
        arrays = {"train_images": noise(40, 6, 6), "train_labels": np.arange(40) % 2, **changes}
        path = tmp_path / f"{name}.npz"
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    return write


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of class folders with ``count`` PNG files each."""

    def write(name: str = "parts", classes: tuple[str, ...] = ("crack", "ok"), count: int = 12, seed: int = 0) -> Path:
        for place, label in enumerate(classes):
            folder = tmp_path / name / label
            folder.mkdir(parents=True)
            for i, pixels in enumerate(noise(count, 5, 7, seed=seed + 100 * place)):
                Image.fromarray(pixels).save(folder / f"{i:02}.png")
        return tmp_path / name

    return write
