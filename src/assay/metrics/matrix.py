"""All pairs of many representations at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import METRICS
from assay.metrics.similarity import FLAT, debias, reduced, squares

BLOCK = 2**22  # numbers of Gram matrices held at a time: 32 MiB


def pairwise(features: Sequence[Array], measure: str = "cka_distance") -> np.ndarray:
    """The symmetric (m, m) matrix of a two-sided measure over m representations of the same samples.

    CKA measures and `angular_shape` centre, normalise and reduce each representation once; any other
    symmetric metric with two sides (`disagreement`, or a user's own) is called pair by pair. Float64; equal
    to the plain function up to rounding. `BadInput` for an unknown or one-sided measure, and as the measure
    itself.

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
    if not len(features):
        raise BadInput("asked for all pairs; found no representations; give a list of them")
    if measure not in PASSES:
        return _each(features, measure)
    xs = [arrays.features(x, f"features[{i}]") for i, x in enumerate(features)]
    for i, x in enumerate(xs):
        arrays.same_length(xs[0], x, "features[0]", f"features[{i}]")
    return PASSES[measure]([arrays.centred(x, f"features[{i}]") for i, x in enumerate(xs)])


def _each(features: Sequence[Array], measure: str) -> np.ndarray:
    table = np.zeros((len(features), len(features)))
    for i, a in enumerate(features):
        for j, b in enumerate(features[: i + 1]):
            table[i, j] = table[j, i] = METRICS[measure](a, b)
    return table


def overlaps(xs: list[np.ndarray]) -> np.ndarray:
    """<X_i X_i', X_j X_j'> for all pairs, by columns or by Gram matrices, whichever is less work."""
    n, m, total = len(xs[0]), len(xs), sum(x.shape[1] for x in xs)
    table = np.zeros((m, m))
    if total**2 <= n * (total + m**2):  # multiplications: n total² against n² total + n² m²
        columns = np.hstack(xs)
        starts = np.cumsum([0] + [x.shape[1] for x in xs[:-1]])
        for i, x in enumerate(xs):
            table[i] = np.add.reduceat(((x.T @ columns) ** 2).sum(0), starts)
    else:
        rows = max(1, min(BLOCK // (m * n), math.ceil(n / 8)))
        for start in range(0, n, rows):
            blocks = np.stack([x[start : start + rows] @ x[start:].T for x in xs])
            blocks[:, :, rows:] *= math.sqrt(2)  # an entry right of the diagonal block stands for its mirror image too
            flat = blocks.reshape(m, -1)
            table += flat @ flat.T
    return (table + table.T) / 2


def _normalised(table: np.ndarray, low: float) -> np.ndarray:
    own = np.sqrt(np.diag(table))
    table = np.clip(table / np.outer(own, own), low, 1)
    np.fill_diagonal(table, 1)
    return table


def _cka(xs: list[np.ndarray]) -> np.ndarray:
    return _normalised(overlaps(xs), 0)


def _cka_distance(xs: list[np.ndarray]) -> np.ndarray:
    return np.sqrt(2 - 2 * _cka(xs))


def _debiased(xs: list[np.ndarray]) -> np.ndarray:
    inner, diagonals = overlaps(xs), np.stack([squares(x) for x in xs])
    table = np.asarray(debias(inner, diagonals, diagonals))
    flat = np.flatnonzero(np.diag(table) <= FLAT * np.diag(inner))
    if len(flat):
        raise BadInput(
            f"asked for the debiased CKA of features[{flat[0]}]; "
            "found samples that are all equally far from one another; use linear_cka, or more samples"
        )
    return _normalised(table, -1)


def _angular(xs: list[np.ndarray]) -> np.ndarray:
    xs = [reduced(x) for x in xs]
    columns, ends = np.hstack(xs), np.cumsum([x.shape[1] for x in xs])
    table = np.zeros((len(xs), len(xs)))
    for i, x in enumerate(xs[1:], start=1):
        for j, cross in enumerate(np.split(x.T @ columns[:, : ends[i - 1]], ends[: i - 1], axis=1)):
            nuclear = np.linalg.svd(cross, compute_uv=False).sum()
            table[i, j] = table[j, i] = np.arccos(min(1.0, nuclear))
    return table


PASSES: dict[str, Callable[[list[np.ndarray]], np.ndarray]] = {
    "linear_cka": _cka,
    "debiased_cka": _debiased,
    "cka_distance": _cka_distance,
    "angular_shape": _angular,
}
