"""What models do on samples: right or wrong, how sure, alike or not."""

from __future__ import annotations

import numpy as np

from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric


@metric(range=(0, 1), better="higher", unit="fraction", invariant=("scale", "shift"))
def accuracy(logits: Array, labels: Array) -> float:
    """Share of samples whose largest logit is that of the true class.

    accuracy = #{i : argmax_c z_ic = y_i} / n

    logits (n, classes), or (n, 1) for a one-logit head; labels (n,). A fraction in [0, 1]; of equal logits
    the first counts. `BadInput` for other shapes, NaN, or labels without a column.

    >>> accuracy([[2, 1], [0, 3], [1, 0], [0, 1]], [0, 1, 1, 1])
    0.75
    """
    z = arrays.logits(logits)
    return float((z.argmax(1) == arrays.labels(labels, z)).mean())


@metric(range=(0, float("inf")), better="lower", unit="nats", invariant=("shift",))
def cross_entropy(logits: Array, labels: Array) -> float:
    """Mean surprise at the true class.

    H = (1/n) Σ_i -log softmax(z_i)[y_i]

    In nats, [0, inf); log(classes) for a model that knows nothing. Arguments and errors as for `accuracy`.

    >>> round(cross_entropy([[0, 0], [0, 0]], [0, 1]), 6)  # log 2
    0.693147
    """
    z = arrays.logits(logits)
    true = arrays.labels(labels, z)
    z = z - z.max(1, keepdims=True)
    return float((np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), true]).mean())


@metric(range=(-1, 1), better="lower", unit="fraction", invariant=("scale", "shift"))
def gap(train_logits: Array, train_labels: Array, logits: Array, labels: Array) -> float:
    """Accuracy on the training split minus accuracy on the other samples.

    gap = accuracy(train) - accuracy(other)

    A fraction in [-1, 1]; arguments and errors as for `accuracy`.

    >>> gap([[1, 0], [0, 1]], [0, 1], [[1, 0], [1, 0]], [0, 1])
    0.5
    """
    z = arrays.logits(train_logits, "train_logits")
    true = arrays.labels(train_labels, z, "train_labels", "train_logits")
    return float((z.argmax(1) == true).mean()) - accuracy(logits, labels)


@metric(range=(0, 1), unit="fraction", invariant=("scale", "shift"), symmetric=True, triangle=True)
def disagreement(logits_a: Array, logits_b: Array) -> float:
    """Share of samples to which two models give different classes.

    disagreement = #{i : argmax_c a_ic ≠ argmax_c b_ic} / n

    Both (n, classes), same samples, same classes. A fraction in [0, 1]; a metric between models' answers.
    Errors as for `accuracy`.

    >>> disagreement([[1, 0], [1, 0], [0, 1], [0, 1]], [[1, 0], [0, 1], [0, 1], [0, 1]])
    0.25
    """
    a, b = arrays.logits(logits_a, "logits_a"), arrays.logits(logits_b, "logits_b")
    arrays.same_length(a, b, "logits_a", "logits_b")
    arrays.same_classes(a, b, "logits_a", "logits_b")
    return float((a.argmax(1) != b.argmax(1)).mean())
