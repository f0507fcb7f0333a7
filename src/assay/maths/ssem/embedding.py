"""The simplex-to-simplex embeddings: a simplex of class means, and around each mean a simplex of its instances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.core.errors import BadInput

Array = NDArray[np.float64]


def simplex(points: int) -> Array:
    """Corners of a centred regular simplex on the unit sphere, (points, points); one point gives a zero row.

    a_i = sqrt(n / (n - 1)) (e_i - 1/n): unit rows with cosine -1 / (n - 1).

    >>> simplex(2).round(3).tolist()
    [[0.707, -0.707], [-0.707, 0.707]]
    """
    if points == 1:
        return np.zeros((1, 1))
    return (np.eye(points) - 1 / points) * (points / (points - 1)) ** 0.5


def embeddings(classes: int, per_class: int, views: int, within: float) -> Array:
    """Unit vectors of the family with within-class variance x, (classes * per_class * views, classes (1 + per_class)).

    u_ij = sqrt(1 - x) a_i + sqrt(x) w_ij, the same for every view of an instance; rows go class by class, instance by
    instance, view by view. The deviations w_ij of a class are a simplex orthogonal to the means and to the other
    classes. Range of x: [0, 1] (0 where a class has one instance). Source: Lee et al. 2025 (AISTATS), the SSEM.

    >>> u = embeddings(2, 2, 1, 0.5)
    >>> (u @ u.T + 1).round(3).tolist()
    [[2.0, 1.0, 0.5, 0.5], [1.0, 2.0, 0.5, 0.5], [0.5, 0.5, 2.0, 1.0], [0.5, 0.5, 1.0, 2.0]]
    """
    _check(classes, per_class, within)
    means = np.repeat(simplex(classes), per_class, axis=0)
    deviations = np.kron(np.eye(classes), simplex(per_class))
    return np.repeat(np.hstack([(1 - within) ** 0.5 * means, within**0.5 * deviations]), views, axis=0)


def gram_values(classes: int, per_class: int, within: float) -> tuple[float, float]:
    """The inner products (g1 of one class, g2 of two classes) of the family at within-class variance x.

    g1 = 1 - x n / (n - 1) and g2 = -(1 - x) / (m - 1), with n instances of each of m classes in the data set; where a
    class has one instance there is no g1, and 1 stands for it.

    >>> gram_values(2, 2, 0.5)
    (0.0, -0.5)
    """
    _check(classes, per_class, within)
    g1 = 1 - within * per_class / (per_class - 1) if per_class > 1 else 1.0
    return g1, -(1 - within) / (classes - 1)


def _check(classes: int, per_class: int, within: float) -> None:
    if classes < 2 or per_class < 1:
        raise BadInput(f"asked for {classes} classes of {per_class} instances; give 2 classes and 1 instance or more")
    if not 0 <= within <= (per_class > 1):
        raise BadInput(
            f"asked for a within-class variance of {within:g} with {per_class} instances of a class; on the unit sphere"
            " it lies between 0 and 1, and is 0 for a single instance; give such a number"
        )
