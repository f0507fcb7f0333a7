"""The group that fares worst: an average hides it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.maths.statistics import wilson
from assay.metrics import arrays
from assay.metrics.arrays import Array


@dataclass(frozen=True)
class Group:
    """A group's share of right answers with its Wilson interval, and how many samples it has."""

    name: int
    accuracy: float
    low: float
    high: float
    n: int


def group_accuracies(predicted: Array, labels: Array, groups: Array | None = None, level: float = 0.95) -> list[Group]:
    """Share of right answers in each group, worst first, each with its interval.

    accuracy_g = #{i in g : predicted_i = y_i} / n_g

    predicted (n,) and labels (n,) in the same names; groups (n,) whole numbers (a subclass, a lot), by default the
    labels themselves. Wilson intervals at ``level``, each for its own group. Of equals the group with more samples
    comes first: its interval says more. `BadInput` for other shapes or NaN.

    >>> [(g.name, g.accuracy, g.n) for g in group_accuracies([0, 0, 1, 0], [0, 0, 1, 1])]
    [(1, 0.5, 2), (0, 1.0, 2)]
    """
    said, true = arrays.numbers(predicted, "predicted"), arrays.numbers(labels, "labels")
    member = true if groups is None else arrays.numbers(groups, "groups")
    for other, name in ((true, "labels"), (member, "groups")):
        arrays.same_length(said, other, "predicted", name)
    if said.ndim != 1 or true.ndim != 1 or member.ndim != 1 or not len(said):
        raise BadInput(f"asked for accuracies of groups; found answers of shape {said.shape}; give one class a sample")
    found = []
    for name in np.unique(member):
        right = (said == true)[member == name]
        k, n = int(right.sum()), len(right)
        found.append(Group(int(name), k / n, *wilson(k, n, level), n))
    return sorted(found, key=lambda g: (g.accuracy, -g.n, g.name))


def worst_group(predicted: Array, labels: Array, groups: Array | None = None, level: float = 0.95) -> Group:
    """The group with the smallest share of right answers.

    worst = min_g accuracy_g

    Arguments and errors as for `group_accuracies`. The interval is that of this group taken alone; being picked as the
    worst of several, its share is on average too low, the more so the smaller the groups.

    >>> found = worst_group([0, 0, 1, 0], [0, 0, 1, 1])
    >>> found.name, found.accuracy, round(found.low, 3), round(found.high, 3)
    (1, 0.5, 0.095, 0.905)
    """
    return group_accuracies(predicted, labels, groups, level)[0]
