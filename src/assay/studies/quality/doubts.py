"""Doubtful labels: those that the ten nearest other training items do not share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.studies.quality.agreement import Mixture, mixture
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.neighbours import votes
from assay.studies.quality.view import View
from assay.studies.quality.words import count, rate, span

K = 10
SOME, MUCH = 0.005, 0.05
LIKELY = 1 / 3  # chance that a label is wrong, from which it is listed
APART = 0.25  # how much more often neighbours must agree with a label than with another one; and see `recognised`
FEWEST = 30  # items that are needed for an estimate


def doubts(view: View) -> list[Finding]:
    """One finding: the share of wrong training labels, and the items whose label is wrong with a chance above 1/3.

    A class is judged only where neighbours recognise it: a small defect that looks like "ok" has neighbours that are
    ok, and its label is right all the same. A label is doubted only in favour of such a class, too. "none" where fewer
    than two classes are recognised, or right labels hardly more often shared than wrong ones: then nothing can be told.
    """
    title, train, classes = "Doubtful labels", view.splits["train"], view.dataset.classes
    distances, places = (part[:, :K] for part in view.neighbours)
    told = votes(places, distances, train.labels, len(classes))
    own = told[np.arange(len(told)), train.labels]
    full = told.sum(1) == min(K, distances.shape[1])
    known = recognised(own[full] / min(K, distances.shape[1]), train.labels[full], len(classes))
    whole = np.flatnonzero(full & known[train.labels])
    found = mixture(told[whole], train.labels[whole]) if known.sum() > 1 and len(whole) >= FEWEST else None
    steps = np.arange(len(found.clean)) / (len(found.clean) - 1) if found else np.zeros(0)
    if found is None or steps @ (found.clean - found.random) < APART:
        said = f"Similar {view.noun}s have different labels here too often for neighbours to tell a wrong one."
        return [Finding("doubts", title, "none", said, "judge labels with a trained model instead")]
    chance = np.zeros(len(told))
    chance[whole] = found.chance()[own[whole]]
    items = _items(view, told, own, chance, known)
    clean = len(whole) * float(found.clean[found.chance() > LIKELY].sum())
    severity: Severity = "problem" if found.low > MUCH else "look" if found.low > SOME else "fine"
    said = (
        f"About {rate(found.wrong)} of training labels ({span((found.low, found.high))}) look wrong; "
        f"{count(len(items), 'is', 'are')} listed, where right labels alone would give about {clean:.0f}."
    )
    unknown = [name for name, judged in zip(classes, known, strict=True) if not judged]
    if unknown:
        few = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        said += f" Not judged, because too few of their neighbours are of their class: {few}."
    table = _table(found, own[whole])
    return [
        Finding(
            "doubts",
            title,
            severity,
            said,
            "look at the list from the top and correct it (its weights in weights.csv are already lowered)"
            if items
            else "",
            found.wrong,
            "share of train",
            (found.low, found.high),
            len(whole),
            items,
            {
                "expected_if_clean": clean,
                "expected_right_among_listed": sum(1 - item["value"] for item in items),
                "not_judged": unknown,
            },
            table,
        )
    ]


def recognised(agree: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Which classes neighbours recognise, (classes,) bool: (a - s) / (1 - s) >= 1/4.

    a: the mean of ``agree`` (n,), the share of neighbours of the own class, over the items of a class; s: the share of
    the class in all. By chance a is s.

    >>> recognised(np.array([1, 0.9, 0.5, 0.4]), np.array([0, 0, 1, 1]), 2)  # both are half of all
    array([ True, False])
    """
    counts = np.bincount(labels, minlength=classes)
    mean = np.bincount(labels, weights=agree, minlength=classes) / np.maximum(counts, 1)
    share = counts / max(len(labels), 1)
    return (counts > 0) & (mean - share >= APART * (1 - share))


def _items(
    view: View, told: np.ndarray, own: np.ndarray, chance: np.ndarray, known: np.ndarray
) -> list[dict[str, Any]]:  # fmt: skip
    """The items whose label may well be wrong, the surest first, each with what its neighbours say."""
    labels, classes = view.splits["train"].labels, view.dataset.classes
    others = np.where(known, told, -1)
    others[np.arange(len(told)), labels] = -1
    best = others.argmax(1)
    listed = np.flatnonzero((chance > LIKELY) & (others.max(1) > own))
    order = np.lexsort((listed, -others.max(1)[listed], -chance[listed]))
    return [
        view.item(
            "train",
            int(i),
            float(chance[i]),
            f"{others[i].max()} of {K} neighbours: {classes[best[i]]}",
            suggested=classes[best[i]],
        )
        for i in listed[order]
    ]


def _table(found: Mixture, own: np.ndarray) -> pd.DataFrame:
    n, k = len(own), len(found.clean) - 1
    seen = np.bincount(own, minlength=k + 1)
    columns = {"right": (1 - found.wrong) * n * found.clean, "wrong": found.wrong * n * found.random}
    return pd.DataFrame({"agree": np.arange(k + 1), "seen": seen, **columns})
