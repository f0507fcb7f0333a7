"""Whether test (or production) can be told from train: a classifier two-sample test."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

from assay.core.rng import numpy_rng
from assay.maths.statistics.shuffles import share_beyond, shuffles
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.view import View

MOST = 1_000  # items of either set
FOLDS = 5
SHUFFLES = 199
RIDGE = 0.02
LEVEL = 0.01  # of the test
SOME, MUCH = 0.55, 0.75  # chances that count


@dataclass(frozen=True)
class TwoSample:
    """``auc``: the chance that an item of the second set scores above one of the first; 1/2 when they are alike."""

    auc: float
    low: float
    high: float
    p: float
    units: tuple[int, int]


def distance(view: View) -> list[Finding]:
    """One finding for test and one for each later split, against train."""
    return [_against(view, name) for name in ("test", *view.dataset.later)]


def _against(view: View, name: str) -> Finding:
    ours, theirs = view.splits["train"], view.splits[name]
    generator = numpy_rng(0, "two-sample", name)
    a, b = (np.sort(generator.permutation(len(s))[:MOST]) for s in (ours, theirs))
    x = view.together(("train", a), (name, b))
    groups = None
    if ours.groups is not None and theirs.groups is not None:
        groups = np.unique(np.concatenate([ours.groups[a], theirs.groups[b]]), return_inverse=True)[1].reshape(-1)
    found = two_sample(x, np.arange(len(x)) >= len(a), groups, generator)
    surely = found.p <= LEVEL
    severity: Severity = "problem" if surely and found.low > MUCH else "look" if surely and found.low > SOME else "fine"
    word = {"problem": "clearly differs from", "look": "differs somewhat from", "fine": "looks like"}[severity]
    blind = severity == "fine" and found.high > MUCH
    if blind:
        word = "could not be told from"
    p = "< .01" if found.p < 0.01 else f"= {found.p:.2f}".replace("0.", ".", 1)
    said = (
        f"{name.capitalize()} {word} train: shown one {view.noun} of each, a simple rule says which is which in "
        f"{100 * found.auc:.0f} of 100 cases ({100 * found.low:.0f} to {100 * found.high:.0f}; 50 is guessing; p {p})."
    )
    if blind:
        things = "groups" if groups is not None else f"{view.noun}s"
        said += f" With {found.units[0]:,} and {found.units[1]:,} {things} a large difference could be missed."
    advice = {
        "test": "draw test from the same source as train, or take its results as those of another source",
    }.get(name, f"expect other results on {name}: judge with --production, and collect training data there")
    table = pd.DataFrame([{"name": f"train against {name}", "value": found.auc, "low": found.low, "high": found.high}])
    return Finding(
        f"distance-{name}",
        f"Train against {name}",
        severity,
        said,
        advice if severity != "fine" else "",
        found.auc,
        "chance to tell apart",
        (found.low, found.high),
        len(x),
        detail={"p": found.p, "units": list(found.units), "by_group": groups is not None},
        table=table,
    )


def two_sample(
    x: np.ndarray, second: np.ndarray, groups: np.ndarray | None, generator: np.random.Generator
) -> TwoSample:
    """The classifier two-sample test (Lopez-Paz and Oquab 2017, ICLR) with ridge regression and AUC.

    ``x`` (n, d); ``second`` (n,) bool: which items are of the second set; ``groups`` (n,) codes of items that are not
    independent, or None. Scores come from five folds that leave whole groups out; p permutes whole groups. The
    interval is Hanley and McNeil's (1982, Radiology 143:29), with groups counted as one item each.

    >>> far = two_sample(np.r_[np.zeros(30), np.ones(30)][:, None], np.arange(60) >= 30, None, np.random.default_rng(0))
    >>> far.auc, far.p
    (1.0, 0.005)
    """
    units = np.arange(len(x)) if groups is None else groups * 2 + second
    units = np.unique(units, return_inverse=True)[1].reshape(-1)
    side = np.zeros(units.max() + 1, bool)
    side[units] = second
    order = shuffles(len(side), SHUFFLES, generator)
    sides = np.concatenate([side[None], side[order]])[:, units].T  # (n, 1 + shuffles)
    folds = generator.permutation(np.arange(len(side)) % FOLDS)[units]
    values = np.concatenate([x, x**2], 1) if len(x) > 6 * x.shape[1] else x
    values = (values - values.mean(0)) / np.maximum(values.std(0), 1e-9)
    areas = [_areas(values, sides, folds == fold) for fold in range(FOLDS)]
    held = np.ma.masked_invalid(np.stack(areas))  # a fold without items of one side says nothing
    auc = held.mean(0).filled(0.5)
    n = (int((~side).sum()), int(side.sum()))
    return TwoSample(float(auc[0]), *_hanley(float(auc[0]), *n), share_beyond(auc[1:], float(auc[0])), n)


def _areas(x: np.ndarray, sides: np.ndarray, out: np.ndarray) -> np.ndarray:
    """AUC on the items left out, for each column of ``sides``, ties half; not a number where one side is missing."""
    from scipy.stats import rankdata

    a, targets = x[~out], sides[~out].astype(float)
    centre = targets.mean(0)
    gram = a.T @ a + RIDGE * len(a) * np.eye(a.shape[1])
    scores = x[out] @ np.linalg.solve(gram, a.T @ (targets - centre))
    ranks = rankdata(scores.round(12), axis=0)
    mine = sides[out]
    m, n = mine.sum(0), (~mine).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((ranks * mine).sum(0) - m * (m + 1) / 2) / (m * n)


def _hanley(auc: float, m: int, n: int) -> tuple[float, float]:
    """The 95 % interval of an AUC."""
    a = min(max(auc, 1 - auc), 1 - 1 / (2 * max(m, n)))
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    half = NormalDist().inv_cdf(0.975) * sqrt(
        max(a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a), 0) / (m * n)
    )
    return max(0.0, auc - half), min(1.0, auc + half)
