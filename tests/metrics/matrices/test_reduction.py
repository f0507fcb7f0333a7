"""What reduction to principal components changes is never more than is said."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.metrics import all_pairs, angular_shape, cka_distance, debiased_cka, pairwise, procrustes_distance
from assay.metrics.arrays import centred
from assay.metrics.matrices import PASSES
from assay.metrics.matrices.reduction import principal


def decaying(n, width, seed, power=1.0):
    draw = np.random.default_rng(seed)
    turned = np.linalg.qr(draw.standard_normal((width, width)))[0]
    return draw.standard_normal((n, width)) * np.arange(1, width + 1) ** -power @ turned


def related(n, widths, seed, power):
    shared = decaying(n, max(widths), seed, power)
    return [shared[:, :w] + 0.3 * decaying(n, w, seed + i + 1, power) for i, w in enumerate(widths)]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(PASSES)),
    st.integers(0, 10**6),
    st.lists(st.integers(1, 40), min_size=2, max_size=4),
    st.floats(0.05, 0.999),
    st.floats(0, 2),
)
def test_the_error_is_a_bound(measure, seed, widths, keep, power):
    features = related(24, widths, seed, power)
    found = all_pairs(features, measure, keep)
    assert (np.abs(found.values - pairwise(features, measure)) <= found.error + 1e-9).all()
    assert (found.kept >= keep - 1e-9).all()


@pytest.mark.parametrize("measure", sorted(PASSES))
def test_the_error_says_something_where_little_is_left_out(measure):
    features = related(200, [60, 40, 60], 0, 1.5)
    found = all_pairs(features, measure, keep=0.999)
    assert (found.error <= 0.1).all() and max(found.columns) < 30
    assert found.error[0, 1] > 0 and (np.diag(found.error) == 0).all()


def test_the_moves_are_the_measures_between_a_representation_and_its_scores():
    x = centred(decaying(50, 12, 3), "x")
    found = principal(x, 0.8)
    assert found.scores.shape[1] < 12
    assert found.angle == pytest.approx(angular_shape(x, found.scores))
    assert found.chord == pytest.approx(procrustes_distance(x, found.scores))
    assert found.gram == pytest.approx(cka_distance(x, found.scores))
    assert found.debiased == pytest.approx(math.sqrt(2 - 2 * debiased_cka(x, found.scores)))


@pytest.mark.parametrize("shape", [(50, 12), (12, 50)])
def test_components_are_those_of_a_singular_value_decomposition(shape):
    x = centred(decaying(*shape, 5), "x")
    found = principal(x, 0.7)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    k = found.scores.shape[1]
    assert np.abs(found.scores) == pytest.approx(np.abs(u[:, :k] * s[:k]), abs=1e-9)
    assert found.kept == pytest.approx((s[:k] ** 2).sum()) and (s[: k - 1] ** 2).sum() < 0.7 <= found.kept
    if found.directions is not None:
        assert x @ found.directions == pytest.approx(found.scores)


def test_keeping_all_is_exact_and_says_so():
    features = related(30, [8, 50, 4], 1, 1.0)
    found = all_pairs(features, "procrustes_distance")
    assert (found.values == pairwise(features, "procrustes_distance")).all()
    assert not found.error.any() and found.columns == (8, 30, 4) and found.estimator == "best rotation of all samples"


def test_refusals():
    features = related(12, [3, 4], 0, 1.0)
    with pytest.raises(BadInput, match="found no bound of its error; use one of linear_cka"):
        all_pairs(features, "rsa", keep=0.9)
    with pytest.raises(BadInput, match="give 0 < keep <= 1"):
        all_pairs(features, keep=0)
    with pytest.raises(BadInput, match="found no representations"):
        all_pairs([], keep=0.5)
