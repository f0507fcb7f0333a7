"""What arrays must be like before anything is learned from them. Each complaint says what to do."""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput


def as_images(array: np.ndarray, what: str) -> np.ndarray:
    """Images as (n, h, w, channels) in uint8, uint16 or float32 within [0, 1]; or a float32 table.

    A 2-D array is a table. ``what`` names the array in messages. Raises `BadInput` for other shapes, types
    and values.

    >>> as_images(np.zeros((5, 8, 8), np.uint8), "train_images").shape
    (5, 8, 8, 1)
    """
    if array.ndim and not len(array):
        raise BadInput(f"asked to use {what}; found no items in it; leave the array out, or fill it")
    if array.ndim == 2:
        return _table(array, what)
    array = array[..., None] if array.ndim == 3 else array
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or not array.size:
        raise BadInput(f"asked to use {what} as images; found shape {array.shape}; {_shape_advice(array)}")
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind != "f":
        raise BadInput(
            f"asked to use {what} as images; found {array.dtype}; save 0..255 as uint8, 0..65535 as uint16 "
            "or 0..1 as float32"
        )
    low, high = _finite(array, what).min(), array.max()
    if low < -1e-6 or high > 1 + 1e-6:  # rounding in the maker's own arithmetic is forgiven
        raise BadInput(
            f"asked to use {what} as images; found values from {low:.4g} to {high:.4g}; decimal pixels must "
            "lie in 0..1: divide by the largest possible value (255 at 8 bits) first"
        )
    return array.astype(np.float32).clip(0, 1)


def as_labels(array: np.ndarray, count: int, what: str) -> np.ndarray:
    """Labels as (n,) int64, from integers of shape (n,) or (n, 1); `BadInput` otherwise.

    >>> as_labels(np.array([[1], [0]], np.uint8), 2, "train_labels").tolist()
    [1, 0]
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise BadInput(
            f"asked to use {what}; found shape {array.shape}; one class number an image is needed "
            "(one-hot labels: save labels.argmax(1); several labels an image are not supported)"
        )
    same_length(array, count, what)
    if array.dtype.kind not in "biu":
        raise BadInput(f"asked to use {what}; found {array.dtype}; save whole numbers 0, 1, 2, ... (int64)")
    if array.min() < 0:
        raise BadInput(f"asked to use {what}; found the label {array.min()}; number the classes from 0 up")
    if array.max() >= 2**31:
        raise BadInput(f"asked to use {what}; found the label {array.max()}; number the classes 0, 1, 2, ...")
    return array.astype(np.int64)


def same_length(array: np.ndarray, count: int, what: str) -> np.ndarray:
    """``array`` if it has one entry an image; `BadInput` otherwise."""
    found = len(array) if array.ndim else 0
    if found != count:
        raise BadInput(f"asked to use {what}; found {found} entries for {count} images; give one an image")
    return array


def _finite(array: np.ndarray, what: str) -> np.ndarray:
    bad = ~np.isfinite(array)
    if bad.any():
        rows = np.unique(np.nonzero(bad)[0])
        raise BadInput(
            f"asked to use {what}; found NaN or infinite values in {len(rows)} of {len(array)} items, "
            f"first in item {rows[0]}; replace or remove those items"
        )
    return array


def _table(array: np.ndarray, what: str) -> np.ndarray:
    if array.dtype.kind not in "biuf" or not array.shape[1]:
        found = f"{array.dtype} of shape {array.shape}"
        raise BadInput(f"asked to use {what} as a table; found {found}; save the columns as float32")
    return _finite(array, what).astype(np.float32)


def _shape_advice(array: np.ndarray) -> str:
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return "channels must come last: save images.transpose(0, 2, 3, 1)"
    if array.ndim == 4 and array.shape[-1] == 4:
        return "leave out the fourth (transparency) channel: save images[..., :3]"
    return "images must be (n, height, width) or (n, height, width, 1 or 3 channels), a table (n, columns)"
