"""One batch out of the parts that several processes hold, with gradients back to each."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd import Function


def gather(z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(embeddings, labels) of all processes, in the order of their ranks; unchanged without a process group.

    ``z (..., images, views, d)`` and ``labels (..., images)``; processes may hold different numbers of images. The
    gradient is the sum of what all processes ask for. When each computes the same loss of the whole batch and gradients
    of parameters are averaged over processes (as DistributedDataParallel does), the result is that of one process.

    >>> z, labels = torch.ones(2, 1, 3), torch.tensor([0, 1])
    >>> gather(z, labels)[0] is z
    True
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return z, labels
    axis = labels.dim() - 1
    sizes = [torch.zeros(1, dtype=torch.long, device=z.device) for _ in range(dist.get_world_size())]
    dist.all_gather(sizes, torch.tensor([z.shape[axis]], device=z.device))
    counts = [int(size) for size in sizes]
    return _Gather.apply(z, axis, counts), _all(labels, axis, counts)


def _all(x: Tensor, axis: int, counts: list[int]) -> Tensor:
    """The parts of all processes along an axis; shorter ones travel padded."""
    x = x.movedim(axis, 0)
    padded = x.new_zeros(max(counts), *x.shape[1:])
    padded[: len(x)] = x
    parts = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(parts, padded)
    return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)]).movedim(0, axis)


class _Gather(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int, counts: list[int]) -> Tensor:
        ctx.axis, ctx.counts = axis, counts
        return _all(x.detach(), axis, counts)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        total = upstream[0].contiguous().clone()
        dist.all_reduce(total)
        rank = dist.get_rank()
        return total.narrow(ctx.axis, sum(ctx.counts[:rank]), ctx.counts[rank]), None, None
