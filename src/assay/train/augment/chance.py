"""Random numbers that torch draws only from its global generator."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def beta(a: float, b: float, size: int, generator: Generator) -> Tensor:
    """``size`` draws from Beta(a, b), float64 on the CPU: the inverse of its distribution at uniform numbers.

    >>> beta(1, 1, 2, torch.Generator().manual_seed(0)).equal(  # Beta(1, 1) is uniform
    ...     torch.rand(2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    True
    """
    from scipy.special import betaincinv

    share = torch.rand(size, dtype=torch.float64, generator=generator)
    return torch.from_numpy(betaincinv(a, b, share.numpy()))


def dirichlet(alpha: float, parts: int, size: int, generator: Generator) -> Tensor:
    """``size`` draws (size, parts) from a symmetric Dirichlet: each part is a Beta share of what the last ones left.

    >>> dirichlet(1, 3, 4, torch.Generator().manual_seed(0)).sum(1).round(decimals=9).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    left = torch.ones(size, dtype=torch.float64)
    shares = []
    for rest in range(parts - 1, 0, -1):
        shares.append(left * beta(alpha, alpha * rest, size, generator))
        left = left - shares[-1]
    return torch.stack([*shares, left], 1)
