import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import class_correlation, sample_correlation, sample_density


def slow_density(x, k):
    n = len(x)
    distances = [[float(np.linalg.norm(a - b)) for b in x] for a in x]
    pairs = [distances[i][j] for i in range(n) for j in range(i)]
    neighbours = [sorted(distances[i][j] for j in range(n) if j != i)[min(k, n - 1) - 1] for i in range(n)]
    return np.mean(pairs) / np.mean(neighbours)


def slow_correlations(x):
    return {(i, j): np.corrcoef(x[i], x[j])[0, 1] for i in range(len(x)) for j in range(i)}


@pytest.mark.parametrize("n, width, k", [(30, 4, 10), (30, 4, 1), (6, 20, 10), (4, 1, 3)])
def test_density_equals_its_definition(n, width, k):
    x = np.random.default_rng(n).standard_normal((n, width))
    assert sample_density(x, k) == pytest.approx(slow_density(x, k))


def test_clumps_are_denser():
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.standard_normal((4, 8)), 25, axis=0)
    noise = rng.standard_normal((100, 8))
    values = [sample_density(centres + spread * noise) for spread in (0.01, 0.1, 1, 10)]
    assert values == sorted(values, reverse=True) and values[0] > 20 * values[-1]


def test_density_of_coincident_samples_is_infinite():
    collapsed = np.repeat(np.eye(3), 12, axis=0)
    assert sample_density(collapsed) == float("inf")
    with pytest.raises(BadInput, match="same representation for all 12"):
        sample_density(np.ones((12, 3)))
    with pytest.raises(BadInput, match="neighbour k = 0"):
        sample_density(collapsed, k=0)


def test_correlations_equal_their_definitions():
    rng = np.random.default_rng(1)
    x, labels = rng.standard_normal((15, 6)) + rng.standard_normal(6), rng.integers(3, size=15)
    pairs = slow_correlations(x)
    within = [r for (i, j), r in pairs.items() if labels[i] == labels[j]]
    between = [r for (i, j), r in pairs.items() if labels[i] != labels[j]]
    assert sample_correlation(x) == pytest.approx(np.mean(list(pairs.values())))
    assert class_correlation(x, labels) == pytest.approx(np.mean(within) - np.mean(between))


def test_a_dead_sample_is_uncorrelated_and_a_dead_layer_refused():
    x = np.array([[1.0, 2, 4], [1, 2, 4], [1, 2, 4], [0, 0, 0]])
    assert sample_correlation(x) == pytest.approx(3 / 6)
    for dead in (np.zeros((5, 3)), np.arange(5.0)[:, None]):
        with pytest.raises(BadInput, match="one value in all columns"):
            sample_correlation(dead)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_class_correlation_needs_pairs_of_both_sorts(labels):
    with pytest.raises(BadInput, match="inside and between classes"):
        class_correlation(np.eye(4), labels)
