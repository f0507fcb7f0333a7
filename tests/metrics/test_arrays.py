import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import arrays

GRID = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]


@pytest.mark.parametrize(
    "value",
    [
        GRID,
        tuple(map(tuple, GRID)),
        np.array(GRID, dtype=np.float32),
        np.array(GRID, dtype=np.uint8),
        torch.tensor(GRID, requires_grad=True),
        torch.tensor(GRID, dtype=torch.bfloat16),
        torch.tensor(GRID).t().contiguous().t(),
        [torch.tensor(row) for row in GRID],
    ],
    ids=["lists", "tuples", "float32", "uint8", "grad", "bfloat16", "strided", "list of tensors"],
)
def test_whatever_holds_numbers(value):
    found = arrays.features(value)
    assert found.dtype == np.float64 and found.tolist() == GRID


def test_input_is_left_alone():
    value = np.random.default_rng(0).standard_normal((5, 3))
    before = value.copy()
    arrays.centred(arrays.features(value), "features")
    assert (value == before).all()


def test_maps_are_flattened_sample_by_sample():
    value = np.arange(40).reshape(5, 2, 2, 2)
    assert arrays.features(value)[1].tolist() == list(range(8, 16))


@pytest.mark.parametrize(
    "value, message",
    [
        ([[1, 2], [3]], "found list that is not one"),
        ("text", "found str that is not one"),
        (None, "found"),
        ([1, 2, 3, 4], r"found shape \(4,\)"),
        (5.0, r"found shape \(\)"),
        (np.zeros((0, 3)), r"found shape \(0, 3\)"),
        (np.zeros((6, 0)), r"found shape \(6, 0\)"),
        (GRID[:3], "found 3 samples; give at least 4"),
        ([[1.0, float("nan")], *GRID], "found 1 of 10 that are NaN or infinite"),
        ([[float("inf"), float("-inf")], *GRID], "found 2 of 10 that are NaN or infinite"),
    ],
)
def test_features_refused_in_one_line(value, message):
    with pytest.raises(BadInput, match=message) as error:
        arrays.features(value, "features_a")
    assert "features_a" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "value, message",
    [
        ([0, 1], "same samples; found 2 and 3"),
        ([0, 1, 2], "between 0 and 1, the columns of logits; found 0 to 2"),
        ([0, -1, 1], "found -1 to 1"),
        ([0, 0.5, 1], "whole number"),
        ([[0], [1], [1]], r"found shape \(3, 1\)"),
    ],
)
def test_labels_refused(value, message):
    with pytest.raises(BadInput, match=message):
        arrays.labels(value, np.zeros((3, 2)))


@pytest.mark.parametrize(
    "value, message",
    [
        ([[2.0, -1.0]], "softmax outputs, not logits"),
        ([[0.5, 0.4]], "another sum than 1"),
        ([[0.5], [0.6]], r"found shape \(2, 1\)"),
        ([0.5, 0.5], r"found shape \(2,\)"),
    ],
)
def test_probabilities_refused(value, message):
    with pytest.raises(BadInput, match=message):
        arrays.probabilities(value)


@pytest.mark.parametrize("value", [[1.0, 2.0], np.zeros((2, 2, 2)), np.zeros((0, 2))])
def test_logits_refused(value):
    with pytest.raises(BadInput, match=r"logits as \(samples, classes\); found shape"):
        arrays.logits(value)
