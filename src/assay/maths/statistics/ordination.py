"""Points from distances: principal coordinates with positive and negative axes, centres, distances to a centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.core.errors import BadInput

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Centre = Literal["median", "centroid"]
Negative = Literal["subtract", "drop"]

TOLERANCE = 1e-7  # axes whose eigenvalue is smaller than this share of the largest are rounding


@dataclass(frozen=True, eq=False)
class Ordination:
    """Points (n, axes) and the sign (axes,) with which each axis counts in a squared distance; eigenvalues (axes,)."""

    points: Array
    signs: Array
    eigenvalues: Array


def checked_distances(distances: ArrayLike) -> Array:
    """A square symmetric matrix of finite distances with a zero diagonal, as float64; `BadInput` otherwise.

    >>> checked_distances([[0, 1], [1, 0]]).shape
    (2, 2)
    """
    d = np.asarray(distances, dtype=float)
    found = ""
    if d.ndim != 2 or d.shape[0] != d.shape[1]:
        found = f"shape {d.shape}"
    elif not np.all(np.isfinite(d)):
        found = f"{int((~np.isfinite(d)).sum())} entries that are not finite"
    elif np.any(d < 0):
        found = f"a negative entry ({d.min():.3g})"
    elif not np.allclose(d, d.T, rtol=1e-6, atol=1e-9):
        found = "an asymmetric matrix"
    elif np.any(np.abs(np.diag(d)) > 1e-6 * max(d.max(), 1.0)):
        found = "a diagonal that is not zero"
    if found:
        raise BadInput(f"asked to use a distance matrix; found {found}; give square symmetric distances between models")
    d = (d + d.T) / 2
    np.fill_diagonal(d, 0.0)
    return d


def gram(distances: Array) -> Array:
    """Gower's centred matrix of inner products G = -1/2 J (D o D) J, J = I - 11'/n; shape (n, n).

    Two points at distance 2 lie at -1 and +1:

    >>> gram(np.array([[0.0, 2.0], [2.0, 0.0]])).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    a = -0.5 * distances**2
    return a - a.mean(axis=0) - a.mean(axis=1, keepdims=True) + a.mean()


def pcoa(distances: ArrayLike, negative: Negative = "subtract") -> Ordination:
    """Principal coordinates of a distance matrix (classical scaling).

    G = V L V', points = v sqrt(|l|). An axis with a negative eigenvalue (distances that are not Euclidean) counts
    with sign -1 ("subtract", as vegan does, so that all distances are kept) or is left out ("drop", as scikit-bio
    does). Axes with |l| at most 1e-7 of the largest are left out. Source: Gower 1966, Biometrika 53:325-338.

    >>> pcoa([[0.0, 2.0], [2.0, 0.0]]).eigenvalues.round(6).tolist()
    [2.0]
    """
    values, vectors = np.linalg.eigh(gram(checked_distances(distances)))
    values, vectors = values[::-1], vectors[:, ::-1]
    keep = np.abs(values) > TOLERANCE * max(np.abs(values).max(initial=0.0), np.finfo(float).tiny)
    if negative == "drop":
        keep &= values > 0
    values, vectors = values[keep], vectors[:, keep]
    return Ordination(vectors * np.sqrt(np.abs(values)), np.sign(values), values)


def spatial_median(points: Array, iterations: int = 500) -> Array:
    """The point with the smallest sum of distances to ``points`` (..., n, axes): shape (..., axes).

    Weiszfeld's iteration on sqrt(distance^2 + e^2) with e = 1e-8 of the cloud's size, which has no trouble when the
    answer is one of the points. Source: Weiszfeld 1937, Tohoku Math. J. 43:355-386.

    >>> spatial_median(np.array([[-1.0], [0.0], [5.0]])).round(5).tolist()
    [0.0]
    """
    centre = points.mean(axis=-2, keepdims=True)
    if points.shape[-1] == 0:
        return centre[..., 0, :]
    size = np.sqrt(((points - centre) ** 2).sum(axis=-1, keepdims=True).mean(axis=-2, keepdims=True))
    tiny = (1e-8 * size + np.finfo(float).tiny ** 0.5) ** 2
    for _ in range(iterations):
        weights = 1.0 / np.sqrt(((points - centre) ** 2).sum(axis=-1, keepdims=True) + tiny)
        moved = (weights * points).sum(axis=-2, keepdims=True) / weights.sum(axis=-2, keepdims=True)
        step = np.abs(moved - centre).max(initial=0.0)
        centre = moved
        if step <= 1e-9 * size.max(initial=0.0):
            break
    return centre[..., 0, :]


def centre_of(points: Array, signs: Array, kind: Centre = "median") -> Array:
    """The centre of ``points`` (..., n, axes): their mean, or their spatial median.

    The median is taken apart on the axes that count with +1 and with -1, as vegan does.

    >>> centre_of(np.array([[0.0], [1.0], [5.0]]), np.ones(1), "centroid").tolist()
    [2.0]
    """
    if kind == "centroid":
        return points.mean(axis=-2)
    if kind != "median":
        raise BadInput(f"asked for the centre '{kind}'; known are median and centroid; write one of these")
    centre = np.empty(points.shape[:-2] + points.shape[-1:])
    for axes in (signs > 0, signs < 0):
        if axes.any():
            centre[..., axes] = spatial_median(points[..., axes])
    return centre


def spread(points: Array, signs: Array, centre: Array, *, adjust: bool = False) -> Array:
    """The distance z of each of ``points`` (..., n, axes) to ``centre`` (..., axes): shape (..., n), at least 0.

        z = sqrt(| ||u+ - c+||^2 - ||u- - c-||^2 |)

    ``adjust`` multiplies by sqrt(n / (n - 1)), so that small groups do not look tight. Source: Anderson 2006,
    Biometrics 62:245-253, equation 3, with vegan's absolute value.

    >>> spread(np.array([[3.0, 4.0]]), np.array([1.0, 1.0]), np.zeros(2)).tolist()
    [5.0]
    """
    z = np.sqrt(np.abs(((points - centre[..., None, :]) ** 2 * signs).sum(axis=-1)))
    n = points.shape[-2]
    return z * np.sqrt(n / (n - 1)) if adjust and n > 1 else z
