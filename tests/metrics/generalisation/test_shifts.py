"""Similarity of shifts: a literal twin, and a reference that is what chance leaves of 1."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput


def side(seed, sizes, means, spread, width=40):
    """Clean and attacked features and labels: shifts scattered around the mean shift of their class."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    clean = 10 * rng.standard_normal((len(labels), width))
    return clean, clean + means[labels] + spread * rng.standard_normal(clean.shape), labels


def directions(classes, width=40, seed=0, turn=0.0):
    """A unit shift for each class, and one at the cosine 1 - turn to it."""
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, 2 * classes)))[0].T
    one, across = basis[:classes], basis[classes:]
    return one, (1 - turn) * one + np.sqrt(1 - (1 - turn) ** 2) * across


def twin(train, test):
    """Cosine and reference of each class: |d|² debiased is the mean product of different items' shifts."""
    found = []
    for c in sorted(set(train[2].tolist()) & set(test[2].tolist())):
        a, b = (attacked[y == c] - clean[y == c] for clean, attacked, y in (train, test))
        d, e = a.mean(0), b.mean(0)
        share = []
        for shifts, mean in ((a, d), (b, e)):
            n = len(shifts)
            pairs = [shifts[i] @ shifts[j] for i in range(n) for j in range(n) if i != j]
            share.append(max(0, np.mean(pairs) / (mean @ mean)))
        found.append((d @ e / np.linalg.norm(d) / np.linalg.norm(e), np.sqrt(share[0] * share[1])))
    return np.array(found)


@pytest.mark.parametrize("spread", [0.1, 0.6, 3.0])
def test_equals_its_twin(spread):
    one, other = directions(3, turn=0.4)
    train, test = side(0, [5, 9, 14], one, spread), side(1, [6, 4, 7], other, spread)
    expected = twin(train, test)
    found = metrics.shift_similarities(*train, *test)
    assert np.array([(c.cosine, c.reference) for c in found.classes]) == pytest.approx(expected)
    assert (found.cosine, found.reference) == pytest.approx(tuple(expected.mean(0)))
    assert metrics.shift_similarity(*train, *test) == found.cosine
    assert [(c.train_n, c.test_n) for c in found.classes] == [(5, 6), (9, 4), (14, 7)]


@pytest.mark.parametrize("sizes", [(20, 8), (60, 60), (200, 30)])
@pytest.mark.parametrize("spread", [0.3, 0.8])
def test_reference_is_the_value_of_equal_distributions(sizes, spread):
    """Few items make the cosine of one and the same mean shift fall well below 1; the reference falls with it."""
    one, _ = directions(4)
    found = [
        metrics.shift_similarities(
            *side((0, s), [sizes[0]] * 4, one, spread), *side((1, s), [sizes[1]] * 4, one, spread)
        )
        for s in range(200)
    ]
    values, references = np.array([(f.cosine, f.reference) for f in found]).T
    theory = np.prod([1 + 40 * spread**2 / n for n in sizes]) ** -0.5
    assert values.mean() == pytest.approx(theory, abs=0.02)
    assert theory < 0.95 and (theory < 0.33 or sizes != (20, 8) or spread == 0.3)
    error = (values - references).std() / np.sqrt(len(found))
    assert references.mean() < values.mean() + 4 * error  # few items never look like another direction
    if theory > 0.65:
        assert references.mean() == pytest.approx(values.mean(), abs=0.03)


def test_reference_and_split_halves_agree():
    """The cosine of two halves of train, drawn many times, is the reference of samples of that size."""
    one, _ = directions(2)
    clean, attacked, labels = side(3, [400, 400], one, 1.5)
    halves, references = [], []
    for seed in range(60):
        order = np.random.default_rng(seed).permutation(800)
        a, b = ((clean[part], attacked[part], labels[part]) for part in (order[:400], order[400:]))
        found = metrics.shift_similarities(*a, *b)
        halves.append(found.cosine)
        references.append(found.reference)
    assert np.mean(halves) < 0.75 and np.mean(references) == pytest.approx(np.mean(halves), abs=0.03)


@pytest.mark.parametrize("turn", [0.0, 0.3, 1.0])
def test_value_over_reference_is_the_true_cosine(turn):
    one, other = directions(4, turn=turn)
    found = [
        metrics.shift_similarities(*side((2, s), [30] * 4, one, 0.3), *side((3, s), [15] * 4, other, 0.3))
        for s in range(100)
    ]
    quotient = np.mean([f.cosine for f in found]) / np.mean([f.reference for f in found])
    assert np.mean([f.reference for f in found]) < 0.88
    assert quotient == pytest.approx(1 - turn, abs=0.03)


def test_nothing_to_tell_has_no_reference():
    still = np.zeros((4, 40))
    found = metrics.shift_similarities(*side(0, [8] * 4, still, 1.0), *side(1, [8] * 4, still, 1.0))
    assert abs(found.cosine) < 0.3 and found.reference < 0.3


def test_more_items_converge_to_one():
    one, _ = directions(3)
    away = [1 - metrics.shift_similarity(*side(5, [n] * 3, one, 1), *side(6, [n] * 3, one, 1)) for n in (10, 100, 1000)]
    assert away[0] > 2 * away[1] > 10 * away[2] and away[2] < 0.1


def test_classes_that_cannot_be_told_are_left_out():
    one, _ = directions(4)
    one[2] = 0
    train, test = side(0, [5, 5, 5, 1], one, 0.0), side(1, [5, 1, 5, 5], one, 0.0)
    found = metrics.shift_similarities(*train, *test)
    assert [c.cosine is None for c in found.classes] == [False, True, True, True]
    assert [c.reference is None for c in found.classes] == [False, True, True, True]
    assert (found.cosine, found.reference) == pytest.approx((1, 1))


def test_what_cannot_be_is_refused():
    one, _ = directions(2)
    train, test = side(0, [5, 5], one, 0.1), side(1, [5, 5], one, 0.1)
    with pytest.raises(BadInput, match="found no class with two items on both sides"):
        metrics.shift_similarity(train[0], train[0], train[2], *test)
    with pytest.raises(BadInput, match="attacked features of width 39"):
        metrics.shift_similarity(train[0], train[1][:, 1:], train[2], *test)
    with pytest.raises(BadInput, match="train_attacked_features of the same samples; found 10 and 9"):
        metrics.shift_similarity(train[0], train[1][1:], train[2], *test)
    with pytest.raises(BadInput, match="test features of width 39"):
        metrics.shift_similarity(*train, test[0][:, 1:], test[1][:, 1:], test[2])
