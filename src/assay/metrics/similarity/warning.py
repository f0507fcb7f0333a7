"""When there are too few samples for a similarity to mean anything, and what to use instead."""

from __future__ import annotations

import math

from assay.metrics.card import METRICS

CKA = ("linear_cka", "cka_distance")
CCA = ("mean_cca", "cca_r2", "svcca", "pwcca", "linear_regression_r2")
PROCRUSTES = ("procrustes_distance", "angular_shape", "aligned_cosine")
UNBIASED = {
    "linear_cka": "debiased_cka",
    "cka_distance": "debiased_cka",
    "rbf_cka": "debiased_rbf_cka",
    "distance_correlation": "debiased_distance_correlation",
}


def similarity_warning(
    n: int, width: int, measure: str = "linear_cka", other_width: int | None = None, k: int = 10
) -> str | None:
    """The sentence to show beside a similarity from too few samples; None where there are enough.

    ``width`` and ``other_width`` (the same if left out) are those of features_a and features_b; for `svcca`, of what it
    keeps. CKA, Procrustes and distance correlation are biased where n <= width: unrelated Gaussian features have a
    linear CKA of about sqrt(p q / ((p + n - 1)(q + n - 1))), width / (width + n - 1) for equal ones. Canonical
    correlations are where n <= width + other_width: some are 1 whatever the features, and all where one width reaches
    n - 1. Neighbours are where k is half of the other samples or more. Debiased measures, `rsa` and a user's own have
    no such warning. `BadInput` for an unknown measure.

    >>> similarity_warning(100, 10)
    >>> print(similarity_warning(100, 900))
    100 samples for 900 columns: unrelated features have a CKA near 0.90; use debiased_cka or more samples.
    >>> print(similarity_warning(100, 60, "cca_r2", 45))
    100 samples for 60 + 45 columns: 6 of 45 canonical correlations are 1 whatever the features; use debiased_cka, \
fewer columns (PCA) or ten samples a column.
    """
    METRICS.find(measure)
    p, q = width, width if other_width is None else other_width
    wide = f"{n} samples for {max(p, q)} columns"
    if measure in ("mutual_knn", "knn_jaccard") and 2 * k >= n - 1:
        share = min(1.0, k / (n - 1))
        return f"{k} neighbours among {n} samples: chance alone shares {share:.2f} of them; use a smaller k."
    if measure in CCA and n <= p + q:
        return f"{n} samples for {p} + {q} columns: {_forced(n, p, q, measure)}"
    if n > max(p, q):
        return None
    if measure in CKA:
        chance = math.sqrt(p * q / ((p + n - 1) * (q + n - 1)))
        return f"{wide}: unrelated features have a CKA near {chance:.2f}; use {UNBIASED[measure]} or more samples."
    if measure in UNBIASED:
        return f"{wide}: unrelated features look alike; use {UNBIASED[measure]} or more samples."
    if measure in PROCRUSTES:
        return (
            f"{wide}: unrelated features can be rotated onto one another; no unbiased form is known: "
            "use more samples or fewer columns (PCA of all alike), and see debiased_cka beside it."
        )
    return None


def _forced(n: int, p: int, q: int, measure: str) -> str:
    """What is so whatever the features, and the way out."""
    instead = "use debiased_cka, fewer columns (PCA) or ten samples a column."
    if measure == "linear_regression_r2":
        return f"unrelated features explain {min(1.0, q / (n - 1)):.2f} of the variance; {instead}"
    p, q = min(p, n - 1), min(q, n - 1)
    forced = p + q - (n - 1)
    free = ", with weights that are not determined" if measure == "pwcca" else ""
    return f"{forced} of {min(p, q)} canonical correlations are 1 whatever the features{free}; {instead}"
