import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from assay.metrics import participation_ratio


@given(seed=st.integers(0, 2**32), n=st.integers(4, 20), width=st.integers(1, 30))
def test_equals_the_eigenvalues_of_the_covariance(seed, n, width):
    x = np.random.default_rng(seed).standard_normal((n, width)) * np.geomspace(1, 3, width) + 5
    eigenvalues = PCA().fit(x).explained_variance_
    expected = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    assert participation_ratio(x) == pytest.approx(expected)
    assert 1 <= participation_ratio(x) <= min(n - 1, width) * (1 + 1e-12)


@pytest.mark.parametrize("used", [1, 3, 6])
def test_counts_directions_that_are_used_alike(used):
    cross = np.vstack([np.eye(6)[:used], -np.eye(6)[:used]] * 2)
    assert participation_ratio(cross) == pytest.approx(used)
