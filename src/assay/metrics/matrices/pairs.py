"""All pairs of many representations at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.card import METRICS
from assay.metrics.matrices.lifted import Projected, Rows, lifted
from assay.metrics.matrices.overlap import cross_products, overlaps
from assay.metrics.matrices.reduction import principal
from assay.metrics.similarity import FLAT, debias, reduced, squares


@dataclass(frozen=True)
class Pairs:
    """A measure of all pairs, and what reducing the representations can have changed.

    ``values`` (m, m); ``error`` (m, m): |values - those without reduction| is at most this, zero where
    nothing was left out; ``kept`` (m,), the share of variance kept of each representation; ``columns`` (m,),
    how many principal components that took; ``estimator`` in words.
    """

    values: np.ndarray
    error: np.ndarray
    kept: np.ndarray
    columns: tuple[int, ...]
    estimator: str


@dataclass(frozen=True)
class Pass:
    """One way to all pairs: the matrix, which distance of `Reduced` bounds its error, and the estimator in words."""

    matrix: Callable[[list[Rows]], np.ndarray]
    moved: str
    estimator: str


def pairwise(features: Sequence[Array], measure: str = "cka_distance") -> np.ndarray:
    """The symmetric (m, m) matrix of a two-sided measure over m representations of the same samples.

    CKA measures, `procrustes_distance` and `angular_shape` take one pass over all representations, in blocks of
    bounded memory; any other symmetric metric with two sides (`disagreement`, or a user's own) is called pair by
    pair. Float64; equal to the plain function up to rounding. `BadInput` for an unknown or one-sided measure, and
    as the measure itself.

    >>> corners, side = [[1, 1], [1, -1], [-1, 1], [-1, -1]], [[1], [1], [-1], [-1]]
    >>> pairwise([corners, side], "linear_cka").round(6).tolist()
    [[1.0, 0.707107], [0.707107, 1.0]]
    """
    card = METRICS.find(measure).card
    if not card.symmetric or len(card.needs) != 2:
        fit = [name for name, m in METRICS.items() if m.card.symmetric and len(m.card.needs) == 2]
        raise BadInput(
            f"asked for all pairs by '{measure}'; found a metric without two equal sides; use one of {', '.join(fit)}"
        )
    if measure in PASSES:
        return PASSES[measure].matrix(_representations(features))
    _representation_count(features)
    table = np.zeros((len(features), len(features)))
    for i, a in enumerate(features):
        for j, b in enumerate(features[: i + 1]):
            table[i, j] = table[j, i] = METRICS[measure](a, b)
    return table


def all_pairs(features: Sequence[Array], measure: str = "cka_distance", keep: float = 1.0) -> Pairs:
    """`pairwise` with every representation reduced to principal components, and a bound of the error.

    |d(X, Y) - d(X_k, Y_l)| <= d(X, X_k) + d(Y, Y_l)

    for `cka_distance`, `procrustes_distance` and `angular_shape` (radians), whose moves d(X, X_k) follow from the
    eigenvalues left out (`reduction.principal`); `linear_cka` and `debiased_cka` are inner products of unit
    vectors and obey the same bound with the distances between those. ``keep``: the share of variance to keep
    of each, in (0, 1]; at 1 nothing is left out and the error is zero. M models with L layers are M L
    entries of ``features``, each (n, width). ``error`` is in the unit of the measure. `BadInput` for a measure
    without a pass of its own and as `pairwise`.

    Source: eigenvalue algebra and the triangle inequality; the distances: see the measures.

    >>> flat = [[2, 0], [-2, 0], [0, 1], [0, -1]]
    >>> found = all_pairs([flat, [[1], [-1], [0], [0]]], "angular_shape", keep=0.8)
    >>> found.columns, found.values.round(6).tolist()[0][1]  # without the second column both are one line
    ((1, 1), 0.0)
    >>> found.error.round(6).tolist()[0][1]  # arccos sqrt(0.8), and so large it is here
    0.463648
    """
    METRICS.find(measure)
    if measure not in PASSES:
        raise BadInput(
            f"asked for all pairs by '{measure}' after reduction; found no bound of its error; "
            f"use one of {', '.join(PASSES)}, or pairwise"
        )
    xs = _representations(features)
    way, m = PASSES[measure], len(xs)
    if keep == 1:
        columns = tuple(min(x.shape) for x in xs)
        return Pairs(way.matrix(xs), np.zeros((m, m)), np.ones(m), columns, way.estimator)
    moved, kept, scores = np.zeros(m), np.ones(m), list[Rows]()
    for i, x in enumerate(xs):
        found = principal(x[:], keep)
        moved[i], kept[i] = getattr(found, way.moved), found.kept
        size = 1 / float(np.linalg.norm(found.scores))
        turned = found.directions
        scores.append(found.scores * size if turned is None else Projected(x, turned, size))
    error = np.add.outer(moved, moved)
    np.fill_diagonal(error, 0)
    return Pairs(way.matrix(scores), error, kept, tuple(x.shape[1] for x in scores), way.estimator)


def ordered_pairs(features: Sequence[Array], measure: str) -> np.ndarray:
    """Any two-sided measure over m representations, (m, m): the value at [i, j] has i on its first side.

    For a symmetric measure this is `pairwise`. `BadInput` for one that has not two sides.

    >>> ordered_pairs([[[1], [1], [-1], [-1]]], "linear_cka").tolist()
    [[1.0]]
    """
    card = METRICS.find(measure).card
    if card.symmetric or len(card.needs) != 2:
        return pairwise(features, measure)
    _representation_count(features)
    return np.array([[METRICS[measure](a, b) for b in features] for a in features], dtype=np.float64)


def _representations(features: Sequence[Array]) -> list[Rows]:
    _representation_count(features)
    return lifted(features)


def _representation_count(features: Sequence[Array]) -> None:
    if not len(features):
        raise BadInput("asked for all pairs; found no representations; give a list of them")


def _normalised(table: np.ndarray, low: float) -> np.ndarray:
    own = np.sqrt(np.diag(table))
    table = np.clip(table / np.outer(own, own), low, 1)
    np.fill_diagonal(table, 1)
    return table


def _cka(xs: list[Rows]) -> np.ndarray:
    return _normalised(overlaps(xs), 0)


def _cka_distance(xs: list[Rows]) -> np.ndarray:
    return np.sqrt(2 - 2 * _cka(xs))


def _debiased(xs: list[Rows]) -> np.ndarray:
    inner, diagonals = overlaps(xs), np.stack([squares(x[:]) for x in xs])
    table = np.asarray(debias(inner, diagonals, diagonals))
    flat = np.flatnonzero(np.diag(table) <= FLAT * np.diag(inner))
    if len(flat):
        raise BadInput(
            f"asked for the debiased CKA of features[{flat[0]}]; "
            "found samples that are all equally far from one another; use linear_cka, or more samples"
        )
    return _normalised(table, -1)


def _nuclear(xs: list[Rows]) -> np.ndarray:
    narrow: list[Rows] = [x if x.shape[1] <= x.shape[0] else reduced(x[:]) for x in xs]
    table = np.eye(len(xs))
    for i, j, cross in cross_products(narrow):
        if i != j:
            table[i, j] = table[j, i] = min(1.0, np.linalg.svd(cross, compute_uv=False).sum())
    return table


def _angular(xs: list[Rows]) -> np.ndarray:
    return np.arccos(_nuclear(xs))


def _procrustes(xs: list[Rows]) -> np.ndarray:
    return np.sqrt(2 - 2 * _nuclear(xs))


BIASED, ROTATED = "biased HSIC of all samples", "best rotation of all samples"
PASSES: dict[str, Pass] = {
    "linear_cka": Pass(_cka, "gram", BIASED),
    "debiased_cka": Pass(_debiased, "debiased", "unbiased HSIC of all samples"),
    "cka_distance": Pass(_cka_distance, "gram", BIASED),
    "angular_shape": Pass(_angular, "angle", ROTATED),
    "procrustes_distance": Pass(_procrustes, "chord", ROTATED),
}
