"""Random and complete sets of permutations, and the p-value that they give."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations as all_orders
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.core.errors import BadInput

Indices = NDArray[np.intp]


def codes(labels: Sequence[Any] | ArrayLike, what: str, n: int) -> tuple[list[Any], Indices]:
    """The distinct labels in sorted order, and for each of ``n`` items the index of its label.

    >>> codes(["b", "a", "b"], "group", 3)
    (['a', 'b'], array([1, 0, 1]))
    """
    names, index = np.unique(np.asarray(labels), return_inverse=True)
    if index.shape != (n,):
        raise BadInput(f"asked to use {what} labels of shape {index.shape}; found {n} items; give one label an item")
    return names.tolist(), index


def shuffles(n: int, count: int, generator: np.random.Generator, strata: ArrayLike | None = None) -> Indices:
    """``count`` random permutations of 0..n-1, (count, n); with ``strata``, items move only within their stratum.

    >>> shuffles(3, 2, np.random.default_rng(0), strata=[0, 1, 2]).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    keys = generator.random((count, n))
    if strata is None:
        return np.argsort(keys, axis=1)
    result = np.empty((count, n), dtype=np.intp)
    index = np.asarray(strata)
    for stratum in np.unique(index):
        here = np.flatnonzero(index == stratum)
        result[:, here] = here[np.argsort(keys[:, here], axis=1)]
    return result


def orders(n: int, count: int, generator: np.random.Generator) -> Indices:
    """Permutations of 0..n-1 with the identity first: all of them up to n = 8, else ``count`` random ones.

    >>> orders(3, 99, np.random.default_rng(0)).shape
    (6, 3)
    """
    return _every_order(n) if n <= 8 else np.vstack([np.arange(n), shuffles(n, count, generator)])


@cache
def _every_order(n: int) -> Indices:
    every = np.array(list(all_orders(range(n))), dtype=np.intp).reshape(factorial(n), n)
    every.setflags(write=False)
    return every


def seed_moves(seeds: Indices, positions: Indices, moves: Indices) -> Indices:
    """Permutations of seeds turned into permutations of runs: a run goes where its seed goes, in its own position.

    ``seeds`` and ``positions``: (n,), the seed of each run and its place among the runs of that seed (its
    condition). ``moves``: (count, number of seeds). Returns (count, n). Every seed must fill every position once.

    >>> seed_moves(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([[1, 0]])).tolist()
    [[2, 3, 0, 1]]
    """
    table = square_design(seeds, positions)
    return table[moves[:, seeds], positions]


def square_design(seeds: Indices, positions: Indices) -> Indices:
    """The index of the run of each seed in each position: (seeds, positions); `BadInput` unless each is there once.

    >>> square_design(np.array([1, 0]), np.array([0, 0])).tolist()
    [[1], [0]]
    """
    shape = (int(seeds.max()) + 1, int(positions.max()) + 1)
    counts = np.zeros(shape, dtype=int)
    np.add.at(counts, (seeds, positions), 1)
    if np.any(counts != 1):
        raise BadInput(
            f"asked to move whole seeds ({shape[0]} seeds, {shape[1]} conditions); found {int((counts != 1).sum())} "
            "pairs of them without exactly one run; give one run for every seed in every condition"
        )
    table = np.empty(shape, dtype=np.intp)
    table[seeds, positions] = np.arange(len(seeds))
    return table


def share_beyond(null: NDArray[np.float64], observed: float, *, observed_is_in: bool = False) -> float:
    """The p-value: the share of ``null`` at or above ``observed``, which counts as one of them.

        p = (1 + #{null >= observed}) / (1 + B)

    With ``observed_is_in`` the null already holds the arrangement that was observed and nothing is added. Ties up to
    rounding count. Source: Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39.

    >>> share_beyond(np.array([1.0, 2.0, 3.0]), 2.5)
    0.5
    """
    if not np.isfinite(observed):
        return 1.0
    reached = int(np.sum(null >= observed - 1e-9 * abs(observed) - 1e-12))
    more = 0 if observed_is_in else 1
    return (more + reached) / (more + len(null))
