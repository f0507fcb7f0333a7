"""Calibration against a slow twin, scikit-learn and cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from assay.core.errors import BadInput
from assay.metrics import brier_score, calibration_error


def drawn(seed: int, n: int = 200, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.full(classes, 0.5), n), generator.integers(classes, size=n)


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_the_error_is_what_the_formula_says_bin_by_bin(seed: int, bins: int) -> None:
    probs, labels = drawn(seed)
    confidence, right = probs.max(1), probs.argmax(1) == labels
    total = 0.0
    for part in range(bins):
        of = (confidence > part / bins) & (confidence <= (part + 1) / bins)
        if of.any():
            total += of.mean() * abs(right[of].mean() - confidence[of].mean())
    assert calibration_error(probs, labels, bins=bins) == pytest.approx(total, abs=1e-12)


def test_answers_drawn_from_the_probabilities_are_calibrated() -> None:
    generator = np.random.default_rng(0)
    probs = generator.dirichlet(np.ones(3), 40_000)
    labels = (generator.random(len(probs))[:, None] > probs.cumsum(1)).sum(1)
    assert calibration_error(probs, labels) < 0.02
    sharper = probs**3 / (probs**3).sum(1, keepdims=True)
    assert calibration_error(sharper, labels) > 0.1
    assert brier_score(probs, labels) < brier_score(sharper, labels)  # a proper score


def test_two_classes_have_twice_the_score_of_one() -> None:
    probs, labels = drawn(1, classes=2)
    assert brier_score(probs, labels) == pytest.approx(2 * brier_score_loss(labels, probs[:, 1]))


def test_all_classes_alike() -> None:
    assert brier_score(np.full((5, 4), 0.25), [0, 1, 2, 3, 0]) == pytest.approx(0.75)


@pytest.mark.parametrize("function", [calibration_error, brier_score])
def test_logits_are_refused(function: object) -> None:
    with pytest.raises(BadInput, match="give softmax outputs"):
        function([[2.0, -1.0]], [0])  # type: ignore[operator]
    with pytest.raises(BadInput, match="labels and probs of the same samples"):
        function([[0.5, 0.5]], [0, 1])  # type: ignore[operator]
