import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from sklearn.metrics import cohen_kappa_score, jaccard_score

from assay.core.errors import BadInput
from assay.metrics import chance_error_overlap, disagreement, error_consistency, error_overlap, jensen_shannon

RIGHT, WRONG = [1.0, 0.0], [0.0, 1.0]


def answers(right):
    """Logits of two classes for true class 0."""
    return [RIGHT if r else WRONG for r in right]


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_jensen_shannon_equals_scipy(classes):
    a, b = 3 * np.random.default_rng(classes).standard_normal((2, 20, classes))
    roots = jensenshannon(softmax(a, axis=1), softmax(b, axis=1), base=2, axis=1)
    assert jensen_shannon(a, b) == pytest.approx((roots**2).mean(), abs=1e-12)


def test_jensen_shannon_of_the_sure():
    assert jensen_shannon([[1e4, -1e4]], [[-1e4, 1e4]]) == 1
    assert jensen_shannon([[1e4, -1e4]], [[1e4, -1e4]]) == 0
    assert jensen_shannon([[2.0], [-1.0]], [[0, 2.0], [0, -1.0]]) == 0  # a one-logit head is (0, z)


def test_jensen_shannon_sees_what_answers_hide():
    a, b = [[5.0, 0.0]], [[0.1, 0.0]]
    assert disagreement(a, b) == 0 and jensen_shannon(a, b) > 0.1


right_or_wrong = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=30)


@given(pairs=right_or_wrong)
def test_error_measures_equal_sklearn(pairs):
    a, b = map(list, zip(*pairs, strict=True))
    arguments = answers(a), answers(b), [0] * len(a)
    wrong = ~np.array(a), ~np.array(b)
    assert error_overlap(*arguments) == pytest.approx(jaccard_score(*wrong, zero_division=1))
    if len(set(a) | set(b)) == 2:
        assert error_consistency(*arguments) == pytest.approx(cohen_kappa_score(*wrong, labels=[False, True]))
    else:
        assert error_consistency(*arguments) == 0


@given(rates=st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_errors_crossed_are_those_of_chance(rates):
    """On a full grid of two models' errors they are exactly independent: chance is met, nothing is left over."""
    rows, columns = np.arange(6) >= rates[0], np.arange(6) >= rates[1]
    a, b = np.repeat(rows, 6), np.tile(columns, 6)
    arguments = answers(a), answers(b), [0] * 36
    assert chance_error_overlap(*arguments) == pytest.approx(error_overlap(*arguments))
    assert error_consistency(*arguments) == pytest.approx(0, abs=1e-12)


def test_independent_errors_overlap_as_foretold():
    rng = np.random.default_rng(0)
    a, b = rng.random(20000) > 0.3, rng.random(20000) > 0.1
    arguments = answers(a), answers(b), np.zeros(20000)
    assert chance_error_overlap(*arguments) == pytest.approx(0.03 / 0.37, abs=0.005)
    assert error_overlap(*arguments) == pytest.approx(0.03 / 0.37, abs=0.01)
    assert abs(error_consistency(*arguments)) < 4 / math.sqrt(20000)


def test_models_without_errors():
    perfect = answers([True] * 4), answers([True] * 4), [0] * 4
    assert error_overlap(*perfect) == chance_error_overlap(*perfect) == 1
    assert error_consistency(*perfect) == 0


def test_different_wrong_classes_are_errors_alike():
    a, b, labels = [[0, 1, 0]] * 2, [[0, 0, 1]] * 2, [0, 0]
    assert error_overlap(a, b, labels) == 1 and disagreement(a, b) == 1


@pytest.mark.parametrize("measure", [error_overlap, chance_error_overlap, error_consistency])
def test_arguments_are_named_in_errors(measure):
    with pytest.raises(BadInput, match="labels between 0 and 1, the columns of logits_a"):
        measure([RIGHT], [RIGHT], [2])
    with pytest.raises(BadInput, match="logits_a and logits_b over the same classes; found 2 and 3"):
        measure([RIGHT], [[1, 0, 0]], [0])
    with pytest.raises(BadInput, match="logits_a and logits_b of the same samples; found 1 and 2"):
        measure([RIGHT], [RIGHT, WRONG], [0])
