"""Small networks under attack, trained within seconds: natural, weakly robust, robust."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.attacks import PGD

# The radius in each epoch; at 0.15 from the start training would end with one answer for all.
RADII = {"natural": [0.0] * 5, "weak": [0.04] * 5, "robust": [0.15 * min(1, epoch / 8) for epoch in range(10)]}


@lru_cache
def digits() -> tuple[Tensor, Tensor]:
    """scikit-learn's digits as 10 x 10 images."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    x = torch.tensor(raw.images / 16, dtype=torch.float32).unsqueeze(1)
    return F.interpolate(x, size=10, mode="bilinear").clamp(0, 1), torch.tensor(raw.target)


@lru_cache
def network(kind: str) -> nn.Module:
    """A small CNN, trained on inputs perturbed by PGD."""
    torch.manual_seed(1)
    net = nn.Sequential(
        *(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 12, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(300, 10)),
    )
    x, y = (part[:800] for part in digits())
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    for epoch, eps in enumerate(RADII[kind]):
        for rows in torch.randperm(800).split(50):
            seen = PGD(eps=eps, steps=4).attack(net, x[rows], y[rows], epoch) if eps else x[rows]
            optimiser.zero_grad()
            F.cross_entropy(net(seen), y[rows]).backward()
            optimiser.step()
    return net.eval()


def examples(n: int) -> tuple[Tensor, Tensor]:
    """Examples the networks have not seen."""
    x, y = digits()
    return x[900 : 900 + n], y[900 : 900 + n]


def table_network(columns: int = 6, classes: int = 3, seed: int = 0) -> nn.Module:
    """An untrained network for tables."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(columns, 16), nn.Tanh(), nn.Linear(16, classes))
