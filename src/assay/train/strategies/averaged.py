"""Averages of weights: what is evaluated and kept is the average."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from assay.core.spec import Number, Share
from assay.data import Dataset
from assay.train.draws import Draws
from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory, Strategy
from assay.train.strategies.wrapper import Wrapper

PREFIX, STEPS = "average/", "averaged steps"
SIZE = 128  # images a batch when statistics are estimated


class Averaged(Wrapper):
    """The mean of weights on the way: exponential (``ema``), or of equal parts (``swa``, Izmailov et al. 2018).

    swa: a <- a + (w - a) / (k + 1), k the number of weights in it.
    ema: a <- a + (w - a) max(1 - decay, 1 / (k + 1)): of equal parts until the usual a <- decay a + (1 - decay) w
    forgets faster, so that the average of a short run is not its start.

    The average begins with the weights at ``start`` and takes up every ``every``-th step's. Batch norm's running
    statistics do not fit averaged weights: they are estimated anew, on ``images`` training images as the inner strategy
    prepares them (attacked, where it attacks), each time the average is looked at or kept.
    """

    kind: str = "averaged"
    examples: ClassVar[bool] = False
    rule: Literal["ema", "swa"] = "ema"
    decay: Number = Field(0.999, ge=0, lt=1)
    start: Share = Field(Fraction(0), ge=0, lt=1)
    every: int = Field(1, ge=1)
    images: int = Field(1024, ge=2)

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """The average, still empty."""
        average = {PREFIX + name: value.detach().clone() for name, value in learner.params.items()}
        return {**super().init_state(learner, data), **average, STEPS: torch.zeros((), dtype=torch.long)}

    @torch.no_grad()
    def after_step(self, learner: Learner, batch: Batch, memory: Memory) -> Memory:
        """Take up the weights of this step."""
        memory = super().after_step(learner, batch, memory)
        if batch.progress < self.start:
            return memory
        taken, rest = divmod(int(memory[STEPS]), self.every)
        if rest == 0:
            rate = rate_of(taken, self.decay if self.rule == "ema" else 1.0)
            torch._foreach_lerp_([memory[PREFIX + name] for name in learner.params], learner.parameters(), rate)
        return {**memory, STEPS: memory[STEPS] + 1}

    @torch.no_grad()
    def shipped(self, learner: Learner, memory: Memory, data: Dataset, draws: Draws) -> dict[str, Tensor] | None:
        """The average, with running statistics of its own."""
        if not memory[STEPS]:
            return super().shipped(learner, memory, data, draws)
        tensors = {**learner.tensors(), **{name: memory[PREFIX + name] for name in learner.params}}
        if not learner.statistics():
            return tensors
        with learner.holding(tensors):
            return tensors | statistics(self.inner, learner, memory, data, draws, self.images)


def rate_of(taken: int, decay: float) -> float:
    """How far an average of ``taken`` values goes towards the next one: of equal parts until ``decay`` forgets faster.

    >>> rate_of(0, 0.9), rate_of(1, 0.9), round(rate_of(99, 0.9), 6), rate_of(99, 1.0)
    (1.0, 0.5, 0.1, 0.01)
    """
    return max(1 / (taken + 1), 1 - decay)


def statistics(
    strategy: Strategy, learner: Learner, memory: Memory, data: Dataset, draws: Draws, images: int
) -> dict[str, Tensor]:
    """Batch norm's statistics for the weights as they are: means over batches that a strategy prepares.

    Leaves what it found so far in the learner's buffers, so that attacks in evaluation mode meet it.
    """
    if learner.random:
        draws.seed_modules()
    found: dict[str, Tensor] = {}
    momenta = learner.statistics()
    counts = {name: f"{name.rpartition('.')[0]}.num_batches_tracked" for name in momenta}
    for number, batch in enumerate(_batches(learner, data, draws, images)):
        prepared = strategy.prepare(learner.net, batch, memory, draws)
        for name in {*momenta, *counts.values()}:
            learner.buffers[name].zero_()
        strategy.losses(learner.net, prepared, memory)
        for name, momentum in momenta.items():
            # From 0, k passes through a layer leave 1 - (1 - momentum)^k of what they saw.
            passes = learner.buffers[counts[name]]
            seen = 1 - (1 - momentum) ** passes.reshape(*passes.shape, 1)
            one = learner.buffers[name] / seen
            found[name] = found[name].lerp(one, 1 / (number + 1)) if name in found else one.clone()
            learner.buffers[name].copy_(found[name])
    return {name: value.clone() for name, value in found.items()}


def _batches(learner: Learner, data: Dataset, draws: Draws, images: int) -> Iterator[Batch]:
    """Training images in an order drawn for each run, in batches of one size."""
    count = min(images, len(data.train))
    size = min(SIZE, count)
    order = draws.stack("statistics", lambda generator: torch.randperm(len(data.train), generator=generator)[:count])
    for start in range(0, count - size + 1, size):
        index = order[..., start : start + size]
        x, y = data.train.x[index], data.train.y[index]
        yield Batch(x.to(learner.device), y.to(learner.device), index.to(learner.device), progress=1.0)
