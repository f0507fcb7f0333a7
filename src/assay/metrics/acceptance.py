"""Accepting and rejecting items at a threshold fixed on validation, and counting what comes of it.

One class, ``ok``, means that nothing is wrong with the item. Its score is 1 - P(ok); an item is *accepted*
when its score is at most the threshold, and rejected otherwise. Where no class means "ok" (``ok=None``)
each class takes that part in turn, with a threshold of its own: is the item of this class or not?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array

Threshold = float | Sequence[float]  # of the ok class, or one for each class (NaN: the class is not judged)


class Counts(NamedTuple):
    """What was counted with one class in the part of "ok"."""

    label: int
    n_ok: int
    false_rejects: int
    n_faulty: int
    escapes: int


def threshold(val_probs: Array, val_labels: Array, ok: int | None = None) -> float | tuple[float, ...]:
    """The score above which an item is rejected: least false-reject rate plus escape rate on validation.

    Among equally good gaps between neighbouring scores the widest is taken (of equally wide ones the
    lowest), and the threshold lies in its middle. val_probs (n, classes), val_labels (n,). One number in
    [0, 1] for an ``ok`` class. With ``ok=None`` one for each class, NaN for a class that no validation
    item, or every one, belongs to: it is not judged. `BadInput` when validation lacks ok or faulty items,
    or for arrays that are not probabilities.

    >>> probs = [[.9, .1], [.8, .2], [.4, .6], [.1, .9]]  # scores 0.1, 0.2, 0.6, 0.9
    >>> round(threshold(probs, [0, 0, 1, 1], ok=0), 6)
    0.4
    """
    p = arrays.probabilities(val_probs, "val_probs")
    true = arrays.labels(val_labels, p, "val_labels", "val_probs")
    classes = _judged(p, ok)
    found = [_best(1 - p[:, c], true == c) for c in classes]
    if np.isnan(found).all():
        raise BadInput(
            "asked for a threshold between ok and faulty items; "
            "found only one of the two in the validation split; give a validation split with both"
        )
    return tuple(found) if ok is None else found[0]


def _best(score: np.ndarray, is_ok: np.ndarray) -> float:
    """The best threshold for one class; NaN when there is nothing to separate."""
    good, bad = np.sort(score[is_ok]), np.sort(score[~is_ok])
    if not len(good) or not len(bad):
        return float("nan")
    edges = np.concatenate([[0.0], np.unique(score), [1.0]])
    low, high = edges[:-1], edges[1:]
    false_rejects = len(good) - np.searchsorted(good, low, side="right")
    escapes = np.searchsorted(bad, low, side="right")
    cost = false_rejects * len(bad) + escapes * len(good)  # whole numbers: ties are exact
    ties = np.flatnonzero(cost == cost.min())
    i = ties[np.argmax((high - low)[ties])]
    middle = (low[i] + high[i]) / 2
    return float(middle if middle < high[i] else low[i])  # between neighbouring floats there is no middle


def count(probs: Array, labels: Array, ok: int | None, threshold: Threshold) -> tuple[Counts, ...]:
    """What happens to the items at fixed thresholds, one entry for each class judged."""
    p = arrays.probabilities(probs)
    true = arrays.labels(labels, p, beside="probs")
    classes = _judged(p, ok)
    fixed = np.atleast_1d(np.asarray(threshold, dtype=np.float64))
    if len(fixed) != len(classes) or np.isnan(fixed).all():
        raise BadInput(
            f"asked for rates of {len(classes)} classes at their thresholds; found {fixed.tolist()}; "
            "give what threshold() returned for the same ok class"
        )
    result = []
    for c, limit in zip(classes, fixed, strict=True):
        if np.isnan(limit):
            continue
        is_ok, accepted = true == c, 1 - p[:, c] <= limit
        false_rejects, escapes = int((is_ok & ~accepted).sum()), int((~is_ok & accepted).sum())
        result.append(Counts(c, int(is_ok.sum()), false_rejects, int((~is_ok).sum()), escapes))
    return tuple(result)


def _judged(p: np.ndarray, ok: int | None) -> list[int]:
    if ok is None:
        return list(range(p.shape[1]))
    if not 0 <= ok < p.shape[1]:
        raise BadInput(
            f"asked for class {ok} as the ok class; found {p.shape[1]} classes; give 0 to {p.shape[1] - 1}, or None"
        )
    return [ok]
