"""Variance within classes, between classes and in all: on the unit sphere they add up to at most one."""

from __future__ import annotations

import numpy as np

from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import Classes, on_sphere

SPHERE = ("orthogonal", "permutation", "scale")
CITE = "Law of total variance; as the measure of collapse: Lee et al. 2025 (AISTATS)"


@metric(range=(0, 1), unit="variance", invariant=SPHERE, cite=CITE)
def within_variance(features: Array, labels: Array, normalise: bool = True) -> float:
    """Mean squared distance of a sample to the mean of its class: 0 when every class is one point.

    W = Σ_c (n_c/n) W_c,  W_c = mean_{y_i = c} |u_i - mu_c|²

    features (n, width), n >= 4, each sample first put on the unit sphere unless ``normalise`` is False; labels
    (n,), any numbers. Classes are weighted by their share of the samples; `class_variances` gives each. Divides
    by n_c, not n_c - 1, so a class with one sample has 0. In [0, 1] on the sphere, in squared units of the
    features and without upper end otherwise. x on SSEM embeddings. `BadInput` for other shapes, NaN, or features
    that are all zero.

    >>> within_variance([[1, 0], [0, 1], [-1, 0], [-1, 0]], [0, 0, 1, 1])  # class 0: 1/2, class 1: 0
    0.25
    """
    classes = Classes.of(features, labels, normalise)
    return _capped(float(classes.within @ classes.sizes) / len(classes.x), normalise)


@metric(range=(0, 1), unit="variance", invariant=SPHERE, cite=CITE)
def between_variance(features: Array, labels: Array, normalise: bool = True) -> float:
    """Mean squared distance of the class means to the grand mean: 0 when classes share one mean.

    B = Σ_c (n_c/n) |mu_c - mu|² = T - W

    Arguments, units and errors as for `within_variance`; 1 - x on SSEM embeddings.

    >>> between_variance([[1, 0], [1, 0], [-1, 0], [-1, 0]], [0, 0, 1, 1])
    1.0
    """
    classes = Classes.of(features, labels, normalise)
    spread = classes.means - classes.x.mean(0)
    return _capped(float(classes.sizes @ (spread**2).sum(1)) / len(classes.x), normalise)


@metric(range=(0, 1), unit="variance", invariant=SPHERE, cite=CITE)
def total_variance(features: Array, normalise: bool = True) -> float:
    """Mean squared distance of a sample to the mean of all.

    T = mean_i |u_i - mu|²; on the unit sphere T = 1 - |mu|²

    Arguments, units and errors as for `within_variance`; 1 on SSEM embeddings, the largest possible value.

    >>> total_variance([[1, 0], [1, 0], [0, 2], [0, 2]])  # the mean of the directions is (1/2, 1/2)
    0.5
    """
    x = arrays.features(features)
    x = on_sphere(x) if normalise else x
    return _capped(float(((x - x.mean(0)) ** 2).sum()) / len(x), normalise)


def class_variances(features: Array, labels: Array, normalise: bool = True) -> np.ndarray:
    """W_c of each class, (K,), in the order of the sorted labels; a rare class is not averaged away.

    W_c = mean_{y_i = c} |u_i - mu_c|²

    Arguments, units and errors as for `within_variance`, whose parts these are; a class with one sample has 0.

    >>> class_variances([[1, 0], [0, 1], [-1, 0], [-1, 0]], [0, 0, 1, 1]).tolist()
    [0.5, 0.0]
    """
    return Classes.of(features, labels, normalise).within


def _capped(value: float, normalise: bool) -> float:
    """On the sphere nothing exceeds 1; rounding may."""
    return min(value, 1.0) if normalise else value
