"""How similarity changes along an axis: means over pairs of models, and a straight line through them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from assay.core.errors import BadInput
from assay.maths.statistics import Estimate
from assay.studies.phrases import NOTHING

Array = NDArray[np.float64]
LEAST = 3  # models, with which leaving one out leaves a pair


def among(similar: ArrayLike, level: float = 0.95) -> Estimate:
    """The mean similarity of all pairs among models, with an interval over models.

    ``similar``: (models, models), symmetric; the diagonal is not used. The mean over pairs is a U-statistic; its
    variance is the jackknife's, (k - 1) / k sum_i (u_without_i - mean of these)^2, and the interval Student's with
    k - 1 degrees of freedom, because pairs that share a model are not independent. p against 0. ``detail``: variance.
    NaN for fewer than three models. Source: Arvesen 1969, Annals of Mathematical Statistics 40:2076-2100.

    >>> found = among([[1, 0.2, 0.4], [0.2, 1, 0.6], [0.4, 0.6, 1]])
    >>> found.effect.__round__(6), found.n, found.detail["variance"].__round__(6)  # 2/3 (0.2^2 + 0.0 + 0.2^2)
    (0.4, 3, 0.053333)
    """
    s = np.asarray(similar, dtype=float)
    k = len(s)
    if s.shape != (k, k):
        raise BadInput(f"asked for the similarity among models; found a table of shape {s.shape}; give a square one")
    if k < LEAST:
        return NOTHING
    off = s - np.diag(np.diag(s))
    total, own = off.sum() / 2, off.sum(1)
    mean = total / (k * (k - 1) / 2)
    without = (total - own) / ((k - 1) * (k - 2) / 2)
    variance = (k - 1) / k * float(((without - without.mean()) ** 2).sum())
    return _by_t(float(mean), variance, k - 1.0, k, level)


def rise(levels: Sequence[float], means: Sequence[Estimate], level: float = 0.95) -> Estimate:
    """How much similarity rises from the lowest to the highest level, by a straight line in the logarithm of the level.

        rise = (z_L - z_1) sum_l (z_l - z) u_l / sum_l (z_l - z)^2,   z_l = log level_l, z their mean

    ``means``: `among` of models that no two levels share, so that variances add up; degrees of freedom by Satterthwaite
    1946 (Biometrics Bulletin 2:110-114). In the unit of the similarity; p against 0, two-sided. NaN where a level has
    too few models or where there are fewer than two levels.

    >>> flat, high = among([[1, 0.2, 0.4], [0.2, 1, 0.6], [0.4, 0.6, 1]]), among([[1, .7, .7], [.7, 1, 1], [.7, 1, 1]])
    >>> rise([8, 16], [flat, high]).effect.__round__(6)  # 0.8 - 0.4
    0.4
    """
    if len(means) < 2 or not all(one.known for one in means):
        return NOTHING
    z = np.log(np.asarray(levels, dtype=float))
    if len(z) != len(means) or np.ptp(z) <= 0:
        raise BadInput(f"asked for a rise along {list(levels)}; give a mean for each of several levels above 0")
    weights = np.ptp(z) * (z - z.mean()) / ((z - z.mean()) ** 2).sum()
    return combined(weights, means, level)


def combined(weights: ArrayLike, means: Sequence[Estimate], level: float = 0.95) -> Estimate:
    """A weighted sum of independent means, its interval and p against 0 by Satterthwaite's t.

    >>> flat = among([[1, 0.2, 0.4], [0.2, 1, 0.6], [0.4, 0.6, 1]])
    >>> found = combined([1, -1], [flat, flat])
    >>> found.effect, found.n, found.low < 0 < found.high
    (0.0, 6, True)
    """
    if not all(one.known for one in means):
        return NOTHING
    w = np.asarray(weights, dtype=float)
    parts = w**2 * np.array([one.detail["variance"] for one in means])
    freedom = np.array([one.detail["freedom"] for one in means])
    total = float(parts.sum())
    df = total**2 / float((parts**2 / freedom).sum()) if total > 0 else 1.0
    return _by_t(float(w @ [one.effect for one in means]), total, df, sum(one.n for one in means), level)


def _by_t(effect: float, variance: float, freedom: float, n: int, level: float) -> Estimate:
    from scipy.special import stdtr, stdtrit

    error = variance**0.5
    half = float(stdtrit(freedom, 0.5 + level / 2)) * error
    p = float(2 * stdtr(freedom, -abs(effect) / error)) if error > 0 else 1.0
    detail = {"variance": variance, "freedom": freedom}
    return Estimate(effect, effect - half, effect + half, p, n, level, detail)


def square(pairs: pd.DataFrame, models: Sequence[str], column: str) -> Array:
    """The similarities of the models that have any, as a symmetric table with ones on the diagonal.

    >>> square(pd.DataFrame({"run_a": ["a"], "run_b": ["b"], "cka": [0.5]}), ["a", "b", "c"], "cka").tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    rows = pairs[pairs["run_a"].isin(models) & pairs["run_b"].isin(models)]
    known = [run for run in models if run in {*rows["run_a"], *rows["run_b"]}]
    place = {run: i for i, run in enumerate(known)}
    table = np.eye(len(known))
    i, j = (rows[side].map(place).to_numpy(int) for side in ("run_a", "run_b"))
    table[i, j] = table[j, i] = rows[column].to_numpy(float)
    return table
