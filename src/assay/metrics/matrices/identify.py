"""Does a measure find the corresponding layer in another network?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.maths.statistics import bootstrap_interval, wilson

TIE = 1e-9  # a relative difference this small is rounding


class Identification(NamedTuple):
    """Share of layers found, its interval over networks, the share that guessing finds, ordered pairs of networks."""

    score: float
    low: float
    high: float
    chance: float
    pairs: int


def layer_identification(
    values: ArrayLike, layers: int, *, distance: bool = False, level: float = 0.95, seed: int = 0
) -> Identification:
    """Share of layers whose most similar layer in another network of the same architecture is the same layer.

    score = mean over ordered pairs (a, b), a != b, and layers l of [argmax_k values[a l, b k] = l]

    ``values``: (M L, M L), L ``layers`` of each of M networks, networks one after the other; a row is compared
    with the columns of every other network. ``distance``: small values mean similar. Where the right layer is
    one of t equally similar ones it counts 1/t, so a measure that cannot tell layers apart scores 1 / L, the
    share found by guessing. In [0, 1]; leave logits out, as the source does. The interval resamples networks
    (BCa bootstrap; too short below about 15); where all pairs are right, or all wrong, it is Wilson's for M of
    M networks. NaN ends with two networks. `BadInput` for another shape, NaN, fewer than 2 layers or networks.

    Source: Kornblith et al. 2019, arXiv:1905.00414, section 6.1.

    >>> one_pair = [[1, 0, 0.9, 0.2], [0, 1, 0.5, 0.4], [0.9, 0.5, 1, 0], [0.2, 0.4, 0, 1]]
    >>> layer_identification(one_pair, layers=2)[:1]  # of the four, a's second layer looks for b's first: 0.5 > 0.4
    (0.75,)
    """
    table = np.asarray(values, dtype=np.float64)
    models = len(table) // layers if layers > 1 and table.ndim == 2 else 0
    if models < 2 or table.shape != (models * layers, models * layers) or not np.isfinite(table).all():
        raise BadInput(
            f"asked which of {layers} layers are found in other networks; found a matrix of shape {table.shape}, or "
            "one that is not all numbers; give a square one over 2 or more networks of 2 or more layers each"
        )
    block = (-table if distance else table).reshape(models, layers, models, layers)
    most = block.max(axis=3, keepdims=True)
    best = block >= most - TIE * np.abs(most)
    found = (np.einsum("albl->abl", best) / best.sum(axis=3).transpose(0, 2, 1)).mean(axis=2)

    def score(drawn: np.ndarray) -> float:
        index = drawn.astype(int)
        other = index[:, None] != index[None, :]  # a network drawn twice is not another network
        return float(found[np.ix_(index, index)][other].mean()) if other.any() else float("nan")

    total = score(np.arange(models))
    low = high = float("nan")
    if total in (0, 1):
        low, high = wilson(models if total else 0, models, level)
    elif models > 2:
        low, high = bootstrap_interval(score, np.arange(models), level=level, resamples=999, seed=seed)
    return Identification(total, low, high, 1 / layers, models * (models - 1))
