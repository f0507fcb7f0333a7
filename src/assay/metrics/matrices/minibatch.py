"""CKA from minibatches: every pair of many layers in one pass over the samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.matrices import overlap
from assay.metrics.matrices.lifted import Rows, Window, lifted
from assay.metrics.similarity import FLAT, debias, squares

LEAST = 8  # halves of a batch this small still have the four samples that unbiased HSIC needs


def minibatch_cka(features: Sequence[Array], batch: int = 250) -> np.ndarray:
    """Linear CKA of all pairs, (m, m), from the unbiased HSIC of minibatches.

    CKA = mean_b h_b(X, Y) / sqrt(mean_b h_b(X, X) mean_b h_b(Y, Y))

    h_b is the unbiased HSIC (Song et al. 2012, eq. 5) of batch b; the samples, in their order, are cut into
    the fewest nearly equal batches of at most ``batch``. In [-1, 1], no unit, about 0 for unrelated
    representations. This is the estimator of torch-cka, and another one than `debiased_cka`, which also
    compares samples of different batches and so has less variance; with ``batch`` >= n they are equal.
    Memory for any n and width: a few times `overlap.BLOCK` numbers.
    ``features``: m of shape (n, width), of the same samples. `BadInput` as for `debiased_cka`, and for
    ``batch`` below 8.

    Source: Nguyen, Raghu and Kornblith 2021, arXiv:2010.15327, eq. 2 and 3.

    >>> corners, side = [[1, 1], [1, -1], [-1, 1], [-1, -1]], [[1], [1], [-1], [-1]]
    >>> minibatch_cka([corners, side]).round(6).tolist()  # one batch: (16/3) / sqrt(32/3 * 32/3)
    [[1.0, 0.5], [0.5, 1.0]]
    """
    if batch < LEAST:
        raise BadInput(f"asked for batches of {batch} samples; an unbiased HSIC needs more; give at least {LEAST}")
    if not len(features):
        raise BadInput("asked for all pairs; found no representations; give a list of them")
    xs = lifted(features)
    n = xs[0].shape[0]
    table, raw = np.zeros((len(xs), len(xs))), np.zeros(len(xs))
    for part in np.array_split(np.arange(n), math.ceil(n / batch)):
        size = len(part)
        inner, unbiased = _hsic(xs, slice(part[0], part[-1] + 1))
        table += unbiased / (size * (size - 3))
        raw += np.diag(inner) / (size * (size - 3))
    flat = np.flatnonzero(np.diag(table) <= FLAT * raw)
    if len(flat):
        raise BadInput(
            f"asked for the minibatch CKA of features[{flat[0]}]; "
            "found batches in which all samples are equally far from one another; use linear_cka, or larger batches"
        )
    own = np.sqrt(np.diag(table))
    table = np.clip(table / np.outer(own, own), -1, 1)
    np.fill_diagonal(table, 1)
    return table


def _hsic(xs: Sequence[Rows], part: slice) -> tuple[np.ndarray, np.ndarray]:
    """<K, L> and size (size - 3) times the unbiased HSIC, of all pairs in one batch."""
    rows: list[Rows] = [Window(x, part) for x in xs]
    if sum(math.prod(x.shape) for x in rows) <= overlap.BLOCK:
        rows = [x[:] for x in rows]  # once for all tiles
    inner, diagonals = overlap.overlaps(rows), np.stack([squares(x[:]) for x in rows])
    return inner, np.asarray(debias(inner, diagonals, diagonals))
