"""Any sequence to whole numbers 0, 1, 2, ... that stand for its symbols."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import torch

from assay.core.errors import BadInput
from assay.metrics import arrays

Sequence = str | bytes | np.ndarray | torch.Tensor | Iterable[Hashable]
CODE_POINTS = 0x110000


def encode(sequence: Sequence, name: str = "sequence") -> tuple[np.ndarray, int]:
    """Codes, int32 (n,), and how many different symbols there are; what equals is one symbol, and so is None.

    `BadInput` for an empty sequence, more than one axis, symbols that cannot be hashed, or what does not equal itself:
    NaN, NaT, pandas' NA.

    >>> codes, symbols = encode("abca")
    >>> codes.tolist(), symbols
    ([0, 1, 2, 0], 3)
    >>> encode([("left", 1), ("right", 1), ("left", 1)])[0].tolist()
    [0, 1, 0]
    """
    if isinstance(sequence, str):
        points = np.frombuffer(sequence.encode("utf-32-le", "surrogatepass"), np.uint32)
        return _ranked(_filled(points.astype(np.int32), name))
    if isinstance(sequence, bytes | bytearray):
        return _ranked(_filled(np.frombuffer(sequence, np.uint8), name))
    if isinstance(sequence, torch.Tensor):
        sequence = (sequence.double() if sequence.is_floating_point() else sequence).detach().cpu().numpy()
    if isinstance(sequence, np.ndarray) and sequence.dtype != object:
        array = _filled(sequence, name)
        if array.dtype.kind == "f":
            arrays.numbers(array, name)
        if array.dtype.kind in "mM" and np.isnat(array).any():
            raise _without_value(name, "NaT")
        return _ranked(array)
    return _named(sequence, name)


def _filled(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim != 1:
        raise BadInput(f"asked for {name} with one axis; found shape {array.shape}; give one symbol a place")
    if not array.size:
        raise BadInput(f"asked for the complexity of {name}; found nothing in it; give at least one symbol")
    return array


def _ranked(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Symbols in sorted order; whole numbers from a small range without sorting."""
    if array.dtype.kind in "biu":
        low, high = int(array.min()), int(array.max())
        if high - low <= max(CODE_POINTS, len(array)) and low > -(2**62) and high < 2**62:
            places = array.astype(np.int64) - low
            present = np.zeros(high - low + 1, np.bool_)
            present[places] = True
            rank = np.cumsum(present, dtype=np.int32) - np.int32(1)
            return rank[places], int(rank[-1]) + 1
    different, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.int32), len(different)


def _named(sequence: Any, name: str) -> tuple[np.ndarray, int]:
    """Symbols in order of first appearance."""
    codes: dict[Hashable, int] = {}
    try:
        symbols = list(sequence)
        found = [codes.setdefault(symbol, len(codes)) for symbol in symbols]
    except TypeError:
        raise BadInput(
            f"asked for {name} as symbols in an order; found {type(sequence).__name__} with something that cannot be "
            "hashed; give text, whole numbers, or one hashable thing a place"
        ) from None
    floats = np.array([symbol for symbol in codes if isinstance(symbol, float | np.floating)])
    arrays.numbers(floats, name)
    if missing := [symbol for symbol in codes if not _equals_itself(symbol)]:
        raise _without_value(name, str(missing[0]))
    return _filled(np.array(found, np.int32), name), len(codes)


def _equals_itself(symbol: Hashable) -> bool:
    """Not so for NaT; pandas' NA does not even say.

    >>> _equals_itself("a"), _equals_itself(None), _equals_itself(np.datetime64("NaT"))
    (True, True, False)
    """
    try:
        return bool(symbol == symbol)
    except TypeError:
        return False


def _without_value(name: str, found: str) -> BadInput:
    return BadInput(
        f"asked for {name} as symbols; found {found}, which says that a value is missing and equals nothing; "
        "leave those places out, or give them a symbol of their own such as None"
    )
