"""A column of a table of runs as people read it: what it is called, its unit, how many digits it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

from assay.report.numbers import Mean, between, decimals, number
from assay.report.words import Say


@dataclass(frozen=True)
class Measure:
    """What a column is called, what that means, whether it is a share (read in percent), and what it can be at all."""

    title: str
    help: str = ""
    share: bool = False
    low: float = -inf
    high: float = inf

    @property
    def scale(self) -> float:
        """By what a value is multiplied to be read."""
        return 100.0 if self.share else 1.0

    @property
    def places(self) -> int:
        """The most decimals that are worth reading: a hundredth of a point, a thousandth of anything else."""
        return 2 if self.share else 3

    def head(self, say: Say, differ: bool = False) -> str:
        """Title and unit for the head of a column; a difference of percentages is in points."""
        if not self.share:
            return self.title
        return (
            say(f"{self.title}, points", f"{self.title} ポイント")
            if differ
            else say(f"{self.title}, %", f"{self.title} %")
        )

    def inside(self, mean: Mean) -> Mean:
        """A mean whose interval does not leave what the measure can be."""
        return mean._replace(low=max(self.low, mean.low), high=min(self.high, mean.high))

    def written(self, mean: Mean, lang: str = "en") -> tuple[str, str]:
        """A mean and its interval as texts.

        >>> Measure("accuracy", share=True).written(Mean(0.95556, 0.955559, 0.955561, 2))
        ('95.56', '95.56 to 95.56')
        >>> Measure("variance").written(Mean(0.31, 0.25, 0.37, 6))
        ('0.31', '0.25 to 0.37')
        """
        value, low, high = (self.scale * each for each in mean[:3])
        if not isfinite(low) or not isfinite(high):
            return number(value, min(self.places, 2)), ""
        places = min(self.places, decimals(low, high))
        return number(value, places), between(low, high, places, lang)


def signed(text: str) -> str:
    """A difference with its sign.

    >>> signed("1.5"), signed("−2"), signed("0.0")
    ('+1.5', '−2', '0.0')
    """
    return f"+{text}" if text[:1].isdigit() and text.strip("0.") else text
