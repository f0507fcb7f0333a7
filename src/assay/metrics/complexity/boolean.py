"""Boolean functions as probes: all inputs are known, so complexity and sensitivity are exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.card import metric
from assay.metrics.complexity.symbols import Sequence, encode

MOST_INPUTS = 20


def boolean_inputs(d: int) -> np.ndarray:
    """All inputs of d bits in lexicographic order, float32 (2^d, d) of zeros and ones.

    `BadInput` for d below 1 or above 20.

    >>> boolean_inputs(2).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    if not 1 <= d <= MOST_INPUTS:
        raise BadInput(f"asked for all inputs of {d} bits; a table has 2^d rows; give d from 1 to {MOST_INPUTS}")
    rows = np.arange(2**d)[:, None] >> np.arange(d - 1, -1, -1)
    return (rows & 1).astype(np.float32)


def boolean_table(f: Callable[[np.ndarray], Any], d: int) -> np.ndarray:
    """Truth table of a function of d bits, int64 (2^d,), in lexicographic order of the inputs.

    table = f(all inputs), the sequence whose `c_lz` is the complexity of the function

    f receives `boolean_inputs` as one array and returns one whole number (or truth value) a row, such as the class of
    a model. `BadInput` for another number of outputs, and as for `boolean_inputs`.

    Source: Valle-Pérez, Camargo and Louis 2019, arXiv 1805.08522.

    >>> boolean_table(lambda x: x.all(1), 2).tolist()  # and
    [0, 0, 0, 1]
    >>> boolean_table(lambda x: x.sum(1) % 2, 2).tolist()  # parity
    [0, 1, 1, 0]
    """
    inputs = boolean_inputs(d)
    outputs = arrays.numbers(f(inputs), "outputs of f")
    if outputs.shape != (len(inputs),) or (outputs != outputs.astype(np.int64)).any():
        raise BadInput(
            f"asked for one whole number for each of {len(inputs)} inputs; found shape {outputs.shape} or fractions; "
            "let f return (2^d,) classes or truth values"
        )
    return outputs.astype(np.int64)


@metric(range=(0, MOST_INPUTS), unit="inputs", invariant=("renaming", "reversal"), cite="Kahn, Kalai and Linial 1988")
def boolean_sensitivity(table: Sequence) -> float:
    """Average sensitivity (total influence) of a Boolean function: bits whose flip changes the output.

    AS = 2^-d Σ_x Σ_i [f(x) ≠ f(x ⊕ e_i)]

    table: outputs for all 2^d inputs in lexicographic order (`boolean_table`); they may be more than two classes. In
    [0, d]: 0 for a constant, d for parity; divided by d it is a share. `BadInput` unless the length is a power of two.

    >>> boolean_sensitivity([0, 0, 0, 1])  # and: 0, 1, 1, 2 flips matter
    1.0
    >>> boolean_sensitivity([0, 1, 1, 0])  # parity
    2.0
    """
    return float(_changes(table).sum(0).mean())


@metric(range=(0, 1), unit="fraction", invariant=("renaming", "reversal"), cite="Arpit et al. 2017, arXiv 1706.05394")
def boolean_critical_ratio(table: Sequence) -> float:
    """Critical sample ratio of a Boolean function: inputs with a neighbour of another class.

    CSR = #{x : some i has f(x) ≠ f(x ⊕ e_i)} / 2^d

    Arguments and errors as for `boolean_sensitivity`. A fraction in [0, 1].

    >>> boolean_critical_ratio([0, 0, 0, 1])  # and: all but 00
    0.75
    """
    return float(_changes(table).any(0).mean())


def _changes(table: Sequence) -> np.ndarray:
    """(d, 2, ..., 2): whether flipping bit i at input x changes the output."""
    codes, _ = encode(table, "table")
    d = len(codes).bit_length() - 1
    if d < 1 or len(codes) != 2**d:
        raise BadInput(
            f"asked for the truth table of a Boolean function; found {len(codes)} entries; give 2^d, d from 1 up"
        )
    cube = codes.reshape((2,) * d)
    return np.stack([cube != np.flip(cube, axis) for axis in range(d)])
