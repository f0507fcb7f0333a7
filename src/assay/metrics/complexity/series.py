"""Sequences over time to symbols by how they rise and fall, with references that are sequences over time."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.complexity.phrases import c_lz
from assay.metrics.complexity.quantise import columns_of, joined

LONGEST = 20  # 20! patterns are the most that int64 can number


def increment_signs(series: Array) -> np.ndarray:
    """Symbols of a series: whether it falls (0), stays (1) or rises (2) at each step, int64 (..., t - 1).

    symbol_i = 1 + sign(x_{i+1} - x_i)

    series: (t,), (t, columns) or (n, t, columns); the columns of a step become one symbol in [0, 3^columns), first
    column first. Only equal values stay: round the series first where differences below some size mean nothing.
    Strictly increasing transforms leave the symbols alone. `BadInput` for NaN and fewer than two steps.

    >>> increment_signs([1.0, 3.0, 3.0, 2.0]).tolist()
    [2, 1, 0]
    """
    rows = _steps(series, 2)
    before, after = rows[..., :-1, :], rows[..., 1:, :]
    signs = 1 + (after > before).astype(np.int64) - (after < before)
    return joined([signs[..., j] for j in range(rows.shape[-1])], 3)


def ordinal_patterns(series: Array, length: int = 3, delay: int = 1) -> np.ndarray:
    """Symbols of a series: in which order the values of each window stand, int64 (..., t - (length - 1) delay).

    symbol_i = Σ_j #{k > j : w_k < w_j} (length - 1 - j)!, with the window w_j = x_{i + j delay}, j = 0 ... length - 1

    series: as for `increment_signs`. 0 for a rising window, length! - 1 for a falling one; of equal values the earlier
    counts as the smaller. Columns of a step become one symbol in [0, length!^columns). Strictly increasing transforms
    leave the symbols alone. Windows overlap, so not every symbol can follow every other: compare with references made
    before the patterns are taken (`series_references`). Their `entropy` is the permutation entropy. `BadInput` for NaN,
    length not from 2 to 20, delay below 1, a series shorter than a window.

    Source: Bandt and Pompe 2002, Phys. Rev. Lett. 88:174102.

    >>> ordinal_patterns([4, 7, 9, 10, 6, 11, 3]).tolist()  # 4 7 9 rises; 9 10 6: 1 below 9, 1 below 10: 2! + 1!
    [0, 0, 3, 2, 3]
    """
    if not 2 <= length <= LONGEST or delay < 1:
        raise BadInput(
            f"asked for patterns of {length} values, {delay} steps apart; a pattern compares two values or more; give "
            f"length from 2 to {LONGEST} and delay=1 or more"
        )
    rows = _steps(series, (length - 1) * delay + 1)
    places = rows.shape[-2] - (length - 1) * delay
    window = [rows[..., j * delay : j * delay + places, :] for j in range(length)]
    code = np.zeros(window[0].shape, np.int64)
    for j, own in enumerate(window):
        smaller = sum(((later < own).astype(np.int64) for later in window[j + 1 :]), np.zeros(own.shape, np.int64))
        code = code + smaller * factorial(length - 1 - j)
    return joined([code[..., j] for j in range(rows.shape[-1])], factorial(length))


def series_references(
    true: Array, predicted: Array | None = None, *, symbols: Callable[[np.ndarray], np.ndarray], seed: int = 0
) -> dict[str, float]:
    """C_LZ of a predicted series, in the order of time, beside what constant, true, shuffled and random series have.

    value = C_LZ(symbols(series))

    Bits: "predicted" (if given), "constant", "true", "shuffled" (the true steps in another order), "random" (uniform
    between the least and the greatest true value of each column). All are made as values and then written as
    ``symbols``, such as `ordinal_patterns` or ``lambda s: quantise(s, edges)``: patterns of a shuffled series are not
    shuffled patterns. true, predicted: (t,) or (t, columns), of one length. Errors as for the symbols; `BadInput` for
    different lengths.

    >>> found = series_references([1, 2, 1, 2, 1], [1, 2, 3, 4, 5], symbols=increment_signs)
    >>> found["predicted"], found["constant"], list(found)  # always rising is as simple as never moving
    (2.0, 2.0, ['predicted', 'constant', 'true', 'shuffled', 'random'])
    """
    rows = columns_of(true, "true")
    drawn = numpy_rng(seed, "random series").random(rows.shape)
    low, high = rows.min(0), rows.max(0)
    made = {
        "constant": np.repeat(rows[:1], len(rows), axis=0),
        "true": rows,
        "shuffled": rows[numpy_rng(seed, "shuffled series").permutation(len(rows))],
        "random": low * (1 - drawn) + high * drawn,
    }
    if predicted is not None:
        answered = columns_of(predicted, "predicted")
        arrays.same_length(rows, answered, "true", "predicted")
        made = {"predicted": answered, **made}
    return {name: c_lz(symbols(values)) for name, values in made.items()}


def _steps(series: Array, least: int) -> np.ndarray:
    """A series as (..., t, columns); `BadInput` for fewer than ``least`` steps."""
    rows = columns_of(series, "series")
    if rows.shape[-2] < least:
        raise BadInput(
            f"asked for symbols that span {least} steps; found a series of {rows.shape[-2]}; give more steps"
        )
    return rows
