"""Representations reduced to their principal components, and what that can change at most."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.similarity import debias, squares


class Reduced(NamedTuple):
    """Scores on the leading principal components, and how far each kind of representation moved by it."""

    scores: np.ndarray  # (n, k)
    directions: np.ndarray | None  # (width, k) with x directions = scores; None where width > n
    kept: float  # share of the variance
    gram: float  # || K/||K|| - K_k/||K_k|| ||
    debiased: float  # the same for U-centred Gram matrices
    angle: float  # radians between X and X_k, which no rotation makes smaller
    chord: float  # 2 sin(angle / 2)


def principal(x: np.ndarray, keep: float = 1.0) -> Reduced:
    """The fewest principal components of centred ``x`` (n, width), unit norm, that keep a share of its variance.

    With eigenvalues l_1 >= l_2 >= ... of x'x, which sum to 1, and k of them kept:

        kept = l_1 + ... + l_k,  angle = arccos sqrt(kept),  gram = sqrt(2 - 2 sqrt(sum_k l² / sum l²))

    ``angle`` is `angular_shape`, ``chord`` `procrustes_distance` and ``gram`` `cka_distance` between x and its
    scores; ``debiased`` is sqrt(2 - 2 debiased CKA) between them, infinite where that is 0/0. All are distances,
    so by the triangle inequality no distance to another representation changes by more (`all_pairs`). Errors:
    `BadInput` unless 0 < keep <= 1.

    >>> x = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) / math.sqrt(10)
    >>> found = principal(x, keep=0.8)
    >>> found.scores.shape, round(found.kept, 6), round(found.angle, 6)  # arccos sqrt(0.8)
    ((4, 1), 0.8, 0.463648)
    """
    if not 0 < keep <= 1:
        raise BadInput(f"asked to keep a share of {keep} of the variance; found no such share; give 0 < keep <= 1")
    wide = x.shape[1] > len(x)
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    sums = np.cumsum(values)
    k = int(np.searchsorted(sums, keep * sums[-1] * (1 - 1e-12))) + 1
    scores = vectors[:, :k] * np.sqrt(values[:k]) if wide else x @ vectors[:, :k]
    rest = float(values[k:].sum() / sums[-1])
    return Reduced(
        scores,
        None if wide else vectors[:, :k],
        kept=1 - rest,
        gram=_chord(float((values[k:] ** 2).sum() / (values**2).sum())),
        debiased=_debiased(x, scores, float((values[:k] ** 2).sum()), float((values**2).sum())),
        angle=math.asin(math.sqrt(rest)),
        chord=_chord(rest),
    )


def _chord(rest: float) -> float:
    """|| u - v/||v|| || of a unit vector u and its part v, ||v||² = 1 - rest: sqrt(2 - 2 ||v||) without rounding."""
    return math.sqrt(2 * rest / (1 + math.sqrt(1 - rest)))


def _debiased(x: np.ndarray, scores: np.ndarray, part: float, whole: float) -> float:
    """sqrt(2 - 2 debiased CKA(x, scores)); <XX', X_k X_k'> = ||X_k X_k'||² is ``part``."""
    own, less = squares(x), squares(scores)
    shared, kept, full = debias(part, own, less), debias(part, less, less), debias(whole, own, own)
    if kept <= 0 or full <= 0:
        return math.inf
    return math.sqrt(max(0.0, 2 - 2 * float(shared) / math.sqrt(float(kept) * float(full))))
