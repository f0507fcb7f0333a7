"""Along blends of networks: which weights, what each blend shows, and how high the loss rises on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import comb
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from assay.core.errors import BadInput
from assay.train.blend import blend

Weights = tuple[float, ...]
BATCH = 256  # images a pass when batch norm's statistics are estimated


def simplex(count: int, steps: int) -> list[Weights]:
    """All weights of ``count`` networks that are multiples of 1 / (steps - 1) and add up to 1.

    The first network's weight falls from 1 to 0. There are C(steps + count - 2, count - 1) of them: ``steps`` for two
    networks, 66 for three and 11 steps. `BadInput` for fewer than 2 steps.

    >>> simplex(2, 3)
    [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)]
    >>> len(simplex(3, 11)), simplex(1, 5)
    (66, [(1.0,)])
    """
    if steps < 2 or count < 1:
        raise BadInput(f"asked for {steps} steps between {count} networks; give at least 2 steps and a network")
    parts = steps - 1

    def split(left: int, places: int) -> Iterator[tuple[int, ...]]:
        if places == 1:
            yield (left,)
            return
        for first in range(left, -1, -1):
            for rest in split(left - first, places - 1):
                yield (first, *rest)

    return [tuple(each / parts for each in whole) for whole in split(parts, count)]


def points(count: int, steps: int) -> int:
    """How many weights `simplex` gives.

    >>> points(2, 11), points(3, 11), points(4, 11)
    (11, 66, 286)
    """
    return comb(steps + count - 2, count - 1)


def walk(
    states: Sequence[Mapping[str, Tensor]],
    weights: Sequence[Sequence[float]],
    see: Callable[[dict[str, Tensor]], Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """For each of ``weights`` what ``see`` finds of that blend of ``states``, beside its ``weights``.

    ``states`` are state dicts of one shape, ``see`` takes one (and estimates batch norm's statistics anew, where
    there are any: `restated`). `BadInput` as for `assay.train.blend`.

    >>> a, b = {"w": torch.tensor([1.0])}, {"w": torch.tensor([3.0])}
    >>> list(walk([a, b], simplex(2, 3), lambda state: {"loss": float(state["w"] ** 2)}))
    [{'weights': (1.0, 0.0), 'loss': 1.0}, {'weights': (0.5, 0.5), 'loss': 4.0}, {'weights': (0.0, 1.0), 'loss': 9.0}]
    """
    for each in weights:
        yield {"weights": tuple(each), **see(blend(states, each))}


def barrier(losses: Sequence[float], at: Sequence[float] | None = None) -> float:
    """How far the loss rises above the straight line between the two ends of a path, at most.

    max_t L(t) - ((1 - t) L(0) + t L(1)), over the points ``at`` in [0, 1] (evenly spaced from 0 to 1 unless given)
    at which ``losses`` (n,) were taken. The ends count, so it is at least 0, and 0 where the loss is convex along the
    path; in the units of the loss. NaN where a loss is. Entezari et al. 2022, definition 2.1, after Frankle et al.
    2020. `BadInput` for fewer than 2 points, or ``at`` that does not go from 0 to 1.

    >>> barrier([1.0, 5.0, 3.0]), barrier([1.0, 1.0, 3.0])  # the line is at 2 in the middle
    (3.0, 0.0)
    >>> barrier([0.0, 2.0, 4.0], at=[0.0, 0.25, 1.0])
    1.0
    """
    values = np.asarray(losses, dtype=np.float64)
    t = np.linspace(0.0, 1.0, len(values)) if at is None else np.asarray(at, dtype=np.float64)
    if len(values) < 2 or t.shape != values.shape or t[0] != 0 or t[-1] != 1 or bool((np.diff(t) < 0).any()):
        raise BadInput(
            f"asked for the barrier along {len(values)} losses at {len(t)} points; give at least 2, one loss a point, "
            "at points that rise from 0 to 1"
        )
    line = (1 - t) * values[0] + t * values[-1]
    rise = values - line
    rise[[0, -1]] *= 0  # nothing at the ends by definition, whatever rounding says
    return float(rise.max())


def has_statistics(net: nn.Module) -> bool:
    """Whether a network keeps running statistics that a blend would have to estimate.

    >>> has_statistics(nn.BatchNorm1d(2)), has_statistics(nn.BatchNorm1d(2, track_running_stats=False))
    (True, False)
    """
    return any(name.endswith("running_mean") for name, _ in net.named_buffers())


@torch.no_grad()
def restated(net: nn.Module, x: Tensor, batch: int = BATCH) -> None:
    """Put batch norm's statistics for the weights as they are into ``net``: means over batches of ``x`` (n, ...).

    Each batch counts alike and ``n`` is cut to whole batches of one size; variances are those of batches, unbiased, as
    in training. A network without batch norm is left as it is.

    >>> net = nn.BatchNorm1d(1)
    >>> restated(net, torch.tensor([[1.0], [3.0]]))
    >>> net.running_mean.tolist(), net.running_var.tolist(), net.training
    ([2.0], [2.0], True)
    """
    size = min(batch, len(x))
    whole = x[: len(x) - len(x) % size] if size else x
    update_bn([part for part in whole.split(size or 1)], net)
