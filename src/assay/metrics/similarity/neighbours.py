"""Has each sample the same nearest neighbours in both representations?"""

from __future__ import annotations

import numpy as np
import torch

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.similarity.common import NAMES, reduced

TURNED = ("orthogonal", "permutation", "scale")  # cosines are seen from the origin, so no translation
ROWS = 1024  # samples judged at a time


@metric(range=(0, 1), invariant=TURNED, symmetric=True, cite="Huh et al. 2024, arXiv:2405.07987")
def mutual_knn(features_a: Array, features_b: Array, k: int = 10) -> float:
    """Mean share of a sample's k nearest neighbours that are its neighbours in both representations.

    m = mean_i |N_a(i) ∩ N_b(i)| / k

    N(i): the k other samples of largest cosine with sample i, seen from the origin; of equally near samples any is
    taken. features (n, width_a) and (n, width_b), n >= 4; k is at most n - 1, where the value is 1 whatever the
    features. In [0, 1], no unit; k / (n - 1) by chance, at any width. `BadInput` for other shapes, NaN, k < 1, or a
    representation that is the same for every sample.

    >>> fans = [[9, 0], [9, 1], [0, 9], [1, 9]], [[9, 0], [9, 1], [0, 9], [9, 3]]
    >>> mutual_knn(*fans, k=2)  # shared: 2, 2, 2 and, for the sample that moved, 1
    0.875
    """
    shared, k = _shared(features_a, features_b, k)
    return float((shared / k).mean())


@metric(range=(0, 1), invariant=TURNED, symmetric=True, cite="Klabunde et al. 2025 (ReSi), arXiv:2408.00531")
def knn_jaccard(features_a: Array, features_b: Array, k: int = 10) -> float:
    """Mean Jaccard index of a sample's k nearest neighbours in the two representations.

    J = mean_i |N_a(i) ∩ N_b(i)| / |N_a(i) ∪ N_b(i)|

    In [0, 1], no unit. Neighbours, arguments and errors as for `mutual_knn`.

    >>> fans = [[9, 0], [9, 1], [0, 9], [1, 9]], [[9, 0], [9, 1], [0, 9], [9, 3]]
    >>> round(knn_jaccard(*fans, k=2), 6)  # (1 + 1 + 1 + 1/3) / 4
    0.833333
    """
    shared, k = _shared(features_a, features_b, k)
    return float((shared / (2 * k - shared)).mean())


def _shared(features_a: Array, features_b: Array, k: int) -> tuple[np.ndarray, int]:
    """How many neighbours each sample has in both, (n,), and of how many."""
    if k < 1:
        raise BadInput(f"asked for the {k} nearest neighbours; found no such neighbours; give k >= 1")
    a, b = arrays.feature_pair(features_a, features_b)
    x, y = (_at_unit_length(z, name) for z, name in zip((a, b), NAMES, strict=True))
    k = min(k, len(a) - 1)
    counts = [
        (_near(x, start, k) & _near(y, start, k)).sum(1)
        for start in range(0, len(a), ROWS)  # no (n, n) table at a time
    ]
    return torch.cat(counts).numpy(), k


def _near(x: torch.Tensor, start: int, k: int) -> torch.Tensor:
    """Which samples are the k nearest of the rows from ``start`` on: (rows, n), true or false."""
    cosines = x[start : start + ROWS] @ x.T
    rows = torch.arange(len(cosines))
    cosines[rows, start + rows] = -torch.inf
    return torch.zeros_like(cosines, dtype=torch.bool).scatter_(1, cosines.topk(k, dim=1).indices, True)


def _at_unit_length(z: np.ndarray, name: str) -> torch.Tensor:
    """Rows at unit length, 0 where they are 0; `BadInput` for a constant representation."""
    arrays.centred(z, name)
    z = reduced(z / np.abs(z).max())
    length = np.linalg.norm(z, axis=1, keepdims=True)
    return torch.from_numpy(np.divide(z, length, out=np.zeros_like(z), where=length > 0))
