"""Linear centred kernel alignment: plain, without its bias, and as a distance.

X and Y are the two representations with centred columns; K = XX' and L = YY' are their Gram matrices (n, n).
The widths may differ. Each term is computed from Gram matrices or from X'Y, whichever is the smaller matrix.
"""

from __future__ import annotations

import math

from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.similarity.common import SHAPE, centred_pair, debiased_ratio, overlap, squares


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
    x, y = centred_pair(features_a, features_b)
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
    x, y = centred_pair(features_a, features_b)
    own, diagonals = (overlap(x, x), overlap(y, y)), (squares(x), squares(y))
    return debiased_ratio(overlap(x, y), own, diagonals, "debiased CKA", "linear_cka")


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
