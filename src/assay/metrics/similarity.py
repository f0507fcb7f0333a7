"""How alike two representations of the same samples are, and how far apart.

X and Y are the two representations with centred columns; K = XX' and L = YY' are their Gram matrices (n, n).
The widths may differ. Each term is computed from Gram matrices or from X'Y, whichever is the smaller matrix.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import Array, centred, feature_pair
from assay.metrics.card import metric

SHAPE = ("orthogonal", "permutation", "scale", "translation")
FLAT = 1e-12  # relative size below which a debiased self-similarity is rounding


@metric(range=(0, 1), invariant=SHAPE, symmetric=True, cite="Kornblith et al. 2019, arXiv:1905.00414")
def linear_cka(features_a: Array, features_b: Array) -> float:
    """Linear centred kernel alignment: 1 when one representation is a rotation and scaling of the other.

    CKA = ||X'Y||² / (||X'X|| ||Y'Y||)

    Frobenius norms; features (n, width_a) and (n, width_b), n >= 4. In [0, 1], no unit. It is biased
    upwards when n is not much larger than the width (see `similarity_warning`). `BadInput` for other
    shapes, NaN, or a representation that is the same for every sample.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(linear_cka(corners, side), 6)  # 16 / (sqrt(32) * 4)
    0.707107
    """
    a, b = feature_pair(features_a, features_b)
    x, y = centred(a, "features_a"), centred(b, "features_b")
    return float(min(1.0, overlap(x, y) / math.sqrt(overlap(x, x) * overlap(y, y))))


@metric(range=(-1, 1), invariant=SHAPE, symmetric=True, cite="Song et al. 2012, eq. 5; Szekely and Rizzo 2014")
def debiased_cka(features_a: Array, features_b: Array) -> float:
    """Linear CKA from unbiased HSIC: about 0 for unrelated representations however wide they are.

    CKA = h(X, Y) / sqrt(h(X, X) h(Y, Y)), h(X, Y) = <K, L> - n/(n-2) Σ K_ii L_ii + tr K tr L / ((n-1)(n-2))

    h is n(n-3) times the unbiased estimate of HSIC, written for centred columns; equally the inner product
    of the U-centred Gram matrices. In [-1, 1], no unit; each h is unbiased, their ratio nearly so.
    Arguments and errors as for `linear_cka`; also `BadInput` when all samples are equally far from one
    another, where it is 0/0.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(debiased_cka(corners, side), 6)  # (16/3) / sqrt(32/3 * 32/3)
    0.5
    """
    a, b = feature_pair(features_a, features_b)
    x, y = centred(a, "features_a"), centred(b, "features_b")
    own = [debias(overlap(z, z), squares(z), squares(z)) for z in (x, y)]
    for name, z, value in zip(("features_a", "features_b"), (x, y), own, strict=True):
        if value <= FLAT * overlap(z, z):
            raise BadInput(
                f"asked for the debiased CKA of {name}; "
                "found samples that are all equally far from one another; use linear_cka, or more samples"
            )
    shared = debias(overlap(x, y), squares(x), squares(y))
    return float(np.clip(shared / math.sqrt(own[0] * own[1]), -1, 1))


@metric(
    range=(0, math.sqrt(2)),
    invariant=SHAPE,
    symmetric=True,
    triangle=True,
    cite="Frobenius distance of normalised Gram matrices; CKA: Kornblith et al. 2019",
)
def cka_distance(features_a: Array, features_b: Array) -> float:
    """Distance that belongs to linear CKA; it is Euclidean, so ordination has no negative axes.

    d = sqrt(2 - 2 CKA) = || K/||K|| - L/||L|| ||

    Being the distance between two points of a Euclidean space it is a metric, which 1 - CKA is not. In
    [0, sqrt(2)], no unit. Arguments and errors as for `linear_cka`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(cka_distance(corners, side), 6)  # sqrt(2 - 2 * 0.707107)
    0.765367
    """
    return math.sqrt(2 - 2 * linear_cka(features_a, features_b))


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
    [0, pi/2] radians. Arguments and errors as for `linear_cka`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(angular_shape(corners, side), 6)  # arccos(4 / (sqrt(8) * 2)) = pi/4
    0.785398
    """
    a, b = feature_pair(features_a, features_b)
    x, y = reduced(centred(a, "features_a")), reduced(centred(b, "features_b"))
    return float(np.arccos(min(1.0, np.linalg.svd(x.T @ y, compute_uv=False).sum())))


def similarity_warning(n: int, width: int) -> str | None:
    """The sentence to show beside a similarity from too few samples; None with more samples than columns.

    Unrelated Gaussian features have a linear CKA of about width / (width + n - 1).

    >>> similarity_warning(100, 10)
    >>> print(similarity_warning(100, 900))
    100 samples for 900 columns: unrelated features have a CKA near 0.90; use debiased_cka or more samples.
    """
    if n > width:
        return None
    chance = width / (width + n - 1)
    return (
        f"{n} samples for {width} columns: unrelated features have a CKA near {chance:.2f}; "
        "use debiased_cka or more samples."
    )


def overlap(x: np.ndarray, y: np.ndarray) -> float:
    """<XX', YY'> = ||X'Y||² by the smaller matrices."""
    if x.shape[1] * y.shape[1] <= len(x) ** 2:
        cross = x.T @ y
        return float(np.vdot(cross, cross))
    return float(np.vdot(x @ x.T, y @ y.T))


def squares(x: np.ndarray) -> np.ndarray:
    """Squared length of every sample: the diagonal of the Gram matrix."""
    return np.einsum("ij,ij->i", x, x)


def debias(inner: float | np.ndarray, k: np.ndarray, l: np.ndarray) -> Any:
    """n(n-3) times the unbiased HSIC from <K, L> and the diagonals of K and L (of stacks: all pairs).

    With centred columns a row of K without its diagonal sums to -K_ii, which turns Song's three sums into
    these.
    """
    n = k.shape[-1]
    traces = np.multiply.outer(k.sum(-1), l.sum(-1))
    return inner - n / (n - 2) * (k @ l.T) + traces / ((n - 1) * (n - 2))


def reduced(x: np.ndarray) -> np.ndarray:
    """A matrix no wider than n with the same Gram matrix: exact, a rotation of the columns' space."""
    return x if x.shape[1] <= len(x) else np.asarray(np.linalg.qr(x.T, mode="r")).T
