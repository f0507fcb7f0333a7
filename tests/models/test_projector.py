"""A projector beside the head leaves the classifier as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from assay.core.errors import BadInput
from assay.models import Projected, build, own_file, slots, with_projector

SHAPES = {"mlp:8-6": (1, 8, 8), "cnn:4-4": (1, 16, 16), "resnet18:4": (3, 16, 16)}


@pytest.mark.parametrize("model", SHAPES)
def test_logits_are_those_of_the_plain_model(model: str) -> None:
    shape = SHAPES[model]
    plain = build(model, shape, 3, seed=5).eval()
    projected = build(f"{model}+projector:7", shape, 3, seed=5).eval()
    x = torch.rand(4, *shape)
    logits, z = projected(x, embed=True)
    assert torch.equal(logits, projected(x))
    assert torch.equal(plain(x), logits)  # its own weights are drawn first
    assert z.shape == (4, 7)


def test_a_detached_head_does_not_change_the_body() -> None:
    net = build("mlp:8+projector:4", (2,), 3)
    assert isinstance(net, Projected)
    logits, _ = net(torch.rand(5, 2), embed=True, detach=True)
    logits.sum().backward()
    assert net.head.weight.grad is not None
    assert all(p.grad is None for p in net.body.parameters())


def test_the_projectors_activations_are_slots() -> None:
    assert list(slots(build("mlp:8+projector:6-4", (2,), 3))) == ["body.act1", "projector.act1"]


def test_identity_gives_the_features() -> None:
    net = build("mlp:8+projector:identity", (2,), 3)
    assert isinstance(net, Projected)
    x = torch.rand(5, 2)
    assert torch.equal(net(x, embed=True)[1], net.body(x))


def test_users_own_model(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from torch import nn\n"
        "def make(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.ReLU(), nn.Linear(9, classes))\n"
    )
    model = f"{file}:make+projector:4"
    assert own_file(model) == (str(file), "make")
    assert build(model, (1, 8, 8), 3)(torch.rand(2, 1, 8, 8), embed=True)[1].shape == (2, 4)


def test_a_model_without_a_linear_end() -> None:
    with pytest.raises(BadInput, match="no linear layer"):
        with_projector(nn.Conv2d(1, 3, 8), "4", (1, 8, 8))
