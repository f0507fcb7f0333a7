"""What a check hands over: one figure, how sure it is, what it means, what to do, and the items behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

Severity = Literal["problem", "look", "fine", "none"]
SEVERITIES: tuple[Severity, ...] = ("problem", "look", "fine", "none")  # worst first; "none" does not apply here
LISTED = 200  # items of one finding that are listed; `count` says how many there are


@dataclass(frozen=True, eq=False)
class Finding:
    """One answer of `assay data`.

    ``figure`` is in ``unit`` with ``interval`` (95 %) where it is a rate or an estimate, from ``n`` items. ``items``:
    mappings with split, index, name, label, value and note, the worst first. ``table``: what its chart is drawn from.

    >>> Finding("balance", "Class balance", "fine", "All alike.", figure=1.0, unit="times").severity
    'fine'
    """

    name: str
    title: str
    severity: Severity
    sentence: str
    next: str = ""
    figure: float | None = None
    unit: str = ""
    interval: tuple[float, float] | None = None
    n: int = 0
    items: Sequence[Mapping[str, Any]] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)
    table: pd.DataFrame | None = None

    def plain(self) -> dict[str, Any]:
        """The finding as JSON holds it."""
        return {
            "name": self.name,
            "title": self.title,
            "severity": self.severity,
            "figure": self.figure,
            "unit": self.unit,
            "interval": list(self.interval) if self.interval else None,
            "n": self.n,
            "sentence": self.sentence,
            "next": self.next,
            "count": len(self.items),
            "items": [dict(item) for item in self.items[:LISTED]],
            "detail": dict(self.detail),
        }


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Findings by severity; those of one severity keep their order.

    >>> one, two = (Finding(name, name, word, "") for name, word in (("a", "fine"), ("b", "problem")))
    >>> [each.name for each in worst_first([one, two])]
    ['b', 'a']
    """
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
