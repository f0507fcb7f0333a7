"""The minimiser for balanced batches: how much variance is left inside a class."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from assay.core.errors import BadInput
from assay.maths.ssem.embedding import gram_values
from assay.maths.ssem.setting import Setting
from assay.maths.ssem.thresholds import alpha_c, alpha_view, numbers, tau_c


def push(setting: Setting, within: float) -> float:
    """How hard the softmax pushes instances of a class apart at x, in units of the supervised pull.

    excl: push = p [(n - 1) A - n (N - 1)/N B] / Z', Z' = p - 1 + p (n - 1) A + p n (m - 1) B,
    A = e^{(g1 - 1)/tau}, B = e^{(g2 - 1)/tau}; incl: p = 1 and 1 in place of p - 1. It falls as x grows, and
    the optimum is where it equals 1 - alpha. Source: stationarity of the loss on the family.

    >>> setting = Setting(2, 2, 1, 0.5, 1e-2, "incl")
    >>> round(push(setting, 0.0), 6)  # A = 1, B = 0
    0.5
    """
    k, tau = numbers(setting), setting.temperature
    g1, g2 = gram_values(k.m, k.N, within)
    a, b = math.exp((g1 - 1) / tau), math.exp((g2 - 1) / tau)
    z = k.e + k.p * (k.n - 1) * a + k.p * k.n * (k.m - 1) * b
    return k.p * ((k.n - 1) * a - k.n * (k.N - 1) / k.N * b) / z


def optimal_within(setting: Setting) -> float:
    """The within-class variance x of the minimiser among embeddings whose views coincide; 0 is class collapse.

    The root of push(x) = 1 - alpha by bisection to 1e-15, 0 where alpha <= alpha_c. Range [0, m (N - 1) / (m N - 1)].

    >>> round(optimal_within(Setting(3, 4, 2, 0.5, 0.2, "incl")), 6), optimal_within(Setting(3, 4, 2, 0.0, 0.2, "incl"))
    (0.163056, 0.0)
    """
    if setting.counts[0] == 1 or setting.alpha <= alpha_c(setting):
        return 0.0
    return bisect(lambda x: push(setting, x) - (1 - setting.alpha), 0.0, 1.0)


def view_similarity(setting: Setting) -> float:
    """The inner product g0 of two views of one instance at the minimiser: 1 unless alpha < alpha_view (``excl``).

    Below alpha_view, g1 = (1 + (p - 1) g0) / p, g2 = -g1 / (m - 1), and g0 solves
    (p - 1)[e^{g0/tau} + (n - 1) e^{g1/tau} - n e^{g2/tau}] = [alpha + (1 - alpha)(p - 1)/p] Z.

    >>> round(view_similarity(Setting(3, 4, 2, 0.0, 0.2)), 6)
    0.308489
    >>> round(view_similarity(Setting(2, 32, 2, 0.0, 0.07)), 3)  # two views of one image point apart
    -0.107
    """
    limit = alpha_view(setting)
    if limit is None or setting.counts[0] == 1 or setting.alpha >= limit:
        return 1.0
    m, n, p, tau = setting.classes, setting.counts[0], setting.views, setting.temperature
    pull = setting.alpha + (1 - setting.alpha) * (p - 1) / p

    def balance(g0: float) -> float:
        g1, g2 = view_gram(setting, g0)
        e0, e1, e2 = (math.exp((g - max(g0, g1)) / tau) for g in (g0, g1, g2))
        z = (p - 1) * e0 + p * (n - 1) * e1 + p * n * (m - 1) * e2
        return pull - (p - 1) * (e0 + (n - 1) * e1 - n * e2) / z

    return bisect(balance, -1 / (p - 1), 1.0)


def view_gram(setting: Setting, g0: float) -> tuple[float, float]:
    """The inner products (g1, g2) where instances of a class share their mean and views have inner product g0.

    >>> view_gram(Setting(2, 2, 2, 0.0, 0.1), 0.0)
    (0.5, -0.5)
    """
    g1 = (1 + (setting.views - 1) * g0) / setting.views
    return g1, -g1 / (setting.classes - 1)


def alpha_of_within(setting: Setting, within: float) -> float:
    """The weight at which x is the optimum: alpha = 1 - push(x). ``setting.alpha`` is not read.

    At x = 0 this is alpha_c, the largest weight that still collapses. Errors: x above what alpha = 1 gives.

    >>> setting = Setting(3, 4, 2, 0.5, 0.2, "incl")
    >>> round(alpha_of_within(setting, optimal_within(setting)), 9)
    0.5
    """
    most = optimal_within(replace(setting, alpha=1.0))
    if not 0 <= within <= most + 1e-12:
        raise BadInput(
            f"asked for a within-class variance of {within:g}; alpha from 0 to 1 gives 0 to {most:.4g} here;"
            " give a number in that range"
        )
    return min(1.0, max(0.0, 1 - push(setting, min(within, most))))


def best_temperature(setting: Setting) -> tuple[float, float]:
    """The temperature with the largest within-class variance, and that variance: (tau, x).

    x(tau) rises from 0 at tau -> 0 to one maximum and falls to 0 at tau_c (golden section on log tau).
    ``setting.temperature`` is not read. (0.001, 0) where classes collapse at every temperature.

    >>> tau, x = best_temperature(Setting(10, 50, 2, 0.5, 1.0, "incl"))
    >>> round(tau, 3), round(x, 3)
    (0.168, 0.523)
    """
    end = min(tau_c(setting), 1e3)
    if end <= 1e-3:
        return 1e-3, 0.0
    ratio, low, high = (5**0.5 - 1) / 2, math.log(1e-3), math.log(end)
    for _ in range(80):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _within_at(setting, left) < _within_at(setting, right):
            low = left
        else:
            high = right
    tau = math.exp((low + high) / 2)
    return tau, optimal_within(replace(setting, temperature=tau))


def temperatures_of_within(setting: Setting, within: float) -> tuple[float, ...]:
    """All temperatures from 0.001 to 1000 at which x is the optimum, smallest first: two, or one at the very top.

    x is not monotone in the temperature: the smaller root lies below the temperature of the largest variance, the
    larger one between it and tau_c. One root where x does not fall again (or already begins above).
    ``setting.temperature`` is not read.
    Errors: x not above 0, or more than any temperature gives; alpha = 1, where x hardly depends on it.

    >>> [round(tau, 3) for tau in temperatures_of_within(Setting(3, 4, 2, 0.5, 1.0, "incl"), 0.163056)]
    [0.2, 0.538]
    """
    if setting.alpha == 1:
        raise BadInput("asked for a temperature at alpha = 1; the variance hardly depends on it; choose any")
    tau, most = best_temperature(setting)
    if not 0 < within <= most:
        raise BadInput(
            f"asked for a within-class variance of {within:g}; at alpha = {setting.alpha:g} temperatures give"
            f" up to {most:.4g}; give a number above 0 and up to that, or raise alpha"
        )
    top, ends = math.log(tau), (math.log(1e-3), math.log(min(tau_c(setting), 1e3)))

    def over(log_tau: float) -> float:
        return _within_at(setting, log_tau) - within

    roots = (math.exp(bisect(over, top, end)) for end in ends if over(end) < 0)
    return tuple(sorted(set(roots)))


def _within_at(setting: Setting, log_tau: float) -> float:
    return optimal_within(replace(setting, temperature=math.exp(log_tau)))


def bisect(function: Callable[[float], float], positive: float, other: float) -> float:
    """The root between a point where a function is positive (or 0) and one where it is not, to the last bit or so.

    >>> round(bisect(lambda x: 2 - x * x, 0.0, 2.0), 12)
    1.414213562373
    """
    for _ in range(200):
        middle = (positive + other) / 2
        if middle in (positive, other):
            break
        if function(middle) > 0:
            positive = middle
        else:
            other = middle
    return (positive + other) / 2
