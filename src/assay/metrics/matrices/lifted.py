"""A representation that is centred in float64 only where it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from assay.metrics import arrays
from assay.metrics.arrays import Array


class Rows(Protocol):
    """What a pass needs of a representation: an array, or something that becomes one a few rows at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(samples, width)."""

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """Some rows, centred over all samples, float64."""


class Lifted:
    """Columns centred, the whole at Frobenius norm 1, as `arrays.centred`, without a float64 copy that stays.

    Sixty layers of 2000 x 128 in float32 are 61 MB that the caller holds already; their float64 copies would
    be twice that. `BadInput` as `arrays.features` and `arrays.centred`.

    >>> Lifted([[1, 1], [1, -1], [-1, 1], [-1, -1]])[:1].round(6).tolist()  # norm sqrt(8)
    [[0.353553, 0.353553]]
    """

    def __init__(self, value: Array, name: str = "features") -> None:
        array = arrays.features(value, name)
        whole = arrays.centred(array, name)
        self.shape: tuple[int, ...] = array.shape
        self._held = _as_given(value, array)
        self._mean = array.mean(0)
        at = np.unravel_index(np.argmax(np.abs(whole)), whole.shape)
        self._scale = float(whole[at] / (array[at] - self._mean[at[1]]))

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        found = np.subtract(self._held[rows], self._mean, dtype=np.float64)
        found *= self._scale
        return found


class Projected:
    """A representation turned onto some orthonormal directions, (width, k): scores, made where they are looked at.

    >>> Projected(np.eye(2), np.array([[0.0], [1.0]]), scale=3)[:].tolist()
    [[0.0], [3.0]]
    """

    def __init__(self, rows: Rows, directions: np.ndarray, scale: float) -> None:
        self.shape: tuple[int, ...] = (rows.shape[0], directions.shape[1])
        self._rows, self._directions = rows, directions * scale

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        return np.asarray(self._rows[rows] @ self._directions)


class Window:
    """Some samples of a representation, centred among themselves.

    >>> Window(np.array([[1.0], [3.0], [9.0]]), slice(0, 2))[:].tolist()
    [[-1.0], [1.0]]
    """

    def __init__(self, rows: Rows, part: slice) -> None:
        self.shape: tuple[int, ...] = (part.stop - part.start, rows.shape[1])
        self._rows, self._start, self._mean = rows, part.start, rows[part].mean(0)

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        return np.asarray(self._rows[self._start + start : self._start + stop] - self._mean)


def lifted(features: Sequence[Array]) -> list[Rows]:
    """All representations, checked to be of the same number of samples; named features[i] in errors."""
    xs: list[Rows] = [Lifted(x, f"features[{i}]") for i, x in enumerate(features)]
    for i, x in enumerate(xs):
        arrays.same_length(_length(xs[0]), _length(x), "features[0]", f"features[{i}]")
    return xs


def _length(x: Rows) -> np.ndarray:
    return np.empty((x.shape[0], 0))


def _as_given(value: Any, array: np.ndarray) -> np.ndarray:
    """The caller's own numbers, without a copy where there is a NumPy view of them."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.numpy() if value.dtype in (torch.float32, torch.float64) else array
    return np.asarray(value).reshape(array.shape)
