"""Lempel-Ziv phrase counts: how often a sequence has to say something new."""

from __future__ import annotations

from math import log2

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.card import metric
from assay.metrics.complexity.symbols import Sequence, encode
from assay.metrics.complexity.tree import count_phrases


@metric(range=(1, float("inf")), unit="phrases", invariant=("renaming",), cite="Lempel and Ziv 1976")
def lempel_ziv(sequence: Sequence) -> int:
    """Number of phrases of the exhaustive Lempel-Ziv history (LZ76) of a sequence.

    N = #{phrases}, each the shortest s[i:i+l] that does not occur in s[0:i+l-1]

    A phrase may copy from itself; an unfinished last phrase counts. sequence: text, bytes, a NumPy array or torch
    tensor (n,), or any iterable of hashable symbols; what the symbols are called does not matter. Exact, for any
    alphabet, in near-linear time. A whole number in [1, n]; 2 for a constant sequence of two symbols or more.
    None is a symbol like any other. `BadInput` for an empty sequence, NaN, NaT, pandas' NA, more than one axis.

    >>> lempel_ziv("0001101001000101")  # 0 001 10 100 1000 101
    6
    >>> lempel_ziv([7, 7, 7, 7])  # 7 777
    2
    """
    return count_phrases(*encode(sequence))


@metric(
    range=(0, float("inf")),
    unit="bits",
    invariant=("renaming", "reversal"),
    cite="Dingle, Camargo and Louis 2018, Nat. Commun. 9:761, eq. 4",
)
def c_lz(sequence: Sequence) -> float:
    """Lempel-Ziv complexity C_LZ: LZ76 phrases, mean of both directions, times log2 of the length.

    C_LZ = log2(n) (N(s) + N(reverse s)) / 2; C_LZ = log2(n) if all symbols are the same

    Arguments and errors as for `lempel_ziv`. In bits, [0, inf): an estimate that is above n for short random binary
    sequences (by 16 % at n = 128, 6 % at 1024), and n H for long ones of entropy H.

    >>> c_lz("1001111011000010")  # 4 (6 + 7) / 2
    26.0
    >>> c_lz("0" * 16), c_lz([3])
    (4.0, 0.0)
    """
    codes, symbols = encode(sequence)
    return symmetrised(codes, symbols)


def symmetrised(codes: np.ndarray, symbols: int) -> float:
    """`c_lz` of codes below ``symbols``, of which one at least is used."""
    if symbols == 1 or (codes == codes[0]).all():
        return log2(len(codes))
    both = count_phrases(codes, symbols) + count_phrases(np.ascontiguousarray(codes[::-1]), symbols)
    return log2(len(codes)) * both / 2


@metric(range=(0, float("inf")), unit="ratio", invariant=("renaming", "reversal"), cite="Lempel and Ziv 1976")
def normalised_c_lz(sequence: Sequence, symbols: int | None = None) -> float:
    """C_LZ as a share of what a long uniformly random sequence over the same alphabet has; can exceed 1.

    ratio = C_LZ / (n log2(symbols))

    symbols: size of the alphabet (classes of the task); at least 2, and by default what occurs. Not bounded by 1: the
    limit is reached from above, so a short random sequence gives more (1.16 for binary n = 128). Arguments and errors
    as for `lempel_ziv`, and `BadInput` for an alphabet smaller than what occurs.

    >>> normalised_c_lz("1001111011000010")  # 26 / 16
    1.625
    >>> normalised_c_lz("1001111011000010", symbols=4)
    0.8125
    """
    codes, found = encode(sequence)
    if symbols is not None and symbols < max(found, 2):
        raise BadInput(
            f"asked for an alphabet of {symbols} symbols; found {found} in the sequence; "
            f"give symbols={max(found, 2)} or more"
        )
    return symmetrised(codes, found) / (len(codes) * log2(symbols or max(found, 2)))


@metric(range=(1, float("inf")), unit="phrases", invariant=("renaming",), cite="Ziv and Lempel 1978")
def lz78(sequence: Sequence) -> int:
    """Number of phrases of the incremental Lempel-Ziv parsing (LZ78): another count than `lempel_ziv`.

    N = #{phrases}, each the shortest that is not yet a phrase

    Arguments and errors as for `lempel_ziv`; an unfinished last phrase counts. A whole number in [1, n].

    >>> lz78("1001111011000010")  # 1 0 01 11 10 110 00 010
    8
    >>> lempel_ziv("1001111011000010")
    6
    """
    codes, symbols = encode(sequence)
    words: dict[int, int] = {}
    phrases = word = 0  # word: number of the phrase read so far, 0 for the empty one
    for code in codes.tolist():
        key = word * symbols + code
        word = words.get(key, 0)
        if not word:
            phrases += 1
            words[key] = phrases
    return phrases + (word != 0)
