"""Does a measure tell groups of models apart that are known to differ?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics import wilson
from assay.maths.statistics.shuffles import codes, share_beyond, shuffles


class Separation(NamedTuple):
    """AUC with its interval and permutation p; AUPRC with the value that chance gives; pairs within groups."""

    auc: float
    low: float
    high: float
    p: float
    auprc: float
    prevalence: float
    pairs: int


def separation(
    values: ArrayLike,
    groups: Sequence[Any],
    *,
    distance: bool = False,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> Separation:
    """How surely two models of one group are more similar than two of different groups, by a measure.

    AUC = mean over groups g of P(a pair within g is more similar than a pair of g and another group)

    ``values``: (m, m) over models; an asymmetric measure is averaged over its two directions. ``groups``: (m,),
    what each model was trained with, such as the share of random labels. ``distance``: small values mean
    similar. Equal values count one half: 0.5 is no separation, 1 is perfect, and 1 - AUC is the violation rate
    of ReSi. AUPRC is their average precision, whose chance level is the share of within-group pairs. In
    [0, 1]. p permutes models over groups (one-sided: greater AUC; at least 1 / (draws + 1)). The interval
    resamples models within groups (percentile bootstrap, too short below about 15 a group); at an AUC of
    exactly 1 or 0 it is Wilson's for all of m models. A group of one model has no pair within and is met only as
    the other side. What a group has in common must be common: with random labels of their own for each model, pairs
    within that group are the least similar of all, which is a spread and not a place, and AUC falls to 0.5 or below
    for any measure; give the models of a group one and the same randomised labelling.
    `BadInput` without two groups, one of them with two models, for another shape or NaN.

    Source: Klabunde et al. 2025, ReSi, arXiv:2408.00531 (label randomisation).

    >>> d = [[0, 1, 4, 5], [1, 0, 3, 2], [4, 3, 0, 3], [5, 2, 3, 0]]
    >>> separation(d, ["true", "true", "random", "random"], distance=True).auc  # (1 + 2.5 / 4) / 2
    0.8125
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not np.isfinite(table).all():
        raise BadInput(
            f"asked to separate models by a matrix of shape {table.shape}; found no square one of numbers; "
            "give one value for each pair of models"
        )
    m = len(table)
    names, index = codes(list(groups), "group", m)
    sizes = np.bincount(index)
    if len(names) < 2 or sizes.max() < 2:
        raise BadInput(
            f"asked to separate {len(names)} groups of {sizes.tolist()} models; "
            "give two or more groups, one of them with two or more models"
        )
    likeness = (table + table.T) * (-0.5 if distance else 0.5)
    parts = _parts(likeness, index, np.arange(m))
    auc = float(np.mean([_auc(within, across) for within, across in parts]))
    generator = numpy_rng(seed, "separation")
    everyone = np.arange(m)
    null = [_score(likeness, index[move], everyone) for move in shuffles(m, draws, generator)]
    members = [np.flatnonzero(index == g) for g in range(len(names))]
    if auc in (0, 1):
        low, high = wilson(m if auc else 0, m, level)
    else:
        again = [np.concatenate([generator.choice(own, len(own)) for own in members]) for _ in range(draws)]
        found = np.array([_score(likeness, index, drawn) for drawn in again])
        low, high = np.nanquantile(found, [0.5 - level / 2, 0.5 + level / 2]).tolist()
    return Separation(
        auc,
        low,
        high,
        share_beyond(np.array(null), auc),
        auprc=float(np.mean([_precision(within, across) for within, across in parts])),
        prevalence=float(np.mean([len(within) / (len(within) + len(across)) for within, across in parts])),
        pairs=sum(len(within) for within, _ in parts),
    )


def _score(likeness: np.ndarray, index: np.ndarray, drawn: np.ndarray) -> float:
    parts = _parts(likeness, index, drawn)
    return float(np.mean([_auc(*part) for part in parts])) if parts else float("nan")


def _parts(likeness: np.ndarray, index: np.ndarray, drawn: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each group the likeness of pairs within and of pairs with one model of it; a model is no pair with itself."""
    group = index[drawn]
    a, b = np.triu_indices(len(drawn), 1)
    other = drawn[a] != drawn[b]
    a, b = a[other], b[other]
    like, left, right = likeness[drawn[a], drawn[b]], group[a], group[b]
    parts = []
    for g in np.unique(group):
        within, across = like[(left == g) & (right == g)], like[(left == g) != (right == g)]
        if len(within) and len(across):
            parts.append((within, across))
    return parts


def _auc(within: np.ndarray, across: np.ndarray) -> float:
    ordered = np.sort(across)
    below = np.searchsorted(ordered, within, "left") + np.searchsorted(ordered, within, "right")
    return float(below.mean() / (2 * len(ordered)))


def _precision(within: np.ndarray, across: np.ndarray) -> float:
    """Average precision: the mean, over pairs within, of the share of such pairs among all at least as similar."""
    hits, misses = np.sort(within), np.sort(across)
    own = len(hits) - np.searchsorted(hits, hits, "left")
    return float((own / (own + len(misses) - np.searchsorted(misses, hits, "left"))).mean())
