"""Every measure of representations against something written or made independently of it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import NearestNeighbors

from assay.metrics import (
    aligned_cosine,
    angular_shape,
    cca_r2,
    debiased_distance_correlation,
    debiased_rbf_cka,
    distance_correlation,
    knn_jaccard,
    linear_regression_r2,
    mean_cca,
    mutual_knn,
    procrustes_distance,
    pwcca,
    rbf_cka,
    rsa,
    svcca,
)

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "similarity.json").read_text())
SIZES = [(30, 5, 3), (40, 4, 9), (12, 40, 5), (9, 30, 20)]
ENOUGH = [(30, 5, 3), (40, 4, 9), (60, 7, 7)]  # more samples than columns, for covariances that can be inverted


def pair(n, p, q):
    """Two representations that share something, off the origin, columns of unequal variance."""
    rng = np.random.default_rng(n + p + q)
    x = rng.standard_normal((n, p)) * np.geomspace(1, 5, p)
    y = rng.standard_normal((n, q)) * np.geomspace(3, 1, q) + 2
    y[:, 0] += x[:, 0]
    return x + 1, y


def gram(x, fraction):
    squares = squareform(pdist(x, "sqeuclidean"))
    return np.exp(-squares / (2 * fraction**2 * np.median(squares)))


def u_centred(table):
    """Székely and Rizzo 2014, sum by sum."""
    n = len(table)
    out = np.zeros((n, n))
    total = sum(table[i, j] for i in range(n) for j in range(n) if i != j)
    rows = [sum(table[i, j] for j in range(n) if j != i) for i in range(n)]
    for i in range(n):
        for j in range(n):
            if i != j:
                out[i, j] = table[i, j] - (rows[i] + rows[j]) / (n - 2) + total / ((n - 1) * (n - 2))
    return out


def cosine(a, b):
    return (a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum())


@pytest.mark.parametrize("fraction", [0.2, 0.5, 2])
@pytest.mark.parametrize("n, p, q", SIZES)
def test_gaussian_cka(n, p, q, fraction):
    x, y = pair(n, p, q)
    k, l = gram(x, fraction), gram(y, fraction)
    centring = np.eye(n) - 1 / n
    expected = cosine(centring @ k @ centring, centring @ l @ centring)
    assert rbf_cka(x, y, fraction) == pytest.approx(expected, abs=1e-10)
    assert debiased_rbf_cka(x, y, fraction) == pytest.approx(cosine(u_centred(k), u_centred(l)), abs=1e-8)


@pytest.mark.parametrize("n, p, q", SIZES)
def test_distance_correlations(n, p, q):
    x, y = pair(n, p, q)
    a, b = squareform(pdist(x)), squareform(pdist(y))

    def centred(d):  # Székely, Rizzo, Bakirov 2007, entry by entry
        return np.array([[d[i, j] - d[i].mean() - d[:, j].mean() + d.mean() for j in range(n)] for i in range(n)])

    assert distance_correlation(x, y) == pytest.approx(math.sqrt(cosine(centred(a), centred(b))), abs=1e-10)
    expected = cosine(u_centred(a), u_centred(b))
    assert debiased_distance_correlation(x, y) == pytest.approx(expected, abs=1e-10)


def test_distance_correlation_of_normal_pairs():
    """Closed form for a bivariate normal (Székely et al. 2007, theorem 7), which the U-statistic must reach."""
    rho, rng = 0.6, np.random.default_rng(0)
    x = rng.standard_normal((3000, 1))
    y = rho * x + math.sqrt(1 - rho**2) * rng.standard_normal((3000, 1))
    top = rho * math.asin(rho) + math.sqrt(1 - rho**2) - rho * math.asin(rho / 2) - math.sqrt(4 - rho**2) + 1
    truth = top / (1 + math.pi / 3 - math.sqrt(3))
    assert debiased_distance_correlation(x, y) == pytest.approx(truth, abs=0.03)
    assert distance_correlation(x, y) ** 2 == pytest.approx(truth, abs=0.03)


@pytest.mark.parametrize("n, p, q", SIZES)
def test_rsa(n, p, q):
    x, y = pair(n, p, q)
    assert rsa(x, y) == pytest.approx(spearmanr(pdist(x), pdist(y)).statistic, abs=1e-10)
    expected = spearmanr(pdist(x, "correlation"), pdist(y, "correlation")).statistic
    assert rsa(x, y, "correlation") == pytest.approx(expected, abs=1e-10)


def test_rsa_of_ties_is_that_of_exact_numbers():
    """On a grid distances tie exactly; the same grid turned has the same ties, not an order made by rounding."""
    grid = np.array([[i, j] for i in range(4) for j in range(4)], float)
    other = np.random.default_rng(0).standard_normal((16, 2))
    turned = grid @ [[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]]
    expected = spearmanr(pdist(grid, "sqeuclidean"), pdist(other)).statistic  # squares are whole numbers
    assert rsa(grid, other) == pytest.approx(expected, abs=1e-12)
    assert rsa(turned, other) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n, p, q", [(30, 5, 3), (8, 40, 3), (8, 40, 25)])
def test_angle_and_distance_are_what_the_best_rotation_leaves(n, p, q):
    rng = np.random.default_rng(q)
    x, y = rng.standard_normal((n, p)), rng.standard_normal((n, q))
    padded = np.hstack([y, np.zeros((n, p - q))])
    x, padded = (z - z.mean(0) for z in (x, padded))
    x, padded = x / np.linalg.norm(x), padded / np.linalg.norm(padded)
    rotation, _ = scipy.linalg.orthogonal_procrustes(x, padded)
    assert math.cos(angular_shape(x, y)) == pytest.approx((x @ rotation * padded).sum(), abs=1e-10)
    assert procrustes_distance(x, y) == pytest.approx(np.linalg.norm(x @ rotation - padded), abs=1e-10)


@pytest.mark.parametrize("n, p", [(30, 5), (8, 8)])
def test_procrustes_disparity_of_scipy(n, p):
    x, y = pair(n, p, p)
    *_, disparity = scipy.spatial.procrustes(x, y)  # also scales: 1 - c² where d² = 2 - 2c
    assert 1 - (1 - procrustes_distance(x, y) ** 2 / 2) ** 2 == pytest.approx(disparity, abs=1e-10)


@pytest.mark.parametrize("n, p, q", [(30, 5, 3), (30, 9, 9), (8, 40, 25)])
def test_aligned_cosine(n, p, q):
    x, y = pair(n, p, q)
    y = np.hstack([y, np.zeros((n, p - q))])
    x, y = x - x.mean(0), y - y.mean(0)
    rotation, _ = scipy.linalg.orthogonal_procrustes(x, y)
    expected = np.mean([cosine(a, b) for a, b in zip(x @ rotation, y, strict=True)])
    assert aligned_cosine(x, y) == pytest.approx(expected, abs=1e-9)


def test_aligned_cosine_leaves_out_samples_at_the_mean():
    x = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
    assert aligned_cosine(x, x) == pytest.approx(1)
    assert aligned_cosine([[1], [-1], [0], [0]], [[0], [0], [1], [-1]]) == 0


def canonical(x, y):
    """Correlations and directions by the textbook's eigenvalue problem, not by bases."""
    a, b, c = x.T @ x, y.T @ y, x.T @ y
    squares, weights = scipy.linalg.eigh(c @ np.linalg.solve(b, c.T), a)
    order = np.argsort(squares)[::-1][: min(x.shape[1], y.shape[1])]
    return np.sqrt(squares[order].clip(0, 1)), x @ weights[:, order]


