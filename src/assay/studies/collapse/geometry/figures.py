"""Every figure of `assay geometry`: one network and its untrained twin on train and test, whole and per class."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import (
    accuracy,
    between_variance,
    cdnv,
    cdnv_matrix,
    class_effective_ranks,
    class_shares,
    class_variances,
    directional_cdnv,
    effective_rank,
    etf_distance,
    group_accuracies,
    knn_probe,
    nc1,
    nc2_equiangular,
    nc2_equinorm,
    nc3,
    nearest_mean,
    total_variance,
    variance_quotient,
    within_effective_rank,
    within_share,
    within_variance,
)
from assay.studies.collapse.geometry.look import Look

Row = dict[str, Any]


def overall(seen: Look, means_from: Look, head: np.ndarray | None) -> Row:
    """One split as a whole; variances on the unit sphere, ratios on the features as they are."""
    x, y = seen.features, seen.labels
    known = len(np.unique(y)) == seen.logits.shape[1]
    return {
        "n": len(y),
        "accuracy": accuracy(seen.logits, y),
        "within_variance": within_variance(x, y),
        "between_variance": between_variance(x, y),
        "total_variance": total_variance(x),
        "within_share": within_share(x, y),
        "quotient": variance_quotient(x, y),
        "cdnv": cdnv(x, y),
        "directional_cdnv": directional_cdnv(x, y),
        "nc1": nc1(x, y),
        "nc2_equinorm": nc2_equinorm(x, y),
        "nc2_equiangular": nc2_equiangular(x, y),
        "etf_distance": etf_distance(x, y),
        "nc3": nc3(x, y, head) if head is not None and known else None,
        "nc4": float(_disagrees(seen, means_from).mean()),
        "effective_rank": effective_rank(x),
        "within_effective_rank": within_effective_rank(x, y),
    }


def per_class(seen: Look, means_from: Look, classes: int) -> list[Row]:
    """Each class of a split; None where it has fewer than two items, which have no spread."""
    x, y = seen.features, seen.labels
    found = np.unique(y)
    cut = class_variances(x, y), class_shares(x, y), class_effective_ranks(x, y), cdnv_matrix(x, y)
    quotients = class_variances(x, y, normalise=False) / max(_between(x, y), np.finfo(float).tiny)
    disagrees = _disagrees(seen, means_from)
    rows: list[Row] = [{"n": int((y == label).sum())} for label in range(classes)]
    for place, label in enumerate(found.tolist()):
        if rows[label]["n"] < 2:
            continue
        rows[label] |= {
            "within_variance": float(cut[0][place]),
            "within_share": float(cut[1][place]),
            "quotient": float(quotients[place]),
            "cdnv": float(np.nanmean(cut[3][place])),
            "nc4": float(disagrees[y == label].mean()),
            "effective_rank": float(cut[2][place]),
        }
    return rows


def untrained_shares(seen: Look, classes: int) -> list[float | None]:
    """The share within each class before training; None where the untrained layer says nothing."""
    try:
        shares = class_shares(seen.features, seen.labels)
    except BadInput:
        return [None] * classes
    by_label = dict(zip(np.unique(seen.labels).tolist(), shares.tolist(), strict=True))
    return [by_label.get(label) for label in range(classes)]


def neighbours(train: Look, val: Look, test: Look, classes: int) -> tuple[Row, list[float | None]]:
    """The k-NN probe fitted on train, k chosen on val, judged on test: as a whole and for each class."""
    known, judged = (train.features, train.labels), (test.features, test.labels)
    found = knn_probe(*known, *judged, k=None, val_features=val.features, val_labels=val.labels)
    each = {group.name: group.accuracy for group in group_accuracies(found.predicted, test.labels)}
    return {"k": int(found.chosen), "accuracy": found.accuracy}, [each.get(label) for label in range(classes)]


def kept(share: float | None, untrained: float | None) -> float | None:
    """Share within the class now over that before training: 0 is one point, 1 as spread as without training.

    >>> kept(0.03, 0.6)
    0.05
    """
    return None if share is None or not untrained else share / untrained


def _disagrees(seen: Look, means_from: Look) -> np.ndarray:
    """Whether the head's answer is not the class whose mean on train is nearest."""
    return seen.logits.argmax(1) != nearest_mean(means_from.features, means_from.labels, seen.features)


def _between(x: np.ndarray, y: np.ndarray) -> float:
    means = np.stack([x[y == label].mean(0, dtype=np.float64) for label in np.unique(y)])
    return float(((means - means.mean(0)) ** 2).sum() / len(means))
