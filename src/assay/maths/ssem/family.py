"""The loss as a function of three inner products, for batches that hold equally many instances of every class."""

from __future__ import annotations

import math

from assay.maths.ssem.embedding import gram_values
from assay.maths.ssem.setting import Setting


def loss_of_gram(setting: Setting, g0: float, g1: float, g2: float) -> float:
    """The loss where views of an instance have inner product g0, instances of a class g1, classes g2.

    excl = -alpha g0 / tau - (1 - alpha) g1 / tau + log Z,
    Z = (p - 1) e^{g0/tau} + p (n - 1) e^{g1/tau} + p n (m - 1) e^{g2/tau};
    incl adds e^{1/tau} to Z and the pair of an embedding with itself to the views: g0 becomes (1 + (p - 1) g0) / p.

    With one instance of a class in a batch there is no supervised pair, and only alpha (... + log Z) remains.

    >>> round(math.exp(loss_of_gram(Setting(2, 2, 1, 0.5, 1.0, "incl"), 1.0, 1.0, 1.0)), 9)  # all equal: one of 4
    4.0
    """
    m, n, p, alpha, tau = setting.classes, setting.counts[0], setting.views, setting.alpha, setting.temperature
    own = setting.variant == "incl"
    top = max(1.0 if own else -1.0, g0 if p > 1 else -1.0, g1, g2)
    pairs = ((float(own), 1.0), (p - 1, g0), (p * (n - 1), g1), (p * n * (m - 1), g2))
    log_z = top / tau + math.log(sum(count * math.exp((g - top) / tau) for count, g in pairs if count))
    same = (1 + (p - 1) * g0) / p if own else g0
    supervised = log_z - g1 / tau if n > 1 else 0.0
    return alpha * (log_z - same / tau) + (1 - alpha) * supervised


def loss_on_family(setting: Setting, within: float) -> float:
    """The loss of the embeddings with within-class variance x, in nats (section 3.2 of the derivation: g0 = 1).

    >>> setting = Setting(2, 2, 2, 0.5, 1.0, "incl")
    >>> round(loss_on_family(setting, 0.0), 6) == round(math.log(4 + 4 * math.exp(-2)), 6)  # collapsed classes
    True
    """
    return loss_of_gram(setting, 1.0, *gram_values(setting.classes, setting.totals[0], within))
