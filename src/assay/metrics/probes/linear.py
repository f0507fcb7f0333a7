"""The linear probe: can a linear read-out tell the classes apart?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import Array
from assay.metrics.probes.common import Probed, same_width, samples, two_classes

REGULARISERS = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)
STEPS = 500  # of L-BFGS, for each regulariser


def linear_probe(
    train_features: Array,
    train_labels: Array,
    val_features: Array,
    val_labels: Array,
    features: Array,
    labels: Array,
    *,
    regularisers: Sequence[float] = REGULARISERS,
) -> Probed:
    """Accuracy of multinomial logistic regression on frozen features, its regulariser chosen on val.

    W_r = argmin_W mean_i -log softmax(W h_i + b)[y_i] + (r/2) ||W||²,  r = argmax accuracy on val

    h: features with each column's mean and standard deviation on train taken off; a column that does not vary is left
    out. Fitted on train by L-BFGS from the strongest regulariser to the weakest, each starting where the last ended; of
    equals on val the strongest wins; judged once on (features, labels), where nothing is chosen. features (n, width),
    labels (n,) whole numbers, as in train. With two classes the binomial form, W one row. `BadInput` for other shapes,
    NaN, one class, or regularisers that are not above 0.

    >>> x, y = [[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1]
    >>> found = linear_probe(x, y, x, y, [[2.0], [7.0], [3.0]], [0, 1, 1])
    >>> found.predicted.tolist(), round(found.accuracy, 6), found.chosen
    ([0, 1, 0], 0.666667, 1.0)
    """
    (x, y), (v, val_true) = samples(train_features, train_labels, "train"), samples(val_features, val_labels, "val")
    z, true = samples(features, labels, "test")
    same_width(x, v, "val")
    same_width(x, z, "test")
    two_classes(y, "a linear probe")
    grid = sorted((float(r) for r in regularisers), reverse=True)
    if not grid or grid[-1] <= 0:
        raise BadInput(f"asked for a linear probe with regularisers {list(regularisers)}; give numbers above 0")
    x, v, z = _standardised(x, v, z)
    best, chosen = -1.0, 0.0
    predicted = y[:0]
    for strength, model in _path(x, y, grid):
        right = float((model.predict(v) == val_true).mean())
        if right > best:
            best, chosen, predicted = right, strength, model.predict(z)
    edge = len(grid) > 1 and chosen in (grid[0], grid[-1])
    return Probed(float((predicted == true).mean()), predicted, chosen, best, edge)


def _path(x: np.ndarray, y: np.ndarray, grid: Sequence[float]):  # type: ignore[no-untyped-def]  # an sklearn model
    """Each regulariser with its fitted model, one after the other."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(warm_start=True, max_iter=STEPS)
    for strength in grid:
        model.set_params(C=1 / (strength * len(x)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # val judges a fit that was cut short like any other
            model.fit(x, y)
        yield strength, model


def _standardised(x: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """All splits by the columns' mean and spread in the first, without the columns that do not vary there."""
    mean, spread = x.mean(0), x.std(0)
    alive = spread > 1e-9 * np.abs(x).max(0)
    if not alive.any():
        raise BadInput(
            f"asked to probe {len(x)} train features; found the same row for all; "
            "leave this layer out: it carries no information"
        )
    return [(rows[:, alive] - mean[alive]) / spread[alive] for rows in (x, *others)]
