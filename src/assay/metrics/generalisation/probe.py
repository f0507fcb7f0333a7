"""The probe gap: does a linear read-out of frozen features do as well on new images as on those trained on?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.core.rng import numpy_rng
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.generalisation.common import SOURCE, FeatureGap, attacked, compare, split
from assay.metrics.probes.common import same_width
from assay.metrics.probes.linear import REGULARISERS, linear_probe


@metric(range=(-1, 1), better="lower", unit="fraction", invariant=("permutation", "scale", "translation"), cite=SOURCE)
def probe_gap(
    train_features: Array,
    train_labels: Array,
    val_features: Array,
    val_labels: Array,
    features: Array,
    labels: Array,
    *,
    train_attacked_features: Array | None = None,
    seed: int = 0,
    regularisers: Sequence[float] = REGULARISERS,
) -> float:
    """How much better a linear probe reads the features of images the network was trained on than those of new ones.

    gap = Σ_c w_c (accuracy_c(train, not used by the probe) - accuracy_c(test)),  w_c = share of class c in test

    A `linear_probe` is fitted on half of the train items, its regulariser chosen on val, and judged on the other half
    and on test. The network has seen both halves, the probe only one: its own overfitting is not in the gap, and for
    features of a network that saw none of the images the gap is 0 on average. Choosing on val, which neither has seen,
    gives the read-out that serves new images best, so that the gap is not that of a bad choice. Halves are drawn in
    each class at the address (seed, "probe gap"), the odd item goes to the probe. Classes weigh as in test, so that
    another mix of classes in train makes no gap.

    An attack that is given the true label writes it into the features (label leaking, Kurakin et al. 2017), and a probe
    fitted on them may read the attack. Under attack, therefore: clean train and val features, the same train items
    attacked as ``train_attacked_features``, attacked test ``features``: fitted on clean, judged on attacked.

    Features (n, width), n >= 4, of one layer; labels (n,) whole numbers, of train those that are true where some were
    changed. A difference of fractions in [-1, 1]. `BadInput` for other shapes, NaN, one class, or when no class has
    items on both sides. `probe_gaps` tells the accuracies and the classes.

    >>> x, y = [[0], [1], [0], [1], [8], [9], [8], [9]], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> probe_gap(x, y, x, y, [[0], [1], [0], [9]], [0, 0, 1, 1])  # one of four new items looks like the other class
    0.25
    """
    return probe_gaps(
        *(train_features, train_labels, val_features, val_labels, features, labels),
        train_attacked_features=train_attacked_features,
        seed=seed,
        regularisers=regularisers,
    ).gap


def probe_gaps(
    train_features: Array,
    train_labels: Array,
    val_features: Array,
    val_labels: Array,
    features: Array,
    labels: Array,
    *,
    train_attacked_features: Array | None = None,
    seed: int = 0,
    regularisers: Sequence[float] = REGULARISERS,
) -> FeatureGap:
    """`probe_gap` with what it is made of: both accuracies, each class, and the regulariser chosen.

    >>> x, y = [[0], [1], [0], [1], [8], [9], [8], [9]], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> found = probe_gaps(x, y, x, y, [[0], [1], [0], [9]], [0, 0, 1, 1])
    >>> found.train, found.test, [(c.name, c.gap, c.train_n, c.test_n) for c in found.classes]
    (1.0, 0.75, [(0, 0.0, 2, 2), (1, 0.5, 2, 2)])
    """
    x, y = split(train_features, train_labels, "train_")
    v, val_true = split(val_features, val_labels, "val_")
    z, true = split(features, labels)
    same_width(x, z, "test")
    seen = attacked(x, train_attacked_features)
    fit, rest = _halves(y, seed)
    judged, answers = np.concatenate([seen[rest], z]), np.concatenate([y[rest], true])
    probe = linear_probe(x[fit], y[fit], v, val_true, judged, answers, regularisers=regularisers)
    right = probe.predicted == answers
    return compare(right[: len(rest)], y[rest], right[len(rest) :], true, probe.chosen)


def _halves(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the items that the probe is fitted on, half of each class and the odd one, and of the others."""
    draw = numpy_rng(seed, "probe gap")
    shuffled = [draw.permutation(np.flatnonzero(labels == name)) for name in np.unique(labels)]
    fit = np.sort(np.concatenate([items[: (len(items) + 1) // 2] for items in shuffled]))
    return fit, np.setdiff1d(np.arange(len(labels)), fit)
