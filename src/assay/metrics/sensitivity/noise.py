"""Noise with an address for every sample: neither batches nor later samples change what a sample gets."""

from __future__ import annotations

import torch
from torch import Tensor

from assay.core.rng import rng

BLOCK = 64  # samples that share a generator; part of the address, so another value gives other numbers


def noise(rows: slice, shape: tuple[int, ...], seed: int, *address: str | int) -> Tensor:
    """Standard normal numbers for samples ``rows.start`` to ``rows.stop``, float32 (rows, *shape), on the CPU.

    What sample i gets depends on (seed, address, i, shape) only.

    >>> every = noise(slice(0, 100), (3,), 0, "noise")
    >>> bool((every[70:90] == noise(slice(70, 90), (3,), 0, "noise")).all())
    True
    """
    first, last = rows.start // BLOCK, (rows.stop - 1) // BLOCK
    blocks = [torch.randn((BLOCK, *shape), generator=rng(seed, *address, block)) for block in range(first, last + 1)]
    return torch.cat(blocks)[rows.start - first * BLOCK : rows.stop - first * BLOCK]
