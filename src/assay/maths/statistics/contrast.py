"""Does one family of models vary more than another? Spread around each family's own centre, within conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics.estimate import Estimate
from assay.maths.statistics.ordination import Array, Mask, checked_distances, pcoa
from assay.maths.statistics.paired import paired_effect
from assay.maths.statistics.shuffles import Indices, codes, share_beyond, shuffles

FLAT = 1e-20  # a mean square this far below the largest is rounding
FLIPPED_FROM = 10  # blocks from which on the blocks themselves are the evidence


class Block(NamedTuple):
    """One condition: inner products (m, m) of its models' residuals, and which m models are of the wider family."""

    gram: Array
    wider: Mask


def spread_contrast(
    distances: ArrayLike,
    blocks: Sequence[Any] | ArrayLike,
    labels: Sequence[Any] | ArrayLike,
    *,
    wider: Any = "unhappy",
    tighter: Any = "happy",
    level: float = 0.95,
    permutations: int = 1999,
    seed: int = 0,
) -> Estimate:
    """The ratio of the spreads of two families of models, each around its own centre within its block (condition).

        z_i^2 = |squared distance to the centroid of its family in its block| * n / (n - 1)
        T = mean over blocks of log(rms z of the wider / rms z of the tighter),  effect = exp(T)

    ``distances``: (n, n) between models that all have seeds of their own; ``blocks`` and ``labels``: n each; models
    with other labels are ignored, and so are blocks with fewer than two models of either family. Above 1, the
    family called ``wider`` varies more. A shift between families leaves the ratio alone.

    Up to nine blocks, p is that of the aligned permutation: families are moved to one centre, labels permuted within
    each block, centres found anew, two-sided; the interval holds the ratios by which the wider family can be shrunk
    without this test rejecting (where it never rejects, as with three models a side in one block: Student's t with a
    variance from the clouds' shape). From ten blocks on, p and interval come from flipping the signs of the blocks'
    log ratios, which are symmetric for equal families whatever the clouds look like. n counts the models compared.
    ``detail``: blocks, smallest_p, log_ratio. Source: Anderson 2006, Biometrics 62:245-253, equation 3, with vegan's
    absolute value.

    On a line, {0, 2} has rms z = sqrt(2) and {10, 16} three times that:

    >>> x = np.array([0.0, 2, 10, 16])
    >>> family = ["happy", "happy", "unhappy", "unhappy"]
    >>> round(spread_contrast(np.abs(x[:, None] - x), ["a"] * 4, family, permutations=19).effect, 6)
    3.0
    """
    parts = _blocks(checked_distances(distances), blocks, labels, wider, tighter)
    n = sum(len(part.wider) for part in parts)
    ratios = np.array([log_ratio(part.gram, part.wider[None])[0] for part in parts])
    smallest = _smallest_p(parts, permutations)
    nan, detail = float("nan"), {"blocks": float(len(parts)), "smallest_p": smallest, "log_ratio": float(ratios.mean())}
    if not np.all(np.isfinite(ratios)):
        return Estimate(nan, nan, nan, 1.0, n, level, detail)
    if len(parts) >= FLIPPED_FROM:
        found = paired_effect(ratios, level=level, permutations=permutations, seed=seed)
        low, high, p = found.low, found.high, found.p
        detail["smallest_p"] = found.detail["smallest_p"]
    else:
        low, high, p = _aligned(parts, float(ratios.mean()), level, smallest, permutations, seed)
    effect = float(np.exp(ratios.mean()))
    return Estimate(effect, float(np.exp(low)), float(np.exp(high)), p, n, level, detail)


def _blocks(d: Array, blocks: Any, labels: Any, wider: Any, tighter: Any) -> list[Block]:
    _, block = codes(blocks, "block", len(d))
    family = np.asarray(labels)
    if family.shape != (len(d),):
        raise BadInput(f"asked to compare spreads; found {family.shape} labels for {len(d)} models; give one a model")
    parts = []
    for k in range(int(block.max()) + 1):
        sides = [np.flatnonzero((block == k) & (family == side)) for side in (wider, tighter)]
        if min(len(side) for side in sides) >= 2:
            parts.append(_block(d, sides[0], sides[1]))
    if not parts:
        raise BadInput(
            f"asked to compare the spreads of '{wider}' and '{tighter}'; found no block with two models of each; "
            "train more models in each condition"
        )
    return parts


