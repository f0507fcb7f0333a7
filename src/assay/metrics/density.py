"""How dense a representation's samples lie, estimated with a kernel and from nearest neighbours.

`sample_density` is the quick figure of the same thing; these are the two textbook estimators, sample by sample too.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.special import gammaln

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.similarity import SHAPE, reduced
from assay.metrics.similarity.common import gaussian_kernel


def kernel_densities(features: Array, fraction: float = 0.5) -> np.ndarray:
    """Kernel density at every sample, left out itself: (n,), each in [0, 1]; see `kernel_density`.

    >>> kernel_densities([[1, 1], [1, -1], [-1, 1], [-1, -1]]).round(6).tolist()
    [0.096329, 0.096329, 0.096329, 0.096329]
    """
    x = reduced(arrays.centred(arrays.features(features), "features"))
    kernel = gaussian_kernel(x, fraction, "features")
    np.fill_diagonal(kernel, 0)
    return np.asarray(kernel.sum(1) / (len(x) - 1))


@metric(range=(0, 1), invariant=SHAPE, cite="Parzen 1962")
def kernel_density(features: Array, fraction: float = 0.5) -> float:
    """Mean density at a sample by a Gaussian kernel whose width is a fraction of the median distance.

    f = mean_{i≠j} exp(-d_ij² / (2 fraction² median d²))

    The Parzen estimate at each sample from all others, without its constant (2 pi h²)^(-width/2): free of units, and
    comparable between layers of different width. The median is over all n² entries, as in `rbf_cka`. High when samples
    clump below the median distance. features (n, width), n >= 4; O(n²) memory. In [0, 1]. `BadInput` for other shapes,
    NaN, a representation that is the same for every sample or half of the pairs, or a fraction that is not positive.

    >>> round(kernel_density([[1, 1], [1, -1], [-1, 1], [-1, -1]]), 6)  # (2 exp(-2) + exp(-4)) / 3
    0.096329
    """
    return float(kernel_densities(features, fraction).mean())


def knn_densities(features: Array, k: int = 10) -> np.ndarray:
    """Log density at every sample from its k-th nearest neighbour: (n,), nats; see `knn_density`.

    >>> knn_densities([[0], [1], [2], [3]], k=1).round(6).tolist()
    [-1.680188, -1.680188, -1.680188, -1.680188]
    """
    if k < 1:
        raise BadInput(f"asked for neighbour k = {k}; found no such neighbour; give k >= 1")
    given = arrays.features(features)
    n, width = given.shape
    x = torch.from_numpy(reduced(arrays.centred(given, "features")) * math.sqrt(n))
    k = min(k, n - 1)
    # Each sample is its own nearest one, at distance zero, so neighbour k is entry k + 1.
    radius = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").kthvalue(k + 1, dim=1).values.numpy()
    ball = width / 2 * math.log(math.pi) - gammaln(width / 2 + 1)
    with np.errstate(divide="ignore"):
        return np.asarray(math.log(k / (n - 1)) - ball - width * np.log(radius))


@metric(range=(-math.inf, math.inf), unit="nats", invariant=SHAPE, cite="Loftsgaarden, Quesenberry 1965")
def knn_density(features: Array, k: int = 10) -> float:
    """Mean log density at a sample from the distance to its k-th nearest neighbour.

    log f = mean_i log(k / ((n - 1) V r_i(k)^width)), V = pi^(width/2) / Gamma(width/2 + 1)

    r_i(k): Euclidean distance to the k-th nearest other sample, where the root mean square distance to the mean is 1;
    V: volume of the unit ball. In nats, any number: inf when a sample coincides with k others. It depends on the width:
    compare models at one layer, not layers of different width. features (n, width), n >= 4; k is at most n - 1.
    `BadInput` for other shapes, NaN, k < 1, or a representation that is the same for every sample.

    >>> round(knn_density([[0], [1], [2], [3]], k=1), 6)  # log((1/3) / (2 / sqrt(1.25)))
    -1.680188
    """
    return float(knn_densities(features, k).mean())
