"""Where collapse begins, in closed form, for balanced batches."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.core.errors import BadInput
from assay.maths.ssem.setting import Setting


def supcon_alpha(views: int, per_class: int) -> float:
    """The alpha at which variant ``excl`` is the SupCon loss: alpha = (p - 1) / (p n - 1).

    Of the p n - 1 positives that SupCon gives an anchor, p - 1 are its own views. Range [0, 1].
    Source: Khosla et al. 2020, eq. 2 (L_out).

    >>> supcon_alpha(2, 2)
    0.3333333333333333
    """
    if views < 1 or per_class < 1 or views * per_class < 2:
        raise BadInput(
            f"asked for SupCon's alpha with {views} views of {per_class} instances; an anchor has no positive;"
            " give at least two rows of a class"
        )
    return (views - 1) / (views * per_class - 1)


@dataclass(frozen=True)
class _Numbers:
    """m, n, N, p as the formulas call them, and e: the views that stand for the instance itself (1: incl)."""

    m: int
    n: int
    N: int
    p: int
    e: float


def numbers(setting: Setting) -> _Numbers:
    """The counts of a balanced setting; for ``incl`` p drops out, which p = 1 with e = 1 expresses.

    >>> numbers(Setting(3, 4, 2, 0.5, 0.1)).e, numbers(Setting(3, 4, 2, 0.5, 0.1, "incl")).p
    (1.0, 1)
    """
    if not setting.balanced:
        raise BadInput(
            f"asked for a closed form with classes of {setting.counts} instances; it holds for equal classes;"
            " use predict for unequal ones"
        )
    incl = setting.variant == "incl"
    p = 1 if incl else setting.views
    return _Numbers(setting.classes, setting.counts[0], setting.totals[0], p, 1.0 if incl else p - 1.0)


def _q(setting: Setting) -> float:
    return math.exp(-setting.classes / ((setting.classes - 1) * setting.temperature))


def alpha_c(setting: Setting) -> float:
    """The weight up to which collapse is optimal at this temperature; larger weights spread classes.

    excl: alpha_c = [p - 1 + p n q (m - 1/N)] / [p n - 1 + p n (m - 1) q], q = e^{-m / ((m - 1) tau)}
    incl: alpha_c = [1 + n q (m - 1/N)] / [n + n (m - 1) q]

    n in the batch, N in the data set; at N = n the numerators are p - 1 + p (m n - 1) q and 1 + (m n - 1) q. 1 where
    a batch holds one instance of a class: nothing then pushes instances of a class apart.

    >>> round(alpha_c(Setting(2, 2, 2, 0.75, 0.2)), 6), round(alpha_c(Setting(2, 2, 2, 0.75, 0.2, "incl")), 6)
    (0.333404, 0.500045)
    """
    k, q = numbers(setting), _q(setting)
    top = k.e + k.p * k.n * q * (k.m - 1 / k.N)
    bottom = k.e + k.p * (k.n - 1) + k.p * k.n * (k.m - 1) * q
    return min(1.0, top / bottom) if bottom else 1.0


def tau_c(setting: Setting) -> float:
    """The temperature from which on collapse is optimal at this weight; 0: at every one, inf: at none.

    tau_c = m / ((m - 1) log(1 / q_c)), q_c = [alpha (p n - 1) - (p - 1)] / (p n [(1 - alpha)(m - 1) + (N - 1)/N]) (excl),
    q_c = (alpha n - 1) / (n [(1 - alpha)(m - 1) + (N - 1)/N]) (incl): the q at which alpha_c equals alpha. At N = n:
    1/q_c = 1 + (p m n - 1)(1 - alpha) / (alpha (p n - 1) - (p - 1)) (excl), 1 + m n (1 - alpha) / (alpha n - 1) (incl).

    >>> round(tau_c(Setting(2, 3, 2, 0.5, 0.5, "incl")), 6)  # 2 / log(7)
    1.027797
    >>> setting = Setting(2, 2, 2, 0.75, 1.0)
    >>> round(tau_c(setting), 6) == round(2 / math.log(2.4), 6)
    True
    """  # noqa: E501
    k, alpha = numbers(setting), setting.alpha
    top = alpha * (k.e + k.p * (k.n - 1)) - k.e
    if top <= 0 or k.n == 1:
        return 0.0
    q = top / (k.p * k.n * ((1 - alpha) * (k.m - 1) + (k.N - 1) / k.N))
    return k.m / ((k.m - 1) * -math.log(q)) if q < 1 else math.inf


def alpha_view(setting: Setting) -> float | None:
    """The weight below which views of one instance are pushed apart (``excl``; None for ``incl``); below 0: never.

    alpha_view = (p - 1)(1 - p m n q) / (p n - 1 + p n (m - 1) q): collapse is optimal from here to alpha_c only.

    >>> round(alpha_view(Setting(2, 32, 2, 0.0, 0.07)), 4)
    0.0159
    """
    if setting.variant == "incl" or setting.views == 1:
        return None
    k, q = numbers(setting), _q(setting)
    if k.n == 1:
        return 0.0  # without supervised pairs nothing pushes views apart
    return k.e * (1 - k.p * k.m * k.n * q) / (k.p * k.n - 1 + k.p * k.n * (k.m - 1) * q)
