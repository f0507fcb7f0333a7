"""Addressed randomness: every random draw has an address (seed, purpose, step), never a place in a stream.

Resuming, swapping, reordering and batching cannot disturb a draw, because nothing is consumed: the same address
always gives the same numbers. Draws are made on the CPU, so that a seed means the same on every device.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import torch


def seed_of(seed: int, *address: str | int) -> int:
    """A 63-bit number that depends on the whole address and on nothing else.

    >>> seed_of(0, "order", 3) == seed_of(0, "order", 3)
    True
    >>> seed_of(0, "order", 3) == seed_of(0, "order", 4)
    False
    """
    text = "\x1f".join([str(int(seed)), *(f"{type(part).__name__}:{part}" for part in address)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def rng(seed: int, *address: str | int) -> torch.Generator:
    """A fresh generator for one address.

    >>> bool((torch.rand(3, generator=rng(1, "draw", 0)) == torch.rand(3, generator=rng(1, "draw", 0))).all())
    True
    """
    return torch.Generator().manual_seed(seed_of(seed, *address))


def numpy_rng(seed: int, *address: str | int) -> np.random.Generator:
    """The same for NumPy, for statistics and data that never touch a device."""
    return np.random.default_rng(seed_of(seed, *address))
