"""What the `families` study was not given, so that a claim cannot be judged whatever the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial
from typing import Any

from assay.studies.families import words
from assay.studies.families.design import units
from assay.studies.gap import Gap


def smallest_order_p(kinds: int) -> float:
    """The smallest two-sided p of an order of so many units: two orders, there and back, among all.

    >>> smallest_order_p(4), smallest_order_p(1)
    (0.08333333333333333, 1.0)
    """
    return min(1.0, 2 / factorial(kinds))


def gaps(conditions: Sequence[Mapping[str, Any]], level: float) -> list[Gap]:
    """A relation over kinds of stress cannot be found over so few that even the perfect order is likely by chance."""
    kinds = len(set(units(conditions).values()))
    if smallest_order_p(kinds) <= level:
        return []
    return [Gap(("worse-is-wider",), words.few_kinds(kinds, smallest_order_p(kinds)), words.MORE)]
