"""What is left between two representations after the best rotation: an angle, a distance, a cosine a sample.

X and Y are centred at unit Frobenius norm. One number says it all for the two distances, the sum of singular values
c = ||X'Y||_*: `angular_shape` is arccos c and `procrustes_distance` is 2 sin(angle / 2) = sqrt(2 - 2c), so both put
pairs in one order.
"""

from __future__ import annotations

import math

import numpy as np

from assay.metrics.arrays import NOISE, Array
from assay.metrics.card import metric
from assay.metrics.similarity.common import SHAPE, centred_pair, reduced


@metric(
    range=(0, math.pi / 2),
    unit="radians",
    invariant=SHAPE,
    symmetric=True,
    triangle=True,
    cite="Williams et al. 2021, Generalized shape metrics on neural representations",
)
def angular_shape(features_a: Array, features_b: Array) -> float:
    """Angle left between two representations after the best rotation of one onto the other.

    angle = arccos ||X'Y||_*, where X and Y have unit Frobenius norm

    ||.||_* is the sum of singular values (Procrustes). The narrower side counts as padded with zeros. In
    [0, pi/2] radians; 2 arcsin(d / 2) of the `procrustes_distance` d. Arguments and errors as for `linear_cka`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(angular_shape(corners, side), 6)  # arccos(4 / (sqrt(8) * 2)) = pi/4
    0.785398
    """
    return float(np.arccos(_nuclear(features_a, features_b)))


@metric(
    range=(0, math.sqrt(2)),
    invariant=SHAPE,
    symmetric=True,
    triangle=True,
    cite="Schönemann 1966; Ding et al. 2021, arXiv:2108.01661",
)
def procrustes_distance(features_a: Array, features_b: Array) -> float:
    """Orthogonal Procrustes distance: what is left between two representations after the best rotation.

    d = min_Q ||X Q - Y|| = sqrt(2 - 2 ||X'Y||_*), where X and Y have unit Frobenius norm

    Q is orthogonal; the narrower side counts as padded with zeros. In [0, sqrt(2)], no unit; a metric, but not a
    Euclidean one. It is d, not d² as some code gives, and 2 sin(angle / 2) of the angle of `angular_shape`. Unrelated
    features come near one another when n is not much larger than the width (see `similarity_warning`). Arguments and
    errors as for `linear_cka`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(procrustes_distance(corners, side), 6)  # sqrt(2 - 2 cos(pi/4))
    0.765367
    """
    return math.sqrt(2 - 2 * _nuclear(features_a, features_b))


@metric(range=(-1, 1), invariant=SHAPE, symmetric=True, cite="Hamilton et al. 2016, arXiv:1605.09096; ReSi 2025")
def aligned_cosine(features_a: Array, features_b: Array) -> float:
    """Mean cosine between the two vectors of a sample after the best rotation of one representation onto the other.

    s = mean_i cos(x_i Q, y_i), Q = argmin ||X Q - Y|| over orthogonal maps

    Unlike Procrustes each sample counts alike, near or far from the mean. A sample at the mean of either side has no
    direction and is left out; 0 if none is left. The narrower side counts as padded with zeros. In [-1, 1], no unit.
    Arguments and errors as for `linear_cka`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(aligned_cosine(corners, side), 6)  # cos 45° for every corner
    0.707107
    """
    x, y = (reduced(z) for z in centred_pair(features_a, features_b))
    u, _, vt = np.linalg.svd(x.T @ y, full_matrices=False)
    inner = np.einsum("ij,ij->i", x @ u, y @ vt.T)
    a, b = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
    known = (a > NOISE * a.max()) & (b > NOISE * b.max())
    return float(np.clip(inner[known] / (a * b)[known], -1, 1).mean()) if known.any() else 0.0


def _nuclear(features_a: Array, features_b: Array) -> float:
    """||X'Y||_*, at most 1."""
    x, y = (reduced(z) for z in centred_pair(features_a, features_b))
    return min(1.0, float(np.linalg.svd(x.T @ y, compute_uv=False).sum()))
