"""What the measures of similarity share: Gram matrices and distances of centred features, and taking their bias off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import NOISE, Array

SHAPE = ("orthogonal", "permutation", "scale", "translation")
FLAT = 1e-12  # relative size below which a debiased self-similarity is rounding
NAMES = ("features_a", "features_b")


def centred_pair(features_a: Array, features_b: Array) -> tuple[np.ndarray, np.ndarray]:
    """Two representations of the same samples, columns centred, each at Frobenius norm 1."""
    a, b = arrays.feature_pair(features_a, features_b)
    return arrays.centred(a, NAMES[0]), arrays.centred(b, NAMES[1])


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


def debiased_ratio(
    shared: float, own: tuple[float, float], diagonals: tuple[np.ndarray, np.ndarray], measure: str, instead: str
) -> float:
    """h(K, L) / sqrt(h(K, K) h(L, L)), h as in `debias`, from <K, L>, (<K, K>, <L, L>) and both diagonals."""
    alone = [debias(inner, k, k) for inner, k in zip(own, diagonals, strict=True)]
    for name, inner, value in zip(NAMES, own, alone, strict=True):
        if value <= FLAT * inner:
            raise BadInput(
                f"asked for the {measure} of {name}; "
                f"found samples that are all equally far from one another; use {instead}, or more samples"
            )
    return float(np.clip(debias(shared, *diagonals) / math.sqrt(alone[0] * alone[1]), -1, 1))


def reduced(x: np.ndarray) -> np.ndarray:
    """A matrix no wider than n with the same Gram matrix: exact, a rotation of the columns' space."""
    return x if x.shape[1] <= len(x) else np.asarray(np.linalg.qr(x.T, mode="r")).T


def squared_distances(x: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances between all samples, (n, n), by one matrix product."""
    lengths = squares(x)
    table = lengths[:, None] + lengths - 2 * (x @ x.T)
    np.fill_diagonal(table, 0)
    return np.maximum(table, 0)


def double_centred(table: np.ndarray) -> np.ndarray:
    """A symmetric (n, n) matrix with the means of its rows and columns taken off."""
    means = table.mean(0)
    return table - means - means[:, None] + means.mean()


def gaussian_kernel(x: np.ndarray, fraction: float, name: str) -> np.ndarray:
    """exp(-d² / (2 fraction² median d²)), the median over all n² entries, a sample's distance 0 to itself among them.

    `BadInput` for a fraction that is not positive, or when half of the samples' pairs coincide: no bandwidth then.
    """
    if not 0 < fraction < math.inf:
        raise BadInput(
            f"asked for a kernel of width {fraction} times the median distance; found no such kernel; "
            "give a positive number, such as 0.5"
        )
    table = squared_distances(x)
    middle = float(np.median(table))
    if middle <= NOISE**2 * table.max():
        raise BadInput(
            f"asked for a kernel as wide as the median distance in {name}; "
            "found half of the samples' pairs at one point; use a linear measure for a collapsed layer"
        )
    return np.exp(table / (-2 * fraction**2 * middle))
