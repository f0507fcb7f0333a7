"""The risk before deployment: from smaller trainings, how far robust accuracy will fall and whether it pays at all.

Adversarial training on parts of the images gives a figure for each size; over the logarithm of the size they are
extended to all images by a line through every seed's figures. The largest part is foretold from the smaller ones first.
Where that misses, the line means nothing, and no figure is given; nor where it would have to be followed far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from assay.studies.overfitting import readings
from assay.studies.overfitting.design import BASELINE, CLEAN, fewer
from assay.studies.study import Text

FIGURES = {"drop": "drop_corrected", "robust": "robust_best", "clean": "clean_best"}
BOUNDED = ("robust", "clean")  # accuracies: their line is one of log odds, which cannot leave [0, 1]
LEAST = 3  # sizes that make a line and something to check it by
EDGE = 1e-3  # accuracies nearer to 0 or 1 are taken to be so near: their odds are not known better
FARTHEST = 4  # times the images that were learned from: a line that was checked over one doubling is followed for two


@dataclass(frozen=True)
class Foretold:
    """A figure at one size, foretold from smaller ones: mean over seeds, and the interval for a new mean."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Risk:
    """What is expected with all images, beside the check on the largest part; None where it is withheld."""

    images: int
    expected: Mapping[str, Foretold]
    checked: Mapping[str, tuple[Foretold, float]]
    withheld: bool
    warnings: tuple[Text, ...] = ()


def line(sizes: Sequence[float], table: np.ndarray, at: float, level: float = 0.95) -> Foretold:
    """A straight line over log size through each seed's figures ``table`` (seeds, sizes), read off at size ``at``.

    Each seed has its own line; the interval is Student's t over seeds, widened by the scatter around the mean line.

    >>> found = line([1, 2, 4], np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), 8)
    >>> round(found.value, 6), round(found.low, 6)
    (3.0, 3.0)
    """
    from scipy.special import stdtrit

    x = np.log(np.asarray(sizes, dtype=float))
    design = np.stack([np.ones_like(x), x], axis=1)
    reads = np.array([1.0, np.log(at)]) @ np.linalg.pinv(design)  # weights of the figures in what is read off
    values = table @ reads
    n = len(values)
    mean = table.mean(0)
    rest = mean - design @ (np.linalg.pinv(design) @ mean)
    bent = float(rest @ rest) / max(1, len(x) - 2) * (1 + float(reads @ reads))
    spread = (float(values.var(ddof=1)) / n + bent) ** 0.5 if n > 1 else float("inf")
    half = float(stdtrit(max(1, n - 1), 0.5 + level / 2)) * spread
    return Foretold(float(values.mean()), float(values.mean()) - half, float(values.mean()) + half)


def bounded(sizes: Sequence[float], table: np.ndarray, at: float, level: float = 0.95) -> Foretold:
    """`line` through log odds ln(a / (1 - a)) of accuracies, read off as an accuracy in [0, 1].

    >>> found = bounded([1, 2], np.array([[0.5, 0.9], [0.5, 0.9]]), 4)  # odds 1, 9, 81
    >>> round(found.value, 6) == round(81 / 82, 6)
    True
    """
    from scipy.special import expit, logit

    found = line(sizes, logit(np.clip(table, EDGE, 1 - EDGE)), at, level)
    return Foretold(*(float(expit(value)) for value in (found.value, found.low, found.high)))


def risk(about: Mapping[str, Any], alive: pd.DataFrame) -> Risk:
    """What the sizes that were trained say about all images."""
    n, learned = int(about["data"]["sizes"]["train"]), int(about["images"])
    sizes = {1.0: BASELINE, **{float(size): fewer(size) for size in about["sizes"]}}
    smaller = sorted(size for size in sizes if size < 1)
    target = n / learned  # of the base's images
    if len(smaller) + 1 < LEAST:
        return Risk(n, {}, {}, withheld=True)
    if target > FARTHEST:
        return Risk(n, {}, {}, withheld=True, warnings=readings.too_far(n, learned, FARTHEST))
    expected, checked = {}, {}
    for name, column in FIGURES.items():
        wide = alive.pivot_table(index="seed", columns="condition", values=column)
        if not all(sizes[size] in wide for size in (*smaller, 1.0)):
            return Risk(n, {}, {}, withheld=True)
        table = wide[[sizes[size] for size in (*smaller, 1.0)]].dropna().to_numpy()
        if len(table) < 2:
            return Risk(n, {}, {}, withheld=True)
        told = bounded if name in BOUNDED else line
        checked[name] = told(smaller, table[:, :-1], 1.0), float(table[:, -1].mean())
        expected[name] = told([*smaller, 1.0], table, target)
    missed = [name for name, (told, seen) in checked.items() if not told.low <= seen <= told.high]
    natural = alive[alive.condition == CLEAN]
    price = float(natural.clean_last.mean() - alive[alive.condition == BASELINE].clean_last.mean())
    return Risk(n, expected, checked, bool(missed), readings.risk(n, learned, expected, checked, missed, price))
