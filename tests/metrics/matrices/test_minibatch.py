"""The minibatch estimator of CKA against the definition, pair by pair."""

import tracemalloc

import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.lab.threads import limited
from assay.metrics import all_pairs, debiased_cka, minibatch_cka, pairwise
from assay.metrics.matrices import overlap


def hsic(k, l):
    """Song et al. 2012, eq. 5: Gram matrices with zero diagonals."""
    n, ones = len(k), np.ones(len(k))
    sums = (ones @ k @ ones) * (ones @ l @ ones) / ((n - 1) * (n - 2))
    return (np.trace(k @ l) + sums - 2 / (n - 2) * (ones @ k @ l @ ones)) / (n * (n - 3))


def pair_by_pair(features, batch):
    parts = np.array_split(np.arange(len(features[0])), -(-len(features[0]) // batch))

    def gram(x, rows):
        k = x[rows] @ x[rows].T
        return k - np.diag(np.diag(k))

    def mean(x, y):
        return np.mean([hsic(gram(x, rows), gram(y, rows)) for rows in parts])

    return [[mean(x, y) / np.sqrt(mean(x, x) * mean(y, y)) for y in features] for x in features]


def family(n, widths, seed=0):
    draw = np.random.default_rng(seed)
    shared = draw.standard_normal((n, max(widths)))
    return [shared[:, :w] * 10**i + draw.standard_normal((n, w)) + 3 for i, w in enumerate(widths)]


@pytest.mark.parametrize("n, batch", [(60, 20), (61, 20), (40, 8), (30, 100)])
@pytest.mark.parametrize("widths", [[3, 5, 2], [70, 3, 40]])
@pytest.mark.parametrize("block", [16, 2**22])
def test_as_pair_by_pair(n, batch, widths, block, monkeypatch):
    monkeypatch.setattr(overlap, "BLOCK", block)
    features = family(n, widths)
    assert minibatch_cka(features, batch) == pytest.approx(np.array(pair_by_pair(features, batch)), abs=1e-9)


def test_one_batch_is_the_debiased_cka_of_all_samples():
    features = family(50, [6, 9, 80])
    assert minibatch_cka(features, 50) == pytest.approx(pairwise(features, "debiased_cka"), abs=1e-9)


def test_published_numbers():
    np.random.seed(1337)
    x = np.random.randn(100, 10)
    y = np.random.randn(100, 10) + x
    assert minibatch_cka([x, y], 100)[0, 1] == pytest.approx(0.51346, abs=5e-6)
    assert pairwise([x, y], "debiased_cka")[0, 1] == pytest.approx(0.51346, abs=5e-6)
    assert pairwise([x, y], "linear_cka")[0, 1] == pytest.approx(0.55761, abs=5e-6)
    assert pairwise([x, y], "cka_distance")[0, 1] == pytest.approx(np.sqrt(2 - 2 * 0.55761), abs=1e-5)
    assert pairwise([x, y], "angular_shape")[0, 1] == pytest.approx(0.743276, abs=1e-6)
    assert pairwise([x, y], "procrustes_distance")[0, 1] == pytest.approx(0.726285, abs=1e-6)


def test_unrelated_features_are_about_zero_however_wide():
    draw = np.random.default_rng(0)
    found = minibatch_cka([draw.standard_normal((400, 300)) for _ in range(6)], 50)
    others = found[np.triu_indices(6, 1)]
    assert np.abs(others.mean()) < 0.01 and np.abs(others).max() < 0.05


@pytest.mark.parametrize("far", [1e4, 1e6])
def test_single_precision_far_from_zero_loses_nothing_to_the_offset(far):
    features = [x.astype(np.float32) for x in family(64, [5, 7])]
    moved = [torch.from_numpy(x.astype(np.float64) + far) for x in features]
    assert minibatch_cka(moved, 16) == pytest.approx(minibatch_cka(features, 16), abs=1e-6)


def test_symmetric_with_ones_on_the_diagonal():
    found = minibatch_cka(family(64, [5, 7, 90]), 16)
    assert (found == found.T).all() and (np.diag(found) == 1).all() and np.abs(found).max() <= 1


def test_invariant_to_rotation_scale_and_the_order_of_columns():
    a, b = family(64, [6, 7])
    turned = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    assert minibatch_cka([5 * a @ turned + 2, b], 16) == pytest.approx(minibatch_cka([a, b], 16))
    assert minibatch_cka([a, b], 16)[0, 1] != pytest.approx(debiased_cka(a, b), abs=1e-6), "another estimator"


def test_memory_of_many_layers_is_that_of_a_few_blocks(monkeypatch):
    monkeypatch.setattr(overlap, "BLOCK", 2**18)  # 2 MB
    draw = np.random.default_rng(0)
    features = [draw.standard_normal((1000, 64), dtype=np.float32) for _ in range(60)]
    reduced = [x[:, :4] for x in features]  # as few columns as make products of columns the lesser work
    with limited(1):
        for work in (
            lambda: minibatch_cka(features),
            lambda: pairwise(features, "debiased_cka"),
            lambda: pairwise(reduced, "debiased_cka"),
            lambda: all_pairs(features, "linear_cka", keep=0.5),
        ):
            tracemalloc.start()
            try:
                work()
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert peak < 14e6, "one float64 copy of all features would be 31 MB"


def test_refusals():
    with pytest.raises(BadInput, match="give at least 8"):
        minibatch_cka(family(30, [3, 3]), 7)
    with pytest.raises(BadInput, match="found no representations"):
        minibatch_cka([])
    with pytest.raises(BadInput, match=r"features\[1\] of the same samples"):
        minibatch_cka([np.eye(10), np.eye(9)])
    with pytest.raises(BadInput, match=r"minibatch CKA of features\[1\]"):
        minibatch_cka([family(20, [4])[0], np.eye(20)], 10)
