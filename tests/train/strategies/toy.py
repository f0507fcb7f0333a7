"""What the tests of strategies share: a small recipe, and training written out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from assay.data import Dataset
from assay.models import build
from assay.train import Recipe, Result, train
from assay.train.draws import Draws, order

EPOCHS, SIZE, LR = 2, 32, 0.01
Step = Callable[[nn.Module, Tensor, Tensor, Tensor, int], Tensor]


def recipe(strategy: dict[str, Any], **fields: Any) -> Recipe:
    plain = {"data": "blobs", "model": "mlp:12", "epochs": EPOCHS, "batch": SIZE, "strategy": strategy}
    return Recipe.parse({**plain, "optimiser": {"name": "sgd", "lr": LR}, **fields})


def by_hand(
    data: Dataset, step: Step, seed: int = 0, epochs: int = EPOCHS, model: str = "mlp:12",
    weights: Mapping[str, Tensor] | None = None,
) -> nn.Module:  # fmt: skip
    """A plain loop: ``step(net, x, y, index, number)`` leaves gradients in place by returning the loss to descend."""
    net = build(model, data.shape, len(data.classes), seed=seed, weights=weights)
    optimiser = torch.optim.SGD(net.parameters(), lr=LR, momentum=0.9)
    n, number = len(data.train), 0
    steps = -(-n // SIZE)
    for epoch in range(epochs):
        for chunk in order(seed, epoch, n, SIZE, steps).split(SIZE):
            loss = step(net, data.train.x[chunk], data.train.y[chunk], chunk, number)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            number += 1
    return net


def folder(path: Path, data: Dataset, seed: int, model: str = "mlp:5") -> tuple[str, nn.Module]:
    """A finished run with an untrained network in it."""
    net = build(model, data.shape, len(data.classes), seed=seed).eval()
    path.mkdir()
    save_file(net.state_dict(), path / "weights@1.safetensors")
    (path / "recipe.json").write_text(f'{{"model": "{model}"}}')
    return str(path), net


def draw(purpose: str, number: int, seed: int = 0) -> torch.Generator:
    """The generator that the engine gives a purpose at a step."""
    return Draws((seed,), number).generators(purpose)[0]


def trained(data: Dataset, strategy: dict[str, Any], **fields: Any) -> Result:
    return train([recipe(strategy, **fields)], data)[0]


def distance(result: Result, net: nn.Module, moment: str = "1") -> float:
    """The largest difference of a tensor between a run and a network."""
    kept = result.kept[moment].tensors
    return max((kept[name] - value).abs().max().item() for name, value in net.state_dict().items())


def ascent(
    net: nn.Module, x: Tensor, start: Tensor, value: Callable[[Tensor], Tensor], eps: float, step: float, steps: int
) -> Tensor:
    """Linf PGD by hand, in evaluation mode."""
    mode = net.training
    net.eval()
    at = start
    for _ in range(steps):
        at = at.detach().requires_grad_()
        (slope,) = torch.autograd.grad(value(net(at)), at)
        at = torch.minimum(torch.maximum(at + step * slope.sign(), x - eps), x + eps).clamp(0, 1)
    net.train(mode)
    return at.detach()


def random_start(x: Tensor, generator: torch.Generator, eps: float) -> Tensor:
    return (x + eps * (2 * torch.rand(x.shape, generator=generator) - 1)).clamp(0, 1)