def test_the_twin_gives_the_published_number():
    draws = np.random.RandomState(GOLDEN["seed"])
    x = draws.randn(*GOLDEN["shape"])
    rho, _ = canonical(x, draws.randn(*GOLDEN["shape"]) + x)  # not centred, as published
    assert (rho**2).mean() == pytest.approx(GOLDEN["more"]["cca_r2_uncentred"], abs=1e-5)


@pytest.mark.parametrize("n, p, q", ENOUGH)
def test_canonical_correlations(n, p, q):
    x, y = pair(n, p, q)
    u, v = x - x.mean(0), y - y.mean(0)
    rho, variates = canonical(u, v)
    weights = [sum(abs(h @ column) for column in u.T) for h in variates.T]
    assert mean_cca(x, y) == pytest.approx(rho.mean(), abs=1e-9)
    assert cca_r2(x, y) == pytest.approx((rho**2).mean(), abs=1e-9)
    assert pwcca(x, y) == pytest.approx(np.average(rho, weights=weights), abs=1e-9)


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.99, 1])
@pytest.mark.parametrize("n, p, q", ENOUGH)
def test_svcca(n, p, q, keep):
    x, y = pair(n, p, q)
    share = keep if keep < 1 else None
    rho, _ = canonical(*(PCA(share, svd_solver="full").fit_transform(z) for z in (x, y)))
    assert svcca(x, y, keep) == pytest.approx(rho.mean(), abs=1e-9)


def test_svcca_keeps_a_share_of_the_variance_whatever_the_scale():
    x, y = pair(60, 7, 7)
    assert svcca(1000 * x, y, 0.9) == pytest.approx(svcca(x, y, 0.9))
    assert svcca(x, y, 0.9) != pytest.approx(mean_cca(x, y), abs=0.01)


def test_collinear_columns_add_no_direction():
    x, y = pair(30, 5, 3)
    doubled = np.hstack([x, x[:, :2] + x[:, 1:3], np.ones((30, 1))])
    for measure in (mean_cca, cca_r2):
        assert measure(doubled, y) == pytest.approx(measure(x, y), abs=1e-9)
    assert linear_regression_r2(y, doubled) == pytest.approx(linear_regression_r2(y, x), abs=1e-9)


@pytest.mark.parametrize("n, p, q", SIZES[:3])
def test_linear_regression(n, p, q):
    x, y = pair(n, p, q)
    for target, given in ((x, y), (y, x)):
        left = target - LinearRegression().fit(given, target).predict(given)
        expected = 1 - (left**2).sum() / ((target - target.mean(0)) ** 2).sum()
        assert linear_regression_r2(target, given) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("k", [1, 5, 10, 100])
@pytest.mark.parametrize("n, p, q", SIZES)
def test_neighbours(n, p, q, k):
    x, y = pair(n, p, q)
    most = min(k, n - 1)
    near = [
        NearestNeighbors(n_neighbors=most, metric="cosine").fit(z).kneighbors(return_distance=False) for z in (x, y)
    ]
    sets = [(set(a), set(b)) for a, b in zip(*near, strict=True)]
    assert mutual_knn(x, y, k) == pytest.approx(np.mean([len(a & b) / most for a, b in sets]))
    assert knn_jaccard(x, y, k) == pytest.approx(np.mean([len(a & b) / len(a | b) for a, b in sets]))


def test_neighbours_in_blocks(monkeypatch):
    x, y = pair(40, 4, 9)
    whole = mutual_knn(x, y, 5)
    monkeypatch.setattr("assay.metrics.similarity.neighbours.ROWS", 7)
    assert mutual_knn(x, y, 5) == whole


def test_dead_samples_are_near_to_none():
    x = np.array([[1.0, 0], [2, 0.1], [0, 1], [0.1, 2], [0, 0]])
    assert mutual_knn(x, x, 1) == 1
