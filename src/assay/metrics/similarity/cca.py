"""Canonical correlations and regression: what a linear map of one representation says about the other.

Q_a and Q_b are orthonormal bases (n, rank) of the centred columns, without directions that are rounding in float32;
the canonical correlations rho are the singular values of Q_a' Q_b. All of these need many more samples than columns:
where n <= width_a + width_b, width_a + width_b - n + 1 correlations are 1 whatever the features (`similarity_warning`).
"""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import NOISE, Array
from assay.metrics.card import metric
from assay.metrics.similarity.common import SHAPE, centred_pair, reduced

LINEAR = (*SHAPE, "invertible")


@metric(range=(0, 1), invariant=LINEAR, symmetric=True, cite="Hotelling 1936; Kornblith et al. 2019, arXiv:1905.00414")
def mean_cca(features_a: Array, features_b: Array) -> float:
    """Mean canonical correlation between two representations.

    rho = (1/m) Σ_i rho_i, m = min(rank_a, rank_b)

    features (n, width_a) and (n, width_b), n >= 4. In [0, 1], no unit; blind to how much of the variance a direction
    carries. `BadInput` for other shapes, NaN, or a representation that is the same for every sample.

    >>> round(mean_cca([[1], [1], [-1], [-1]], [[2], [1], [-1], [-2]]), 6)  # 6 / sqrt(4 * 10)
    0.948683
    """
    return float(_correlations(*_bases(features_a, features_b)).mean())


@metric(range=(0, 1), invariant=LINEAR, symmetric=True, cite="Kornblith et al. 2019, arXiv:1905.00414")
def cca_r2(features_a: Array, features_b: Array) -> float:
    """Mean squared canonical correlation between two representations.

    R² = (1/m) Σ_i rho_i², m = min(rank_a, rank_b)

    In [0, 1], no unit; max(rank_a, rank_b) / (n - 1) for unrelated features. Arguments and errors as for `mean_cca`.

    >>> round(cca_r2([[1], [1], [-1], [-1]], [[2], [1], [-1], [-2]]), 6)  # 36 / 40
    0.9
    """
    return float((_correlations(*_bases(features_a, features_b)) ** 2).mean())


@metric(range=(0, 1), invariant=SHAPE, symmetric=True, cite="Raghu et al. 2017, arXiv:1706.05806")
def svcca(features_a: Array, features_b: Array, keep: float = 0.99) -> float:
    """Mean canonical correlation of the directions that hold most of the variance of each representation.

    rho = (1/m) Σ_i rho_i, of the fewest principal directions with Σ s_k² >= keep Σ s² on each side, m the smaller count

    s are singular values of the centred features, ``keep`` the share of the *variance* (squares) that is kept, in
    (0, 1]. In [0, 1], no unit. Arguments and errors as for `mean_cca`; also `BadInput` for another keep.

    >>> tall, wide = [[1], [-1], [1], [-1]], [[10, 1], [10, -1], [-10, 1], [-10, -1]]
    >>> [round(svcca(tall, wide, keep), 6) for keep in (0.99, 1)]  # without and with the column that holds 1/101
    [0.0, 1.0]
    """
    if not 0 < keep <= 1:
        raise BadInput(f"asked to keep a share of {keep} of the variance; found no such share; give one in (0, 1]")
    return float(_correlations(*_bases(features_a, features_b, keep)).mean())


@metric(
    range=(0, 1),
    invariant=("permutation", "scale", "translation"),
    symmetric=False,
    cite="Morcos et al. 2018, arXiv:1806.05759",
)
def pwcca(features_a: Array, features_b: Array) -> float:
    """Canonical correlations weighted by how much the first representation's columns use each direction.

    rho = Σ_i w_i rho_i, w_i = Σ_j |<h_i, x_j>| / Σ_ij |<h_i, x_j>|

    h_i are the m = min(rank_a, rank_b) canonical directions of features_a at unit length, x_j its centred columns.
    Not symmetric: the weights are those of features_a; they depend on its columns, so a rotation of features_a counts,
    while any invertible map of features_b does not. Where n <= rank_a + rank_b several rho_i may be 1: their
    directions are any of a subspace, and the value is not determined; take more samples. In [0, 1], no unit. Arguments
    and errors as for `mean_cca`.

    >>> a, b = [[2, 1], [2, -1], [-2, 1], [-2, -1]], [[1, 2], [1, -2], [-1, 0], [-1, 0]]  # rho = 1, sqrt(1/2)
    >>> round(pwcca(a, b), 6), round(pwcca(b, a), 6)  # weights 2:1 and 1:sqrt(2)
    (0.902369, 0.828427)
    """
    x, y = centred_pair(features_a, features_b)
    basis = _basis(x)
    u, rho, _ = np.linalg.svd(basis.T @ _basis(y), full_matrices=False)
    weights = np.abs((basis @ u).T @ x).sum(1)
    return float(np.clip(weights @ rho / weights.sum(), 0, 1))


@metric(range=(0, 1), invariant=SHAPE, symmetric=False, cite="Kornblith et al. 2019, arXiv:1905.00414")
def linear_regression_r2(features_a: Array, features_b: Array) -> float:
    """Share of the variance of features_a that a linear map of features_b explains.

    R² = ||Q_b' X||² / ||X||², X the centred features_a

    Least squares with an intercept, all columns together, in sample. Not symmetric; invariant to any invertible map of
    features_b. In [0, 1], no unit; rank_b / (n - 1) for unrelated features. Arguments and errors as for `mean_cca`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(linear_regression_r2(corners, side), 6), round(linear_regression_r2(side, corners), 6)
    (0.5, 1.0)
    """
    x, y = centred_pair(features_a, features_b)
    explained = _basis(y).T @ reduced(x)
    return min(1.0, float(np.vdot(explained, explained)))


def _correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.minimum(np.linalg.svd(a.T @ b, compute_uv=False), 1)


def _bases(features_a: Array, features_b: Array, keep: float = 1) -> tuple[np.ndarray, np.ndarray]:
    x, y = centred_pair(features_a, features_b)
    return _basis(x, keep), _basis(y, keep)


def _basis(x: np.ndarray, keep: float = 1) -> np.ndarray:
    """Orthonormal (n, rank): the first principal directions that hold ``keep`` of the variance, none that is noise."""
    u, s, _ = np.linalg.svd(reduced(x), full_matrices=False)
    rank = int((s > NOISE * s[0]).sum())
    if keep < 1:
        held = np.cumsum(s**2) / (s @ s)
        rank = min(rank, int(np.searchsorted(held, keep)) + 1)
    return u[:, :rank]
