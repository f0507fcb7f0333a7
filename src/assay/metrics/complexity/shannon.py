"""Entropy: how many bits a symbol carries when only its frequency is known."""

from __future__ import annotations

import numpy as np

from assay.metrics.card import metric
from assay.metrics.complexity.symbols import Sequence, encode


@metric(range=(0, float("inf")), unit="bits", invariant=("renaming", "reversal", "order"), cite="Shannon 1948")
def entropy(sequence: Sequence) -> float:
    """Shannon entropy of the symbols of a sequence.

    H = -Σ_s p_s log2 p_s, with p_s the share of symbol s

    In bits a symbol, [0, log2(symbols)]; 0 for a constant sequence. Blind to order. Arguments and errors as for
    `lempel_ziv`.

    >>> entropy("aabb"), entropy("aaaa")
    (1.0, 0.0)
    """
    codes, symbols = encode(sequence)
    shares = np.bincount(codes, minlength=symbols) / len(codes)
    return max(0.0, float(-(shares * np.log2(shares)).sum()))
