"""Samples in the plane: the two directions in which they differ most, and t-SNE, which keeps neighbours together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.rng import seed_of
from assay.metrics import is_constant

PERPLEXITY = 30  # about how many neighbours t-SNE keeps near
FEWEST = 8  # samples below which there is no t-SNE
BEFORE = 30  # principal directions that t-SNE is given


@dataclass(frozen=True, eq=False)
class Plane:
    """Points (n, 2), and the share of all variance that each axis shows (nothing for t-SNE)."""

    points: np.ndarray
    shares: tuple[float, float] = (float("nan"), float("nan"))


def pca(features: np.ndarray, fitted_to: int | None = None) -> Plane:
    """Principal components of the first ``fitted_to`` rows (all), and all rows in the plane of the first two.

    The singular value decomposition of the centred rows, X = U S V': points X V, shares S^2 / sum S^2. The farthest
    fitted point is on the positive side of each axis, so that a map is the same with any linear algebra library. A
    layer that is the same for all rows gives zeros.

    >>> plane = pca(np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [2.0, -1.0]]))
    >>> plane.points.round(6).tolist(), [round(share, 6) for share in plane.shares]  # variances 8 : 2
    ([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [0.8, 0.2])
    """
    x = features.astype(np.float64)
    base = x[:fitted_to]
    x = x - base.mean(0)
    if is_constant(base):
        return Plane(np.zeros((len(x), 2)), (0.0, 0.0))
    _, sizes, axes = np.linalg.svd(base - base.mean(0), full_matrices=False)
    axes = np.pad(axes, ((0, max(0, 2 - len(axes))), (0, 0)))[:2]
    points = x @ axes.T
    far = np.abs(points[:fitted_to].round(9)).argmax(0)
    points = points * np.where(points[far, [0, 1]] < 0, -1.0, 1.0) + 0.0
    shares = np.pad(sizes**2 / (sizes**2).sum(), (0, 2))
    return Plane(points, (float(shares[0]), float(shares[1])))


def tsne(features: np.ndarray, seed: int = 0) -> Plane | None:
    """t-SNE (van der Maaten and Hinton 2008) of the first 30 principal components, begun at the first two, seeded.

    None for fewer than 8 rows and for a layer that is the same for all of them. Distances between far groups, sizes of
    groups and the axes mean nothing: who is whose neighbour does.
    """
    n = len(features)
    if n < FEWEST or is_constant(features):
        return None
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    x = features.astype(np.float64)
    x = PCA(min(BEFORE, n, x.shape[1]), svd_solver="full").fit_transform(x)
    x = np.pad(x, ((0, 0), (0, max(0, 2 - x.shape[1])))) / (x[:, 0].std() or 1.0)
    near = min(PERPLEXITY, (n - 1) / 3)
    state = seed_of(seed, "tsne") % 2**32
    start = 1e-4 * x[:, :2]
    return Plane(TSNE(2, perplexity=near, init=start, random_state=state).fit_transform(x).astype(np.float64))
