"""Do two models say the same on the same samples, and do they fail together?"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import rel_entr, softmax

from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric

LOGITS = ("scale", "shift")  # answers are largest logits


@metric(range=(0, 1), unit="bits", invariant=("shift",), symmetric=True, cite="Lin 1991; Klabunde et al. 2025 (ReSi)")
def jensen_shannon(logits_a: Array, logits_b: Array) -> float:
    """Mean Jensen-Shannon divergence between two models' predicted probabilities.

    JSD = (1/n) Σ_i [KL(p_i || m_i) + KL(q_i || m_i)] / 2, m = (p + q) / 2, p and q the softmaxes, logarithms to base 2

    logits (n, classes) of the same samples and classes, or (n, 1) for one-logit heads. In [0, 1] bits: 0 for equal
    probabilities, 1 when no class is possible for both. The divergence, not its root, which would be a metric.
    `BadInput` for other shapes or NaN.

    >>> round(jensen_shannon([[0, 0]], [[100, 0]]), 6)  # H(3/4, 1/4) - 1/2
    0.311278
    """
    p, q = (softmax(z, axis=1) for z in _pair(logits_a, logits_b))
    middle = (p + q) / 2
    nats = (rel_entr(p, middle) + rel_entr(q, middle)).sum(1) / 2
    return float(np.clip(nats.mean() / math.log(2), 0, 1))


@metric(range=(0, 1), unit="fraction", invariant=LOGITS, symmetric=True, cite="Jaccard index of two sets of errors")
def error_overlap(logits_a: Array, logits_b: Array, labels: Array) -> float:
    """Of the samples that either of two models gets wrong, the share that both get wrong.

    overlap = |E_a ∩ E_b| / |E_a ∪ E_b|, E the samples whose largest logit is not that of the true class

    logits (n, classes), labels (n,). A fraction in [0, 1]; 1 when neither errs. It grows with the number of errors:
    compare it with `chance_error_overlap`, or see `error_consistency`. Errors as for `accuracy`.

    >>> right, wrong = [1, 0], [0, 1]
    >>> error_overlap([wrong, wrong, right, right], [wrong, right, right, right], [0, 0, 0, 0])
    0.5
    """
    a, b = _errors(logits_a, logits_b, labels)
    either = (a | b).sum()
    return float((a & b).sum() / either) if either else 1.0


@metric(range=(0, 1), unit="fraction", invariant=LOGITS, symmetric=True, cite="Geirhos et al. 2020, arXiv:2006.16736")
def chance_error_overlap(logits_a: Array, logits_b: Array, labels: Array) -> float:
    """The error overlap that independent errors at the two models' error rates would have.

    overlap = e_a e_b / (e_a + e_b - e_a e_b), e the share of wrong answers

    The limit for many samples. A fraction in [0, 1]; 1 when neither errs, as for `error_overlap`, whose arguments and
    errors it has.

    >>> right, wrong = [1, 0], [0, 1]
    >>> chance_error_overlap([wrong, wrong, right, right], [wrong, right, right, right], [0, 0, 0, 0])  # 1/8 : 5/8
    0.2
    """
    a, b = (errors.mean() for errors in _errors(logits_a, logits_b, labels))
    either = a + b - a * b
    return float(a * b / either) if either else 1.0


@metric(range=(-1, 1), invariant=LOGITS, symmetric=True, cite="Geirhos et al. 2020, arXiv:2006.16736")
def error_consistency(logits_a: Array, logits_b: Array, labels: Array) -> float:
    """How much oftener two models are right together and wrong together than independent errors would have them.

    kappa = (c - c_0) / (1 - c_0), c the share of samples on which both are right or both are wrong

    c_0 = (1 - e_a)(1 - e_b) + e_a e_b is that share for independent errors at the same rates. In [-1, 1], no unit: 1
    for the same errors, 0 as by chance, also when both are always right or always wrong. Arguments and errors as for
    `error_overlap`.

    >>> right, wrong = [1, 0], [0, 1]
    >>> error_consistency([wrong, wrong, right, right], [wrong, right, right, right], [0, 0, 0, 0])  # 3/4 against 1/2
    0.5
    """
    a, b = _errors(logits_a, logits_b, labels)
    alone = a.mean(), b.mean()
    chance = (1 - alone[0]) * (1 - alone[1]) + alone[0] * alone[1]
    return float(((a == b).mean() - chance) / (1 - chance)) if chance < 1 else 0.0


def _pair(logits_a: Array, logits_b: Array) -> tuple[np.ndarray, np.ndarray]:
    a, b = arrays.logits(logits_a, "logits_a"), arrays.logits(logits_b, "logits_b")
    arrays.same_length(a, b, "logits_a", "logits_b")
    arrays.same_classes(a, b, "logits_a", "logits_b")
    return a, b


def _errors(logits_a: Array, logits_b: Array, labels: Array) -> tuple[np.ndarray, np.ndarray]:
    a, b = _pair(logits_a, logits_b)
    true = arrays.labels(labels, a, beside="logits_a")
    return a.argmax(1) != true, b.argmax(1) != true
