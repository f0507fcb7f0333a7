"""The nearest items of each item, and what their classes say."""

from __future__ import annotations

import numpy as np

BLOCK = 1024  # rows whose distances are held at a time


def nearest(
    a: np.ndarray, b: np.ndarray, k: int, apart: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distances and places of the ``k`` items of ``b`` nearest to each of ``a``: (n, k) each, nearest first.

    ``apart``: a code for each item of ``a`` and of ``b``; items of one code are never neighbours. Where there are
    fewer than ``k`` others, distances are infinite.

    >>> distance, place = nearest(np.array([[0.0]]), np.array([[3.0], [1.0]]), 2)
    >>> distance.tolist(), place.tolist()
    ([[1.0, 3.0]], [[1, 0]])
    """
    k = min(k, len(b))
    distances, places = np.empty((len(a), k), np.float32), np.empty((len(a), k), np.intp)
    norms = (b**2).sum(1)
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        square = norms - 2 * (a[rows] @ b.T)
        if apart is not None:
            square[apart[0][rows, None] == apart[1][None, :]] = np.inf
        near = np.argpartition(square, k - 1, 1)[:, :k] if k < len(b) else np.tile(np.arange(k), (len(square), 1))
        found = np.take_along_axis(square, near, 1)
        order = np.argsort(found, 1, kind="stable")
        places[rows] = np.take_along_axis(near, order, 1)
        exact = ((a[rows, None] - b[places[rows]]) ** 2).sum(2) ** 0.5  # without the rounding of large norms
        distances[rows] = np.where(np.isinf(np.take_along_axis(found, order, 1)), np.inf, exact)
    return distances, places


def votes(places: np.ndarray, distances: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """How many of the neighbours are of each class, (n, classes); those at infinite distance do not count.

    >>> votes(np.array([[0, 1, 2]]), np.ones((1, 3)), np.array([0, 1, 1]), 2).tolist()
    [[1, 2]]
    """
    counts = np.zeros((len(places), classes), int)
    real = np.isfinite(distances)
    rows = np.repeat(np.arange(len(places)), real.sum(1))
    np.add.at(counts, (rows, labels[places[real]]), 1)
    return counts


def by_neighbours(
    train: np.ndarray, labels: np.ndarray, others: np.ndarray, classes: int, k: int = 10
) -> np.ndarray:  # fmt: skip
    """The class that most of the ``k`` nearest training items have, the nearest deciding ties, (n,).

    >>> by_neighbours(np.array([[0.0], [1.0], [9.0]]), np.array([0, 0, 1]), np.array([[0.4]]), 2, k=3).tolist()
    [0]
    """
    distances, places = nearest(others, train, k)
    counts = votes(places, distances, labels, classes).astype(float)
    counts[np.arange(len(others)), labels[places[:, 0]]] += 0.5
    return counts.argmax(1)
