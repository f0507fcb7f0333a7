"""False rejects and escapes: good items turned away, faulty items let through.

A false reject is an ok item that is rejected, an escape a faulty item that is accepted (see `acceptance`).
With ``ok=None`` a false reject is an item of a class that is not accepted as one, an escape an item of
another class that is accepted as this one, and both rates are plain means over the classes: a rare class
counts as much as a common one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.acceptance import Counts, Threshold, count, threshold
from assay.metrics.arrays import Array
from assay.metrics.card import metric


@metric(range=(0, 1), better="lower", unit="fraction")
def false_reject_rate(probs: Array, labels: Array, ok: int | None, threshold: Threshold) -> float:
    """Share of ok items that are rejected.

    rate = #{i : y_i = ok, 1 - p_i(ok) > t} / #{i : y_i = ok}

    probs (n, classes), labels (n,), t from `threshold`. With ``ok=None`` the mean over classes of that
    share, each class being "ok" in turn, over classes that have items. A fraction in [0, 1]. `BadInput`
    when there is no ok item, for a threshold of another ``ok``, or for arrays that are not probabilities.

    >>> false_reject_rate([[.9, .1], [.5, .5], [.7, .3], [.1, .9]], [0, 0, 1, 1], ok=0, threshold=0.4)
    0.5
    """
    rate = _false_reject(count(probs, labels, ok, threshold))
    if rate is None:
        raise BadInput("asked for the false-reject rate; found no ok item; give a split that has some")
    return rate


@metric(range=(0, 1), better="lower", unit="fraction")
def escape_rate(probs: Array, labels: Array, ok: int | None, threshold: Threshold) -> float:
    """Share of faulty items that are passed.

    rate = #{i : y_i ≠ ok, 1 - p_i(ok) <= t} / #{i : y_i ≠ ok}

    Arguments, ``ok=None``, range and errors as for `false_reject_rate`; here faulty items are needed.

    >>> escape_rate([[.9, .1], [.5, .5], [.7, .3], [.1, .9]], [0, 0, 1, 1], ok=0, threshold=0.4)
    0.5
    """
    rate = _escape(count(probs, labels, ok, threshold))
    if rate is None:
        raise BadInput("asked for the escape rate; found no faulty item; give a split that has some")
    return rate


def false_reject_interval(
    probs: Array, labels: Array, ok: int | None, threshold: Threshold, level: float = 0.95
) -> tuple[float, float]:
    """Wilson interval of `false_reject_rate`; the threshold counts as given.

    With ``ok=None`` the number of items is the effective one of the weighted mean, (Σw)² / Σw² (Kish).

    >>> low, high = false_reject_interval([[.9, .1]] * 10 + [[.1, .9]], [0] * 10 + [1], ok=0, threshold=0.5)
    >>> low, round(high, 4)  # 0 of 10
    (0.0, 0.2775)
    """
    rate = false_reject_rate(probs, labels, ok, threshold)
    return _interval(rate, _effective_ok(count(probs, labels, ok, threshold)), level)


def escape_interval(
    probs: Array, labels: Array, ok: int | None, threshold: Threshold, level: float = 0.95
) -> tuple[float, float]:
    """Wilson interval of `escape_rate`; with ``ok=None`` as in `false_reject_interval`.

    >>> low, high = escape_interval([[.1, .9]] * 10 + [[.9, .1]], [1] * 10 + [0], ok=0, threshold=0.5)
    >>> low, round(high, 4)  # 0 of 10
    (0.0, 0.2775)
    """
    rate = escape_rate(probs, labels, ok, threshold)
    return _interval(rate, _effective_faulty(count(probs, labels, ok, threshold)), level)


@dataclass(frozen=True)
class Detection:
    """False rejects and escapes of one model on one set of items; a rate is None where nothing could show it.

    ``n_ok`` and ``n_faulty`` are the items behind each rate. ``counts`` holds one entry for the ok class,
    or one for each class where ``ok`` is None; classes without validation items are left out.
    ``thresholds`` is aligned with the classes judged (``counts``).
    """

    false_reject: float | None
    escape: float | None
    n_ok: int
    n_faulty: int
    counts: tuple[Counts, ...]
    thresholds: tuple[float, ...]

    def false_reject_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wilson interval of ``false_reject``; (0, 1) where it is None."""
        return _interval(self.false_reject, _effective_ok(self.counts), level)

    def escape_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wilson interval of ``escape``; (0, 1) where it is None."""
        return _interval(self.escape, _effective_faulty(self.counts), level)


def detection(val_probs: Array, val_labels: Array, probs: Array, labels: Array, ok: int | None = None) -> Detection:
    """False rejects and escapes on some items, with thresholds fixed on the validation split.

    Arguments and errors as for `threshold` and `false_reject_rate`, except that a rate without items is None.

    >>> probs = [[.8, .2], [.6, .4], [.4, .6], [.1, .9]]
    >>> found = detection([[.9, .1], [.2, .8]], [0, 1], probs, [0, 1, 0, 1], ok=0)
    >>> found.thresholds, found.false_reject, found.escape  # 0.45 lies midway between the scores 0.1 and 0.8
    ((0.45,), 0.5, 0.5)
    """
    fixed = threshold(val_probs, val_labels, ok)
    counts = count(probs, labels, ok, fixed)
    n = counts[0].n_ok + counts[0].n_faulty
    used = [fixed] if isinstance(fixed, float) else [fixed[c.label] for c in counts]
    return Detection(
        false_reject=_false_reject(counts),
        escape=_escape(counts),
        n_ok=sum(c.n_ok for c in counts),
        n_faulty=counts[0].n_faulty if len(counts) == 1 else n,
        counts=counts,
        thresholds=tuple(used),
    )


def _false_reject(counts: Sequence[Counts]) -> float | None:
    shares = [c.false_rejects / c.n_ok for c in counts if c.n_ok]
    return float(np.mean(shares)) if shares else None


def _escape(counts: Sequence[Counts]) -> float | None:
    shares = [c.escapes / c.n_faulty for c in counts if c.n_faulty]
    return float(np.mean(shares)) if shares else None


def _effective_ok(counts: Sequence[Counts]) -> float:
    """Each item of class c has weight 1/n_c, so (Σw)² / Σw² = classes² / Σ 1/n_c; just n for one class."""
    sizes = np.array([c.n_ok for c in counts if c.n_ok], dtype=np.float64)
    return float(len(sizes) ** 2 / (1 / sizes).sum()) if len(sizes) else 0.0


def _effective_faulty(counts: Sequence[Counts]) -> float:
    """An item takes part once for each class it is not of; parts that depend on each other count as one item.

    Its weight is the sum of 1/n_faulty over those classes. Counting it once errs on the wide side.
    """
    part = np.array([1 / c.n_faulty if c.n_faulty else 0.0 for c in counts])
    sizes = np.array([c.n_ok for c in counts], dtype=np.float64)
    others = counts[0].n_ok + counts[0].n_faulty - sizes.sum()  # items of classes that are not judged
    weights, items = np.append(part.sum() - part, part.sum()), np.append(sizes, others)
    total = float((items * weights).sum())
    return total**2 / float((items * weights**2).sum()) if total else 0.0


def _interval(rate: float | None, n: float, level: float) -> tuple[float, float]:
    from assay.maths.statistics.intervals import wilson

    return (0.0, 1.0) if rate is None else wilson(rate * n, n, level)  # type: ignore[arg-type]
