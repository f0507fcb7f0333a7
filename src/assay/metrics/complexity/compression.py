"""How many bytes a general compressor needs; what becomes a byte is part of the measure."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable
from typing import Literal

import numpy as np

from assay.core.errors import BadInput
from assay.core.registry import Registry
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric

SERIALISATIONS: Registry[Callable[[Array], bytes]] = Registry("serialisation")
COMPRESSORS: Registry[Callable[[bytes], bytes]] = Registry("compressor")
COMPRESSORS.add("zlib", lambda data: zlib.compress(data, 6))
COMPRESSORS.add("lzma", lambda data: lzma.compress(data, preset=6))


@SERIALISATIONS.named("labels")
def _labels(values: Array) -> bytes:
    """Classes 0 to 255, one byte each."""
    array = arrays.numbers(values, "values")
    if array.ndim != 1 or (array != array.astype(np.uint8)).any():
        raise BadInput(
            f"asked to write labels as one byte each; found shape {array.shape} or numbers that are no whole ones from "
            "0 to 255; give (n,) class indices"
        )
    return array.astype(np.uint8).tobytes()


@SERIALISATIONS.named("rounded")
def _rounded(values: Array) -> bytes:
    """Probabilities rounded to two decimals, float32, little-endian, sample by sample."""
    return np.round(arrays.probabilities(values, "values"), 2).astype("<f4").tobytes()


@SERIALISATIONS.named("float32")
def _float32(values: Array) -> bytes:
    """Logits, or any outputs, as float32, little-endian, sample by sample."""
    array = arrays.numbers(values, "values")
    if np.abs(array).max(initial=0) > np.finfo(np.float32).max:
        raise BadInput("asked to write values as float32; found numbers beyond its range; check the model")
    return array.astype("<f4").tobytes()


@metric(range=(0, float("inf")), unit="bytes", cite="Deutsch and Gailly 1996, RFC 1950; Guan 2024, arXiv 2409.16086")
def compressed_length(
    values: Array, serialisation: Literal["labels", "rounded", "float32"], compressor: Literal["zlib", "lzma"] = "zlib"
) -> int:
    """Length of a model's outputs after compression, in bytes, for a stated serialisation.

    bytes = len(compress(serialise(values)))

    serialisation: "labels" (n,), one byte each; "rounded", probabilities (n, classes) with two decimals as float32;
    "float32", logits as they are. compressor: "zlib" (level 6) or "lzma" (xz, preset 6). The choice decides the number:
    float32 logits hardly compress whatever was learned, rounded probabilities mostly say how confident the model is,
    and a compressor depends on the order of the samples. Numbers of different serialisations or lengths are not
    comparable. Above 0.
    `BadInput` for an unknown name, for values that are not what the serialisation writes, and for none at all.

    >>> compressed_length([3], "labels")  # 2 bytes of head, 3 for one byte, 4 of checksum
    9
    >>> compressed_length([3] * 1000, "labels") < 20
    True
    """
    write, squeeze = SERIALISATIONS.find(serialisation), COMPRESSORS.find(compressor)
    data = write(values)
    if not data:
        raise BadInput("asked for the compressed length of values; found none; give at least one")
    return len(squeeze(data))
