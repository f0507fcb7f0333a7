"""Variance of two classes against the distance between them: the quotient, CDNV and its directional form."""

from __future__ import annotations

import numpy as np

from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import ROUNDING, Classes

SHIFTED = ("orthogonal", "permutation", "scale", "translation")
INF = float("inf")


@metric(range=(0, INF), unit="ratio", invariant=SHIFTED, cite="Tirer, Huang, Niles-Weed 2023 (ICML)")
def variance_quotient(features: Array, labels: Array, normalise: bool = False) -> float:
    """Trace of the covariance within classes over the trace of that between class means.

    q = tr Sigma_W / tr Sigma_B,  Sigma_W = mean_i (h_i - mu_c)(h_i - mu_c)',  Sigma_B = mean_c (mu_c - m)(mu_c - m)'

    m is the mean of the class means. features (n, width), n >= 4, as they are unless ``normalise`` puts them on the
    unit sphere; labels (n,), two classes or more. In [0, inf], no unit; x/(1-x) on SSEM embeddings. Unlike `nc1` it
    sees spread that is orthogonal to the class means. `BadInput` for other shapes, NaN, one class, or class means
    that all coincide.

    >>> variance_quotient([[1], [3], [-1], [-3]], [0, 0, 1, 1])  # 1 / 4
    0.25
    """
    classes = Classes.of(features, labels, normalise, fewest=2)
    classes.separate()
    return float(classes.within @ classes.sizes) / len(classes.x) / classes.between


@metric(range=(0, INF), unit="ratio", invariant=SHIFTED, cite="Galanti, György, Hutter 2022 (ICLR)")
def cdnv(features: Array, labels: Array, normalise: bool = False) -> float:
    """Class-distance normalised variance: how wide two classes are for the distance between them, mean over pairs.

    V = mean_{c<c'} (Var_c + Var_c') / (2 |mu_c - mu_c'|²),  Var_c = mean_{y_i = c} |h_i - mu_c|²

    Arguments and errors as for `variance_quotient`. In [0, inf], no unit: 0 when each class is one point, inf when
    two means coincide; x(m-1)/(2m(1-x)) on SSEM embeddings of m classes.

    >>> cdnv([[1], [3], [-1], [-3]], [0, 0, 1, 1])  # (1 + 1) / (2 * 16)
    0.0625
    """
    return _mean(cdnv_matrix(features, labels, normalise))


def cdnv_matrix(features: Array, labels: Array, normalise: bool = False) -> np.ndarray:
    """CDNV of every pair of classes, (K, K), symmetric, NaN on the diagonal, classes in the order of sorted labels.

    V_cc' = (Var_c + Var_c') / (2 |mu_c - mu_c'|²)

    >>> cdnv_matrix([[1], [3], [-1], [-3]], [0, 0, 1, 1]).tolist()
    [[nan, 0.0625], [0.0625, nan]]
    """
    classes = _separated(features, labels, normalise)
    return _ratio(np.add.outer(classes.within, classes.within), _distances(classes))


@metric(range=(0, INF), unit="ratio", invariant=SHIFTED, cite="Directional CDNV (2026); known by its summary only")
def directional_cdnv(features: Array, labels: Array, normalise: bool = False) -> float:
    """CDNV that counts variance along the line between the two class means only.

    V = mean_{c<c'} (s_cc' + s_c'c) / (2 |mu_c - mu_c'|²),  s_cc' = mean_{y_i = c} <h_i - mu_c, e_cc'>²

    e_cc' is the unit vector from mu_c to mu_c'. Arguments, range and errors as for `cdnv`, which is never smaller. 0 on
    SSEM embeddings whatever x: their spread is orthogonal to the class means.

    >>> directional_cdnv([[2, 1], [2, -1], [-1, 0], [-3, 0]], [0, 0, 1, 1])  # class 1 only: 1 / (2 * 16)
    0.03125
    """
    return _mean(directional_cdnv_matrix(features, labels, normalise))


def directional_cdnv_matrix(features: Array, labels: Array, normalise: bool = False) -> np.ndarray:
    """Directional CDNV of every pair of classes, (K, K), as `cdnv_matrix`.

    V_cc' = (s_cc' + s_c'c) / (2 |mu_c - mu_c'|²)

    >>> directional_cdnv_matrix([[2, 1], [2, -1], [-1, 0], [-3, 0]], [0, 0, 1, 1])[0].tolist()
    [nan, 0.03125]
    """
    classes = _separated(features, labels, normalise)
    distances = _distances(classes)
    seen = classes.deviations @ classes.means.T  # <h - mu_c, mu_c'> for every c'
    own = np.take_along_axis(seen, classes.which[:, None], 1)
    along = classes.averages((seen - own) ** 2)  # times |mu_c - mu_c'|², the length of the difference
    along = np.divide(along, distances, out=np.zeros_like(along), where=distances > 0)
    return _ratio(along + along.T, distances)


def _separated(features: Array, labels: Array, normalise: bool) -> Classes:
    classes = Classes.of(features, labels, normalise, fewest=2)
    classes.separate()
    return classes


def _distances(classes: Classes) -> np.ndarray:
    """|mu_c - mu_c'|², (K, K), by differences: collapsed classes lie far closer together than to the origin."""
    distances = np.stack([((classes.centred_means - mean) ** 2).sum(1) for mean in classes.centred_means])
    distances[distances <= ROUNDING**2 * np.abs(classes.x).max() ** 2] = 0
    return distances


def _ratio(sums: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Sums over twice the distances; infinite where two means are one point."""
    table = np.full_like(distances, INF)
    np.divide(sums, 2 * distances, out=table, where=distances > 0)
    np.fill_diagonal(table, np.nan)
    return table


def _mean(table: np.ndarray) -> float:
    return float(table[np.triu_indices(len(table), 1)].mean())
