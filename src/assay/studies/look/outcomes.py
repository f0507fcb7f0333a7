"""What becomes of each item at the thresholds fixed on validation, and the rates of each set."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.maths.statistics import wilson
from assay.metrics import detection, threshold

RIGHT, WRONG, FALSE_REJECT, ESCAPE = "right", "wrong", "false reject", "escape"
OUTCOMES = (RIGHT, WRONG, FALSE_REJECT, ESCAPE)


def outcomes(probs: np.ndarray, labels: np.ndarray, ok: int | None, limit: float | None) -> list[str]:
    """One word an item.

    Where a class means that nothing is wrong (``ok``) and its threshold ``limit`` on 1 - P(ok) is known, an ok item
    above it is a false reject, another at or below it an escape. Everything else is right or wrong by the likeliest
    class: a fault that is rejected as another fault is wrong.

    >>> outcomes(np.array([[.9, .1], [.4, .6], [.7, .3]]), np.array([0, 0, 1]), 0, 0.5)
    ['right', 'false reject', 'escape']
    >>> outcomes(np.array([[.9, .1], [.4, .6]]), np.array([0, 0]), None, None)
    ['right', 'wrong']
    """
    said = np.where(probs.argmax(1) == labels, RIGHT, WRONG).astype(object)
    if ok is not None and limit is not None:
        accepted, good = 1 - probs[:, ok] <= limit, labels == ok
        said[good] = np.where(accepted[good], RIGHT, FALSE_REJECT)
        said[~good & accepted] = ESCAPE
    return [str(word) for word in said]


def limit_of(val_probs: np.ndarray, val_labels: np.ndarray, ok: int | None) -> float | None:
    """The threshold on 1 - P(ok) that `threshold` fixes on validation; None where no class means ok."""
    return None if ok is None else float(threshold(val_probs, val_labels, ok))  # type: ignore[arg-type]


def rates(
    val: tuple[np.ndarray, np.ndarray], seen: tuple[np.ndarray, np.ndarray], ok: int | None
) -> dict[str, Any]:  # fmt: skip
    """Accuracy by the likeliest class, false rejects and escapes of one set, each with its 95 % interval.

    ``val`` and ``seen``: probabilities (n, classes) and labels (n,). Rates as `detection` defines them, thresholds from
    ``val``; a rate that nothing could show is None with the interval (0, 1).
    """
    probs, labels = seen
    right = int((probs.argmax(1) == labels).sum())
    found = detection(*val, probs, labels, ok)
    (low, high), reject, escape = (
        wilson(right, len(labels)),
        found.false_reject_interval(),
        found.escape_interval(),
    )
    return {
        **{"n": len(labels), "right": right, "accuracy": right / len(labels), "low": low, "high": high},
        **{"false_reject": found.false_reject, "false_reject_low": reject[0], "false_reject_high": reject[1]},
        **{"escape": found.escape, "escape_low": escape[0], "escape_high": escape[1]},
        **{"n_ok": found.n_ok, "n_faulty": found.n_faulty},
    }
