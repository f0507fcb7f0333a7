"""The chosen recipe against the default on test: is it better on its goals, by how much, and how sure is that?

Both are trained with the same seeds. The error of a difference has two parts: which test items there happen to be
(bootstrap over items; for figures that call the model anew, over groups of items) and the luck of training (spread over
seeds). Both go into one interval by Welch and Satterthwaite's rule. With one seed the interval covers the items alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assay.core.errors import AssayError
from assay.core.rng import numpy_rng
from assay.studies.tune.figures import SENSED, Seen, figure
from assay.studies.tune.goals import Goal

RESAMPLES = 100
GROUPS = 16
# By seeds: of two recipes that are alike, with normal values, one in twenty is called `unsteady` (400,000 draws).
APART = {2: 3.5, 3: 1.85, 4: 1.3, 5: 1.05}


def compare(
    goals: Sequence[Goal], chosen: Sequence[Seen], default: Sequence[Seen], level: float = 0.95
) -> list[dict[str, Any]]:
    """A row a goal: both values (means over seeds), the difference with its interval, and a word."""
    return [_compare(goal, chosen, default, level) for goal in goals]


def _compare(goal: Goal, chosen: Sequence[Seen], default: Sequence[Seen], level: float) -> dict[str, Any]:
    of = figure(goal.figure)
    every = chosen[0].every
    a, b = (np.array([of.of(seen, every) for seen in each], dtype=float) for each in (chosen, default))

    def difference(items: np.ndarray) -> float:
        return float(np.mean([of.of(x, items) - of.of(y, items) for x, y in zip(chosen, default, strict=True)]))

    error = items_error(goal.figure, difference, every)
    effect, low, high = _interval(a - b, error, level)
    known = bool(np.isfinite([effect, low, high]).all())
    ahead, behind = (low > 0, high < 0) if goal.sign == "+" else (high < 0, low > 0)
    word = "better" if known and ahead else "worse" if known and behind else "undecided"
    return {
        "goal": str(goal),
        "figure": of.on("test"),
        "chosen": float(a.mean()),
        "default": float(b.mean()),
        "effect": effect,
        "interval": [low, high] if known else None,
        "level": level,
        "seeds": len(a),
        "by_seed": {"chosen": a.tolist(), "default": b.tolist()},
        "unsteady": unsteady(goal.oriented(1.0) * a, goal.oriented(1.0) * b, error[0]),
        "items": len(every),
        "word": word,
    }


def unsteady(chosen: np.ndarray, default: np.ndarray, error: float = 0.0) -> bool:
    """Whether the chosen recipe is as good as the default with some seed and fails with another: larger is better.

    Its best seed reaches the default's worst, and its own worst lies below that by more than `APART` times the range of
    the default's seeds, and by more than the luck of items explains (``error``: of a mean over the seeds). A search
    sees each trial with one seed, so such a recipe may be chosen for its one good run. False for one seed.

    >>> [unsteady(np.array([0.95, low]), np.array([0.93, 0.91])) for low in (0.17, 0.9)]
    [True, False]
    >>> unsteady(np.array([0.5, 0.5]), np.array([0.93, 0.91]))  # worse, and steadily so
    False
    """
    if len(chosen) < 2 or not np.isfinite([*chosen, *default]).all() or chosen.max() < default.min():
        return False
    below, apart = float(default.min() - chosen.min()), APART[min(len(chosen), max(APART))]
    return below > max(apart * float(np.ptp(default)), 1.96 * error * len(chosen) ** 0.5)


def items_error(name: str, statistic: Callable[[np.ndarray], float], every: np.ndarray) -> tuple[float, float]:
    """Standard error of a statistic of a figure by the choice of items, and its degrees of freedom."""
    of = figure(name)

    def value(items: np.ndarray) -> float:
        try:
            return statistic(items)
        except (AssayError, ValueError):  # a resample without one of the classes
            return float("nan")

    if of.sort == "run":
        return 0.0, float("inf")
    if of.sort == "items":
        draws = numpy_rng(0, "compare", name)
        found = [value(draws.choice(every, len(every))) for _ in range(RESAMPLES)]
        return float(np.nanstd(found, ddof=1)), float("inf")
    groups = np.array_split(every[:SENSED], min(GROUPS, len(every[:SENSED])))
    found = [value(group) for group in groups]
    return float(np.nanstd(found, ddof=1) / len(groups) ** 0.5), float(len(groups) - 1)


def _interval(differences: np.ndarray, items: tuple[float, float], level: float) -> tuple[float, float, float]:
    """Mean difference and its interval from the spread over seeds and the error by items.

    >>> effect, low, high = _interval(np.array([0.1]), (0.01, float("inf")), 0.95)
    >>> effect, round(low, 4), round(high, 4)
    (0.1, 0.0804, 0.1196)
    """
    from scipy.special import stdtrit

    effect, k = float(differences.mean()), len(differences)
    seeds = float(differences.std(ddof=1) / k**0.5) if k > 1 else 0.0
    error, freedom = items
    if k < 2 and error == 0 and freedom == float("inf"):
        return effect, float("nan"), float("nan")
    total = seeds**2 + error**2
    if total == 0:
        return effect, effect, effect
    small = (seeds**4 / (k - 1) if k > 1 else 0.0) + (error**4 / freedom if freedom < float("inf") else 0.0)
    half = float(stdtrit(min(total**2 / small, 1e6) if small else 1e6, 0.5 + level / 2)) * total**0.5
    return effect, effect - half, effect + half
