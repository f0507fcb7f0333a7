"""Numbers as a reader needs them: no more digits than the interval supports, and rates also per thousand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

MINUS = "\N{MINUS SIGN}"


class Mean(NamedTuple):
    """A mean with its interval and the number of values behind it."""

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: Iterable[float], level: float = 0.05) -> Mean:
    """The mean of the finite values with its t interval of confidence ``1 - level``; no interval below two values.

    >>> [round(x, 2) for x in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.48, 4.48, 3]
    """
    from scipy.special import stdtrit

    finite = np.asarray([value for value in values if value == value], dtype=float)
    if len(finite) == 0:
        return Mean(math.nan, math.nan, math.nan, 0)
    mean = float(finite.mean())
    if len(finite) == 1:
        return Mean(mean, math.nan, math.nan, 1)
    half = float(stdtrit(len(finite) - 1, 1 - level / 2) * finite.std(ddof=1) / math.sqrt(len(finite)))
    return Mean(mean, mean - half, mean + half, len(finite))


def decimals(low: float, high: float) -> int:
    """How many decimals an interval supports: one unit of the last is at most a third of its width.

    >>> decimals(1.42, 2.29), decimals(0.951, 0.962), decimals(10, 40), decimals(0.5, 0.5)
    (1, 3, 0, 4)
    """
    width = abs(high - low)
    if not math.isfinite(width) or width == 0:
        return 4
    return min(4, max(0, math.ceil(-math.log10(width / 3))))


def number(value: Any, places: int = 3) -> str:
    """A number with so many decimals, a true minus sign, and a dash for what is not there.

    >>> number(-0.25, 1), number(float("nan")), number(-0.001, 1)
    ('−0.2', '–', '0.0')
    """
    if not isinstance(value, int | float | np.number) or not math.isfinite(value):
        return "–"
    text = f"{float(value):.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def short(value: Any) -> str:
    """A number in at most four digits, for places where no interval can be had.

    >>> short(0.031372), short(12.0), short(1234.5), short(float("nan"))
    ('0.03137', '12', '1234', '–')
    """
    if not isinstance(value, int | float | np.number) or not math.isfinite(value):
        return "–"
    return f"{float(value):.4g}".replace("-", MINUS)


def between(low: float, high: float, places: int, lang: str = "en") -> str:
    """An interval in words.

    >>> between(1.42, 2.29, 1), between(1.42, 2.29, 1, "ja")
    ('1.4 to 2.3', '1.4〜2.3')
    """
    return f"{number(low, places)}{'〜' if lang == 'ja' else ' to '}{number(high, places)}"


def with_interval(mean: Mean, scale: float = 1.0, lang: str = "en") -> tuple[str, str]:
    """The mean and its interval as two texts at the precision that the interval supports.

    >>> with_interval(Mean(0.9634, 0.958, 0.969, 12), scale=100)
    ('96.3', '95.8 to 96.9')
    """
    value, low, high = (scale * x for x in mean[:3])
    if not math.isfinite(low) or low == high:
        return short(value), ""
    places = decimals(low, high)
    return number(value, places), between(low, high, places, lang)


def per_thousand(rate: float, low: float = math.nan, high: float = math.nan) -> str:
    """A rate counted in a thousand items.

    >>> per_thousand(0.0312), per_thousand(0.0312, 0.021, 0.041), per_thousand(float("nan"))
    ('31', '31', '–')
    """
    places = decimals(1000 * low, 1000 * high) if math.isfinite(low) and math.isfinite(high) else 0
    return number(1000 * rate, min(places, 1))


def probability(p: Any) -> str:
    """A p-value as it is written: no leading zero, three decimals, a floor.

    >>> probability(0.0021), probability(0.00001), probability(0.25), probability(None)
    ('=\xa0.002', '<\xa0.001', '=\xa0.250', '–')
    """
    if not isinstance(p, int | float) or not math.isfinite(p):
        return "–"
    if p < 0.0005:
        return "<\N{NO-BREAK SPACE}.001"
    return "= 1" if p > 0.9995 else f"=\N{NO-BREAK SPACE}{p:.3f}".replace("0.", ".", 1)


def duration(seconds: Any, minutes_word: str = "min", seconds_word: str = "s") -> str:
    """A time that people can picture.

    >>> duration(72), duration(372.4), duration(8000)
    ('72 s', '6 min', '133 min')
    """
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return "–"
    return f"{seconds:.0f} {seconds_word}" if seconds < 120 else f"{seconds / 60:.0f} {minutes_word}"
