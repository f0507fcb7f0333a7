"""The few-shot probe: what a handful of labelled samples a class is enough for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.metrics.arrays import Array
from assay.metrics.collapse.classes import on_sphere
from assay.metrics.probes.common import same_width, samples, two_classes


@dataclass(frozen=True)
class FewShot:
    """Accuracy of each draw, their mean and their standard deviation (over draws, of one and the same model)."""

    mean: float
    deviation: float
    draws: tuple[float, ...]
    shots: int


def few_shot_probe(
    train_features: Array,
    train_labels: Array,
    features: Array,
    labels: Array,
    *,
    shots: int = 5,
    draws: int = 20,
    seed: int = 0,
    normalise: bool = True,
) -> FewShot:
    """Accuracy of the nearest class mean when each mean comes from a few labelled samples.

    answer_i = argmin_c |h_i - mean of the s drawn h of class c|

    Needs no setting that would have to be chosen, which a handful of samples does not allow. ``shots`` samples of each
    class are drawn from train without replacement, ``draws`` times; draw t lies at the address (seed, "few shot", t),
    so more draws leave the earlier ones as they are. features (n, width), on the unit sphere unless ``normalise`` is
    False; labels (n,) whole numbers. Accuracies in [0, 1], judged on (features, labels). `BadInput` for other shapes,
    NaN, one class, a class with fewer than ``shots`` samples, or less than one shot or draw.

    >>> x, y = [[0.0], [0.0], [9.0], [9.0]], [0, 0, 1, 1]
    >>> few_shot_probe(x, y, [[4.0], [5.0]], [0, 0], shots=1, normalise=False).mean
    0.5
    """
    x, y = samples(train_features, train_labels, "train")
    z, true = samples(features, labels, "test")
    same_width(x, z, "test")
    two_classes(y, "a few-shot probe")
    names, sizes = np.unique(y, return_counts=True)
    if shots < 1 or draws < 1 or sizes.min() < shots:
        raise BadInput(
            f"asked for {draws} draws of {shots} samples a class; found {sizes.min()} samples of class "
            f"{names[sizes.argmin()]}; give at least one draw, and between 1 and {sizes.min()} shots"
        )
    if normalise:
        x, z = on_sphere(x), on_sphere(z)
    places = [np.flatnonzero(y == name) for name in names]
    right = []
    for draw in range(draws):
        generator = numpy_rng(seed, "few shot", draw)
        means = np.stack([x[generator.permutation(place)[:shots]].mean(0) for place in places])
        right.append(float((names[_nearest(means, z)] == true).mean()))
    return FewShot(float(np.mean(right)), float(np.std(right)), tuple(right), shots)


def _nearest(means: np.ndarray, z: np.ndarray) -> np.ndarray:
    centre = means.mean(0)
    means = means - centre
    return ((means**2).sum(1) - 2 * (z - centre) @ means.T).argmin(1)
