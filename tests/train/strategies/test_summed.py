"""The summed loss: adversarial training at one end, plain training at the other, both in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.models import build
from assay.train import Batch, Strategy
from assay.train.draws import Draws
from assay.train.learner import Learner
from assay.train.passes import Passes, passes_of

from .toy import ascent, by_hand, distance, draw, random_start, recipe, trained

Blobs = Callable[..., Dataset]
EPS, STEPS = 0.1, 3
ATTACK = {"attack": {"kind": "pgd", "eps": EPS, "steps": STEPS}}


@pytest.mark.parametrize("weight", [0.5, 0.3])
def test_both_losses_by_hand(make_blobs: Blobs, weight: float) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        start = random_start(x, draw("attack", number), EPS)
        found = ascent(net, x, start, lambda z: F.cross_entropy(z, y, reduction="sum"), EPS, 2.5 * EPS / STEPS, STEPS)
        return weight * F.cross_entropy(net(found), y) + (1 - weight) * F.cross_entropy(net(x), y)

    net = by_hand(data, step)
    given = {} if weight == 0.5 else {"adversarial_weight": weight}  # a half is the default
    assert distance(trained(data, {"kind": "summed", **ATTACK, **given}), net) < 1e-5
    assert distance(trained(data, {"kind": "summed", **ATTACK, "adversarial_weight": 0.9}), net) > 1e-4


@pytest.mark.parametrize("model", ["mlp:12", "resnet18:2"])
def test_a_weight_of_one_is_adversarial_training_bit_for_bit(make_blobs: Blobs, model: str) -> None:
    data, fields = make_blobs(n=64), {"model": model, "epochs": 1}
    one = trained(data, {"kind": "summed", **ATTACK, "adversarial_weight": 1}, **fields)
    plain = trained(data, {"kind": "adversarial", **ATTACK}, **fields)
    assert one.history == plain.history
    assert all(value.equal(plain.kept["1"].tensors[name]) for name, value in one.kept["1"].tensors.items())


def test_the_gradient_at_a_weight_of_zero_is_that_of_plain_training(make_blobs: Blobs) -> None:
    data, found = make_blobs(), []
    for plain in ({"kind": "summed", **ATTACK, "adversarial_weight": 0}, {"kind": "standard"}):
        learner, strategy = Learner([build("resnet18:2", data.shape, 3)], 3), Strategy.of(plain)
        batch = Batch(data.train.x[:20], data.train.y[:20], torch.arange(20))
        losses = strategy.losses(learner.net, strategy.prepare(learner.net, batch, {}, Draws((0,), 0)), {})
        found.append(torch.autograd.grad(losses.mean(), learner.parameters()))
    assert all(one.equal(other) for one, other in zip(*found, strict=True))


def test_passes_are_counted(make_blobs: Blobs) -> None:
    both = {"kind": "summed", **ATTACK}
    assert passes_of(recipe(both), make_blobs()) == Passes(STEPS + 2, STEPS + 2)
    assert passes_of(recipe({**both, "adversarial_weight": 1}), make_blobs()) == Passes(STEPS + 1, STEPS + 1)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_is_a_share(weight: float) -> None:
    with pytest.raises(BadInput, match="adversarial_weight"):
        recipe({"kind": "summed", "adversarial_weight": weight})
