"""Which part of the spread lies within classes: a scale from 0, collapse, to 1, that imbalance does not bend."""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput
from assay.metrics.arrays import NOISE, Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import Classes
from assay.metrics.collapse.variance import SPHERE


@metric(
    range=(0, 1),
    unit="share",
    invariant=SPHERE,
    cite="Intraclass correlation with classes counted alike; our choice for collapse",
)
def within_share(features: Array, labels: Array, normalise: bool = True) -> float:
    """Share of the variance that lies within classes, every class counting the same.

    share = W / (W + B),  W = mean_c W_c,  B = mean_c |mu_c - mean_c mu_c|²

    features (n, width), n >= 4, on the unit sphere unless ``normalise`` is False; labels (n,), two classes or more. A
    share in [0, 1]: 0 when each class is one point, 1 when classes share one mean; x on SSEM embeddings. Does not
    depend on where the features lie around the origin, as variances of a ReLU layer do. `BadInput` as for
    `within_variance`, for one class, or when every sample is the same.

    >>> within_share([[1, 0], [0, 1], [-1, 0], [0, -1]], [0, 0, 1, 1])  # W = 1/2, means at ±(1/2, 1/2): B = 1/2
    0.5
    """
    classes = Classes.of(features, labels, normalise, fewest=2)
    return float(_share(classes, classes.within.mean()))


def class_shares(features: Array, labels: Array, normalise: bool = True) -> np.ndarray:
    """The same share for each class alone, (K,), against what lies between all classes.

    share_c = W_c / (W_c + B)

    In the order of the sorted labels; each is x on SSEM embeddings. Arguments and errors as for `within_share`. With
    n_c samples of a class, W_c comes out (n_c - 1)/n_c of what many samples would give.

    >>> class_shares([[1, 0], [0, 1], [-1, 0], [-1, 0]], [0, 0, 1, 1]).round(6).tolist()  # B = (9/4 + 1/4) / 4
    [0.444444, 0.0]
    """
    classes = Classes.of(features, labels, normalise, fewest=2)
    return np.asarray(_share(classes, classes.within))


def _share(classes: Classes, within: np.ndarray) -> np.ndarray:
    if np.abs(classes.x - classes.x[0]).max() <= NOISE * np.abs(classes.x).max():
        raise BadInput(
            f"asked which share of the spread lies within classes; found the same point for all {len(classes.x)} "
            "samples; leave this layer out: it carries no information"
        )
    whole = within + classes.between
    return np.divide(within, whole, out=np.zeros_like(whole), where=whole > 0)
