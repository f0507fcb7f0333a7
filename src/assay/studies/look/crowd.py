"""How densely samples lie and how they correlate, by layer and class, from as many samples of every class."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.metrics import class_correlation, is_constant, sample_correlation, sample_density

FEWEST = 12  # samples of a class below which it gets no figure
MOST = 1000  # samples that figures of all classes are from, and at most 200 of a class
MOST_OF_CLASS = 200
ALL = -1  # stands for all classes in a table


def crowds(features: np.ndarray, labels: np.ndarray, classes: int) -> list[dict[str, Any]]:
    """Rows label (-1: all), n, k, density, correlation, apart, for one layer.

    Density depends on how many samples there are, so every class gives the same number of them: that of the smallest
    class with 12 or more, at most 200; smaller classes get no figure. k, whose neighbour is meant, is a third of that,
    at most 10. ``apart``: `class_correlation`, of all only. None where a layer is dead.

    >>> rows = crowds(np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2, 2)
    >>> [(row["label"], row["n"], row["k"]) for row in rows]
    [(-1, 40, 10), (0, 20, 6), (1, 20, 6)]
    """
    whole = features[:MOST], labels[:MOST]
    rows = [{"label": ALL, **_figures(whole[0], 10)}]
    alive = _varying(whole[0]) and len(np.unique(whole[1])) > 1 and np.bincount(whole[1]).max() > 1
    rows[0]["apart"] = _correlated(lambda: class_correlation(*whole), whole[0]) if alive else None
    counts = np.bincount(labels, minlength=classes)
    enough = counts[counts >= FEWEST]
    size = int(min(enough.min(), MOST_OF_CLASS)) if len(enough) else 0
    for label in np.flatnonzero(counts):
        chosen = features[labels == label][:size] if counts[label] >= FEWEST else features[:0]
        figures = _figures(chosen, min(10, size // 3))
        rows.append({"label": int(label), **figures, "n": len(chosen) or int(counts[label]), "apart": None})
    return rows


def _figures(x: np.ndarray, k: int) -> dict[str, Any]:
    alive = _varying(x)
    return {
        "n": len(x),
        "k": k,
        "density": _density(x, k) if alive else None,
        "correlation": _correlated(lambda: sample_correlation(x), x) if alive else None,
    }


def _density(x: np.ndarray, k: int) -> float | None:
    """None where so many samples coincide that it is infinite: a table keeps numbers."""
    found = sample_density(x, k)
    return found if np.isfinite(found) else None


def _varying(x: np.ndarray) -> bool:
    return len(x) >= 4 and not is_constant(x)


def _correlated(figure: Any, x: np.ndarray) -> float | None:
    """A correlation between samples; none in a layer of one column, or where every sample's vector is constant."""
    spread = np.ptp(x, axis=1)
    return figure() if x.shape[1] > 1 and (spread > 1e-5 * np.abs(x).max(1)).any() else None
