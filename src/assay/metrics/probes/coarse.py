"""Did training on coarse labels keep what tells the fine ones apart? By a linear read-out, and without labels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.core.rng import seed_of
from assay.metrics.arrays import Array
from assay.metrics.collapse.classes import on_sphere
from assay.metrics.probes.common import Probed, samples
from assay.metrics.probes.linear import linear_probe


@dataclass(frozen=True, eq=False)
class CoarseToFine:
    """Fine accuracy, what knowing the coarse class alone gives, and how far above that: 0 as good as that, 1 all."""

    accuracy: float
    coarse_only: float
    recovered: float
    probe: Probed


def coarse_to_fine(
    train_features: Array,
    train_fine: Array,
    val_features: Array,
    val_fine: Array,
    features: Array,
    fine: Array,
    *,
    coarse_of: Mapping[int, int],
) -> CoarseToFine:
    """Linear probe for fine labels on the features of a model that was trained on coarse ones.

    recovered = (accuracy - coarse_only) / (1 - coarse_only)

    coarse_only: accuracy of a reader who knows every sample's coarse class and always names that class's commonest fine
    label of train, which is what a fully collapsed model allows. ``coarse_of`` maps each fine label to its coarse one.
    Accuracy and coarse_only in [0, 1]; recovered at most 1, below 0 where the probe is worse than that reader. Probe,
    shapes and errors as for `linear_probe`; `BadInput` also for a fine label without coarse one, or no coarse class
    with two fine ones.

    >>> x, fine = [[0.0], [1.0], [8.0], [9.0]], [0, 1, 2, 2]
    >>> found = coarse_to_fine(x, fine, x, fine, x, fine, coarse_of={0: 0, 1: 0, 2: 1})
    >>> found.coarse_only  # of labels 0 and 1 the reader always says 0
    0.75
    """
    known, true = samples(train_features, train_fine, "train")[1], samples(features, fine, "test")[1]
    for name in np.unique(np.concatenate([known, true])).tolist():
        if name not in coarse_of:
            raise BadInput(f"asked for the coarse class of fine label {name}; found none; add it to coarse_of")
    if len(set(coarse_of.values())) == len(coarse_of):
        raise BadInput("asked for fine labels within coarse ones; found one fine label in each; give finer labels")
    guess: dict[int, int] = {}
    names, sizes = np.unique(known, return_counts=True)
    for place in np.argsort(-sizes, kind="stable"):
        guess.setdefault(coarse_of[int(names[place])], int(names[place]))
    coarse_only = float(np.mean([guess.get(coarse_of[label]) == label for label in true.tolist()]))
    probe = linear_probe(train_features, train_fine, val_features, val_fine, features, fine)
    left = 1 - coarse_only
    recovered = (probe.accuracy - coarse_only) / left if left > 0 else float("nan")
    return CoarseToFine(probe.accuracy, coarse_only, recovered, probe)


@dataclass(frozen=True)
class SubclassRecovery:
    """Adjusted Rand index, mean over coarse classes by their size, and each coarse class with its own."""

    adjusted_rand: float
    classes: dict[int, float]


def subclass_recovery(
    features: Array, fine: Array, coarse: Array, *, seed: int = 0, normalise: bool = True
) -> SubclassRecovery:
    """How well clusters found inside each coarse class are the fine classes, without fine labels to learn from.

    R = Σ_c (n_c/n) ARI(k-means in class c, fine labels in class c)

    k-means with as many clusters as class c has fine labels, the best of 10 starts drawn at the address (seed,
    "subclass", c), on the unit sphere unless ``normalise`` is False. Matched by the adjusted Rand index (Hubert, Arabie
    1985): it needs no assignment of clusters to labels and is 0 on average for clusters at random, whatever the sizes.
    In [-0.5, 1]; coarse classes with one fine label are left out. features (n, width), fine and coarse (n,) whole
    numbers. `BadInput` for other shapes, NaN, or no coarse class with two fine labels.

    >>> subclass_recovery([[0.0], [0.1], [5.0], [5.1]], [0, 0, 1, 1], [7, 7, 7, 7], normalise=False)
    SubclassRecovery(adjusted_rand=1.0, classes={7: 1.0})
    """
    x, true = samples(features, fine, "test")
    _, above = samples(features, coarse, "coarse")
    x = on_sphere(x) if normalise else x
    found: dict[int, float] = {}
    sizes: list[int] = []
    for name in np.unique(above).tolist():
        inside = above == name
        if len(np.unique(true[inside])) > 1:
            found[name] = _recovered(x[inside], true[inside], seed_of(seed, "subclass", name))
            sizes.append(int(inside.sum()))
    if not found:
        raise BadInput(
            "asked for fine classes within coarse ones; found one fine label in each coarse class; give finer labels"
        )
    return SubclassRecovery(float(np.average(list(found.values()), weights=sizes)), found)


def _recovered(x: np.ndarray, true: np.ndarray, address: int) -> float:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import adjusted_rand_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer points than clusters: a collapsed class
        clusters = KMeans(len(np.unique(true)), n_init=10, random_state=address % 2**32).fit_predict(x - x.mean(0))
    return float(adjusted_rand_score(true, clusters))
