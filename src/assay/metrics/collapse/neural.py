"""Neural collapse, NC1 to NC4: small spread, means on a simplex, a head equal to them, and nearest-mean answers."""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import Classes
from assay.metrics.collapse.pairs import INF, SHIFTED

PAPYAN = "Papyan, Han, Donoho 2020 (PNAS)"
CUT = 1e-10  # eigenvalues of Sigma_B this far below the largest are rounding; their inverses would be noise


@metric(range=(0, INF), unit="ratio", invariant=SHIFTED, cite=PAPYAN)
def nc1(features: Array, labels: Array, normalise: bool = False) -> float:
    """NC1: variance within classes measured along the directions in which class means differ, by the pseudo-inverse.

    NC1 = tr(Sigma_W pinv(Sigma_B)) / K

    **Not a detector of class collapse in contrastive learning.** On every minimiser of the supervised contrastive loss
    (every SSEM embedding) it is 0, whatever the variance x within classes: that spread is orthogonal to the class
    means. Read `within_share`, `variance_quotient` or `cdnv` beside it. Sigma_W and Sigma_B as for
    `variance_quotient`, as are arguments and errors; K classes; at most K - 1 eigenvalues of Sigma_B, those above 1e-10
    of the largest, are inverted. In [0, inf], no unit.

    >>> round(nc1([[2, 1], [2, -1], [-1, 0], [-3, 0]], [0, 0, 1, 1]), 6)  # between the means: variance 1/2 against 4
    0.0625
    """
    classes = Classes.of(features, labels, normalise, fewest=2)
    classes.separate()
    _, lengths, axes = np.linalg.svd(classes.centred_means, full_matrices=False)
    kept = lengths[: len(classes) - 1] > lengths[0] * CUT**0.5
    along = classes.deviations @ axes[: len(kept)][kept].T
    inverse = len(classes) / lengths[: len(kept)][kept] ** 2
    return float((along**2).mean(0) @ inverse) / len(classes)


@metric(range=(0, INF), unit="ratio", invariant=SHIFTED, cite=PAPYAN)
def nc2_equinorm(features: Array, labels: Array, normalise: bool = False) -> float:
    """NC2, lengths: how unequal the distances of the class means to their centre are, as a coefficient of variation.

    CV = std_c |mu_c - m| / mean_c |mu_c - m|,  m = mean_c mu_c

    Arguments and errors as for `variance_quotient`. In [0, inf), no unit; 0 on SSEM embeddings, and always with two
    classes.

    >>> round(nc2_equinorm([[3, 0], [-3, 0], [0, 1], [0, -1]], [0, 1, 2, 3]), 6)  # lengths 3, 3, 1, 1
    0.5
    """
    lengths = np.linalg.norm(_centred(features, labels, normalise), axis=1)
    return float(lengths.std() / lengths.mean())


@metric(range=(0, 2), unit="cosine", invariant=SHIFTED, cite=PAPYAN)
def nc2_equiangular(features: Array, labels: Array, normalise: bool = False) -> float:
    """NC2, angles: how far the cosines between centred class means are from those of a regular simplex.

    a = mean_{c≠c'} |cos(mu_c - m, mu_c' - m) + 1/(K-1)|,  m = mean_c mu_c

    Arguments and errors as for `variance_quotient`. In [0, 2], a cosine; 0 on SSEM embeddings, and always with two
    classes. A class whose mean is the centre counts as orthogonal to all.

    >>> round(nc2_equiangular([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 1, 2, 3]), 6)  # 2 pairs at 2/3, 4 at 1/3
    0.444444
    """
    means = _centred(features, labels, normalise)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    means = np.divide(means, lengths, out=np.zeros_like(means), where=lengths > 0)
    cosines = (means @ means.T)[np.triu_indices(len(means), 1)]
    return float(np.abs(cosines.clip(-1, 1) + 1 / (len(means) - 1)).mean())


@metric(range=(0, 2**0.5), unit="distance", invariant=SHIFTED, cite="Zhu et al. 2021 (NeurIPS), after " + PAPYAN)
def etf_distance(features: Array, labels: Array, normalise: bool = False) -> float:
    """Distance of the centred class means from a simplex equiangular tight frame, lengths and angles at once.

    d = || G/||G|| - (I - 11'/K)/sqrt(K-1) ||,  G = M M',  rows of M: mu_c - mean_c mu_c

    Frobenius norms. Arguments and errors as for `variance_quotient`. In [0, sqrt(2)], no unit; 0 on SSEM embeddings,
    and always with two classes.

    >>> square = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    >>> round(etf_distance(square, [0, 1, 2, 3]), 6)  # cosine of the matrices: 4 / sqrt(8 * 3) = 0.816497
    0.605811
    """
    means = _centred(features, labels, normalise)
    gram, k = means @ means.T, len(means)
    return float(np.linalg.norm(gram / np.linalg.norm(gram) - (np.eye(k) - 1 / k) / np.sqrt(k - 1)))


