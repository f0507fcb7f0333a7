"""Inner products of all pairs of representations, in blocks of bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from assay.metrics.matrices.lifted import Rows

BLOCK = 2**22  # numbers held at a time: 32 MiB


def overlaps(xs: Sequence[Rows]) -> np.ndarray:
    """<X_i X_i', X_j X_j'> for all pairs, (m, m), by columns or by Gram matrices, whichever is less work.

    Both forms hold a few times `BLOCK` numbers beside what was given, for any number of representations.

    >>> side = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    >>> overlaps([side, 2 * side]).tolist()  # the Gram matrix is 1 or -1 everywhere: 16 squares
    [[16.0, 64.0], [64.0, 256.0]]
    """
    n, m, total = xs[0].shape[0], len(xs), sum(x.shape[1] for x in xs)
    if total**2 > n * (total + m**2):  # multiplications: n total² against n² total + n² m²
        return _by_grams(xs)
    table = np.zeros((m, m))
    for i, j, cross in cross_products(xs):
        table[i, j] = table[j, i] = np.einsum("ij,ij->", cross, cross)
    return table


def _by_grams(xs: Sequence[Rows]) -> np.ndarray:
    """Tile by tile of all Gram matrices at once: one product of (m, tile) with its transpose."""
    n, m = xs[0].shape[0], len(xs)
    side = max(1, min(math.isqrt(BLOCK // m), math.ceil(n / 2)))
    parts = [slice(start, min(start + side, n)) for start in range(0, n, side)]
    table, room = np.zeros((m, m)), np.empty(m * side * side)
    for i, rows in enumerate(parts):
        for columns in parts[i:]:
            shape = (m, rows.stop - rows.start, columns.stop - columns.start)
            tiles = room[: math.prod(shape)].reshape(shape)
            for tile, x in zip(tiles, xs, strict=True):
                np.matmul(x[rows], x[columns].T, out=tile)
            flat = tiles.reshape(m, -1)
            twice = 1 if rows == columns else 2  # a tile off the diagonal stands for its mirror image too
            table += twice * (flat @ flat.T)
    return (table + table.T) / 2


def cross_products(xs: Sequence[Rows]) -> Iterator[tuple[int, int, np.ndarray]]:
    """X_i' X_j for every i >= j, many at a time: representations go side by side until `BLOCK` numbers are full."""
    groups = list(_groups(xs))
    for g, rows in enumerate(groups):
        left = np.hstack([xs[i][:] for i in rows])
        for columns in groups[: g + 1]:
            right = left if columns is rows else np.hstack([xs[j][:] for j in columns])
            product = left.T @ right
            tops, sides = _starts(xs, rows), _starts(xs, columns)
            for a, i in enumerate(rows):
                for b, j in enumerate(columns):
                    if j <= i:
                        yield i, j, product[tops[a] : tops[a + 1], sides[b] : sides[b + 1]]


def _groups(xs: Sequence[Rows]) -> Iterator[range]:
    """Consecutive representations that fit into one block together, or one that is larger than that alone."""
    n, begin, width = xs[0].shape[0], 0, 0
    for i, x in enumerate(xs):
        if i > begin and n * (width + x.shape[1]) > BLOCK:
            yield range(begin, i)
            begin, width = i, 0
        width += x.shape[1]
    yield range(begin, len(xs))


def _starts(xs: Sequence[Rows], members: range) -> list[int]:
    return [0, *np.cumsum([xs[i].shape[1] for i in members]).tolist()]
