"""Real values to symbols by stated bins, so that what is measured on classes can be measured on a regression."""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array

MOST_SYMBOLS = 2**62  # codes are int64


def uniform_edges(low: float | Array, high: float | Array, bins: int) -> np.ndarray:
    """Inner edges of bins of equal width over a stated range, float64 (bins - 1,) or (bins - 1, columns).

    edge_k = low + k (high - low) / bins, k = 1 ... bins - 1

    low and high: numbers, or one a column (columns,), in units of the values. The outer bins are open: values beyond
    the range fall into them. `BadInput` for bins below 2, NaN, or a range that is empty.

    >>> uniform_edges(0, 10, 5).tolist()
    [2.0, 4.0, 6.0, 8.0]
    >>> uniform_edges([0, 0], [2, 20], 2).tolist()
    [[1.0, 10.0]]
    """
    _enough(bins)
    bottom, top = arrays.numbers(low, "low"), arrays.numbers(high, "high")
    if bottom.shape != top.shape or bottom.ndim > 1 or not bottom.size or (top <= bottom).any():
        raise BadInput(
            f"asked for bins from {bottom.tolist()} to {top.tolist()}; found no range; give low below high, as "
            "numbers or one a column"
        )
    share = np.arange(1, bins).reshape(-1, *[1] * bottom.ndim) / bins
    return bottom * (1 - share) + top * share  # not by the width, which may overflow


def quantile_edges(reference: Array, bins: int) -> np.ndarray:
    """Inner edges of bins that share out a reference sample evenly, float64 (bins - 1,) or (bins - 1, columns).

    edge_k = x_(⌈k n / bins⌉), the order statistic of the reference x_1 ... x_n, k = 1 ... bins - 1

    reference: (n,) or (..., columns), such as the targets of the training split; take the edges once and give them to
    every model. No interpolation, so a strictly increasing transform of reference and values alike leaves all bins
    alone. Each bin holds n / bins of a reference without ties, rounded up or down; ties stay in one bin, so others hold
    fewer or none. `BadInput` for bins below 2, fewer than ``bins`` values, NaN, or a column that is constant.

    >>> quantile_edges([1, 2, 3, 10, 20, 30], 3).tolist()
    [2.0, 10.0]
    >>> quantise([1, 2, 3, 10, 20, 30], [2.0, 10.0]).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    _enough(bins)
    array = arrays.numbers(reference, "reference")
    rows = columns_of(array, "reference")
    rows = np.sort(rows.reshape(-1, rows.shape[-1]), axis=0)
    n = len(rows)
    if n < bins or (rows[0] == rows[-1]).any():
        found = "too few values" if n < bins else "a column that is constant"
        raise BadInput(
            f"asked to cut a reference of {n} values into {bins} bins; found {found}; "
            "give at least one value a bin, and columns that vary"
        )
    edges = rows[[-(-k * n // bins) - 1 for k in range(1, bins)]]
    return edges if array.ndim > 1 else edges[:, 0]


def quantise(values: Array, edges: Array) -> np.ndarray:
    """Symbols of real values: the number of the bin each falls into, int64 (n,) or (..., places).

    symbol = #{k : edge_k < value}, so a value on an edge belongs to the bin below it

    values: (n,), or (..., columns) such as outputs (n, k) and series (n, t, k); the last axis becomes one symbol, the
    bins of its columns read as the digits of a number, first column first. edges: (bins - 1,) for all columns or
    (bins - 1, columns), in rising order (`uniform_edges`, `quantile_edges`). Symbols lie in [0, bins^columns). What
    comes out is a sequence for `c_lz`, `output_complexity` and `complexity_references` (with classes=bins^columns). The
    bins decide the number: values of different bins are not comparable. `BadInput` for NaN, no values, edges that fall
    or do not fit the columns, and more than 2^62 symbols.

    >>> quantise([0.5, 2.0, 2.1, 99.0], [2.0, 4.0]).tolist()
    [0, 0, 1, 2]
    >>> quantise([[0, 0], [0, 9], [9, 0]], [5]).tolist()  # two columns: 00, 01, 10
    [0, 1, 2]
    """
    rows = columns_of(values, "values")
    cuts = arrays.numbers(edges, "edges")
    width = rows.shape[-1]
    if cuts.ndim not in (1, 2) or not cuts.size or (cuts.ndim == 2 and cuts.shape[1] != width):
        raise BadInput(
            f"asked for the bins of {width} columns; found edges of shape {cuts.shape}; give (bins - 1,) or "
            f"(bins - 1, {width})"
        )
    if (cuts[1:] < cuts[:-1]).any():
        raise BadInput("asked for bins between edges; found edges that fall; give them in rising order")
    cuts = np.broadcast_to(cuts.reshape(len(cuts), -1), (len(cuts), width))
    return joined([np.searchsorted(cuts[:, j], rows[..., j]) for j in range(width)], len(cuts) + 1)


def columns_of(values: Array, name: str) -> np.ndarray:
    """Finite float64 values with a last axis of columns, which is added to (n,); `BadInput` for none."""
    array = arrays.numbers(values, name)
    if not array.ndim or not array.size:
        raise BadInput(f"asked for {name} as (n,) or (..., columns); found shape {array.shape}; give at least one")
    return array[:, None] if array.ndim == 1 else array


def joined(digits: list[np.ndarray], symbols: int) -> np.ndarray:
    """One code of several columns' codes below ``symbols``; `BadInput` where they do not fit into one number."""
    if symbols ** len(digits) > MOST_SYMBOLS:
        raise BadInput(
            f"asked for one symbol of {len(digits)} columns with {symbols} each; found more than 2^62 combinations; "
            "give fewer bins, or one column at a time"
        )
    code = np.zeros(digits[0].shape, np.int64)
    for digit in digits:
        code = code * symbols + digit
    return code


def _enough(bins: int) -> None:
    if bins < 2:
        raise BadInput(
            f"asked for {bins} bins; with fewer than two every value is the same symbol; give bins=2 or more"
        )
