"""The k-NN probe: do samples lie next to their own class?"""

from __future__ import annotations

import numpy as np
import torch

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.collapse.classes import on_sphere
from assay.metrics.probes.common import Probed, same_width, samples

K_GRID = (1, 5, 10, 20, 50, 100, 200)
ROWS = 1024  # samples judged at a time


def knn_probe(
    train_features: Array,
    train_labels: Array,
    features: Array,
    labels: Array,
    *,
    k: int | None = 20,
    val_features: Array | None = None,
    val_labels: Array | None = None,
    normalise: bool = True,
) -> Probed:
    """Accuracy of the unweighted vote of the k nearest training samples.

    answer_i = argmax_c #{j in N_k(i) : y_j = c}

    N_k(i): the k rows of train_features (n, width) nearest to row i of features (m, width), Euclidean, on the unit
    sphere (where that is the order of cosines) unless ``normalise`` is False. With equal votes the smallest label wins;
    of equally near samples any is taken. ``k`` None: the one of 1, 5, 10, 20, 50, 100, 200 that does best on val, the
    smallest of equals. k beyond n means all n. Exact, O(n m width), in blocks. `BadInput` for other shapes, NaN, k < 1,
    or k None without val.

    >>> knn_probe([[0.0], [1.0], [9.0]], [0, 0, 1], [[2.0], [8.0]], [0, 1], k=1, normalise=False).accuracy
    1.0
    """
    x, y = samples(train_features, train_labels, "train")
    z, true = samples(features, labels, "test")
    same_width(x, z, "test")
    if k is not None and k < 1:
        raise BadInput(f"asked for the k-NN probe with k = {k}; found no such neighbours; give k >= 1, or None")
    val_accuracy, edge = None, False
    if k is None:
        k, val_accuracy, edge = _choose(x, y, val_features, val_labels, normalise)
    (answers,) = votes(x, y, z, (k,), normalise)
    return Probed(float((answers == true).mean()), answers, k, val_accuracy, edge)


def votes(x: np.ndarray, y: np.ndarray, z: np.ndarray, ks: tuple[int, ...], normalise: bool) -> list[np.ndarray]:
    """The answers for the rows of z, one array (len(z),) for each k, from one search."""
    names, which = np.unique(y, return_inverse=True)
    if normalise:
        x, z = on_sphere(x), on_sphere(z)
    centre = x.mean(0)
    known, others = torch.from_numpy(x - centre), torch.from_numpy(z - centre)
    lengths = (known**2).sum(1)
    classes = torch.from_numpy(which)
    most = min(max(ks), len(x))
    found: list[list[torch.Tensor]] = [[] for _ in ks]
    for start in range(0, len(others), ROWS):
        block = others[start : start + ROWS]
        near = (lengths - 2 * block @ known.T).topk(most, largest=False, sorted=True).indices
        for place, k in enumerate(ks):
            voted = classes[near[:, :k]]
            counts = torch.zeros(len(block), len(names), dtype=torch.int64)
            found[place].append(counts.scatter_add_(1, voted, torch.ones_like(voted)).argmax(1))
    return [names[torch.cat(parts).numpy()] for parts in found]


def _choose(
    x: np.ndarray, y: np.ndarray, val_features: Array | None, val_labels: Array | None, normalise: bool
) -> tuple[int, float, bool]:
    """The best k on val, its accuracy there, and whether it is at an end of the grid."""
    if val_features is None or val_labels is None:
        raise BadInput(
            "asked for the k-NN probe with k chosen; found no val features and labels to choose on; give them, or k"
        )
    v, true = samples(val_features, val_labels, "val")
    same_width(x, v, "val")
    grid = tuple(k for k in K_GRID if k <= len(x))
    right = [float((answers == true).mean()) for answers in votes(x, y, v, grid, normalise)]
    best = int(np.argmax(right))
    return grid[best], right[best], best in (0, len(grid) - 1)
