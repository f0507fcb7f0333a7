import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.neighbors import KernelDensity, NearestNeighbors

from assay.core.errors import BadInput
from assay.metrics import kernel_densities, kernel_density, knn_densities, knn_density


@pytest.mark.parametrize("n, width, fraction", [(20, 3, 0.5), (15, 30, 0.3), (10, 1, 1)])
def test_kernel_density_equals_sklearn_leaving_each_sample_out(n, width, fraction):
    x = np.random.default_rng(n).standard_normal((n, width))
    h = fraction * math.sqrt(np.median(squareform(pdist(x, "sqeuclidean"))))
    expected = []
    for i in range(n):
        rest = KernelDensity(bandwidth=h).fit(np.delete(x, i, 0))
        expected.append(math.exp(rest.score_samples(x[[i]])[0] + width / 2 * math.log(2 * math.pi * h**2)))
    assert kernel_densities(x, fraction) == pytest.approx(np.array(expected))
    assert kernel_density(x, fraction) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("n, width, k", [(30, 4, 10), (12, 20, 3), (8, 1, 100)])
def test_knn_density_equals_its_definition(n, width, k):
    x = np.random.default_rng(n).standard_normal((n, width)) + 5
    x = x - x.mean(0)
    x /= math.sqrt((x**2).sum(1).mean())
    k = min(k, n - 1)
    radius = NearestNeighbors(n_neighbors=k).fit(x).kneighbors()[0][:, -1]
    volume = math.pi ** (width / 2) / math.gamma(width / 2 + 1) * radius**width
    assert knn_densities(7 * x + 1, k) == pytest.approx(np.log(k / ((n - 1) * volume)))


@pytest.mark.parametrize("width", [1, 2, 3])
def test_knn_density_of_a_normal_sample_is_its_negative_entropy(width):
    x = np.random.default_rng(width).standard_normal((1500, width))
    entropy = width / 2 * math.log(2 * math.pi * math.e / width)  # variance 1 / width: root mean square distance 1
    assert knn_density(x, 15) == pytest.approx(-entropy, abs=0.12)


def test_clumps_are_denser():
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.standard_normal((4, 8)), 25, axis=0)
    noise = rng.standard_normal((100, 8))
    for density in (kernel_density, knn_density):
        values = [density(centres + spread * noise) for spread in (0.01, 0.1, 1)]
        assert values == sorted(values, reverse=True) and values[0] > values[-1] + 0.1


def test_a_lonely_sample_is_the_least_dense():
    x = np.random.default_rng(0).standard_normal((40, 3))
    x[7] += 20
    assert kernel_densities(x).argmin() == knn_densities(x).argmin() == 7


def test_coincident_samples():
    assert knn_density(np.repeat(np.eye(3), 12, axis=0)) == math.inf
    assert kernel_density(np.repeat(np.eye(3), 4, axis=0)) == pytest.approx((3 + 8 * math.exp(-2)) / 11)


def test_very_wide_layers_stay_finite():
    assert math.isfinite(knn_density(np.random.default_rng(0).standard_normal((20, 5000))))


@pytest.mark.parametrize(
    "density, setting, message",
    [
        (knn_density, {"k": 0}, "neighbour k = 0"),
        (kernel_density, {"fraction": -1}, "width -1 times the median distance"),
    ],
)
def test_settings_that_mean_nothing_are_refused(density, setting, message):
    with pytest.raises(BadInput, match=message):
        density(np.eye(5), **setting)
    with pytest.raises(BadInput, match="same representation for all 5"):
        density(np.ones((5, 2)))
