"""How strong something is at a moment of training."""

from __future__ import annotations

from fractions import Fraction


def warmed(progress: float, warmup: float | Fraction) -> float:
    """Linear warm-up: min(1, progress / warmup), and 1 where there is none; both are shares of training.

    >>> warmed(0.1, 0.4), warmed(0.6, 0.4), warmed(0.0, 0)
    (0.25, 1.0, 1.0)
    """
    return min(1.0, progress / float(warmup)) if warmup else 1.0
