"""Small networks on 8 x 8 digits, natural and adversarially trained, and toy defences that only look robust."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.attacks import PGD

EPS = 1 / 16
CLOSE = 1 / 72  # two such steps stay nearer to their own pixel value than to the next of 16


@lru_cache
def digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    raw = load_digits()
    return torch.tensor(raw.images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(raw.target)


def examples(n: int) -> tuple[Tensor, Tensor]:
    x, y = digits()
    return x[1000 : 1000 + n], y[1000 : 1000 + n]


@lru_cache
def network(eps: float = 0.0, seed: int = 1) -> nn.Module:
    """An MLP trained on 1,000 digits, perturbed by PGD where eps is not 0."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    x, y = (part[:1000] for part in digits())
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    for epoch in range(12):
        for rows in torch.randperm(1000).split(100):
            seen = PGD(eps=eps, steps=5).attack(net, x[rows], y[rows], epoch) if eps else x[rows]
            optimiser.zero_grad()
            F.cross_entropy(net(seen), y[rows]).backward()
            optimiser.step()
    return net.eval()


class Defended(nn.Module):
    """A network behind something that is done to its inputs or outputs."""

    def __init__(self, act: Callable[[nn.Module, Tensor], Tensor]):
        super().__init__()
        self.net, self.act = network(), act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.net, x)


def ripple(x: Tensor) -> Tensor:
    """A fine ripple: on the grid of the clean pixels slopes point the right way, a short step beside it astray."""
    return x + 0.005 * torch.sin(2 * math.pi * 144 * x)


def narrow(x: Tensor) -> Tensor:
    """Moves off the grid of the clean pixels tell only close by (at CLOSE / 16): long steps pass over the place."""
    grid = (x * 16).round() / 16
    move = (x - grid) / (CLOSE / 16)
    return grid + 0.15 * torch.where(move.abs() <= 1, move, move.sign() * F.relu(2 - move.abs()))


DEFENCES: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {
    "rounding": lambda net, x: net((x * 4).round() / 4),
    "quantised activations": lambda net, x: net[3]((net[:3](x) * 2).round() / 2),
    "randomness": lambda net, x: net(x + 0.1 * torch.randn_like(x)),
    "company": lambda net, x: net(x - x.mean(0) + 0.3),
    "softmax": lambda net, x: net(x).softmax(1),
    "saturated": lambda net, x: 100 * net(x),
    "ripple": lambda net, x: net(ripple(x)),
    "narrow": lambda net, x: net(narrow(x)),
}
