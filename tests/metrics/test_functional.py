import math

import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import accuracy, cross_entropy, disagreement, gap


def test_cross_entropy_equals_torch():
    draws = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(50, 7, dtype=torch.float64, generator=draws)
    labels = torch.randint(7, (50,), generator=draws)
    expected = torch.nn.functional.cross_entropy(logits, labels).item()
    assert cross_entropy(logits, labels) == pytest.approx(expected, abs=1e-12)


def test_cross_entropy_of_huge_logits_is_finite():
    assert cross_entropy([[1e4, -1e4], [-1e4, 1e4]], [0, 0]) == pytest.approx(1e4)


def test_one_logit_heads():
    assert accuracy([[2.0], [-1.0], [0.5]], [1, 0, 0]) == pytest.approx(2 / 3)
    assert cross_entropy([[2.0]], [1]) == pytest.approx(math.log(1 + math.exp(-2)))
    assert disagreement([[2.0], [-1.0]], [[1.0], [1.0]]) == 0.5


@pytest.mark.parametrize("classes", [2, 3, 5, 8])
def test_accuracy_counts(classes):
    labels = np.arange(40) % classes
    logits = np.eye(classes)[labels]
    logits[:10] = -logits[:10]
    # Of the ten reversed rows none puts its own class first: all others tie above it.
    assert accuracy(logits, labels) == 0.75


def test_gap_is_train_minus_other():
    right, wrong = [[1, 0], [0, 1]], [[0, 1], [1, 0]]
    assert gap(right, [0, 1], wrong, [0, 1]) == 1
    assert gap(wrong, [0, 1], right, [0, 1]) == -1


def test_arguments_are_named_in_errors():
    with pytest.raises(BadInput, match="train_labels between 0 and 1, the columns of train_logits"):
        gap([[1, 0]], [2], [[1, 0]], [0])
    with pytest.raises(BadInput, match="logits_a and logits_b over the same classes; found 2 and 3"):
        disagreement([[1, 0]], [[1, 0, 0]])
    with pytest.raises(BadInput, match="logits_a and logits_b of the same samples; found 1 and 2"):
        disagreement([[1, 0]], [[1, 0], [0, 1]])
    with pytest.raises(BadInput, match="labels and logits of the same samples; found 2 and 1"):
        accuracy([[1, 0]], [0, 1])
