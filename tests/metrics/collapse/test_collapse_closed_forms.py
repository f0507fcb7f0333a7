"""Closed forms on the minimisers of the loss, and what a change of the samples must not change."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput


def simplex(k, start, width):
    """k unit vectors (k, width) of a centred regular simplex in the columns start..start+k."""
    rows = np.zeros((k, width))
    rows[:, start : start + k] = np.sqrt(k / (k - 1)) * (np.eye(k) - 1 / k)
    return rows


def ssem(m, n, x, p=1):
    """Embeddings (m*n*p, m + m*n) of m classes, n instances, p equal views, variance x within classes; labels."""
    width = m + m * n
    means = simplex(m, 0, width)
    rows = [np.sqrt(1 - x) * means[c] + np.sqrt(x) * simplex(n, m + c * n, width) for c in range(m)]
    return np.repeat(np.concatenate(rows), p, axis=0), np.repeat(np.arange(m), n * p)


SETTINGS = [(2, 2, 0.3), (3, 4, 0.163056), (5, 3, 0.5), (10, 8, 0.02), (4, 6, 1e-4)]
TIGHT = {"rel": 1e-9, "abs": 1e-12}


@pytest.mark.parametrize("m, n, x", SETTINGS)
@pytest.mark.parametrize("p", [1, 2])
def test_closed_forms(m, n, x, p):
    u, y = ssem(m, n, x, p)
    assert metrics.within_variance(u, y) == pytest.approx(x, **TIGHT)
    assert metrics.between_variance(u, y) == pytest.approx(1 - x, **TIGHT)
    assert metrics.total_variance(u) == pytest.approx(1, **TIGHT)
    assert metrics.class_variances(u, y) == pytest.approx(x, **TIGHT)
    assert metrics.within_share(u, y) == pytest.approx(x, **TIGHT)
    assert metrics.class_shares(u, y) == pytest.approx(x, **TIGHT)
    assert metrics.variance_quotient(u, y) == pytest.approx(x / (1 - x), **TIGHT)
    assert metrics.cdnv(u, y) == pytest.approx(x * (m - 1) / (2 * m * (1 - x)), **TIGHT)
    for name in ("directional_cdnv", "nc1", "nc2_equinorm", "nc2_equiangular", "etf_distance"):
        assert metrics.METRICS[name](u, y) == pytest.approx(0, abs=1e-7)
    assert metrics.within_effective_rank(u, y) == pytest.approx(m * (n - 1))
    assert metrics.class_effective_ranks(u, y) == pytest.approx(n - 1)
    assert metrics.nc3(u, y, 3 * metrics.collapse.Classes.of(u, y).means) == pytest.approx(0, abs=1e-7)


def test_full_simplex_spreads_in_all_directions():
    m, n = 3, 4
    u, _ = ssem(m, n, m * (n - 1) / (m * n - 1))
    gram = u @ u.T
    assert gram[0, 1:] == pytest.approx(-1 / (m * n - 1))
    assert metrics.effective_rank(u) == pytest.approx(m * n - 1)


def test_exact_collapse():
    u, y = ssem(3, 4, 0.0)
    for name in ("within_variance", "within_share", "variance_quotient", "cdnv", "within_effective_rank"):
        assert metrics.METRICS[name](u, y) == 0
    assert metrics.class_effective_ranks(u, y).tolist() == [0, 0, 0]
    assert metrics.effective_rank(u) == pytest.approx(2)


def test_classes_with_one_mean_are_pure_spread():
    u, y = ssem(3, 4, 1.0)
    assert metrics.within_share(u, y) == 1
    for name in ("variance_quotient", "cdnv", "directional_cdnv", "nc1", "nc2_equinorm", "etf_distance"):
        with pytest.raises(BadInput, match="means of 3 classes lie; found them all at one point"):
            metrics.METRICS[name](u, y)


@pytest.mark.parametrize("x", [0.0, 0.2, 0.8])
def test_imbalance_does_not_bend_the_share(x):
    u, y = ssem(3, 6, x, p=2)
    rare = np.flatnonzero((y > 0) | (np.arange(len(y)) % 2 == 0))  # class 0 keeps one view of each instance
    assert np.bincount(y[rare]).tolist() == [6, 12, 12]
    assert metrics.class_shares(u[rare], y[rare]) == pytest.approx(x, abs=1e-12)


BY_CLASS = [n for n, m in metrics.METRICS.items() if m.__module__.startswith("assay.metrics.collapse")]


def call(name, x, y):
    views = {"views": x.reshape(-1, 2, x.shape[1]), "weights": np.vander(np.arange(1.0, 4), x.shape[1])}
    known = {"features": x, "labels": y, "logits": x[:, :3], **views}
    return metrics.METRICS[name](**{need: known[need] for need in metrics.METRICS[name].card.needs})


@pytest.mark.parametrize("name", BY_CLASS)
def test_order_and_repetition_of_samples_do_not_matter(name):
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((40, 5)) + 2, rng.integers(3, size=40)
    value = call(name, x, y)
    order = rng.permutation(20)[:, None] * 2 + [0, 1]  # pairs stay pairs: they are the views of one image
    assert call(name, x[order.ravel()], y[order.ravel()]) == pytest.approx(value, rel=1e-9)
    twice = np.concatenate([x, x]), np.concatenate([y, y])
    assert call(name, *twice) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("name", [n for n in BY_CLASS if metrics.METRICS[n].card.needs == ("features", "labels")])
def test_names_of_classes_do_not_matter(name):
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((40, 5)), rng.integers(3, size=40)
    assert call(name, x, np.array([7, -1, 30])[y]) == pytest.approx(call(name, x, y), rel=1e-12)
