"""The front door: what the loss does to each class in a given setting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from assay.maths.ssem.balanced import optimal_within, view_gram, view_similarity
from assay.maths.ssem.batches import Batches, fixed_batches, random_batches
from assay.maths.ssem.embedding import gram_values
from assay.maths.ssem.family import loss_of_gram
from assay.maths.ssem.reduced import Loss
from assay.maths.ssem.setting import AnySetting, RandomSetting, Reduction, Setting, Variant
from assay.maths.ssem.solve import restart, solve

Phase = Literal["collapse", "spread", "view-spread"]
COLLAPSED = 1e-6  # a variance up to this is 0: the reduced problem is solved to about 1e-7


@dataclass(frozen=True)
class Prediction:
    """What the minimiser of the loss looks like.

    ``phase`` of the worst class (collapse before view-spread before spread); classes with a single instance in the
    data set cannot spread and do not count unless all are such. ``phases`` of each class: *collapse* (its instances
    coincide), *view-spread* (they coincide, but views of one instance do not) or *spread*. ``within_variance`` of
    each class, in [0, 1], holds ``view_variance``. ``between_variance``: total minus within, classes by their share
    of the data set. ``loss`` in nats. ``alpha_c``: weight above which every class spreads; ``tau_c``: temperature
    from which on one collapses; ``alpha_view``: weight below which views separate (None for ``incl``).
    ``upper_estimate``: the embedding dimension is below ``needed_dimension``, so that less variance is possible.
    ``exact``: False where count vectors were drawn at random or classes of nearly one size were taken together.
    """

    phase: Phase
    phases: tuple[Phase, ...]
    within_variance: tuple[float, ...]
    view_variance: tuple[float, ...]
    between_variance: float
    loss: float
    alpha_c: float
    tau_c: float
    alpha_view: float | None
    needed_dimension: int
    upper_estimate: bool
    exact: bool


@dataclass(frozen=True, eq=False)
class Variances:
    """Per class: variance between ``instances`` and between ``views`` of an instance; ``total`` of all; ``loss``.

    ``views_part``: the loss pushes views of an instance apart, also where they were held together.
    """

    instances: np.ndarray
    views: np.ndarray
    total: float
    loss: float
    exact: bool
    views_part: bool = False
    vectors: np.ndarray | None = None

    @property
    def within(self) -> np.ndarray:
        """The within-class variance of each class, (m,)."""
        return self.instances + self.views


def predict(setting: AnySetting) -> Prediction:
    """The phase, the variances per class and the thresholds of a setting.

    Closed forms and bisection for balanced batches, the reduced problem otherwise, thresholds then by bisection to
    1e-4 in alpha and of tau.

    >>> found = predict(Setting(classes=3, per_class=4, views=2, alpha=0.5, temperature=0.2))
    >>> found.phase, round(found.within_variance[0], 6), round(found.alpha_c, 6)
    ('spread', 0.264332, 0.144413)
    >>> predict(Setting(3, 4, 2, 0.25, 0.2, "incl")).within_variance
    (0.0, 0.0, 0.0)
    """
    from assay.maths.ssem.limits import limits

    found = variances(setting)
    share = np.asarray(setting.totals) / sum(setting.totals)
    within = found.within
    phases = tuple(_phase(w, s) for w, s in zip(found.instances, found.views, strict=True))
    needed = dimension_for(setting, found)
    alpha, tau, view = limits(setting)
    return Prediction(
        phase=_worst(phases, setting.totals),
        phases=phases,
        within_variance=tuple(float(x) for x in within),
        view_variance=tuple(float(s) for s in found.views),
        between_variance=float(found.total - share @ within),
        loss=found.loss,
        alpha_c=alpha,
        tau_c=tau,
        alpha_view=view,
        needed_dimension=needed,
        upper_estimate=setting.dimension is not None and setting.dimension < needed,
        exact=found.exact,
    )


def predict_random(
    counts: tuple[int, ...],
    batch: int,
    views: int,
    alpha: float,
    temperature: float,
    variant: Variant = "excl",
    reduction: Reduction = "anchor",
    dimension: int | None = None,
    seed: int = 0,
) -> Prediction:
    """The same for batches drawn at random from classes of ``counts`` instances.

    The loss is averaged over the multivariate hypergeometric count vectors, exactly where they are few, else over
    drawn ones (``exact`` says which).

    >>> rare, common = predict_random((2, 4), 3, 2, 0.5, 0.3).within_variance
    >>> round(rare, 4), round(common, 4)
    (0.1008, 0.2054)
    """
    return predict(RandomSetting(counts, batch, views, alpha, temperature, variant, reduction, dimension, seed))


def variances(
    setting: AnySetting,
    *,
    quick: bool = False,
    near: Variances | None = None,
    views: bool = True,
    most_groups: int = 24,
) -> Variances:
    """The minimiser's variances without its thresholds.

    For curves and searches: ``quick`` tries one start only, ``near`` is the answer to a nearby setting to begin from,
    ``views=False`` holds views together (unequal classes and random batches), ``most_groups`` class sizes are told
    apart.

    >>> variances(Setting(3, 4, 2, 0.5, 0.2)).within.round(6).tolist()
    [0.264332, 0.264332, 0.264332]
    """
    if isinstance(setting, Setting) and setting.balanced:
        return _closed(setting)
    batches = batches_of(setting, most_groups)
    loss = Loss(setting.views, setting.alpha, setting.temperature, setting.variant, setting.reduction)
    start = None
    if near is not None and near.vectors is not None and near.vectors.shape[0] == len(batches.sizes):
        start = restart(near.vectors)
    found = solve(batches, loss, start, quick=quick, views=views)
    return Variances(
        found.instances, found.views, found.total, found.loss, batches.exact, found.views_part, found.vectors
    )


def batches_of(setting: AnySetting, most_groups: int = 24) -> Batches:
    """The table of batches of a setting, remembered, since alpha and temperature do not change it.

    >>> batches_of(RandomSetting((5, 5), 4, 2, 0.5, 0.1)).exact
    True
    """
    if isinstance(setting, RandomSetting):
        return _random(setting.counts, setting.batch, setting.reduction, setting.seed, most_groups)
    return _fixed(setting.counts, setting.totals, setting.reduction, most_groups)


_random = lru_cache(maxsize=32)(random_batches)
_fixed = lru_cache(maxsize=32)(fixed_batches)


def dimension_for(setting: AnySetting, found: Variances) -> int:
    """The embedding dimension that this minimiser needs: m - 1, and one for each further direction of spread.

    Instances of class c spread in N_c - 1 directions, their views in N_c (p - 1): a balanced spread needs m N - 1.

    >>> setting = Setting(2, 3, 2, 0.5, 0.1)
    >>> dimension_for(setting, variances(setting))
    5
    """
    N = np.asarray(setting.totals)
    instances = int((N - 1)[found.instances > COLLAPSED].sum())
    views = int((N * (setting.views - 1))[found.views > COLLAPSED].sum())
    return setting.classes - 1 + instances + views


def _closed(setting: Setting) -> Variances:
    m = setting.classes
    g0 = view_similarity(setting)
    if g0 < 1:
        g1, g2 = view_gram(setting, g0)
        instances, views = 0.0, 1 - g1
    else:
        instances, views = optimal_within(setting), 0.0
        g1, g2 = gram_values(m, setting.totals[0], instances)
    return Variances(np.full(m, instances), np.full(m, views), 1.0, loss_of_gram(setting, g0, g1, g2), True, g0 < 1)


def _phase(instances: float, views: float) -> Phase:
    if instances > COLLAPSED:
        return "spread"
    return "view-spread" if views > COLLAPSED else "collapse"


def _worst(phases: tuple[Phase, ...], totals: tuple[int, ...]) -> Phase:
    telling = [phase for phase, N in zip(phases, totals, strict=True) if N > 1] or list(phases)
    order: tuple[Phase, ...] = ("collapse", "view-spread", "spread")
    return min(telling, key=order.index)
