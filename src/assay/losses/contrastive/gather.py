"""One batch out of the parts that several processes hold, with gradients back to each."""

from __future__ import annotations

from typing import Any, overload

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd import Function


@overload
def gather(z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]: ...
@overload
def gather(z: Tensor, labels: Tensor, instances: Tensor) -> tuple[Tensor, Tensor, Tensor]: ...
def gather(z: Tensor, labels: Tensor, instances: Tensor | None = None) -> tuple[Tensor, ...]:
    """(embeddings, labels) of all processes, in the order of their ranks; unchanged without a process group.

    ``z (..., images, views, d)`` and ``labels (..., images)``, or ``z (..., rows, d)`` with ``labels`` and
    ``instances`` of rows, which are then given, too: each process's ids are its own, so they come back renumbered,
    those of two processes never the same. Processes may hold different numbers of images. The
    gradient is the sum of what all processes ask for. When each computes the same loss of the whole batch and gradients
    of parameters are averaged over processes (as DistributedDataParallel does), the result is that of one process.

    >>> z, labels = torch.ones(2, 1, 3), torch.tensor([0, 1])
    >>> gather(z, labels)[0] is z
    True
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return (z, labels) if instances is None else (z, labels, instances)
    axis = labels.dim() - 1
    sizes = [torch.zeros(1, dtype=torch.long, device=z.device) for _ in range(dist.get_world_size())]
    dist.all_gather(sizes, torch.tensor([z.shape[axis]], device=z.device))
    counts = [int(size) for size in sizes]
    found = _Gather.apply(z, axis, counts), _all(labels, axis, counts)
    if instances is None:
        return found
    own = instances.unique(return_inverse=True)[1]  # from 0, and fewer than there are rows
    every = _all(own, own.dim() - 1, counts)
    ranks = torch.arange(len(counts), device=z.device).repeat_interleave(torch.tensor(counts, device=z.device))
    return *found, every + ranks * every.numel()


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
