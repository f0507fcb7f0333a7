"""Does a curve fall after its best? The drop from best to last without the luck of choosing, and a live alarm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics.ordination import Array

SMOOTH = 3  # looks that the alarm averages
LEAST = 2 * SMOOTH + 2  # looks below which there is nothing to say
SETTLED = 0.9  # of the best: where a curve has first come so far, its rise is over


@dataclass(frozen=True)
class Drop:
    """What `best_to_last` found; accuracies, so every figure lies in [-1, 1].

    ``best`` is the look that one curve chose, ``at_best`` and ``at_last`` the other curve there and over its last
    looks, ``drop`` their difference, ``flat`` what choosing alone would give on a curve without a trend, ``corrected``
    drop - flat.
    """

    best: int
    at_best: float
    at_last: float
    drop: float
    flat: float
    corrected: float


def best_to_last(choosing: ArrayLike, judged: ArrayLike, tail: int | None = None) -> Drop:
    """How far ``judged`` (test) lies lower at the end than at the look where ``choosing`` (val) was best.

    drop = judged[b] - mean of the last ``tail`` of judged,  b = argmax choosing (the first of equals)

    A network's true accuracy goes up and down from look to look, so the best look is above its neighbours on test,
    too, and the drop is positive without any trend. That part is measured on the curve itself: r, each look minus the
    mean of its m neighbours (a sixth of the looks to either side, at least 3), has no trend. It is wider than the noise
    by the factor sqrt(1 + 1/m), which is taken off;

    flat = r_judged[argmax r_choosing] - mean r_judged

    over the looks from the first at which ``choosing`` has reached nine tenths of its best. On curves without a trend
    the expectation of drop - flat is near 0 (`docs/evidence/statistics.md`). ``tail`` None: a tenth of the looks, at
    least 3. `BadInput` for fewer than 8 looks, other shapes or numbers that are not finite.

    >>> found = best_to_last([0, 5, 6, 6, 6, 6, 6, 6, 6, 6], [0, 5, 6, 5, 5, 4, 4, 3, 3, 3])
    >>> found.best, found.at_best, found.at_last, found.drop
    (2, 6.0, 3.0, 3.0)
    """
    v, t = (np.asarray(curve, dtype=float) for curve in (choosing, judged))
    if v.shape != t.shape or v.ndim != 1 or len(v) < LEAST or not np.all(np.isfinite(v + t)):
        raise BadInput(
            f"asked for the drop along curves of shapes {v.shape} and {t.shape}; "
            f"give two curves of the same {LEAST} or more looks, all numbers"
        )
    k = tail or max(3, len(v) // 10)
    best = int(v.argmax())
    at_best, at_last = float(t[best]), float(t[-k:].mean())
    since = min(int(np.argmax(v >= SETTLED * v.max())), len(v) - LEAST)
    rv, rt = (_beside(curve[since:], max(3, len(v) // 6)) for curve in (v, t))
    flat = float(rt[rv.argmax()] - rt.mean())
    return Drop(best, at_best, at_last, at_best - at_last, flat, at_best - at_last - flat)


def _beside(curve: Array, reach: int) -> Array:
    """Each look minus the mean of its neighbours up to ``reach`` away, as wide as the noise of one look."""
    n = len(curve)
    lows, highs = np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n)
    sums = np.concatenate([[0.0], curve.cumsum()])
    beside = highs - lows - 1
    return (curve - (sums[highs] - sums[lows] - curve) / beside) / np.sqrt(1 + 1 / beside)


@dataclass(frozen=True)
class Alarm:
    """What a look at a curve so far says: whether it has fallen, since which look, how far, and how far is too far."""

    on: bool
    since: int
    drop: float
    threshold: float


def alarm(curve: ArrayLike, n: int, level: float = 0.05) -> Alarm | None:
    """Whether an accuracy curve has fallen from its best by more than ups and downs explain; None while too short.

    drop = max_e s_e - s_last,  s the means of 3 looks in a row;  threshold = c sigma / sqrt(3)

    sigma² is half the mean squared step from look to look after the curve has settled (von Neumann), at its upper 90 %
    bound because few steps say little, and at least that of one image of ``n``. c is the (1 - ``level``) quantile of
    the largest drop below the best so far, over all looks up to now, of the same means of white noise: a flat curve
    watched to its end raises a false alarm with a chance of about ``level`` at most. Ups and downs that last over
    several looks look like falls, and raise more (`docs/studies/overfitting.md`).

    >>> alarm([0.1, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 1000).on
    False
    >>> found = alarm([0.1, 0.3, 0.5, 0.5, 0.5, 0.5, 0.4, 0.3, 0.3, 0.3], 1000)
    >>> found.on, found.since, round(found.drop, 2)
    (True, 3, 0.2)
    """
    from scipy.special import chdtri

    v = np.asarray(curve, dtype=float)
    if n < 1 or not np.all(np.isfinite(v)):
        raise BadInput(f"asked for an alarm on {len(v)} looks at {n} images; give finite numbers, and 1 image or more")
    if len(v) < LEAST:
        return None
    s = np.convolve(v, np.full(SMOOTH, 1 / SMOOTH), "valid")
    since = int(s.argmax())
    steps = np.diff(v[min(int(np.argmax(v >= SETTLED * v.max())), len(v) - LEAST) :])
    free = 2 / 3 * len(steps)  # neighbouring steps share a look
    sigma = max(float((steps**2).mean() / 2 * free / chdtri(free, 0.9)) ** 0.5, 1 / n)
    threshold = _largest_fall(len(v), level) * sigma / SMOOTH**0.5
    drop = float(s[since] - s[-1])
    return Alarm(drop > threshold, since + SMOOTH // 2, drop, threshold)


@lru_cache(maxsize=512)
def _largest_fall(looks: int, level: float) -> float:
    """The quantile, in standard errors of one mean, of the largest fall from the best so far along white noise."""
    looks = 1 << (looks - 1).bit_length()  # the next power of two: on the safe side, and few distinct values
    noise = numpy_rng(0, "largest fall", looks).standard_normal((4000, looks + SMOOTH - 1))
    sums = np.concatenate([np.zeros((len(noise), 1)), noise.cumsum(1)], axis=1)
    s = (sums[:, SMOOTH:] - sums[:, :-SMOOTH]) / SMOOTH**0.5
    return float(np.quantile((np.maximum.accumulate(s, axis=1) - s).max(1), 1 - level))
