"""Evaluate on a sample: of a given size, or as large as it takes for an interval that is narrow enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from pathlib import Path
from statistics import NormalDist
from typing import Any

import torch
from torch import Tensor

from assay.attacks.evaluate import Result, autoattack
from assay.attacks.victim import Model
from assay.core.errors import BadInput
from assay.core.rng import rng

LEAST = 50  # examples before an interval is believed to know its own width


def drawn(n: int, seed: int) -> list[int]:
    """The examples 0 ... n - 1 in the order in which samples take them: an address, so a larger sample holds a smaller.

    >>> sorted(drawn(4, 0)), drawn(100, 0) == drawn(100, 0)
    ([0, 1, 2, 3], True)
    """
    return torch.randperm(n, generator=rng(seed, "sample")).tolist()


def enough(until: float) -> int:
    """How many examples bring the half-width of a 95 % Wilson interval down to ``until``, whatever the accuracy.

    At half the width is largest: z / (2 sqrt(n + z^2)) <= until.

    >>> enough(0.05), enough(0.02)
    (381, 2398)
    """
    if not 0 < until < 0.5:
        raise BadInput(f"asked to stop at an interval of +-{until}; give a half-width between 0 and 0.5, such as 0.02")
    z = NormalDist().inv_cdf(0.975)
    return ceil(round(z * z * (1 / (4 * until * until) - 1), 9))


def half_width(result: Result) -> float:
    """Half the width of the interval of the robust accuracy."""
    low, high = result.interval
    return (high - low) / 2


def sampled(
    model: Model,
    x: Tensor,
    y: Tensor,
    norm: Any = "Linf",
    eps: Any = 8 / 255,
    version: str = "standard",
    *,
    n: int | None = None,
    until: float | None = None,
    seed: int = 0,
    batch_size: int = 250,
    folder: str | Path | None = None,
    tell: Callable[[str], None] | None = None,
    **settings: Any,
) -> Result:
    """`autoattack` on ``n`` examples, or on as many as bring the 95 % interval to a half-width of ``until``.

    Examples are taken in the order of `drawn`, for ``until`` a batch at a time (at least 50, at most all); the
    result's ``asked.index`` says which. Looking after each batch and stopping as soon as the interval is narrow
    costs a little of its confidence: measured, 93 to 98 % for a half-width of 0.1, 94 to 97 % for 0.05 and 0.02.
    ``folder`` keeps a table a batch; the same call goes on from there.
    """
    if n is not None and (until is not None or n < 1):
        raise BadInput(f"asked for {n} examples and an interval of +-{until}; give one of the two, n at least 1")
    most = len(x) if until is None else min(len(x), enough(until))
    order = drawn(len(x), seed)[: min(n or most, most)]
    size = len(order) if until is None else max(batch_size, LEAST)
    parts: list[Result] = []
    for number, start in enumerate(range(0, len(order), size)):
        rows = torch.tensor(sorted(order[start : start + size]), dtype=torch.int64)
        path = None if folder is None else Path(folder) / f"examples-{number}.npz"
        ways = {"seed": seed, "batch_size": batch_size, "index": rows.tolist(), "path": path, "tell": tell, **settings}
        parts.append(autoattack(model, x[rows], y[rows], norm, eps, version, **ways))
        whole = joined(parts)
        if until is not None and half_width(whole) <= until:
            break
    return whole


def joined(parts: list[Result]) -> Result:
    """Several evaluations of one network as one."""
    first = parts[0]
    assert first.asked is not None
    if len(parts) == 1:
        return first
    asked = [part.asked for part in parts if part.asked is not None]
    x, y, index = (torch.cat([getattr(each, name) for each in asked]) for name in ("x", "y", "index"))
    whole = replace(first.asked, x=x, y=y, index=index)
    names = ("robust", "clean", "margin", "x_adv")
    columns: dict[str, Any] = {name: torch.cat([getattr(part, name) for part in parts]) for name in names}
    columns |= {name: sum(getattr(part, name) for part in parts) for name in ("forwards", "backwards", "flat")}
    return replace(first, **columns, broken_by=tuple(name for part in parts for name in part.broken_by), asked=whole)
