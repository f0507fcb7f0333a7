"""The warning says when samples are too few; here is that it is so, and that the estimator it names is better."""

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import METRICS, cca_r2, linear_cka, linear_regression_r2, mutual_knn, similarity_warning
from assay.metrics.similarity.common import centred_pair
from assay.metrics.similarity.warning import CCA, CKA, PROCRUSTES, UNBIASED


def unrelated(name, n, p, q, repeats=20, **settings):
    rng = np.random.default_rng(n + p + q)
    draws = [(rng.standard_normal((n, p)), rng.standard_normal((n, q))) for _ in range(repeats)]
    return np.array([METRICS[name](a, b, **settings) for a, b in draws])


def test_only_where_samples_are_few():
    assert similarity_warning(101, 100) is None
    assert "0.50" in similarity_warning(100, 100)
    assert similarity_warning(201, 100, "mean_cca") is None
    assert "1 of 100 canonical correlations" in similarity_warning(200, 100, "mean_cca")
    assert similarity_warning(22, 5, "mutual_knn") is None
    assert "chance alone shares 0.50" in similarity_warning(21, 5, "mutual_knn")
    assert similarity_warning(10, 1000, "debiased_cka") is similarity_warning(10, 1000, "rsa") is None
    with pytest.raises(BadInput, match="did you mean 'linear_cka'"):
        similarity_warning(10, 10, "linear_ckaa")


@pytest.mark.parametrize("measure", [*UNBIASED, *PROCRUSTES, *CCA])
def test_the_wider_side_counts_and_what_is_named_exists(measure):
    said = similarity_warning(50, 10, measure, 60)
    assert said and "50 samples" in said and similarity_warning(50, 60, measure, 10)
    assert similarity_warning(71, 10, measure, 60) is None
    assert any(name in said for name in METRICS if name.startswith("debiased"))


@pytest.mark.parametrize("p, q", [(10, 10), (60, 60), (20, 300)])
def test_chance_level_of_linear_cka_at_unequal_widths(p, q):
    n = 50
    chance = np.sqrt(p * q / ((p + n - 1) * (q + n - 1)))
    assert unrelated("linear_cka", n, p, q).mean() == pytest.approx(chance, abs=0.03)
    if n <= max(p, q):
        assert f"{chance:.2f}" in similarity_warning(n, p, "linear_cka", q)


@pytest.mark.parametrize("measure", sorted(set(UNBIASED) - set(CKA)))
@pytest.mark.parametrize("width", [50, 400])
def test_the_estimator_named_is_about_zero_where_the_plain_one_is_not(measure, width):
    plain = unrelated(measure, 50, width, width)
    other = unrelated(UNBIASED[measure], 50, width, width)
    assert plain.min() > 0.5
    assert abs(other.mean()) < 4 * other.std() / np.sqrt(len(other)) and np.abs(other).max() < 0.2


def test_wide_unrelated_features_can_be_rotated_onto_one_another():
    wide, narrow = (unrelated("procrustes_distance", n, width, width, 5) for n, width in ((20, 400), (400, 20)))
    assert wide.max() < 0.4 < 1 < narrow.min()


@pytest.mark.parametrize("n, p, q", [(20, 9, 10), (20, 12, 10), (20, 10, 10), (20, 15, 4), (20, 30, 5), (20, 30, 40)])
def test_as_many_canonical_correlations_are_one_as_it_says(n, p, q):
    rng = np.random.default_rng(p)
    a, b = centred_pair(rng.standard_normal((n, p)), rng.standard_normal((n, q)))
    bases = [np.linalg.svd(z, full_matrices=False)[0][:, : min(z.shape[1], n - 1)] for z in (a, b)]
    rho = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    said = similarity_warning(n, p, "mean_cca", q)
    ones = int((rho > 1 - 1e-9).sum())
    if ones:
        assert f"{ones} of {len(rho)} canonical correlations are 1" in said
    else:
        assert said is None


def test_chance_levels_of_linear_maps_and_neighbours():
    assert unrelated("linear_regression_r2", 50, 10, 20, 100).mean() == pytest.approx(20 / 49, abs=0.02)
    assert unrelated("cca_r2", 50, 10, 20, 100).mean() == pytest.approx(20 / 49, abs=0.02)
    assert "0.41 of the variance" in similarity_warning(50, 40, "linear_regression_r2", 20)
    for width in (5, 200):
        assert unrelated("mutual_knn", 50, width, width, 50, k=10).mean() == pytest.approx(10 / 49, abs=0.02)


def test_everything_is_one_where_samples_are_no_more_than_columns():
    a, b = np.random.default_rng(0).standard_normal((2, 20, 30))
    assert cca_r2(a, b) == pytest.approx(1) and linear_regression_r2(a, b) == pytest.approx(1)
    assert mutual_knn(a, b, 19) == 1 and linear_cka(a, b) < 0.9
