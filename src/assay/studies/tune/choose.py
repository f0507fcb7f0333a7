"""Which trials no other beats on every goal, and which of them is taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.studies.tune.goals import Constraint, Goal

Points = Sequence[Sequence[float]]  # one row a trial, one column a goal, higher is better


def front(points: Points) -> list[bool]:
    """Whether a point is on the Pareto front: no other is at least as good on every goal and better on one.

    >>> front([(1, 0), (0, 1), (0, 0)])
    [True, True, False]
    """
    p = np.asarray(points, dtype=float)
    return [not any((other >= each).all() and (other > each).any() for other in p) for each in p]


def compromise(points: Points, slack: float) -> int:
    """The point that is taken. The first goal leads: only points of the front within ``slack`` of its best can be it.

    Of these, the one whose worst other goal is best, each goal counted from 0 (best of these) to 1 (worst of these);
    ties by the sum over goals, then by order. With one goal it is the best point.

    >>> compromise([(1.0, 0.0, 0.0), (0.9, 0.8, 0.7), (0.9, 1.0, 0.0), (0.0, 2.0, 2.0)], slack=0.1)
    1
    """
    p = np.asarray(points, dtype=float)
    near = np.asarray(front(points)) & (p[:, 0] >= p[:, 0].max() - slack - 1e-12)
    on, rest = np.flatnonzero(near), p[near][:, 1:]
    if not rest.shape[1]:
        return int(on[np.argmax(p[on, 0])])
    best, worst = rest.max(0), rest.min(0)
    loss = (best - rest) / np.where(best > worst, best - worst, 1.0)
    ranked = sorted(range(len(on)), key=lambda i: (round(loss[i].max(), 12), round(loss[i].sum(), 12), i))
    return int(on[ranked[0]])


def nearest(rows: Sequence[dict[str, float]], constraints: Sequence[Constraint]) -> int:
    """The row that misses the constraints by least, each miss in units of its bound."""

    def missed(row: dict[str, float]) -> float:
        return sum(max(0.0, c.excess(row[c.figure])) / max(abs(c.bound), 1e-6) for c in constraints)

    return min(range(len(rows)), key=lambda i: (missed(rows[i]), i))


def in_words(goals: Sequence[Goal], rows: Sequence[dict[str, float]], names: Sequence[str], chosen: int) -> list[str]:
    """The front in sentences: who is best on what, and what the chosen one gives up for the rest.

    ``rows`` and ``names`` are those of the front; ``chosen`` is a place in them.
    """
    lines = []
    if len(rows) == 1:
        figures = ", ".join(f"{g.figure} {rows[0][g.figure]:.4g}" for g in goals)
        return [f"{names[0]} is best on every goal: {figures}"]
    for goal in goals:
        best = max(range(len(rows)), key=lambda i: goal.oriented(rows[i][goal.figure]))
        value, own = rows[best][goal.figure], rows[chosen][goal.figure]
        if best == chosen or value == own:
            lines.append(f"{names[chosen]} (chosen) has the best {goal.figure}: {own:.4g}")
        else:
            word = "less" if own < value else "more"
            lines.append(
                f"{names[best]} has the best {goal.figure}: {value:.4g}; the chosen {names[chosen]} has {own:.4g}, "
                f"{abs(own - value):.2g} {word}"
            )
    return lines
