"""The training items that each item is most like inside, and whose class they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.studies.quality.neighbours import nearest, votes

NEIGHBOURS = 10


@dataclass(frozen=True, eq=False)
class Alike:
    """Of each item: places of the nearest training items (n, k), their distances over the usual one, and ``among``.

    ``among`` (n,): the class that most of the neighbours have, the nearest deciding ties.
    """

    places: np.ndarray
    distances: np.ndarray
    among: np.ndarray


def alike(train: np.ndarray, labels: np.ndarray, others: np.ndarray, classes: int, k: int = NEIGHBOURS) -> Alike:
    """The ``k`` nearest training items in a representation, by Euclidean distance.

    Distances are in units of the usual one: the median distance of a training item to its nearest other.

    >>> found = alike(np.array([[0.0], [1.0], [9.0]]), np.array([0, 0, 1]), np.array([[0.5]]), 2, k=3)
    >>> found.places[0].tolist(), found.distances[0].tolist(), found.among.tolist()
    ([0, 1, 2], [0.5, 0.5, 8.5], [0])
    """
    distances, places = nearest(others, train, k)
    counts = votes(places, distances, labels, classes).astype(float)
    counts[np.arange(len(others)), labels[places[:, 0]]] += 0.5
    own = np.arange(len(train))
    usual = float(np.median(nearest(train, train, 1, (own, own))[0])) if len(train) > 1 else 0.0
    return Alike(places, distances / usual if usual > 0 else distances, counts.argmax(1))
