"""Weights held elsewhere while a gradient is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory, Strategy


def gradients(strategy: Strategy, learner: Learner, batch: Batch, memory: Memory) -> list[Tensor]:
    """The gradient of each run's mean loss by its parameters; running statistics stay as they are."""
    with learner.untouched():
        total = strategy.losses(learner.net, batch, memory).mean(-1).sum()
        found = torch.autograd.grad(total, learner.parameters(), materialize_grads=True)
    return list(found)


@contextmanager
def moved(learner: Learner, moves: Sequence[Tensor]) -> Iterator[None]:
    """A context in which parameters are moved; afterwards they are what they were, bit for bit."""
    parameters = learner.parameters()
    before = [parameter.detach().clone() for parameter in parameters]
    with torch.no_grad():
        for parameter, move in zip(parameters, moves, strict=True):
            parameter.add_(move)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, before, strict=True):
                parameter.copy_(value)


def size(tensor: Tensor, stacked: bool) -> Tensor:
    """The Euclidean norm of one run's tensor, shaped so that it divides the tensor; one for each run of a stack."""
    flat = tensor.detach().flatten(1) if stacked else tensor.detach().reshape(1, -1)
    norm = flat.norm(dim=1)
    return norm.view(-1, *[1] * (tensor.dim() - 1)) if stacked else norm[0]
