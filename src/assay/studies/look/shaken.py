"""Items under every shift: how far each layer moves when the shift is small, who is still right when it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.core.rng import rng
from assay.data import Dataset, shifts_for
from assay.studies.look.seen import Seen, Viewer
from assay.studies.look.stability import SMALL, apart, halves, moved, units

STABILITY = ("index", "label", "half", "unit", "shift", "small", "strength", "moved", "right", "right_shifted")
MOVES = ("layer", "shift", "label", "moved", "n")


def shaken(
    view: Viewer, data: Dataset, index: np.ndarray, at: np.ndarray, test: Seen, looked: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """A row an item and shift (movement at the last layer, right before and under the shift), and means by layer.

    ``index``: places of the shifted items in the test split, ``at``: among those looked at, ``looked`` (n,): the labels
    of those, whose class means say how far classes lie apart.
    """
    x, labels = data.test.take(index).x, data.test.labels[index]
    before, classes = test.take(at), len(data.classes)
    distances = {layer.name: apart(test.features[layer.name], looked, classes)[0] for layer in view.layers}
    last = view.layers[-1].name
    rows, means = [], []
    for shift in shifts_for(data):
        small, large = SMALL * shift.strength, shift.strength
        shifted = view(shift.apply(x, small, rng(0, "shift", shift.name)))
        far = {
            name: moved(before.features[name], shifted.features[name], labels, distance)
            for name, distance in distances.items()
        }
        answers = view(shift.apply(x, large, rng(0, "shift", shift.name))).probs.argmax(1)
        rows.append(pd.DataFrame({
            "index": index, "label": labels, "half": halves(labels), "unit": units(data.test, index),
            "shift": shift.name, "small": small, "strength": large, "moved": far[last],
            "right": (before.probs.argmax(1) == labels).astype(int), "right_shifted": (answers == labels).astype(int),
        }))  # fmt: skip
        for name, each in far.items():
            means += _means(name, shift.name, each, labels)
    table = pd.concat(rows) if rows else pd.DataFrame(columns=list(STABILITY))
    return table, pd.DataFrame(means, columns=list(MOVES))


def _means(layer: str, shift: str, far: np.ndarray, labels: np.ndarray) -> list[dict[str, Any]]:
    """Mean movement of all items (label -1; every class counts the same) and of each class."""
    classes = [
        {"layer": layer, "shift": shift, "label": int(c), "moved": far[labels == c].mean(), "n": (labels == c).sum()}
        for c in np.unique(labels)
    ]
    known = [row["moved"] for row in classes if row["moved"] == row["moved"]]
    whole = float(np.mean(known)) if known else None
    return [{"layer": layer, "shift": shift, "label": -1, "moved": whole, "n": len(labels)}, *classes]
