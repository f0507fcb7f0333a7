"""Rare and odd training items: those that have little like themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assay.maths.statistics import wilson
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.view import View
from assay.studies.quality.words import count

SHARE = 0.05  # of train: how many neighbours an item should have; a rarer kind shows
FAR = 4.0  # spreads above the middle of its class
TOGETHER = 5  # odd items that look alike, from which they are a kind
MANY = 0.005  # share of odd items; a set with a long tail has some
FIT = 30  # items of a class, from which it has a middle and a spread of its own


def odd(view: View) -> list[Finding]:
    """One finding: training items that are far from a twentieth of train, each against its own class.

    The figure of an item is z = (log d - median) / ((upper quartile - median) / 0.6745), d its mean distance to the
    nearest 5 % of train (10 to 200 items); median and quartile are those of its class.
    """
    train = view.splits["train"]
    z = oddness(view)
    places = np.flatnonzero(z > FAR)
    places = places[np.argsort(-z[places], kind="stable")]
    kind = _kinds(view, places)
    sizes = np.bincount(kind[kind >= 0]) if (kind >= 0).any() else np.zeros(0, int)
    expected = len(z) * 3.2e-5
    share = len(places) / len(z)
    severity: Severity = "look" if wilson(len(places), len(z))[0] > MANY or sizes.size else "fine"
    said = f"{count(len(places), f'training {view.noun} has', f'training {view.noun}s have')} hardly anything like it."
    said = said.replace("it.", "them.") if len(places) != 1 else said
    said = said if len(places) else f"No training {view.noun} stands apart."
    if sizes.size:
        many = f"{len(sizes)} rare kinds, the largest" if len(sizes) > 1 else "a rare kind"
        said += f" Among them {many} of {sizes.max()} {view.noun}s that look alike."
    items = [
        view.item("train", int(i), float(z[i]), f"rare kind {k + 1}" if k >= 0 else "alone", kind=int(k) + 1)
        for i, k in zip(places, kind, strict=True)
    ]
    names = [view.dataset.classes[label] for label in train.labels]
    return [
        Finding(
            "odd",
            "Rare and odd items",
            severity,
            said,
            "look at them: a mistake goes, a rare kind wants more like it (marked augment in weights.csv)"
            if len(places)
            else "",
            share,
            "share of train",
            None,
            len(z),
            items,
            {"expected": expected, "kinds": sizes.tolist()},
            pd.DataFrame({"name": names, "z": z}),
        )
    ]


def oddness(view: View) -> np.ndarray:
    """How far each training item is from the others of its class, in spreads of the logarithm, (n,)."""
    distances, _ = view.neighbours
    k = int(np.clip(round(SHARE * len(distances)), 10, distances.shape[1])) if distances.shape[1] > 10 else None
    near = np.where(np.isfinite(distances[:, :k]), distances[:, :k], np.nan)
    log = np.log(np.nanmean(near, 1) + 1e-9)
    log = np.where(np.isfinite(log), log, np.nanmedian(log))
    labels = view.splits["train"].labels
    z = _z(log, log)
    for label in np.unique(labels):
        here = labels == label
        if here.sum() >= FIT:
            z[here] = _z(log[here], log[here])
    return z


def _z(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    middle, upper = np.quantile(among, [0.5, 0.75])
    return (values - middle) / max((upper - middle) / 0.6745, 1e-6)


def _kinds(view: View, places: np.ndarray) -> np.ndarray:
    """For each odd item the number of the kind it belongs to, -1 where it is alone.

    Two are of one kind when either is among the other's five nearest.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(places):
        return np.zeros(0, int)
    row, column = np.nonzero(np.isin(view.neighbours[1][places, :5], places))
    other = np.searchsorted(np.sort(places), view.neighbours[1][places][row, column])
    to = np.argsort(places, kind="stable")[other]
    graph = coo_matrix((np.ones(len(row), np.int8), (row, to)), shape=(len(places), len(places)))
    kind = connected_components(graph, directed=False)[1]
    large = np.flatnonzero(np.bincount(kind) >= TOGETHER)
    number = {int(k): i for i, k in enumerate(sorted(large, key=lambda k: -int((kind == k).sum())))}
    return np.array([number.get(int(k), -1) for k in kind])
