"""A threshold on a figure above which something rises, validated on kinds of stress that it was not learnt from.

A threshold that was learnt on some runs says little about other runs, and nothing about another kind of stress, if it
is judged on what it was learnt from. So it is learnt without one kind and applied to that one, for each in turn; the
same kind at another time is no other kind, because the two move and harm a model alike. Where the same could come of a
figure that knows nothing, no rule is justified and that is what is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng

LEAST = 3  # kinds of stress and seeds below which there is nothing to hold out
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """What a threshold on a figure says of cases that it was not learnt from.

    ``threshold``: learnt on all cases, infinite where no threshold tells cases apart. ``above``, ``rose_above``:
    held-out cases above the threshold of the others, and those of them that rose; ``below``, ``rose_below``: the same
    of the rest. ``low``, ``high``: the exact binomial interval of rose_above / above, as if cases were independent.
    ``skill``: share flagged of those that rose minus share flagged of those that did not, held out, in [-1, 1].
    ``p``: of the permutation null, one-sided. ``conditions``, ``kinds``, ``seeds``: of the table.
    """

    threshold: float
    above: int
    rose_above: int
    below: int
    rose_below: int
    low: float
    high: float
    skill: float
    p: float
    conditions: int
    kinds: int
    seeds: int

    @property
    def rate(self) -> float:
        """Share of held-out cases above the threshold that rose; NaN where there are none."""
        return self.rose_above / self.above if self.above else float("nan")


def operating_rule(
    figure: ArrayLike,
    rose: ArrayLike,
    kinds: Sequence[Any] | None = None,
    *,
    level: float = 0.95,
    permutations: int = 1999,
    seed: int = 0,
) -> Rule:
    """A threshold above which something rises, learnt and validated on different kinds of conditions.

    ``figure``: (conditions, seeds), any number known beforehand (movement, an early warning); ``rose``: (conditions,
    seeds) of 0 and 1; ``kinds``: (conditions,), what each condition is a case of, each its own if not given. The
    threshold is the midpoint between two figures with the largest

        skill = P(figure > t | rose) - P(figure > t | did not rise)

    (Youden 1950, Cancer 3:32-35), of equal ones the highest. It is learnt on all kinds but one and applied to that one;
    the counts and the skill are of all held-out cases together.

    The null: the figure knows nothing of what rose. Then kinds (whole blocks of rows, each in its order) and columns
    (seeds) of one table may be put in any order against the other, whatever ties runs of a kind or of a seed together,
    and p is the share of ``permutations`` joint reorderings, and the table as it is, with at least the observed
    held-out skill. Only kinds of as many conditions change places. That takes kinds as drawn from the stresses that are
    of interest, and needs no independence of cases. `BadInput` for fewer than three kinds or seeds, or figures that are
    not numbers.

    >>> found = operating_rule([[1, 2, 8, 9]] * 4, [[0, 0, 1, 1]] * 4)
    >>> found.threshold, found.above, found.rose_above, found.rose_below, found.skill
    (5.0, 8, 8, 0, 1.0)
    """
    x, y = np.asarray(figure, dtype=float), np.asarray(rose, dtype=float)
    names = list(range(len(x) if x.ndim else 0) if kinds is None else kinds)
    blocks = [np.flatnonzero([name == kind for name in names]) for kind in dict.fromkeys(names)]
    fits = x.ndim == 2 and x.shape == y.shape and len(names) == len(x)
    if not fits or min(len(blocks), x.shape[1]) < LEAST or not np.isfinite(x).all():
        raise BadInput(
            f"asked for an operating rule; found figures of shape {x.shape}, outcomes of shape {y.shape} and "
            f"{len(blocks)} kinds; give finite figures of {LEAST} or more kinds by {LEAST} or more seeds"
        )
    outcomes = np.concatenate([y[None], _reordered(y, blocks, permutations, numpy_rng(seed, "operating rule"))])
    flagged = np.zeros(outcomes.shape, dtype=bool)
    for held in blocks:
        threshold = learnt(np.delete(x, held, 0), np.delete(outcomes, held, 1))
        flagged[:, held] = x[held] > threshold[:, None, None]
    skills = _skill(flagged, outcomes)
    above, hit = int(flagged[0].sum()), int((flagged[0] & (y > 0)).sum())
    low, high = exact_interval(hit, above, level)
    return Rule(
        threshold=float(learnt(x, y[None])[0]),
        above=above,
        rose_above=hit,
        below=int(y.size - above),
        rose_below=int(y.sum()) - hit,
        low=low,
        high=high,
        skill=round(float(skills[0]), 12),
        p=float(np.mean(skills >= skills[0] - 1e-12)),
        conditions=len(x),
        kinds=len(blocks),
        seeds=x.shape[1],
    )


def _reordered(y: Array, blocks: Sequence[Any], count: int, generator: np.random.Generator) -> Array:
    """The table with its columns and its blocks of rows in random orders, ``count`` times."""
    rows = np.tile(np.arange(len(y)), (count, 1))
    for size in sorted({len(block) for block in blocks}):
        alike = np.array([block for block in blocks if len(block) == size])
        moves = np.argsort(generator.random((count, len(alike))), axis=1)
        rows[:, alike.ravel()] = alike[moves].reshape(count, -1)
    columns = np.argsort(generator.random((count, y.shape[1])), axis=1)
    return y[rows[:, :, None], columns[:, None, :]]


def learnt(x: Array, outcomes: Array) -> Array:
    """The threshold of largest skill for each of several tables of outcomes; infinite where none has skill above 0.

    ``x``: any shape; ``outcomes``: (tables, *shape of x) of 0 and 1. Returns (tables,).

    >>> learnt(np.array([1.0, 2, 3, 4]), np.array([[0.0, 0, 1, 1], [1, 1, 0, 0]])).tolist()
    [2.5, inf]
    """
    order = np.argsort(-x.ravel(), kind="stable")
    falling, rose = x.ravel()[order], outcomes.reshape(len(outcomes), -1)[:, order]
    total = rose.sum(1, keepdims=True)
    hits = np.cumsum(rose, 1)[:, :-1]
    alarms = np.arange(1, rose.shape[1]) - hits
    skill = hits * (rose.shape[1] - total) - alarms * total  # of whole numbers, by one factor, so that ties are ties
    skill = np.where(falling[:-1] > falling[1:], skill, -inf)  # equal figures are not cut apart
    best = skill.argmax(1)
    middles = (falling[:-1] + falling[1:]) / 2
    return np.where(skill[np.arange(len(skill)), best] > 0, middles[best], inf)


def _skill(flagged: NDArray[np.bool_], rose: Array) -> Array:
    """Share flagged of those that rose minus that of the others, of each table; 0 where all or none rose."""
    total, size = rose.sum((1, 2)), rose[0].size
    hits = (flagged * rose).sum((1, 2))
    alarms = flagged.sum((1, 2)) - hits
    skill = hits / np.maximum(total, 1) - alarms / np.maximum(size - total, 1)
    return np.where((total > 0) & (total < size), skill, 0.0)


def exact_interval(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact binomial interval of k in n: every share that the two one-sided tests at (1 - level) / 2 do not reject.

    Quantiles of Beta(k, n - k + 1) and Beta(k + 1, n - k); (0, 1) for n = 0. Covers at least ``level``.
    Source: Clopper and Pearson 1934, Biometrika 26:404-413.

    >>> [round(end, 4) for end in exact_interval(8, 10)]
    [0.4439, 0.9748]
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    return low, float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
