import lzma
import math
import zlib

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import compressed_length


def softmax(z):
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def outputs(n=10_000, classes=10, margin=5.0):
    rng = np.random.default_rng(0)
    return margin * np.eye(classes)[rng.integers(classes, size=n)] + rng.standard_normal((n, classes))


def test_bytes_are_those_stated():
    logits = outputs(50)
    probs, labels = softmax(logits), logits.argmax(1)
    assert compressed_length(labels, "labels") == len(zlib.compress(bytes(labels.tolist()), 6))
    rounded = np.array([[round(p, 2) for p in row] for row in probs.tolist()], "<f4").tobytes()
    assert compressed_length(probs, "rounded") == len(zlib.compress(rounded, 6))
    assert compressed_length(logits, "float32") == len(zlib.compress(logits.astype("<f4").tobytes(), 6))
    assert compressed_length(labels, "labels", "lzma") == len(lzma.compress(bytes(labels.tolist()), preset=6))


def test_the_serialisation_decides_the_number():
    logits = outputs()
    labels = compressed_length(logits.argmax(1), "labels")
    assert math.log2(10) / 8 * 10_000 < labels < 5_200  # no less than the entropy
    assert 0.9 < compressed_length(logits, "float32") / logits.size / 4 < 0.95
    sure, unsure = (compressed_length(softmax(outputs(margin=m)), "rounded") for m in (20.0, 1.0))
    assert sure < 0.05 * logits.size * 4 < 0.2 * logits.size * 4 < unsure
    assert compressed_length(np.zeros((10_000, 10)), "float32") == 410


def test_constant_is_least():
    for compressor in ("zlib", "lzma"):
        constant, true = [1] * 500, outputs(500).argmax(1)
        assert compressed_length(constant, "labels", compressor) < compressed_length(true, "labels", compressor)


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda: compressed_length([1], "float64"), "no serialisation is called 'float64'; did you mean 'float32'"),
        (lambda: compressed_length([1], "labels", "zip"), "no compressor is called 'zip'; Known: lzma, zlib"),
        (lambda: compressed_length([300], "labels"), "0 to 255"),
        (lambda: compressed_length([-1], "labels"), "0 to 255"),
        (lambda: compressed_length([0.5], "labels"), "0 to 255"),
        (lambda: compressed_length([[1]], "labels"), r"shape \(1, 1\)"),
        (lambda: compressed_length([[2.0, 3.0]], "rounded"), "give softmax outputs, not logits"),
        (lambda: compressed_length([[np.nan]], "float32"), "finite numbers"),
        (lambda: compressed_length([[1e300]], "float32"), "beyond its range"),
        (lambda: compressed_length([], "labels"), "found none; give at least one"),
    ],
)
def test_bad_input(call, why):
    with pytest.raises(BadInput, match=why) as error:
        call()
    assert "\n" not in str(error.value)
