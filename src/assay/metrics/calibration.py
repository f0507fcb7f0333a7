"""Do probabilities mean what they say?"""

from __future__ import annotations

import numpy as np

from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric

BINS = 15


@metric(range=(0, 1), better="lower", unit="fraction", cite="Guo et al. 2017, arXiv:1706.04599, eq. 3")
def calibration_error(probs: Array, labels: Array, *, bins: int = BINS) -> float:
    """Expected calibration error: how far the probability of the answer is from how often the answer is right.

    ECE = Σ_b (n_b / n) |accuracy_b - confidence_b|

    Samples are put into ``bins`` equal parts of (0, 1] by their largest probability; accuracy_b and confidence_b are
    means over those in part b. probs (n, classes), labels (n,). A fraction in [0, 1]; it is biased upwards where parts
    hold few samples. `BadInput` for what are no probabilities, or labels without a column.

    >>> calibration_error([[0.75, 0.25], [0.75, 0.25], [0.25, 0.75], [0.25, 0.75]], [0, 0, 1, 0])  # 3 of 4 at 0.75
    0.0
    >>> calibration_error([[1, 0], [1, 0]], [0, 1])
    0.5
    """
    p = arrays.probabilities(probs)
    true = arrays.labels(labels, p, beside="probs")
    confidence, right = p.max(1), p.argmax(1) == true
    part = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    off = np.bincount(part, weights=right - confidence, minlength=bins)
    return float(np.abs(off).sum() / len(p))


@metric(range=(0, 2), better="lower", unit="squared probability", cite="Brier 1950, Monthly Weather Review 78:1-3")
def brier_score(probs: Array, labels: Array) -> float:
    """Brier score: the mean squared distance of probabilities from the truth.

    BS = (1/n) Σ_i Σ_c (p_ic - [y_i = c])²

    A proper score: smallest in the mean for the true probabilities. In [0, 2]; 1 - 1/classes for a model that gives all
    classes alike. Arguments and errors as for `calibration_error`.

    >>> brier_score([[1, 0], [0.5, 0.5]], [0, 1])  # 0 and 0.5
    0.25
    """
    p = arrays.probabilities(probs)
    true = arrays.labels(labels, p, beside="probs")
    return float(((p - np.eye(p.shape[1])[true]) ** 2).sum(1).mean())
