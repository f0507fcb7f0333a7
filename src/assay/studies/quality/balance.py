"""How many items each class has, and whether the splits agree about it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.view import View
from assay.studies.quality.words import called, capital, count

UNEVEN = 3.0  # largest over smallest class from which it matters
FEW, VERY_FEW = 50, 10  # training items of a class


def balance(view: View) -> list[Finding]:
    """One finding: the largest class over the smallest in train, and what the smallest has."""
    dataset = view.dataset
    counts = {n: np.bincount(s.labels, minlength=len(dataset.classes)) for n, s in dataset.splits.items()}
    train = counts["train"]
    least, most = int(train.argmin()), int(train.argmax())
    ratio = float(train[most] / max(train[least], 1))
    small, names = int(train[least]), dataset.classes
    severity: Severity = "problem" if small < VERY_FEW else "look" if ratio >= UNEVEN or small < FEW else "fine"
    drifted = _drifted(counts)
    if ratio < 1.05:
        said = f"Every class has about {count(small, f'training {view.noun}')}."
    else:
        said = (
            f"The largest class, {names[most]}, has {ratio:.1f} times the training {view.noun}s of the "
            f"smallest, {names[least]} ({train[most]:,} against {small:,})."
        )
    if small < FEW:
        said += f" {small:,} are {'too few' if small < VERY_FEW else 'few'} to learn a class from."
    if drifted:
        split, label, there, here = drifted
        said += f" {capital(called(names[label]))} is {100 * there:.0f} % of {split}, but {100 * here:.0f} % of train."
        severity = "look" if severity == "fine" else severity
    rows = [{"name": names[c], "split": n, "n": int(k[c])} for n, k in counts.items() for c in range(len(names))]
    return [
        Finding(
            "balance",
            "Class balance",
            severity,
            said,
            f"collect more of {called(names[least])}; until then sampler=balanced, and look at every class by itself"
            if severity != "fine" and (ratio >= UNEVEN or small < FEW)
            else "bring the class shares of the splits together"
            if drifted
            else "",
            ratio,
            "largest class over smallest",
            None,
            int(train.sum()),
            detail={"counts": {n: dict(zip(names, k.tolist(), strict=True)) for n, k in counts.items()}},
            table=pd.DataFrame(rows),
        )
    ]


def _drifted(counts: dict[str, np.ndarray]) -> tuple[str, int, float, float] | None:
    """The split and class whose share differs most from train, where it is beyond 5 points and three errors."""
    train = counts["train"] / counts["train"].sum()
    worst, found = 0.05, None
    for split, k in counts.items():
        share = k / max(k.sum(), 1)
        error = np.sqrt(train * (1 - train) * (1 / max(k.sum(), 1) + 1 / counts["train"].sum()))
        gap = np.where(np.abs(share - train) > 3 * error, np.abs(share - train), 0)
        if gap.max() > worst:
            label = int(gap.argmax())
            worst, found = float(gap.max()), (split, label, float(share[label]), float(train[label]))
    return found
