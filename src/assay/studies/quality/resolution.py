"""What this many test items can show: the smallest difference between two models, in all and for each class."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

from assay.maths.statistics import wilson
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.view import View
from assay.studies.quality.words import called, capital, rate

DISAGREE = 0.10  # share of items on which two models are taken to differ
FEW, TOO_FEW = 30, 5


def resolution(view: View) -> list[Finding]:
    """One finding: the smallest difference of accuracy between two models that test shows, and where it is blind."""
    test = view.dataset.splits["test"]
    counts = np.bincount(test.labels, minlength=len(view.dataset.classes))
    least, whole = int(counts.argmin()), smallest_difference(len(test))
    rows = [
        {"name": name, "n": int(k), "difference": smallest_difference(int(k)), "unseen": wilson(0, int(k))[1]}
        for name, k in zip(("all", *view.dataset.classes), (len(test), *counts), strict=True)
    ]
    few = int(counts[least])
    severity: Severity = "problem" if few < TOO_FEW else "look" if few < FEW or whole is None else "fine"
    name = called(view.dataset.classes[least])
    shown = f"differ by {100 * whole:.1f} points" if whole else f"differ on more than {rate(DISAGREE)}"
    said = (
        f"With {len(test):,} test {view.noun}s, two models must {shown} to be told apart (if they differ on "
        f"{rate(DISAGREE)} of {view.noun}s). {capital(name)} has {few:,}: none wrong of {few:,} still allows "
        f"{rate(wilson(0, few)[1])} wrong."
    )
    return [
        Finding(
            "resolution",
            "What test can show",
            severity,
            said,
            f"collect test {view.noun}s of {name}" if severity != "fine" else "",
            whole,
            "difference of accuracy",
            None,
            len(test),
            detail={"classes": rows, "disagree": DISAGREE, "power": 0.8, "level": 0.05},
            table=pd.DataFrame(rows),
        )
    ]


def smallest_difference(n: int, disagree: float = DISAGREE, level: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest difference of two accuracies on the same n items that McNemar's test finds with chance ``power``.

        n d^2 = (z_(1-level/2) sqrt(D) + z_power sqrt(D - d^2))^2

    D: the share of items on which the two models differ in being right. None where even d = D is not found.
    Source: Connor 1987, Biometrics 43:207-211.

    >>> round(smallest_difference(1000), 4), smallest_difference(30)
    (0.028, None)
    """
    a, b = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(power)

    def missing(d: float) -> float:
        return (a * sqrt(disagree) + b * sqrt(max(disagree - d * d, 0))) ** 2 - n * d * d

    low, high = 0.0, disagree
    if missing(high) > 0:
        return None
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if missing(middle) > 0 else (low, middle)
    return high
