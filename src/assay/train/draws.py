"""Where the randomness of a step comes from: addresses, for one run or for a stack of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from assay.core.rng import rng, seed_of


def order(seed: int, epoch: int, n: int, batch: int, steps: int, forks: Sequence[int] = ()) -> Tensor:
    """The order in which ``n`` examples are met in an epoch of ``steps`` batches, as indices.

    A fork at a step gives every later draw another address. Inside an epoch only the examples that are still to
    come are shuffled anew, so each is met once in that epoch all the same.

    >>> plain, forked = order(0, 0, 6, 2, 3), order(0, 0, 6, 2, 3, forks=[1])
    >>> plain[:2].equal(forked[:2]), sorted(forked.tolist())
    (True, [0, 1, 2, 3, 4, 5])
    """
    start = epoch * steps
    passed = [step for step in forks if step <= start]
    indices = torch.randperm(n, generator=rng(seed, "order", epoch, *passed))
    for step in (step for step in forks if start < step < start + steps):
        passed.append(step)
        met = (step - start) * batch
        tail = indices[met:]
        indices[met:] = tail[torch.randperm(len(tail), generator=rng(seed, "order", epoch, *passed))]
    return indices


@dataclass(frozen=True)
class Draws:
    """The random numbers of one step: each run of a stack draws what it would draw alone."""

    seeds: tuple[int, ...]
    step: int
    forks: tuple[int, ...] = ()

    def generators(self, purpose: str) -> list[Generator]:
        """A fresh generator for each run, the one that it has when it trains alone."""
        return [rng(seed, "draw", self.step, purpose, *self.forks) for seed in self.seeds]

    def stack(self, purpose: str, draw: Callable[[Generator], Tensor]) -> Tensor:
        """``draw(generator)`` for each run, stacked on a leading axis when there is more than one run."""
        drawn = [draw(generator) for generator in self.generators(purpose)]
        return drawn[0] if len(drawn) == 1 else torch.stack(drawn)

    def seed_modules(self) -> None:
        """Seed the global generator for layers that draw from it (dropout); only single runs have such layers."""
        torch.manual_seed(seed_of(self.seeds[0], "modules", self.step, *self.forks))
