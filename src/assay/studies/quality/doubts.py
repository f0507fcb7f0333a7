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
APART = 0.25  # how much more often neighbours must agree with the label than with a random one


def doubts(view: View) -> list[Finding]:
    """One finding: the share of wrong training labels, and the items whose label is wrong with a chance above 1/3.

    "none" where neighbours share a label hardly more often than by chance: then nothing can be told this way.
    """
    title, train = "Doubtful labels", view.splits["train"]
    distances, places = (part[:, :K] for part in view.neighbours)
    told = votes(places, distances, train.labels, len(view.dataset.classes))
    whole = np.flatnonzero(told.sum(1) == min(K, distances.shape[1]))
    found = mixture(told[whole], train.labels[whole]) if len(whole) >= 30 else None
    steps = np.arange(len(found.clean)) / (len(found.clean) - 1) if found else np.zeros(0)
    if found is None or steps @ (found.clean - found.random) < APART:
        said = f"Similar {view.noun}s have different labels here too often for neighbours to tell a wrong one."
        return [Finding("doubts", title, "none", said, "judge labels with a trained model instead")]
    own = told[np.arange(len(told)), train.labels]
    chance = np.zeros(len(told))
    chance[whole] = found.chance()[own[whole]]
    items = _items(view, told, own, chance)
    clean = len(whole) * float(found.clean[found.chance() > LIKELY].sum())
    severity: Severity = "problem" if found.low > MUCH else "look" if found.low > SOME else "fine"
    said = (
        f"About {rate(found.wrong)} of training labels ({span((found.low, found.high))}) look wrong; "
        f"{count(len(items), 'is', 'are')} listed, where right labels alone would give about {clean:.0f}."
    )
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
            {"expected_if_clean": clean, "expected_right_among_listed": sum(1 - item["value"] for item in items)},
            table,
        )
    ]


def _items(view: View, told: np.ndarray, own: np.ndarray, chance: np.ndarray) -> list[dict[str, Any]]:
    """The items whose label may well be wrong, the surest first, each with what its neighbours say."""
    labels, classes = view.splits["train"].labels, view.dataset.classes
    others = told.copy()
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
