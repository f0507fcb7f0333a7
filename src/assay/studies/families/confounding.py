"""Does generalisation change more where the representation moved more? An association, and what could explain it away.

Movement was not randomised: something that is not known may move a model and change its generalisation. How strong that
would have to be is said in shares of variance (robustness value), beside the same shares of a figure that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from assay.core.errors import BadInput
from assay.maths.statistics import holm, ranks
from assay.studies.families.cause import OUTCOMES, STRESSED, against_forks
from assay.studies.study import text

NAME = text("association, with sensitivity to confounding", "関連（交絡への感度分析つき）")
KNOWN = "val_accuracy"  # the figure whose shares stand beside: quality on data that outcomes do not use
LEAST = 3  # conditions and seeds
Array = NDArray[np.float64]
ASSOCIATIONS = [
    *("figure", "outcome", "correlation", "low", "high", "p", "p_holm", "robustness", "robustness_p"),
    *("known_movement", "known_outcome", "conditions", "seeds"),
]


@dataclass(frozen=True)
class Association:
    """A partial correlation and how robust it is: see `association`. ``freedom``: residual degrees of freedom."""

    correlation: float
    low: float
    high: float
    p: float
    robustness: float
    robustness_p: float
    freedom: int


def residual(table: ArrayLike, times: Sequence[Any] | None = None) -> Array:
    """What is left of a table (seeds, conditions) without the means of its columns and, within a time, of its rows.

    ``times``: (conditions,), one for all if not given.

    >>> residual([[1, 2], [3, 4]]).tolist(), residual([[1, 0], [0, 1]]).tolist()
    ([[0.0, 0.0], [0.0, 0.0]], [[0.5, -0.5], [-0.5, 0.5]])
    >>> residual([[1, 0, 7], [0, 1, 2]], ["early", "early", "late"]).tolist()
    [[0.5, -0.5, 0.0], [-0.5, 0.5, 0.0]]
    """
    t = np.asarray(table, dtype=float)
    left = np.empty_like(t)
    for at in _together(times, t.shape[1]):
        own = t[:, at]
        left[:, at] = own - own.mean(0) - own.mean(1, keepdims=True) + own.mean()
    return left


def _together(times: Sequence[Any] | None, conditions: int) -> list[NDArray[np.intp]]:
    names = [None] * conditions if times is None else list(times)
    return [np.array([i for i, name in enumerate(names) if name == each]) for each in dict.fromkeys(names)]


def association(x: ArrayLike, y: ArrayLike, level: float = 0.95, *, times: Sequence[Any] | None = None) -> Association:
    """How x goes with y at equal condition and equal seed, and how strong a confounder must be to explain it away.

    ``x``, ``y``: (seeds, conditions), three or more of each; ``times``: (conditions,), when a condition's stress came,
    one for all if not given. Both are freed of the means of conditions and, within each time, of seeds. That removes
    all that a condition does to its runs and what a seed's runs of one time have in common, known or not: until then
    they were one run, and are compared with one fork. A condition that is alone at its time has nothing to be compared
    with and adds nothing. ``correlation``: of what is left, r, in [-1, 1];
    t = r sqrt(df / (1 - r^2)), df = (seeds - 1)(conditions - times) - 1; ``low``, ``high`` by Fisher's z with df; ``p``
    two-sided, for runs that are independent given condition, seed and time.

    ``robustness``: a confounder that explains this share of what is left of x and this share of what is left of y
    (given x), or more, can bring r to 0; a weaker one cannot. In [0, 1]:

        RV = (sqrt(f^4 + 4 f^2) - f^2) / 2,   f = |t| / sqrt(df)

    ``robustness_p``: the same to bring p above 1 - level, with f less the critical |t| of df - 1 over sqrt(df - 1); 0
    where p is above already. NaN where x or y does not vary. Source: Cinelli and Hazlett 2020, Journal of the Royal
    Statistical Society B 82:39-67, section 4.1.

    >>> x = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> found = association(x, [[2, 0, 0], [0, 0, 0], [0, 0, 1]])
    >>> found.freedom, found.correlation.__round__(6), found.robustness.__round__(6)  # f^2 = 3: (21^.5 - 3) / 2
    (3, 0.866025, 0.791288)
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    groups = _together(times, a.shape[-1] if a.ndim else 0)
    if a.ndim != 2 or a.shape != b.shape or not enough(len(a), a.shape[1], len(groups)):
        raise BadInput(
            f"asked for an association; found shapes {a.shape} and {b.shape} at {len(groups)} times; give {LEAST} or "
            f"more seeds by {LEAST} or more conditions, so many at one time that (seeds - 1)(conditions - times) is "
            f"{LEAST} or more"
        )
    df, nan = (a.shape[0] - 1) * (a.shape[1] - len(groups)) - 1, float("nan")
    r = correlation(residual(a, times), residual(b, times))
    if not np.isfinite(r):
        return Association(nan, nan, nan, 1.0, nan, nan, df)
    from scipy.special import ndtri, stdtr, stdtrit

    f = abs(r) / max(1 - r * r, 1e-15) ** 0.5
    half = float(ndtri(0.5 + level / 2)) / max(df - 1, 1) ** 0.5
    z = float(np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)))
    p = float(2 * stdtr(df, -f * df**0.5))
    bar = float(stdtrit(df - 1, 0.5 + level / 2)) / (df - 1) ** 0.5
    return Association(r, float(np.tanh(z - half)), float(np.tanh(z + half)), p, robustness(f), robustness(f, bar), df)