def _block(d: Array, wide: Indices, tight: Indices) -> Block:
    here = np.concatenate([wide, tight])
    ordination = pcoa(d[np.ix_(here, here)])
    wider = np.arange(len(here)) < len(wide)
    residuals = np.empty_like(ordination.points)
    for side in (wider, ~wider):
        points, n = ordination.points[side], side.sum()
        residuals[side] = (points - points.mean(axis=0)) * np.sqrt(n / (n - 1))
    return Block((residuals * ordination.signs) @ residuals.T, wider)


def log_ratio(gram: Array, wider: Mask) -> Array:
    """log(rms z of the wider / rms z of the others), centres found anew.

    ``gram``: (..., m, m) inner products of residuals; ``wider``: (count, m) memberships. Returns (..., count).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return 0.5 * (np.log(_mean_square(gram, wider)) - np.log(_mean_square(gram, ~wider)))


def _mean_square(gram: Array, member: Mask) -> Array:
    """Mean of z^2 over the members of a group, from inner products: |G_ii - 2 mean_j G_ij + mean_jk G_jk|."""
    w = member.astype(float)
    n = w.sum(axis=-1, keepdims=True)
    row = w @ gram / n
    own = np.diagonal(gram, axis1=-2, axis2=-1)[..., None, :]
    z2 = np.abs(own - 2 * row + (row * w).sum(axis=-1, keepdims=True) / n)
    found = (z2 * w).sum(axis=-1) / (n[:, 0] - 1)
    return np.where(found > FLAT * np.abs(own).max(axis=-1), found, 0.0)  # equal points lie apart by rounding alone


def _aligned(
    parts: list[Block], found: float, level: float, smallest: float, permutations: int, seed: int
) -> tuple[float, float, float]:
    """Ends of the interval of T and the p-value, both from one set of permutations within blocks."""
    generator = numpy_rng(seed, "spread contrast")
    members = [part.wider[shuffles(len(part.wider), permutations, generator)] for part in parts]

    def p_if(shift: float) -> float:
        """The p-value once the wider family has been shrunk by exp(shift)."""
        drawn = np.zeros(permutations)
        for part, member in zip(parts, members, strict=True):
            scale = np.where(part.wider, np.exp(-shift), 1.0)
            drawn += log_ratio(part.gram * np.outer(scale, scale), member) / len(parts)
        return max(share_beyond(np.abs(drawn), abs(found - shift)), smallest)  # drawn ones may miss the like splits

    half = _half_by_shape(parts, level)
    low, high = (_end(p_if, found, arm, 1 - level) for arm in (-half, half))
    return low, high, p_if(0.0)


def _end(p_if: Callable[[float], float], found: float, arm: float, alpha: float) -> float:
    """The shift on one side of ``found`` at which p falls to ``alpha``; ``found + arm`` when it never does."""
    inside, outside = found, found + arm
    while p_if(outside) > alpha:
        inside, outside = outside, found + 2 * (outside - found)
        if abs(outside - found) > min(8 * abs(arm), 100.0):
            return found + arm
    while abs(outside - inside) > 1e-3 * abs(arm):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if p_if(middle) <= alpha else (middle, outside)
    return outside


def _half_by_shape(parts: list[Block], level: float) -> float:
    """Half the width of an interval of T from the clouds' shape, for groups too small to permute.

    A group's sum of squares is taken as chi-square with (n - 1) / s degrees of freedom, s the mean squared cosine
    between independent residuals, that is one over the number of directions that matter.
    """
    from scipy.special import polygamma, stdtrit

    variance, contrasts = 0.0, 0
    for part in parts:
        cosines, sizes = _squared_cosines(part)
        contrasts += len(cosines)
        shape = cosines[~np.eye(len(cosines), dtype=bool)].mean()
        variance += sum(float(polygamma(1, (n - 1) / shape / 2)) / 4 for n in sizes)
    return float(stdtrit(contrasts - 1, 0.5 + level / 2)) * variance**0.5 / len(parts)


def _squared_cosines(part: Block) -> tuple[Array, list[int]]:
    from scipy.linalg import block_diag, helmert

    sizes = [int(part.wider.sum()), int((~part.wider).sum())]
    contrasts = block_diag(*(helmert(n) for n in sizes))
    inner = contrasts @ part.gram @ contrasts.T
    length = np.maximum(np.abs(np.diag(inner)), np.finfo(float).tiny)
    return np.minimum(inner**2 / np.outer(length, length), 1.0), sizes


def _smallest_p(parts: list[Block], permutations: int) -> float:
    from math import comb, prod

    equal = all(2 * part.wider.sum() == len(part.wider) for part in parts)
    splits = prod(comb(len(part.wider), int(part.wider.sum())) for part in parts)
    return max((1 + equal) / splits, 1 / (1 + permutations))
