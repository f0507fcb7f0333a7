"""Which of several networks is chosen, on val alone, and where the path between two of them has a barrier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.studies.frontier.walk import barrier
from assay.train.strategies.mixture import Select

BARRIER = 0.02  # of accuracy: less is none (Frankle et al. 2020)


def choose(clean: Sequence[float], robust: Sequence[float], want: float | None, weight: float) -> int | None:
    """The place of the network to take, by its clean and robust accuracy on val.

    With ``want``: the most robust of those whose clean accuracy reaches it, None where none does. Else the largest
    weight A + (1 - weight) R. Of equals the one with the higher clean accuracy, then the first.

    >>> choose([0.9, 0.8, 0.7], [0.1, 0.3, 0.4], None, 0.5), choose([0.9, 0.8, 0.7], [0.1, 0.3, 0.4], 0.85, 0.5)
    (1, 0)
    >>> choose([0.9, 0.8], [0.1, 0.3], 0.95, 0.5) is None
    True
    """
    select = Select(clean_weight=weight, floor=want)
    able = [i for i, a in enumerate(clean) if want is None or a >= want]
    return max(able, key=lambda i: (select.score(clean[i], robust[i]), clean[i], -i), default=None)


def difference(a: dict[str, Any], b: dict[str, Any], key: str) -> dict[str, float]:
    """How much larger a share is in row ``a`` than in row ``b``: ``value``, and ``low`` and ``high`` of its interval.

    From both Wilson intervals: d - sqrt((a - a_low)^2 + (b_high - b)^2) and d + sqrt((a_high - a)^2 + (b - b_low)^2)
    (Newcombe 1998, method 10), as if each network had items of its own. They have the same, so it errs on the wide
    side. In [-1, 1].

    >>> a = {"x": 0.8, "x_low": 0.6918, "x_high": 0.8766}  # 56 of 70
    >>> b = {"x": 0.6, "x_low": 0.4906, "x_high": 0.7002}  # 48 of 80
    >>> {name: round(value, 3) for name, value in difference(a, b, "x").items()}
    {'value': 0.2, 'low': 0.053, 'high': 0.334}
    """
    below = math.hypot(a[key] - a[f"{key}_low"], b[f"{key}_high"] - b[key])
    above = math.hypot(a[f"{key}_high"] - a[key], b[key] - b[f"{key}_low"])
    value = a[key] - b[key]
    return {"value": value, "low": value - below, "high": value + above}


def front(clean: Sequence[float], robust: Sequence[float]) -> list[int]:
    """The places of those that no other one beats in both accuracies, from the most robust on.

    >>> front([0.9, 0.8, 0.7, 0.6], [0.1, 0.3, 0.2, 0.4])
    [3, 1, 0]
    """
    order = sorted(range(len(clean)), key=lambda i: (-robust[i], -clean[i], i))
    found: list[int] = []
    for i in order:
        if not found or clean[i] > clean[found[-1]]:
            found.append(i)
    return found


def between(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each two networks: how far loss and errors on val rise above the line between them.

    ``rows`` are blends with ``weights``, ``val_loss``, ``val_clean``, the upper end of its interval ``val_clean_high``,
    ``val_robust``. ``loss`` is in nats; ``clean`` and ``robust`` are barriers of the error, so of accuracy that blends
    lack, and ``at`` is the share of the second network where ``clean`` is reached. ``word``: none, where that is at
    most 0.02; yes, where it is more and the whole interval of the blend there lies below the line; else unclear.
    """
    found = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            edge = [row for row in rows if row["weights"][a] + row["weights"][b] > 1 - 1e-9]
            edge.sort(key=lambda row: row["weights"][b])
            at = [row["weights"][b] for row in edge]
            errors = np.array([1 - row["val_clean"] for row in edge])
            rise = errors - np.interp(at, [0, 1], errors[[0, -1]])
            high, worst = barrier(errors.tolist(), at), int(rise.argmax())
            sure = edge[worst]["val_clean_high"] < edge[worst]["val_clean"] + rise[worst]
            found.append({
                "from": names[a],
                "to": names[b],
                "loss": barrier([row["val_loss"] for row in edge], at),
                "clean": high,
                "robust": barrier([1 - row["val_robust"] for row in edge], at),
                "at": at[worst],
                "word": "none" if high <= BARRIER else "yes" if sure else "unclear",
            })  # fmt: skip
    return found