def enough(seeds: int, conditions: int, times: int) -> bool:
    """Whether an association can be taken: two residual degrees of freedom at least, since an interval needs df - 1.

    >>> enough(4, 4, 3), enough(3, 4, 3)  # (seeds - 1)(conditions - times) = 3 and 2
    (True, False)
    """
    return min(seeds, conditions) >= LEAST and (seeds - 1) * (conditions - times) >= LEAST


def correlation(a: Array, b: Array) -> float:
    """The cosine of two centred tables; NaN where one is flat.

    >>> correlation(np.array([1.0, -1.0]), np.array([-3.0, 3.0]))
    -1.0
    """
    scale = float((a * a).sum() * (b * b).sum()) ** 0.5
    return float(np.clip((a * b).sum() / scale, -1, 1)) if scale > 1e-12 else float("nan")


def robustness(f: float, bar: float = 0.0) -> float:
    """The robustness value of Cohen's partial f: the least share of both residual variances that brings f to ``bar``.

    With d = f - bar: 0 for d <= 0, else (sqrt(d^4 + 4 d^2) - d^2) / 2 where bar f < 1, and (f^2 - bar^2) / (1 + f^2)
    where it is not (a confounder that leaves nothing of y to explain would also raise precision).
    Source: Cinelli and Hazlett 2020, section 4.1; the second case: the authors' package `sensemakr`.

    >>> robustness(0.0), robustness(1.0).__round__(6), robustness(1.0, 1.5)  # (5^.5 - 1) / 2
    (0.0, 0.618034, 0.0)
    """
    d = f - bar
    if d <= 0:
        return 0.0
    if bar > 0 and f > 1 / bar:
        return (f * f - bar * bar) / (1 + f * f)
    # (sqrt(d^4 + 4 d^2) - d^2) / 2, written so that a large d loses no digits
    return 2 / (1 + (1 + 4 / (d * d)) ** 0.5)


def adjusted(slope: float, error: float, freedom: int, share_x: float, share_y: float) -> float:
    """The slope that would be left, had a confounder been in the regression that makes it smaller.

        |slope| - error sqrt(share_y share_x / (1 - share_x) freedom), with the sign of slope

    ``share_x``: what the confounder explains of what is left of x, in [0, 1); ``share_y``: of what is left of y given
    x; ``error``: of ``slope``. Exact, not a bound. Source: Cinelli and Hazlett 2020, eq. 14.

    >>> adjusted(2.0, 0.5, 16, 0.5, 0.25)  # 2 - 0.5 sqrt(0.25 * 1 * 16)
    1.0
    """
    bias = error * (share_y * share_x / (1 - share_x) * freedom) ** 0.5
    return float(np.sign(slope) * (abs(slope) - bias))


def associations(
    runs: pd.DataFrame, conditions: Sequence[Mapping[str, Any]], figures: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """One row a measure of movement and outcome: how a change of generalisation goes with movement, within conditions.

    ``figures``: columns of ``runs`` with the distance to the unstressed twin; outcomes: differences from the fork of
    the seed and time, see `against_forks`; both are ranked within conditions, so that no condition counts more than
    another. Used are conditions in which less than a third of the seeds is missing, and the seeds that all these have.
    ``known_movement``, ``known_outcome``: the shares of variance that `KNOWN` explains of both (of the outcome: given
    movement), to compare ``robustness`` with. ``p_holm``: corrected for all rows. See `association`.
    """
    differences = against_forks(runs, conditions)
    paired = runs[(runs["design"] == "paired") & runs["stress"].isin(STRESSED)].set_index(["seed", "condition"])
    at = {condition["name"]: condition["at"] for condition in conditions}
    rows = []
    for figure in figures:
        for outcome in OUTCOMES:
            own = differences[differences["outcome"] == outcome].set_index(["seed", "condition"])["difference"]
            if figure not in paired or KNOWN not in paired or own.empty:
                continue
            every = pd.DataFrame({"y": own, "x": paired[figure], "known": paired[KNOWN]}).astype(float)
            (x, y, known), names = _complete(every)
            times = [at[name] for name in names]
            if not enough(len(x), x.shape[1], len(set(times))):
                continue
            found = association(x, y, level, times=times)
            x, y, known = (residual(each, times) for each in (x, y, known))
            rows.append(
                {
                    **{"figure": figure, "outcome": outcome, "seeds": len(x), "conditions": x.shape[1]},
                    **{name: value for name, value in vars(found).items() if name != "freedom"},
                    "known_movement": correlation(known, x) ** 2,
                    "known_outcome": _partial(known, y, x) ** 2,
                }
            )
    table = pd.DataFrame(rows, columns=ASSOCIATIONS)
    table["p_holm"] = holm(table["p"].astype(float).tolist()) if len(table) else table["p"]
    return table


def _partial(a: Array, b: Array, given: Array) -> float:
    """The correlation of two residual tables freed of a third."""
    size = float((given * given).sum())
    if size <= 1e-12:
        return correlation(a, b)
    a, b = (v - given * float((v * given).sum()) / size for v in (a, b))
    return correlation(a, b)


def _complete(every: pd.DataFrame) -> tuple[list[Array], list[str]]:
    """The columns x, y and known as full tables (seeds, conditions), ranked within conditions; the conditions."""
    wide = {name: every[name].unstack("condition") for name in ("x", "y", "known")}
    there = wide["x"].notna() & wide["y"].notna() & wide["known"].notna()
    there = there.loc[:, there.mean(axis=0) > 2 / 3]
    seeds = there.index[there.all(axis=1)]
    tables = [ranks(wide[name].loc[seeds, there.columns].to_numpy(float)) for name in ("x", "y", "known")]
    return tables, list(there.columns)
