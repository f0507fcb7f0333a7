"""Effective rank and participation ratio: in how many directions a representation spreads, whole and inside classes."""

from __future__ import annotations

import numpy as np

from assay.metrics import arrays
from assay.metrics.arrays import NOISE, Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import Classes
from assay.metrics.collapse.pairs import INF, SHIFTED
from assay.metrics.similarity import SHAPE, overlap, reduced

ROY = "Roy, Vetterli 2007 (EUSIPCO)"


@metric(range=(1, INF), unit="dimensions", invariant=SHIFTED, cite=ROY)
def effective_rank(features: Array) -> float:
    """Effective rank of the whole representation: exp of the entropy of its normalised singular values.

    r = exp(-Σ_k p_k log p_k),  p_k = s_k / Σ s,  s: singular values of the centred features

    Singular values, as in the source, not their squares (the eigenvalues of the covariance, which give a smaller
    number). features (n, width), n >= 4. In [1, min(n - 1, width)] dimensions: the number of directions when all are
    used alike. `BadInput` for other shapes, NaN, or the same row for every sample.

    >>> round(effective_rank([[1, 0], [-1, 0], [0, 1], [0, -1]]), 6)
    2.0
    """
    return _rank(arrays.centred(arrays.features(features), "features"))


@metric(range=(1, INF), unit="dimensions", invariant=SHAPE, cite="Gao et al. 2017, bioRxiv 214262")
def participation_ratio(features: Array) -> float:
    """Participation ratio of the whole representation: how many directions share its variance.

    PR = (Σ_k l_k)² / Σ_k l_k²,  l: eigenvalues of the covariance of the features

    At most the effective rank of the eigenvalues, as it weighs large ones more. features (n, width), n >= 4. In [1,
    min(n - 1, width)] dimensions. `BadInput` for other shapes, NaN, or the same row for every sample.

    >>> round(participation_ratio([[2, 0], [-2, 0], [0, 1], [0, -1]]), 6)  # (8 + 2)² / (64 + 4)
    1.470588
    """
    x = arrays.centred(arrays.features(features), "features")
    return max(1.0, 1 / overlap(x, x))  # at unit norm the eigenvalues sum to one


@metric(range=(0, INF), unit="dimensions", invariant=SHIFTED, cite=ROY)
def within_effective_rank(features: Array, labels: Array) -> float:
    """Effective rank of what is left when each sample's class mean is taken off.

    r = exp(-Σ_k p_k log p_k),  p_k = s_k / Σ s,  s: singular values of the rows h_i - mu_c

    Arguments and errors as for `effective_rank`, labels (n,). In [0, min(n - K, width)] dimensions: 0 when every class
    is one point.

    >>> round(within_effective_rank([[1, 0], [-1, 0], [5, 1], [5, -1]], [0, 0, 1, 1]), 6)  # one direction a class
    2.0
    """
    return _rank(_heard(Classes.of(features, labels)))


def class_effective_ranks(features: Array, labels: Array) -> np.ndarray:
    """Effective rank inside each class, (K,), in the order of the sorted labels; 0 for a class that is one point.

    r_c = exp(-Σ_k p_k log p_k),  p_k = s_k / Σ s,  s: singular values of the rows h_i - mu_c of class c

    At most n_c - 1: compare classes of one size, or one class in two models.

    >>> class_effective_ranks([[1, 0], [-1, 0], [5, 1], [5, 1]], [0, 0, 1, 1]).round(6).tolist()
    [1.0, 0.0]
    """
    classes = Classes.of(features, labels)
    spread = _heard(classes)
    return np.array([_rank(spread[classes.which == c]) for c in range(len(classes))])


def _heard(classes: Classes) -> np.ndarray:
    """Deviations from the class means; none where they are rounding in float32, whose rank would be noise."""
    spread = classes.deviations
    return spread if np.abs(spread).max() > NOISE * np.abs(classes.x).max() else np.zeros_like(spread)


def _rank(rows: np.ndarray) -> float:
    s = np.linalg.svd(reduced(rows), compute_uv=False)
    s = s[s > s[0] * NOISE]
    if not len(s):
        return 0.0
    p = s / s.sum()
    return float(np.exp(-(p * np.log(p)).sum()))
