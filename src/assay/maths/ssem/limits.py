"""Where collapse begins when classes are unequal or batches random: by bisection on the reduced problem."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assay.maths.ssem.predict import COLLAPSED, Variances, variances
from assay.maths.ssem.setting import AnySetting, Setting
from assay.maths.ssem.thresholds import alpha_c, alpha_view, tau_c

HOTTEST, COLDEST = 100.0, 0.01
GROUPS = 8  # class sizes told apart in the search


def limits(setting: AnySetting) -> tuple[float, float, float | None]:
    """(alpha_c, tau_c, alpha_view) of a setting: of its first class to collapse, or to push views apart.

    Balanced batches: the closed forms. Else alpha_c is the alpha above which every class with two instances or
    more spreads and no views part (1: never), tau_c the temperature nearest the setting's own at which one begins
    to collapse (inf: none up to 100; 0: one does at every temperature down to 0.01).

    >>> [round(value, 3) for value in limits(Setting(3, 4, 2, 0.5, 0.2))]
    [0.144, 0.871, 0.141]
    """
    if isinstance(setting, Setting) and setting.balanced:
        return alpha_c(setting), tau_c(setting), alpha_view(setting)
    search = _Search(setting)
    view = search.alpha_view()
    return max(search.alpha_c(), view or 0.0), search.tau_c(), view


class _Search:
    """Bisections that begin each solution from the last; views are held together, which is exact above alpha_view."""

    def __init__(self, setting: AnySetting):
        self.setting = setting
        self.telling = np.asarray(setting.totals) > 1
        self.near: Variances | None = None

    def solve(self, **changes: float) -> Variances:
        changed = replace(self.setting, **changes)  # type: ignore[arg-type]
        self.near = variances(changed, quick=True, near=self.near, views=False, most_groups=GROUPS)
        return self.near

    def spreads(self, **changes: float) -> bool:
        return bool((self.solve(**changes).instances[self.telling] > COLLAPSED).all())

    def alpha_c(self) -> float:
        if not self.telling.any() or not self.spreads(alpha=1.0):
            return 1.0
        return _between(lambda alpha: not self.spreads(alpha=alpha), 1e-9, 1.0, 1e-4)

    def alpha_view(self) -> float | None:
        if self.setting.variant == "incl" or self.setting.views == 1:
            return None
        return _between(lambda alpha: self.solve(alpha=alpha).views_part, 1e-9, 1.0, 1e-4)

    def tau_c(self) -> float:
        tau = self.setting.temperature
        if self.setting.alpha == 1 or not self.telling.any():
            return math.inf if self.telling.any() else 0.0
        spread = self.spreads(temperature=tau)
        step = 2.0 if spread else 0.5
        while self.spreads(temperature=tau) == spread:
            if tau * step > HOTTEST or tau * step < COLDEST:
                return math.inf if spread else 0.0
            tau *= step
        low, high = sorted((tau, tau / step))
        log_tau = _between(lambda value: self.spreads(temperature=math.exp(value)), math.log(low), math.log(high), 1e-4)
        return math.exp(log_tau)


def _between(holds: Callable[[float], bool], low: float, high: float, tolerance: float) -> float:
    """Where a statement that holds at the low end stops holding; the low end where it never held."""
    if not holds(low):
        return 0.0 if low < tolerance else low
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2
