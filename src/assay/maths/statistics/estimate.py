"""What a test found, and the word that a claim written down beforehand gets for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Literal

from assay.core.errors import BadInput

Claimed = Literal["above", "below", "apart"]
Word = Literal["supported", "refuted", "undecided"]
Direction = Literal["above", "below", "none"]

NEEDED_AT_MOST = 50  # a plan for more than 50 times the units at hand is no plan


@dataclass(frozen=True)
class Estimate:
    """An effect with its interval and its p-value.

    ``low`` and ``high`` bound the effect with confidence ``level``; ``p`` is two-sided against no effect; ``n`` counts
    the independent units (seeds, models or conditions); ``detail`` holds further numbers of the test by name.

    >>> Estimate(1.5, 1.1, 2.0, 0.01, 12).level
    0.95
    """

    effect: float
    low: float
    high: float
    p: float
    n: int
    level: float = 0.95
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether effect and interval are numbers."""
        return all(isfinite(value) for value in (self.effect, self.low, self.high))


def judge(
    estimate: Estimate,
    *,
    claimed: Claimed,
    threshold: float,
    margin: tuple[float, float],
    alpha: float,
    p_corrected: float | None = None,
) -> tuple[Word, Direction]:
    """The word for a claim, and the side of ``threshold`` on which the interval lies.

    - *refuted*: the interval lies inside the equivalence ``margin`` (whatever is there does not matter), or beyond
      ``threshold`` on the side opposite to the claim with p at most ``alpha``;
    - *supported*: the interval lies beyond ``threshold`` on the ``claimed`` side ("apart": on either) with p at most
      ``alpha``;
    - *undecided*: anything else, also when the effect or the interval is not a number, or when so few units that only
      Student's t bounds them (``by_t``) all gave the same number: t then knows no spread.

    The margin comes first: an effect that is surely there and surely negligible does not support a claim.
    ``p_corrected`` is the p-value after correction for several claims; None takes the estimate's own.

    >>> found = Estimate(1.5, 1.1, 2.0, 0.01, 12)
    >>> judge(found, claimed="above", threshold=1.0, margin=(0.9, 1.1), alpha=0.05)
    ('supported', 'above')
    >>> judge(found, claimed="below", threshold=1.0, margin=(0.9, 1.1), alpha=0.05)
    ('refuted', 'above')
    >>> judge(found, claimed="above", threshold=1.0, margin=(0.9, 1.1), alpha=0.05, p_corrected=0.06)
    ('undecided', 'above')
    """
    if claimed not in ("above", "below", "apart"):
        raise BadInput(
            f"asked to judge the claim '{claimed}'; a claim is one of above, below, apart; write one of these"
        )
    if not margin[0] <= threshold <= margin[1]:
        raise BadInput(f"asked to judge with margin {margin}; the threshold {threshold} is outside; put it inside")
    unspread = bool(estimate.detail.get("by_t")) and estimate.low == estimate.high
    if not estimate.known or unspread:
        return "undecided", "none"
    side: Direction = "above" if estimate.low > threshold else "below" if estimate.high < threshold else "none"
    significant = (estimate.p if p_corrected is None else p_corrected) <= alpha
    if margin[0] < estimate.low and estimate.high < margin[1]:
        return "refuted", side
    if side == "none" or not significant:
        return "undecided", side
    return ("supported" if claimed in (side, "apart") else "refuted"), side


def needed_n(estimate: Estimate, *, threshold: float, margin: tuple[float, float]) -> int | None:
    """How many units in all would let the interval clear ``threshold`` or fit into ``margin``, whichever is nearer.

    Each arm of the interval is taken to shrink as 1/sqrt(n) around the effect found, so this is a plan and no
    promise. None when the effect is unknown or more than 50 times the units at hand would be needed.

    The lower arm here is 0.4 and the way to the threshold 0.2: four times the units.

    >>> needed_n(Estimate(1.2, 0.8, 1.7, 0.3, 10), threshold=1.0, margin=(0.9, 1.1))
    40
    """
    if not estimate.known:
        return None
    below, above = max(estimate.effect - estimate.low, 0.0), max(estimate.high - estimate.effect, 0.0)
    gap = estimate.effect - threshold
    clear = _times(below if gap > 0 else above, abs(gap))
    fit = max(_times(below, estimate.effect - margin[0]), _times(above, margin[1] - estimate.effect))
    times = max(min(clear, fit), 1.0)
    return None if times > NEEDED_AT_MOST else ceil(round(estimate.n * times, 6))


def _times(arm: float, room: float) -> float:
    return min(arm / room, 1e6) ** 2 if room > 0 else float("inf")
