"""Accuracy against eps: where it begins to fall, and where nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from assay.attacks.evaluate import Result, autoattack
from assay.attacks.norms import norm_name, radius
from assay.attacks.sample import drawn
from assay.attacks.victim import Model
from assay.core.errors import BadInput
from assay.maths.statistics import wilson

QUICK: tuple[dict[str, Any], ...] = ({"kind": "apgd-ce"}, {"kind": "apgd-t", "targets": 3})


@dataclass(frozen=True)
class Point:
    """Robust accuracy at one radius: ``robust`` of ``n`` examples, with its 95 % Wilson interval."""

    eps: float
    n: int
    robust: int
    low: float
    high: float

    @property
    def accuracy(self) -> float:
        """Their share."""
        return self.robust / self.n


def eps_curve(
    model: Model,
    x: Tensor,
    y: Tensor,
    eps: Sequence[Any],
    norm: Any = "Linf",
    *,
    n: int = 200,
    attacks: Sequence[Any] = QUICK,
    known: Result | None = None,
    index: Sequence[int] | None = None,
    seed: int = 0,
    batch_size: int = 250,
    folder: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Point, ...]:
    """Robust accuracy at each radius of ``eps`` (0 is the clean accuracy), on the same at most ``n`` examples.

    The examples are drawn at an address, whatever their number. A point that breaks an example is in every larger
    ball too, so each radius is tried only on whom no smaller one broke, and the curve never rises. ``known``, an
    evaluation of the same examples at one radius, saves work: whom it broke need not be tried in larger balls, who
    withstood it not in smaller ones. ``folder`` keeps a table a radius, to go on from.

    >>> linear = torch.nn.Linear(2, 2, bias=False)
    >>> _ = linear.weight.data.copy_(torch.eye(2))
    >>> x = torch.tensor([[0.9, 0.1], [0.6, 0.4]])
    >>> [point.accuracy for point in eps_curve(linear, x, torch.zeros(2).long(), eps=[0, 0.2, 0.5])]
    [1.0, 0.5, 0.0]
    """
    norm = norm_name(norm)
    radii = sorted({radius(each, norm) for each in eps})
    if known is not None and (known.norm != norm or len(known.robust) != len(x)):
        raise BadInput("asked for a curve with a known evaluation; it is of another norm or other examples")
    rows = torch.tensor(drawn(len(x), seed)[:n], dtype=torch.int64).sort().values
    numbers = rows if index is None else torch.as_tensor(list(index))[rows]
    state = _Known(len(rows))
    if known is not None:
        state.learn(torch.arange(len(rows)), known.eps, known.robust[rows])
        state.learn(torch.arange(len(rows)), 0.0, known.clean[rows])
    points = []
    for reach in radii:
        left = state.open(reach)
        if len(left):
            at = rows[left]
            place = None if folder is None else folder / f"curve-{norm}-{reach:.6g}.npz"
            ways: dict[str, Any] = {"seed": seed, "batch_size": batch_size, "path": place, "tell": tell}
            ways |= {"attacks": attacks if reach else ["noise"], "index": numbers[left].tolist()}
            found = autoattack(model, x[at], y[at], norm, reach, "custom", **ways)
            state.learn(left, reach, found.robust)
        robust = int((state.broken > reach).sum())
        points.append(Point(reach, len(rows), robust, *wilson(robust, len(rows))))
    return tuple(points)


class _Known:
    """Of each example: the smallest radius known to break it, the largest known not to."""

    def __init__(self, n: int):
        self.broken = torch.full((n,), torch.inf, dtype=torch.float64)
        self.withstood = torch.full((n,), -1.0, dtype=torch.float64)

    def learn(self, rows: Tensor, eps: float, robust: Tensor) -> None:
        """Verdicts at one radius."""
        self.broken[rows[~robust]] = self.broken[rows[~robust]].clamp(max=eps)
        self.withstood[rows[robust]] = self.withstood[rows[robust]].clamp(min=eps)

    def open(self, eps: float) -> Tensor:
        """Whose verdict at this radius follows from nothing known."""
        return ((self.withstood < eps) & (self.broken > eps)).nonzero().squeeze(1)
