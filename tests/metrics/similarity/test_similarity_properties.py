"""What cards promise, on representations of unequal widths, few samples and many ties, and on either side."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.metrics import (
    METRICS,
    angular_shape,
    cca_r2,
    cka_distance,
    knn_jaccard,
    linear_cka,
    mean_cca,
    mutual_knn,
    procrustes_distance,
    rsa,
)

NAMES = sorted(
    name
    for name, measure in METRICS.items()
    if measure.__module__.startswith("assay.metrics.similarity") and measure.card.needs[0] == "features_a"
)
# What may be done to the second side of a measure whose sides differ.
SECOND = {name: (*METRICS["linear_cka"].card.invariant, "invertible") for name in ("pwcca", "linear_regression_r2")}
CLOSE = 1e-7


def rotation(rng, width):
    return np.linalg.qr(rng.standard_normal((width, width)))[0]


CHANGES = {
    "orthogonal": lambda x, rng: x @ rotation(rng, x.shape[1]),
    "permutation": lambda x, rng: x[:, rng.permutation(x.shape[1])],
    "scale": lambda x, rng: x * math.exp(rng.uniform(-5, 5)),
    "translation": lambda x, rng: x + 3 * rng.standard_normal(x.shape[1]),
    "invertible": lambda x, rng: x @ rotation(rng, x.shape[1]) * np.geomspace(0.3, 3, x.shape[1]),
}


def draw(rng, n, p, q):
    shared = rng.standard_normal((n, 2))
    a, b = (shared @ rng.standard_normal((2, w)) + rng.standard_normal((n, w)) + 1 for w in (p, q))
    return a, b


def determined(name, n, p, q):
    """The directions of `pwcca`, which it weighs, are not when several correlations are 1 of necessity."""
    return name != "pwcca" or n > p + q


sizes = {"seed": st.integers(0, 2**32), "n": st.integers(5, 30), "p": st.integers(2, 40), "q": st.integers(2, 40)}


def test_all_measures_are_here():
    assert len(NAMES) == 18


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(**sizes)
def test_declared_invariances_hold_on_both_sides(name, seed, n, p, q):
    n += 0 if determined(name, n, p, q) else p + q
    measure = METRICS[name]
    a, b = draw(np.random.default_rng(seed), n, p, q)
    value = measure(a, b)
    for change in measure.card.invariant:
        assert measure(CHANGES[change](a, np.random.default_rng(seed)), b) == pytest.approx(value, abs=CLOSE), change
    for change in SECOND.get(name, measure.card.invariant):
        assert measure(a, CHANGES[change](b, np.random.default_rng(seed))) == pytest.approx(value, abs=CLOSE), change


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(**sizes)
def test_symmetry_and_order_of_samples(name, seed, n, p, q):
    n += 0 if determined(name, n, p, q) else p + q
    measure, rng = METRICS[name], np.random.default_rng(seed)
    a, b = draw(rng, n, p, q)
    order = rng.permutation(n)
    assert measure(a[order], b[order]) == pytest.approx(measure(a, b), abs=CLOSE)
    if measure.card.symmetric:
        assert measure(b, a) == pytest.approx(measure(a, b), abs=CLOSE)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), n=st.integers(4, 9), p=st.integers(1, 4), q=st.integers(1, 4))
def test_tied_samples_give_a_number_in_range_or_a_line(name, seed, n, p, q):
    rng = np.random.default_rng(seed)
    measure = METRICS[name]
    low, high = measure.card.range
    try:
        value = measure(rng.integers(-1, 2, (n, p)), rng.integers(-1, 2, (n, q)))
    except BadInput as error:
        assert "\n" not in str(error) and "found" in str(error)
    else:
        assert low <= value <= high


@settings(max_examples=50, deadline=None)
@given(**sizes)
def test_how_measures_relate(seed, n, p, q):
    a, b = draw(np.random.default_rng(seed), n, p, q)
    angle = angular_shape(a, b)
    assert procrustes_distance(a, b) == pytest.approx(2 * math.sin(angle / 2), abs=1e-7)
    assert cka_distance(a, b) == pytest.approx(math.sqrt(2 - 2 * linear_cka(a, b)))
    assert mean_cca(a, b) ** 2 <= cca_r2(a, b) + 1e-12 and cca_r2(a, b) <= mean_cca(a, b) + 1e-12
    k = min(3, n - 1)
    assert knn_jaccard(a, b, k) <= mutual_knn(a, b, k) + 1e-12


@settings(max_examples=50, deadline=None)
@given(**sizes)
def test_rsa_by_correlation_ignores_what_is_added_to_a_whole_sample(seed, n, p, q):
    rng = np.random.default_rng(seed)
    a, b = draw(rng, n, p + 1, q + 1)
    moved = (a + rng.standard_normal((n, 1))) * rng.uniform(0.5, 2, (n, 1))
    assert rsa(moved, b, "correlation") == pytest.approx(rsa(a, b, "correlation"), abs=CLOSE)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(6, 30))
def test_rsa_needs_only_the_order_of_distances(seed, n):
    rng = np.random.default_rng(seed)
    line = np.sort(rng.uniform(0, 1, n))[:, None]
    assume(np.diff(line[:, 0]).min() > 1e-6)
    arc = np.hstack([np.cos(line), np.sin(line)])  # chords grow with the length of the arc
    assert rsa(line, arc) == pytest.approx(1)


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_layer_is_refused(name):
    x = np.random.default_rng(0).standard_normal((10, 3))
    dead = np.full((10, 4), 0.1) * (1 + 1e-8 * x[:, :1])
    with pytest.raises(BadInput, match="features_b; found the same representation for all 10 samples"):
        METRICS[name](x, dead)


@pytest.mark.parametrize("name", ["debiased_rbf_cka", "debiased_distance_correlation", "rsa"])
def test_equidistant_samples_are_refused_where_it_is_nought_by_nought(name):
    x = np.random.default_rng(0).standard_normal((6, 3))
    with pytest.raises(BadInput, match="features_b; found samples that are all equally far"):
        METRICS[name](x, np.eye(6))


@pytest.mark.parametrize(
    "name, setting, message",
    [
        ("rbf_cka", {"fraction": 0}, "width 0 times the median distance"),
        ("rbf_cka", {"fraction": math.inf}, "width inf times"),
        ("svcca", {"keep": 0}, "share of 0 of the variance"),
        ("svcca", {"keep": 1.5}, "share of 1.5"),
        ("mutual_knn", {"k": 0}, "the 0 nearest neighbours"),
        ("knn_jaccard", {"k": -1}, "the -1 nearest neighbours"),
        ("rsa", {"dissimilarity": "cosine"}, "dissimilarity 'cosine'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(name, setting, message):
    x = np.random.default_rng(0).standard_normal((6, 3))
    with pytest.raises(BadInput, match=message):
        METRICS[name](x, x, **setting)


def test_a_collapsed_layer_has_no_bandwidth():
    collapsed = np.repeat([[0.0, 1.0], [1.0, 0.0]], [9, 1], axis=0)
    with pytest.raises(BadInput, match="features_b; found half of the samples' pairs at one point"):
        METRICS["rbf_cka"](np.random.default_rng(0).standard_normal((10, 3)), collapsed)
