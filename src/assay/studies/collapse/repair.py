"""Single changes of a setting that leave every class some variance, and how large each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from assay.core.errors import BadInput
from assay.maths.ssem import AnySetting, RandomSetting, Setting, alpha_of, setting_for, variances

ENOUGH = 0.05  # a class below this is as good as collapsed: the theory's x is what free embeddings could reach
GROUPS = 6
LARGEST_BATCH = 8192


@dataclass(frozen=True)
class Change:
    """One changed setting: ``what``, ``old`` and ``new`` value, ``size`` |new - old| / max(new, old), ``words``.

    ``setting`` is the repaired setting. Balanced batches have size 1: a different kind of batch.
    """

    what: str
    old: float
    new: float
    size: float
    words: str
    setting: AnySetting


def healthy(setting: AnySetting) -> bool:
    """Whether every class with two instances or more keeps a variance of `ENOUGH`, and views stay together.

    >>> healthy(Setting(10, 50, 2, 0.5, 0.1)), healthy(Setting(10, 50, 2, 0.5, 1.0))
    (True, False)
    """
    found = variances(setting, quick=True, views=False, most_groups=GROUPS)
    telling = np.asarray(setting.totals) > 1
    return bool(telling.any() and (found.instances[telling] >= ENOUGH).all() and not found.views_part)


def repairs(setting: AnySetting) -> list[Change]:
    """All single changes that make a setting `healthy`, smallest first; none where it already is.

    >>> [change.words for change in repairs(Setting(10, 50, 2, 0.5, 0.5))]
    ['temperature 0.434 instead of 0.5', 'alpha 0.587 instead of 0.5']
    """
    if healthy(setting):
        return []
    tries = (_alpha, _temperature, _batch, _views, _balanced)
    found = [change for attempt in tries if (change := attempt(setting)) is not None]
    return sorted(found, key=lambda change: change.size)


def _change(what: str, old: float, new: float, setting: AnySetting, words: str = "") -> Change:
    size = abs(new - old) / max(new, old)
    return Change(what, old, new, size, words or f"{what} {new:.3g} instead of {old:.3g}", setting)


def _alpha(setting: AnySetting) -> Change | None:
    if setting.variant == "excl" and setting.views == 1:
        return None
    try:
        alpha = alpha_of(setting, ENOUGH * 1.002, "least")
    except BadInput:
        return None
    for new in (np.ceil(alpha * 1000) / 1000, min(1.0, alpha * 1.05), 1.0):
        changed = replace(setting, alpha=float(min(1.0, new)))
        if new > setting.alpha and healthy(changed):
            return _change("alpha", setting.alpha, changed.alpha, changed)
    return None


def _temperature(setting: AnySetting) -> Change | None:
    found = []
    for factor in (2**-0.5, 2**0.5):
        old = setting.temperature
        for power in range(1, 13):
            tau = old * factor**power
            if not 0.01 <= tau <= 5:
                break
            if healthy(replace(setting, temperature=tau)):
                new = _bisect(lambda t: healthy(replace(setting, temperature=t)), tau / factor, tau)
                new = float(f"{new:.3g}") if healthy(replace(setting, temperature=float(f"{new:.3g}"))) else new
                found.append(_change("temperature", old, new, replace(setting, temperature=new)))
                break
    return min(found, key=lambda change: change.size) if found else None


def _batch(setting: AnySetting) -> Change | None:
    """Larger batches, in steps of a tenth."""
    factor = 1.0
    while (factor := factor * 1.1) * _rows(setting) <= LARGEST_BATCH * 1.1:
        changed = _scaled(setting, factor)
        if changed is None:
            return None
        if changed != setting and healthy(changed):
            old, new = _rows(setting), _rows(changed)
            if isinstance(changed, Setting) and isinstance(changed.per_class, int):
                words = f"{changed.counts[0]} instead of {setting.counts[0]} items of each class in a batch"
            else:
                words = f"batches of {new} instead of {old}"
            return _change("batch", old, new, changed, words)
    return None


def _rows(setting: AnySetting) -> int:
    return setting.batch if isinstance(setting, RandomSetting) else sum(setting.counts)


def _scaled(setting: AnySetting, factor: float) -> AnySetting | None:
    if isinstance(setting, RandomSetting):
        batch = int(np.ceil(setting.batch * factor))
        return replace(setting, batch=batch) if batch <= sum(setting.counts) else None
    n = tuple(int(np.ceil(count * factor)) for count in setting.counts)
    per_class = n[0] if isinstance(setting.per_class, int) else n
    if setting.total is not None and any(a > b for a, b in zip(n, setting.totals, strict=True)):
        return None
    return replace(setting, per_class=per_class)


def _views(setting: AnySetting) -> Change | None:
    found = []
    for views in range(2, 9):
        changed = replace(setting, views=views)
        if views != setting.views and healthy(changed):
            words = f"{views} instead of {setting.views} views of each item"
            found.append(_change("views", setting.views, views, changed, words))
    return min(found, key=lambda change: change.size) if found else None


def _balanced(setting: AnySetting) -> Change | None:
    if not isinstance(setting, RandomSetting) or setting.batch < 2 * setting.classes:
        return None
    s = setting
    changed = setting_for(
        s.counts, s.batch, s.views, s.alpha, s.temperature, s.variant, s.reduction, True, s.seed, s.dimension
    )
    if not healthy(changed):
        return None
    return Change("balanced", 0.0, 1.0, 1.0, "batches with equally many items of each class", changed)


def _bisect(good: Callable[[float], bool], bad: float, fine: float) -> float:
    """The value nearest to a bad one that is still good, to a 200th of their distance."""
    for _ in range(8):
        middle = (bad + fine) / 2
        bad, fine = (bad, middle) if good(middle) else (middle, fine)
    return fine
