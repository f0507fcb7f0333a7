"""How well groups of models are told apart, against the loops of the definition and scikit-learn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from assay.core.errors import BadInput
from assay.metrics import separation


def labelled(table, groups, g):
    """(is within, likeness) of the pairs with at least one model of g."""
    pairs = [p for p in itertools.combinations(range(len(groups)), 2) if g in (groups[p[0]], groups[p[1]])]
    return [groups[a] == groups[b] for a, b in pairs], [(table[a][b] + table[b][a]) / 2 for a, b in pairs]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 2), min_size=6, max_size=12), st.booleans())
def test_as_scikit_learn(seed, groups, ties):
    counts = [groups.count(g) for g in sorted(set(groups))]
    if len(counts) < 2 or max(counts) < 2:
        return
    table = np.random.default_rng(seed).random((len(groups),) * 2)
    table = np.round(table, 1) if ties else table
    parts = [labelled(table, groups, g) for g in sorted(set(groups)) if groups.count(g) > 1]
    found = separation(table, groups, draws=9)
    assert found.auc == pytest.approx(np.mean([roc_auc_score(*part) for part in parts]))
    assert found.auprc == pytest.approx(np.mean([average_precision_score(*part) for part in parts]))
    assert found.prevalence == pytest.approx(np.mean([np.mean(within) for within, _ in parts]))
    assert found.pairs == sum(sum(within) for within, _ in parts)
    assert separation(-table, groups, draws=9, distance=True) == pytest.approx(found)


def points(shift, n=8, seed=0):
    draw = np.random.default_rng(seed)
    place = draw.standard_normal((3 * n, 4)) + shift * np.repeat(np.eye(3, 4), n, axis=0)
    return np.linalg.norm(place[:, None] - place[None], axis=2), np.repeat([0, 50, 100], n)


def test_groups_apart_are_perfectly_separated_and_not_with_certainty():
    found = separation(*points(30), distance=True)
    assert found.auc == 1 and found.auprc == 1 and found.p == 1 / 1000
    assert 0.8 < found.low < 1 and found.high == 1


def test_the_interval_holds_the_score_and_narrows_with_models():
    few, many = (separation(*points(2, n), distance=True) for n in (5, 20))
    for found in (few, many):
        assert found.low < found.auc < found.high
    assert many.high - many.low < few.high - few.low


def test_p_is_uniform_without_groups():
    ps = [separation(*points(0, 5, seed), distance=True, draws=99).p for seed in range(60)]
    assert 1 <= sum(p <= 0.1 for p in ps) <= 13  # 6 expected
    assert np.mean(ps) == pytest.approx(0.5, abs=0.12)


def test_the_order_of_models_does_not_matter():
    table, groups = points(1)
    order = np.random.default_rng(0).permutation(len(groups))
    found, other = separation(table, groups), separation(table[np.ix_(order, order)], groups[order])
    assert other.auc == pytest.approx(found.auc) and other.auprc == pytest.approx(found.auprc)


def test_refusals():
    with pytest.raises(BadInput, match="give two or more groups"):
        separation(np.eye(3), ["a", "a", "a"])
    with pytest.raises(BadInput, match="give two or more groups"):
        separation(np.eye(3), ["a", "b", "c"])
    with pytest.raises(BadInput, match="give one label an item"):
        separation(np.eye(3), ["a", "b"])
    with pytest.raises(BadInput, match="no square one of numbers"):
        separation(np.ones((3, 2)), ["a", "b", "b"])