@metric(range=(0, 2), unit="distance", invariant=("scale", "translation"), cite=PAPYAN)
def nc3(features: Array, labels: Array, weights: Array) -> float:
    """NC3, self-duality: distance between the rows of a linear head and the centred class means, each at unit norm.

    d = || A/||A|| - M/||M|| ||,  rows of M: mu_c - mean_c mu_c,  of A: w_c

    Frobenius norms. features (n, width), n >= 4, what the head reads; labels (n,) in 0..K-1, every class with a
    sample; weights (K, width), without the bias. In [0, 2], no unit: 0 when the head's rows are the class means up to
    one factor, sqrt(2) when they have nothing in common. `BadInput` for other shapes, NaN, a class without samples,
    one class, equal means, or weights that are all zero.

    >>> nc3([[1, 0], [1, 0], [-1, 0], [-1, 0]], [0, 0, 1, 1], [[5, 0], [-5, 0]])
    0.0
    """
    classes = Classes.of(features, labels, fewest=2)
    classes.separate()
    head = arrays.numbers(weights, "weights")
    asked = f"asked how a head's weights lie to the means of {len(classes)} classes of width {classes.x.shape[1]}"
    if head.shape != classes.means.shape:
        raise BadInput(f"{asked}; found weights of shape {head.shape}; give one row a class, all classes with samples")
    if (classes.names != np.arange(len(head))).any():
        raise BadInput(f"{asked}; found labels {classes.names.tolist()}; give labels 0 to {len(head) - 1}, the rows")
    if not head.any():
        raise BadInput(f"{asked}; found weights that are all zero; give the weights of a trained head")
    means = classes.centred_means
    return float(np.linalg.norm(head / np.linalg.norm(head) - means / np.linalg.norm(means)))


@metric(range=(0, 1), unit="fraction", invariant=("orthogonal", "permutation", "scale", "translation"), cite=PAPYAN)
def nc4(features: Array, labels: Array, logits: Array) -> float:
    """NC4: share of samples for which the head's answer is not the class with the nearest mean.

    NC4 = #{i : argmax_c z_ic ≠ argmin_c |h_i - mu_c|} / n

    features (n, width), n >= 4, of the samples from which also the means are taken; labels (n,) in 0..K-1; logits
    (n, K). Classes without samples have no mean and are never nearest. A fraction in [0, 1]; of equal distances or
    logits the first counts. `BadInput` for other shapes, NaN, or labels without a column. `nearest_mean` gives the
    answers for other samples.

    >>> nc4([[1], [2], [-1], [-2]], [0, 0, 1, 1], [[1, 0], [1, 0], [0, 1], [1, 0]])  # the last one
    0.25
    """
    x, z = arrays.features(features), arrays.logits(logits)
    arrays.same_length(x, z, "features", "logits")
    true = arrays.labels(labels, z)
    return float((z.argmax(1) != nearest_mean(x, true, x)).mean())


def nearest_mean(features: Array, labels: Array, others: Array) -> np.ndarray:
    """The label whose class mean in ``features`` is nearest to each row of ``others``, (len(others),).

    label_i = argmin_c |h_i - mu_c|

    Euclidean; of equal distances the smallest label counts. `BadInput` for other shapes, NaN or different widths.

    >>> nearest_mean([[1.0], [2.0], [-1.0], [-2.0]], [3, 3, 8, 8], [[0.5], [-9.0]]).tolist()
    [3.0, 8.0]
    """
    classes = Classes.of(features, labels)
    rows = arrays.numbers(others, "others")
    rows = rows.reshape(len(rows), -1)
    if rows.shape[1] != classes.x.shape[1]:
        raise BadInput(
            f"asked for the nearest of means of width {classes.x.shape[1]}; found samples of width {rows.shape[1]}; "
            "take both from one layer"
        )
    centre = classes.means.mean(0)  # differences of large numbers would lose small distances
    means = classes.means - centre
    return classes.names[((means**2).sum(1) - 2 * (rows - centre) @ means.T).argmin(1)]


def _centred(features: Array, labels: Array, normalise: bool) -> np.ndarray:
    classes = Classes.of(features, labels, normalise, fewest=2)
    classes.separate()
    return classes.centred_means
