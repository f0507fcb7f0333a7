"""Centred kernel alignment with a Gaussian kernel: near samples count, far ones do not."""

from __future__ import annotations

import numpy as np

from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.similarity.common import (
    SHAPE,
    centred_pair,
    debiased_ratio,
    double_centred,
    gaussian_kernel,
    reduced,
)


@metric(range=(0, 1), invariant=SHAPE, symmetric=True, cite="Kornblith et al. 2019, arXiv:1905.00414")
def rbf_cka(features_a: Array, features_b: Array, fraction: float = 0.5) -> float:
    """Centred kernel alignment with a Gaussian kernel: alike in which samples lie near one another.

    CKA = <HKH, HLH> / (||HKH|| ||HLH||), K_ij = exp(-d_ij² / (2 fraction² median d²)), L likewise

    H takes the means off rows and columns; the bandwidth is ``fraction`` of the median distance, the median over all
    n² entries as in the source's code. A small fraction sees only near neighbours, a large one tends to linear CKA.
    features (n, width_a) and (n, width_b), n >= 4; O(n²) memory. In [0, 1], no unit; biased upwards when n is not much
    larger than the width (see `similarity_warning`). `BadInput` for other shapes, NaN, a representation that is the
    same for every sample or for half of the pairs, or a fraction that is not positive.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(rbf_cka(corners, side), 6)  # 1 / sqrt(2 + tanh(1)²)
    0.62257
    """
    k, l = _kernels(features_a, features_b, fraction)
    return float(np.clip(np.vdot(k, l) / np.sqrt(np.vdot(k, k) * np.vdot(l, l)), 0, 1))


@metric(range=(-1, 1), invariant=SHAPE, symmetric=True, cite="Song et al. 2012, eq. 5; Kornblith et al. 2019")
def debiased_rbf_cka(features_a: Array, features_b: Array, fraction: float = 0.5) -> float:
    """Gaussian CKA from unbiased HSIC: about 0 for unrelated representations however wide they are.

    CKA = h(K, L) / sqrt(h(K, K) h(L, L)), h of `debiased_cka`, K and L the centred kernels of `rbf_cka`

    In [-1, 1], no unit. Arguments and errors as for `rbf_cka`; also `BadInput` when all samples are equally far from
    one another.

    >>> corners = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    >>> side = [[1], [1], [-1], [-1]]
    >>> round(debiased_rbf_cka(corners, side), 6)  # as debiased_cka: four corners have one free eigenvalue
    0.5
    """
    k, l = _kernels(features_a, features_b, fraction)
    own = (float(np.vdot(k, k)), float(np.vdot(l, l)))
    return debiased_ratio(float(np.vdot(k, l)), own, (np.diag(k), np.diag(l)), "debiased Gaussian CKA", "rbf_cka")


def _kernels(features_a: Array, features_b: Array, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    x, y = centred_pair(features_a, features_b)
    k = gaussian_kernel(reduced(x), fraction, "features_a")
    l = gaussian_kernel(reduced(y), fraction, "features_b")
    return double_centred(k), double_centred(l)
