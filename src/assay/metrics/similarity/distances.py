"""Do the distances between samples agree? Representational similarity analysis and distance correlation."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy.stats import rankdata

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.similarity.common import (
    NAMES,
    SHAPE,
    centred_pair,
    debiased_ratio,
    double_centred,
    reduced,
    squared_distances,
)

DIGITS = 10  # distances that agree to ten digits of the largest are ties, not an order

Dissimilarity = Literal["euclidean", "correlation"]


@metric(range=(-1, 1), invariant=SHAPE, symmetric=True, cite="Kriegeskorte et al. 2008")
def rsa(features_a: Array, features_b: Array, dissimilarity: Dissimilarity = "euclidean") -> float:
    """Representational similarity analysis: rank correlation of the distances between samples.

    rho = Spearman({d_a(i, j)}, {d_b(i, j)}), over pairs i < j

    d is the Euclidean distance, or for "correlation" 1 - Pearson correlation of the samples' vectors as they are,
    which is not invariant to rotations and translations but to a number added to all columns of a sample (a sample
    whose vector is constant counts as uncorrelated to all). Equal distances share their mean rank. features
    (n, width_a) and (n, width_b), n >= 4; O(n²) memory. In [-1, 1], no unit; about 0 for unrelated features of any
    width. `BadInput` for other shapes, NaN, another dissimilarity, or samples that are all equally far from one
    another.

    >>> round(rsa([[0], [1], [3], [7]], [[0], [2], [3], [7]]), 6)  # ranks 1 3 6 2 5 4, 2 3 6 1 5 4: 1 - 12/210
    0.942857
    """
    if dissimilarity not in ("euclidean", "correlation"):
        raise BadInput(f"asked for the dissimilarity '{dissimilarity}'; found none; use euclidean or correlation")
    a, b = arrays.feature_pair(features_a, features_b)
    ranks = []
    for name, z in zip(NAMES, (a, b), strict=True):
        order = rankdata(_dissimilarities(z, name, dissimilarity))
        order -= order.mean()
        if not order.any():
            raise BadInput(
                f"asked for the order of distances in {name}; "
                "found samples that are all equally far from one another; use linear_cka, or more samples"
            )
        ranks.append(order / np.linalg.norm(order))
    return float(np.clip(ranks[0] @ ranks[1], -1, 1))


@metric(range=(0, 1), invariant=SHAPE, symmetric=True, cite="Székely, Rizzo, Bakirov 2007")
def distance_correlation(features_a: Array, features_b: Array) -> float:
    """Distance correlation, V-statistic: 0 only for independent representations, in the limit of many samples.

    dCor = sqrt(<A, B> / sqrt(<A, A> <B, B>)), A and B the doubly centred matrices of Euclidean distances

    features (n, width_a) and (n, width_b), n >= 4; O(n²) memory. In [0, 1], no unit. Biased upwards, towards 1 for
    unrelated features as the width grows (see `similarity_warning`). Errors as for `linear_cka`.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(distance_correlation(corners, side), 6)  # eigenvalues of A: r, r, 4 - r with r = sqrt(8); of B: 4
    0.823771
    """
    a, b = _centred_distances(features_a, features_b)
    return math.sqrt(np.clip(np.vdot(a, b) / math.sqrt(np.vdot(a, a) * np.vdot(b, b)), 0, 1))


@metric(range=(-1, 1), invariant=SHAPE, symmetric=True, cite="Székely, Rizzo 2014, Annals of Statistics 42")
def debiased_distance_correlation(features_a: Array, features_b: Array) -> float:
    """Bias-corrected squared distance correlation, U-statistic: about 0 for unrelated features of any width.

    R = h(A, B) / sqrt(h(A, A) h(B, B)), h of `debiased_cka`, A and B the matrices of `distance_correlation`

    Equally the inner product of the U-centred distance matrices. It estimates the *square* of the distance
    correlation. In [-1, 1], no unit. Arguments and errors as for `distance_correlation`; also `BadInput` when all
    samples are equally far from one another.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(debiased_distance_correlation(corners, side), 6)  # as debiased_cka: four corners leave no other value
    0.5
    """
    a, b = _centred_distances(features_a, features_b)
    return debiased_ratio(
        float(np.vdot(a, b)),
        (float(np.vdot(a, a)), float(np.vdot(b, b))),
        (np.diag(a), np.diag(b)),
        "bias-corrected distance correlation",
        "distance_correlation",
    )


def _centred_distances(features_a: Array, features_b: Array) -> tuple[np.ndarray, np.ndarray]:
    x, y = centred_pair(features_a, features_b)
    a, b = (double_centred(np.sqrt(squared_distances(reduced(z)))) for z in (x, y))
    return a, b


def _dissimilarities(z: np.ndarray, name: str, dissimilarity: Dissimilarity) -> np.ndarray:
    """One number for each pair i < j, equal up to rounding made equal."""
    spread = arrays.centred(z, name)
    euclidean = dissimilarity == "euclidean"
    table = np.sqrt(squared_distances(reduced(spread))) if euclidean else 1 - _correlations(z)
    pairs = table[np.triu_indices(len(z), 1)]
    return np.round(pairs / max(pairs.max(), np.finfo(float).tiny), DIGITS)


def _correlations(z: np.ndarray) -> np.ndarray:
    rows = z - z.mean(1, keepdims=True)
    largest = np.abs(rows).max(1, keepdims=True)
    alive = largest > arrays.NOISE * np.abs(z).max(1, keepdims=True)
    rows = np.divide(rows, largest, out=np.zeros_like(rows), where=alive)
    rows = np.divide(rows, np.linalg.norm(rows, axis=1, keepdims=True), out=np.zeros_like(rows), where=alive)
    return rows @ rows.T
