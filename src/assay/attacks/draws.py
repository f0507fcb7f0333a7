"""Where an attack's random numbers come from.

`Addressed`: a number is a function of (seed, attack, example, round, step, place) and of nothing else, so neither
the batch nor the order nor who else is still under attack changes it. `Streams`: numbers are taken from generators
in the order in which they are asked for; it serves training, and parity with other tools.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

from assay.attacks.items import Items
from assay.core.rng import seed_of

# Constants of splitmix64 (Steele, Lea and Flood 2014), as signed 64-bit numbers.
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_FIRST = 0xBF58476D1CE4E5B9 - 2**64
_SECOND = 0x94D049BB133111EB - 2**64


class Draws(Protocol):
    """Random numbers for items."""

    def uniform(self, items: Items, *shape: int, tag: int = 0, shared: bool = False) -> Tensor:
        """Numbers in [0, 1) of shape ``(..., *shape)``: one block an item.

        ``tag`` tells several draws of one step apart. ``shared`` marks what the reference draws once for a whole
        batch: it may come with a first axis of length 1.
        """
        ...

    def normal(self, items: Items, *shape: int, tag: int = 0) -> Tensor:
        """Standard normal numbers of shape ``(..., *shape)``."""
        ...


def keys(seed: int, attack: str, index: Iterable[int]) -> Tensor:
    """One 63-bit key an example: the address of all its random numbers under this attack."""
    return torch.tensor([seed_of(seed, "attack", attack, i) for i in index], dtype=torch.int64)


class Addressed:
    """Counter-based numbers: splitmix64 of the item's ``key``, of ``round`` and ``age``, and of the place in the block.

    >>> items = Items(y=torch.zeros(3), key=keys(0, "pgd", [5, 6, 7]), round=0, age=1)
    >>> draws = Addressed()
    >>> bool(draws.uniform(items, 4)[1].equal(draws.uniform(items.take(torch.tensor([1])), 4)[0]))
    True
    """

    def uniform(self, items: Items, *shape: int, tag: int = 0, shared: bool = False) -> Tensor:
        """24 random bits each, divided by 2^24: in [0, 1)."""
        block = math.prod(shape)
        stream = mix(items.key + _wrap(_GOLDEN * (1 + items.round)))
        stream = mix(stream + _wrap(_GOLDEN * (1 + 4096 * (1 + items.age) + tag)))
        places = torch.arange(1, block + 1, dtype=torch.int64, device=stream.device)
        bits = mix(stream.unsqueeze(-1) + _GOLDEN * places)
        return ((bits >> 40 & 0xFFFFFF).float() / 2**24).view(*stream.shape, *shape)

    def normal(self, items: Items, *shape: int, tag: int = 0) -> Tensor:
        """Pairs of uniform numbers by Box and Muller (1958): sqrt(-2 ln u) cos(2 pi v)."""
        u, v = self.uniform(items, 2, *shape, tag=tag).unbind(items.key.dim())
        return (-2 * (1 - u).log()).sqrt() * (2 * math.pi * v).cos()


class Streams:
    """Numbers in order from one generator, or from one generator a run for a stack of runs.

    >>> one = Streams(torch.Generator().manual_seed(0)).uniform(Items(y=torch.zeros(2)), 3)
    >>> torch.manual_seed(0).initial_seed(), bool(one.equal(torch.rand(2, 3)))
    (0, True)
    """

    def __init__(self, *generators: torch.Generator):
        self.generators = generators

    def uniform(self, items: Items, *shape: int, tag: int = 0, shared: bool = False) -> Tensor:
        """Uniform numbers; a shared draw is made once."""
        if shared:
            return torch.rand(1, *shape, generator=self.generators[0]).to(items.y.device)
        return self._draw(torch.rand, items, shape)

    def normal(self, items: Items, *shape: int, tag: int = 0) -> Tensor:
        """Standard normal numbers."""
        return self._draw(torch.randn, items, shape)

    def _draw(self, draw: object, items: Items, shape: tuple[int, ...]) -> Tensor:
        if len(self.generators) == 1:
            return draw(*items.y.shape, *shape, generator=self.generators[0]).to(items.y.device)  # type: ignore
        runs = [draw(*items.y.shape[1:], *shape, generator=g) for g in self.generators]  # type: ignore[operator]
        return torch.stack(runs).to(items.y.device)


def _wrap(number: int) -> int:
    """A whole number as a signed 64-bit one."""
    return (number + 2**63) % 2**64 - 2**63


def mix(bits: Tensor) -> Tensor:
    """The finaliser of splitmix64: every bit of a 64-bit number depends on every bit of the input.

    >>> hex(mix(torch.tensor(0x9E3779B97F4A7C15 - 2**64)).item() % 2**64)  # the first output for seed 0
    '0xe220a8397b1dcdaf'
    """
    bits = (bits ^ (bits >> 30 & 0x3FFFFFFFF)) * _FIRST
    bits = (bits ^ (bits >> 27 & 0x1FFFFFFFFF)) * _SECOND
    return bits ^ (bits >> 31 & 0x1FFFFFFFF)
