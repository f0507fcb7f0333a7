import math

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import cka_distance, debiased_cka, is_constant, linear_cka


def song_cka(x, y):
    """Song et al. 2012, eq. 5, sum by sum."""

    def hsic(k, l):
        n = len(k)
        pairs = sum(k[i][j] * l[i][j] for i in range(n) for j in range(n) if i != j)
        sum_k = sum(k[i][j] for i in range(n) for j in range(n) if i != j)
        sum_l = sum(l[i][j] for i in range(n) for j in range(n) if i != j)
        chain = sum(k[i][j] * l[j][q] for i in range(n) for j in range(n) for q in range(n) if i != j and j != q)
        return (pairs + sum_k * sum_l / ((n - 1) * (n - 2)) - 2 / (n - 2) * chain) / (n * (n - 3))

    k, l = (x @ x.T).tolist(), (y @ y.T).tolist()
    return hsic(k, l) / math.sqrt(hsic(k, k) * hsic(l, l))


def u_centred_cka(x, y):
    """Szekely and Rizzo 2014: inner product of U-centred Gram matrices."""

    def centre(gram):
        n = len(gram)
        gram = gram - np.diag(np.diag(gram))
        means = gram.sum(0) / (n - 2) - gram.sum() / (2 * (n - 1) * (n - 2))
        gram = gram - means - means[:, None]
        return gram - np.diag(np.diag(gram))

    k, l = centre(x @ x.T), centre(y @ y.T)
    return (k * l).sum() / np.sqrt((k * k).sum() * (l * l).sum())


@pytest.mark.parametrize("n, p, q", [(4, 2, 3), (9, 3, 2), (12, 40, 5), (7, 30, 20)])
def test_debiased_cka_equals_its_literal_forms(n, p, q):
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, p)), rng.standard_normal((n, q)) + 3
    assert debiased_cka(x, y) == pytest.approx(song_cka(x, y), abs=1e-10)
    assert debiased_cka(x, y) == pytest.approx(u_centred_cka(x, y), abs=1e-10)


@pytest.mark.parametrize("n, p, q", [(30, 4, 6), (30, 4, 200), (10, 50, 60)])
def test_linear_cka_equals_centred_gram_matrices(n, p, q):
    rng = np.random.default_rng(p)
    x, y = rng.standard_normal((n, p)), rng.standard_normal((n, q))
    centring = np.eye(n) - 1 / n
    k, l = (centring @ z @ z.T @ centring for z in (x, y))
    k, l = k / np.linalg.norm(k), l / np.linalg.norm(l)
    assert linear_cka(x, y) == pytest.approx((k * l).sum(), abs=1e-12)
    assert cka_distance(x, y) == pytest.approx(np.linalg.norm(k - l), abs=1e-7)


@pytest.mark.parametrize("n", [32, 100])
@pytest.mark.parametrize("width", [5, 1000])
def test_debiased_cka_of_unrelated_features_is_zero_on_average(n, width):
    rng = np.random.default_rng(n + width)
    repeats = 100 if width < 100 else 20
    values = [debiased_cka(*rng.standard_normal((2, n, width))) for _ in range(repeats)]
    assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(repeats)
    assert np.abs(values).max() < 0.35


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_very_small_and_very_large_numbers(factor):
    x, y = np.random.default_rng(0).standard_normal((2, 30, 5))
    assert linear_cka(x * factor, y) == pytest.approx(linear_cka(x, y), abs=1e-12)


def test_a_dead_layer_is_refused_and_recognised():
    x = np.random.default_rng(0).standard_normal((10, 3))
    dead = np.full((10, 4), 0.1) * (1 + 1e-8 * x[:, :1])
    assert is_constant(dead) and is_constant(np.zeros((10, 4))) and not is_constant(x)
    for measure in (linear_cka, debiased_cka, cka_distance):
        with pytest.raises(BadInput, match="features_b; found the same representation for all 10 samples"):
            measure(x, dead)


def test_debiased_cka_of_equidistant_samples_is_refused():
    x = np.random.default_rng(0).standard_normal((6, 3))
    with pytest.raises(BadInput, match="features_a; found samples that are all equally far"):
        debiased_cka(np.eye(6), x)
