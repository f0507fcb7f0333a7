"""How one representation arranges its samples: how dense they lie, and how they correlate.

The research that motivates these two quantities names them without a definition that could be read. The
definitions here are ours, chosen to be free of units.
"""

from __future__ import annotations

import numpy as np
import torch

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.similarity import SHAPE, reduced

OURS = "our definition; the paper's is not known"


@metric(range=(0, float("inf")), invariant=SHAPE, cite=OURS)
def sample_density(features: Array, k: int = 10) -> float:
    """How much closer a sample's k-th neighbour is than a sample at random: large when samples clump.

    density = mean_{i<j} d_ij / mean_i d_i(k)

    d is Euclidean, d_i(k) the distance to the k-th nearest other sample. features (n, width),
    n >= 4; k is at most n - 1. In [0, inf], no unit: inf when every sample coincides
    with k others. *Our* definition: the exact one of the paper is not known. `BadInput` for other shapes,
    NaN, k < 1, or a representation that is the same for every sample.

    >>> round(sample_density([[0], [1], [2], [3]], k=1), 6)  # (10/6) / 1
    1.666667
    """
    if k < 1:
        raise BadInput(f"asked for neighbour k = {k}; found no such neighbour; give k >= 1")
    x = torch.from_numpy(reduced(arrays.centred(arrays.features(features), "features")))
    n = len(x)
    distances = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    # Each sample is its own nearest one, at distance zero, so neighbour k is entry k + 1.
    near = float(distances.kthvalue(min(k, n - 1) + 1, dim=1).values.mean())
    far = float(distances.sum()) / (n * (n - 1))
    return far / near if near > 0 else float("inf")


@metric(
    range=(-1, 1),
    invariant=("permutation", "scale", "shift"),
    cite=OURS,
)
def sample_correlation(features: Array) -> float:
    """Mean Pearson correlation between two samples' representation vectors.

    r = mean_{i<j} corr(x_i, x_j)

    features (n, width), n >= 4, width >= 2. In [-1, 1]; 1 when all samples point the same way. A sample
    whose vector is constant (a dead one) counts as uncorrelated to all. *Our* definition: the exact one of
    the paper is not known. `BadInput` for other shapes, NaN, or when every sample's vector is constant.

    >>> round(sample_correlation([[1, 0], [0, 1], [1, 0], [0, 1]]), 6)  # 2 pairs at +1, 4 at -1
    -0.333333
    """
    u = directions(features)
    return float(_pair_sum(u) / (len(u) * (len(u) - 1)))


@metric(
    range=(-2, 2),
    better="context",
    invariant=("permutation", "scale", "shift"),
    cite=OURS,
)
def class_correlation(features: Array, labels: Array) -> float:
    """Mean correlation between two samples of one class, minus that between two samples of different classes.

    r = mean_{i<j, y_i = y_j} corr(x_i, x_j) - mean_{i<j, y_i ≠ y_j} corr(x_i, x_j)

    In [-2, 2]; 0 when classes do not matter. Arguments and errors as for `sample_correlation`, labels (n,);
    also `BadInput` without a pair inside a class or without two classes.

    >>> round(class_correlation([[1, 0], [0, 1], [1, 0], [0, 1]], [0, 1, 0, 1]), 6)  # 1 - (-1)
    2.0
    """
    u = directions(features)
    names, which = np.unique(arrays.numbers(labels, "labels"), return_inverse=True)
    arrays.same_length(u, which, "features", "labels")
    sizes = np.bincount(which)
    inside = float((sizes * (sizes - 1)).sum())
    across = len(u) * (len(u) - 1) - inside
    if not inside or not across:
        raise BadInput(
            f"asked for correlation inside and between classes; "
            f"found {len(names)} classes in {len(u)} samples; "
            "give two classes or more, one of them with two samples or more"
        )
    within = sum(_pair_sum(u[which == c]) for c in range(len(names)))
    return float(within / inside - (_pair_sum(u) - within) / across)


def directions(features: Array) -> np.ndarray:
    """Each sample's vector minus its mean at unit length, 0 if constant: inner products are correlations."""
    x = arrays.features(features)
    spread = x - x.mean(1, keepdims=True)
    largest = np.abs(spread).max(1, keepdims=True)
    alive = largest > arrays.NOISE * np.abs(x).max(1, keepdims=True)
    if not alive.any():
        raise BadInput(
            f"asked for the correlation between samples; "
            f"found {len(x)} samples of width {x.shape[1]}, each with one value in all columns; "
            "give a layer with two columns or more that is not dead"
        )
    spread = np.divide(spread, largest, out=np.zeros_like(spread), where=alive)
    length = np.linalg.norm(spread, axis=1, keepdims=True)
    return np.divide(spread, length, out=np.zeros_like(spread), where=alive)


def _pair_sum(u: np.ndarray) -> float:
    """Σ_{i≠j} <u_i, u_j> = |Σ u_i|² - Σ |u_i|², without the (n, n) matrix."""
    total = u.sum(0)
    return float(total @ total - np.vdot(u, u))
