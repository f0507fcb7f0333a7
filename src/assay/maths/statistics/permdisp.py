"""PERMDISP: do groups of models differ in spread? The multivariate Levene test of Anderson 2006."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics.ordination import Array, Centre, Negative, centre_of, pcoa, spread
from assay.maths.statistics.shuffles import Indices, codes, share_beyond, shuffles


class Permdisp(NamedTuple):
    """The F statistic, its p-value, and the mean distance to the centre of each group by name."""

    f: float
    p: float
    spreads: dict[Any, float]


def permdisp(
    distances: ArrayLike,
    groups: Sequence[Any] | ArrayLike,
    *,
    centre: Centre = "median",
    negative: Negative = "subtract",
    null: Literal["aligned", "labels"] = "aligned",
    permutations: int = 1999,
    seed: int = 0,
) -> Permdisp:
    """One-way ANOVA F on each model's distance to the centre of its group, with a permutation p-value.

        F = [sum_k n_k (zbar_k - zbar)^2 / (g - 1)] / [sum_k sum_i (z_ki - zbar_k)^2 / (n - g)]

    ``distances``: (n, n); ``groups``: n labels, every group at least two models. ``centre`` and ``negative``: see
    `centre_of` and `pcoa`; ("median", "subtract") is vegan's rule, "drop" is scikit-bio's. ``null``: "labels" permutes
    the labels, which mixes in differences of place; "aligned" first moves all groups to one centre, with residuals
    multiplied by sqrt(n_k / (n_k - 1)) to make up for the centre estimated. Centres are found anew in each
    permutation. F is at least 0, p in (0, 1]. Source: Anderson 2006, Biometrics 62:245-253.

    On a line, {0, 2} lies 1 from its centre and {10, 16} lies 3; no scatter is left within groups:

    >>> d = np.abs(np.subtract.outer([0.0, 2, 10, 16], [0.0, 2, 10, 16]))
    >>> spreads = permdisp(d, ["a", "a", "b", "b"], centre="centroid", permutations=9).spreads
    >>> {name: round(z, 6) for name, z in spreads.items()}
    {'a': 1.0, 'b': 3.0}
    """
    ordination = pcoa(distances, negative)
    points, signs = ordination.points, ordination.signs
    names, index = codes(groups, "group", len(points))
    sizes = np.bincount(index)
    if len(names) < 2 or sizes.min() < 2 or len(points) <= len(names):
        raise BadInput(f"asked for PERMDISP; found groups of sizes {sizes.tolist()}; give two groups of two or more")
    if null not in ("aligned", "labels"):
        raise BadInput(f"asked for the null '{null}'; known are aligned and labels; write one of these")
    members = [np.flatnonzero(index == k) for k in range(len(names))]
    z = _distances_to_centres(points[None], signs, members, centre)
    observed = float(_f(z, members)[0])
    moving = _aligned(points, signs, members, centre) if null == "aligned" else points
    orders = shuffles(len(points), permutations, numpy_rng(seed, "permdisp"))
    drawn = np.concatenate([
        _f(_distances_to_centres(moving[part], signs, members, centre), members)
        for part in np.array_split(orders, max(1, orders.size * points.shape[1] // 2_000_000))
    ])  # fmt: skip
    means = {name: float(z[0, here].mean()) for name, here in zip(names, members, strict=True)}
    return Permdisp(observed, share_beyond(drawn, observed), means)


def _aligned(points: Array, signs: Array, members: list[Indices], centre: Centre) -> Array:
    moved = np.empty_like(points)
    for here in members:
        factor = np.sqrt(len(here) / (len(here) - 1))
        moved[here] = factor * (points[here] - centre_of(points[here], signs, centre))
    return moved


def _distances_to_centres(points: Array, signs: Array, members: list[Indices], centre: Centre) -> Array:
    z = np.empty(points.shape[:2])
    for here in members:
        z[:, here] = spread(points[:, here], signs, centre_of(points[:, here], signs, centre))
    return z


def _f(z: Array, members: list[Indices]) -> Array:
    between, within = np.zeros(len(z)), np.zeros(len(z))
    overall = z.mean(axis=1)
    for here in members:
        mean = z[:, here].mean(axis=1)
        between += len(here) * (mean - overall) ** 2
        within += ((z[:, here] - mean[:, None]) ** 2).sum(axis=1)
    scale = (z**2).sum(axis=1) * 1e-24  # two models a group: no scatter within, F is infinite in effect
    n, g = z.shape[1], len(members)
    return (between / (g - 1)) / np.maximum(within / (n - g), np.maximum(scale, np.finfo(float).tiny))
