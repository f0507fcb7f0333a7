"""Which alpha leaves a wanted variance inside classes: what training asks when alpha is to be chosen for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from assay.core.errors import BadInput, unknown
from assay.maths.ssem.balanced import alpha_of_within
from assay.maths.ssem.predict import Variances, variances
from assay.maths.ssem.setting import AnySetting, RandomSetting, Reduction, Setting, Variant

Of = Literal["mean", "least"]
GROUPS = 6  # class sizes told apart in the search: enough for an alpha, and fast


def alpha_for(
    within: float,
    counts: Sequence[int],
    batch: int | Sequence[int],
    views: int,
    temperature: float,
    variant: Variant = "excl",
    *,
    reduction: Reduction = "anchor",
    balanced: bool = False,
    of: Of = "mean",
    seed: int = 0,
) -> float:
    """The alpha at which the variance between instances of a class is ``within``, for batches out of a data set.

    ``counts`` (m,): instances of each class in the data set. ``batch``: instances in a batch drawn at random, or in
    one with equally many of each class (``balanced``), or the number of each class in every batch. ``of``: the mean
    over classes, or the least (which guards the rare class); classes with a single instance do not count. Closed
    form where classes are equal and batches balanced, else bisection on the reduced problem, to 1e-4 in alpha. Errors:
    a variance that no alpha gives.

    >>> round(alpha_for(0.264332, (4, 4, 4), 12, 2, 0.2, balanced=True), 5)
    0.5
    >>> round(alpha_for(0.3, (100, 900), 64, 2, 0.1), 2)  # the mean of a rare and a common class
    0.36
    """
    if of not in ("mean", "least"):
        raise unknown("way to sum up classes", of, ("mean", "least"))
    return alpha_of(setting_for(counts, batch, views, 1.0, temperature, variant, reduction, balanced, seed), within, of)


def setting_for(
    counts: Sequence[int],
    batch: int | Sequence[int],
    views: int,
    alpha: float,
    temperature: float,
    variant: Variant = "excl",
    reduction: Reduction = "anchor",
    balanced: bool = False,
    seed: int = 0,
    dimension: int | None = None,
) -> AnySetting:
    """The setting of batches of a data set: random, balanced (batch / m of each class) or with given numbers.

    A balanced batch repeats instances of classes that have too few; it is rounded down to a multiple of m.

    >>> setting_for((20, 90), 8, 2, 0.5, 0.1, balanced=True).counts
    (4, 4)
    """
    N = tuple(int(count) for count in counts)
    if not isinstance(batch, int | np.integer):
        n = tuple(int(count) for count in batch)
        N = tuple(max(pair) for pair in zip(n, N, strict=True)) if len(n) == len(N) else N
        return Setting(len(N), n, views, alpha, temperature, variant, reduction, N, dimension)
    if not balanced:
        return RandomSetting(N, int(batch), views, alpha, temperature, variant, reduction, dimension, seed)
    each = int(batch) // max(len(N), 1)
    if each < 1:
        raise BadInput(
            f"asked for balanced batches of {batch} with {len(N)} classes; a batch needs one of each;"
            f" give {len(N)} or more"
        )
    totals = tuple(max(each, count) for count in N)
    return Setting(len(N), each, views, alpha, temperature, variant, reduction, totals, dimension)


def alpha_of(setting: AnySetting, within: float, of: Of = "mean") -> float:
    """The same for a setting; its own alpha is not read.

    >>> round(alpha_of(Setting(3, 4, 2, 0.9, 0.2), 0.264332), 5)
    0.5
    """
    if math.isnan(within):
        raise BadInput("asked for a within-class variance of nan; it is no number; give one from 0 to 1, such as 0.3")
    if isinstance(setting, Setting) and setting.balanced:
        return alpha_of_within(setting, within)
    telling = np.asarray(setting.totals) > 1
    near: Variances | None = None

    def over(alpha: float) -> float:
        nonlocal near
        near = variances(replace(setting, alpha=alpha), quick=True, near=near, views=False, most_groups=GROUPS)
        found = near.instances[telling] if telling.any() else near.instances
        return float(found.mean() if of == "mean" else found.min()) - within

    most = over(1.0) + within
    if not 0 <= within <= most:
        raise BadInput(
            f"asked for a within-class variance of {within:g}; alpha from 0 to 1 gives 0 to {most:.4g} here"
            f" ({'mean over classes' if of == 'mean' else 'least over classes'}); give a number in that range,"
            " or use larger or balanced batches"
        )
    from scipy.optimize import brentq

    low = 1e-6
    return low if over(low) >= 0 else float(brentq(over, low, 1.0, xtol=1e-5, rtol=1e-5))
