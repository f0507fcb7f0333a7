"""The pre-activation residual network: its size, its order of layers, its slots."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.models import activations, build, swap_activations


def size(model: str, shape: tuple[int, ...] = (3, 32, 32), classes: int = 10) -> int:
    return sum(p.numel() for p in build(model, shape, classes).parameters())


def counted(widths: list[int], channels: int, classes: int) -> int:
    """Layer by layer, from the description of the network alone."""
    total, before = 9 * channels * widths[0], widths[0]
    for stage, width in enumerate(widths):
        for block in range(2):
            total += 2 * before + 9 * before * width  # norm, convolution
            total += 2 * width + 9 * width * width
            total += before * width if stage > 0 and block == 0 else 0  # shortcut
            before = width
    return total + 2 * before + before * classes + classes


@pytest.mark.parametrize(
    ("text", "widths"),
    [
        ("", [16, 32, 64, 96]),
        (":32-64-96", [32, 64, 96]),
        (":16-32-64", [16, 32, 64]),
        (":5", [5]),
        (":8-8", [8, 8]),
        (":4-3-2-6", [4, 3, 2, 6]),
    ],
)
def test_the_number_of_parameters_in_closed_form(text: str, widths: list[int]) -> None:
    for channels, classes in ((1, 2), (3, 10)):
        found = size(f"preresnet{text}", (channels, 16, 16), classes)
        s, w = range(1, len(widths) + 1), [widths[0], *widths]
        stages = sum(
            9 * w[i - 1] * w[i] + 27 * w[i] ** 2 + 2 * w[i - 1] + 6 * w[i] + (i > 1) * w[i - 1] * w[i] for i in s
        )
        assert found == 9 * channels * w[1] + stages + 2 * w[-1] + (w[-1] + 1) * classes
        assert found == counted(widths, channels, classes)


def test_sizes_that_are_told() -> None:
    # The last is PreAct ResNet-18 with a norm before the head; code that leaves this norm out has 1,024 fewer.
    told = {"preresnet:16-32-64": 175_066, "preresnet": 486_426, "preresnet:64-128-256-512": 11_172_170}
    assert {model: size(model) for model in told} == told


@pytest.mark.parametrize("shape", [(1, 6, 6), (3, 32, 32), (2, 15, 9)])
def test_shapes_of_logits_and_stages(shape: tuple[int, ...]) -> None:
    net = build("preresnet:4-6-8", shape, 5)
    x = torch.rand(3, *shape)
    assert net(x).shape == (3, 5)
    sides = []
    for name, part in net.named_children():
        x = part(x)
        if name.endswith("_2"):
            sides.append(x.shape[1:])
    halved = [tuple(-(-side // 2**k) for side in shape[1:]) for k in range(3)]
    assert sides == [(width, *side) for width, side in zip((4, 6, 8), halved, strict=True)]


def test_equals_the_network_written_out() -> None:
    net = build("preresnet:3-4", (2, 8, 8), 5, seed=1).train()
    x = torch.rand(6, 2, 8, 8)
    state = net.state_dict()

    def norm(z: Tensor, name: str) -> Tensor:
        mean, var = z.mean((0, 2, 3), keepdim=True), z.var((0, 2, 3), keepdim=True, unbiased=False)
        scale, shift = (state[f"{name}.{part}"].view(1, -1, 1, 1) for part in ("weight", "bias"))
        return (z - mean) / (var + 1e-5).sqrt() * scale + shift

    z = F.conv2d(x, state["conv.weight"], padding=1)
    for name, stride in (("block1_1", 1), ("block1_2", 1), ("block2_1", 2), ("block2_2", 1)):
        begun = norm(z, f"{name}.bn1").clamp_min(0)
        out = F.conv2d(begun, state[f"{name}.conv1.weight"], stride=stride, padding=1)
        out = F.conv2d(norm(out, f"{name}.bn2").clamp_min(0), state[f"{name}.conv2.weight"], padding=1)
        z = out + (F.conv2d(begun, state[f"{name}.shortcut.weight"], stride=2) if stride == 2 else z)
    z = norm(z, "bn").clamp_min(0).mean((2, 3))
    assert net(x).allclose(z @ state["head.weight"].T + state["head.bias"], atol=1e-5)


def test_every_activation_is_a_slot_and_can_be_swapped() -> None:
    net = build("preresnet:3-4", (1, 8, 8), 3).eval()
    blocks = [f"block{stage}_{block}.act{act}" for stage in (1, 2) for block in (1, 2) for act in (1, 2)]
    assert sorted(activations(net)) == sorted([*blocks, "act"]) and set(activations(net).values()) == {"relu"}
    x = torch.rand(4, 1, 8, 8)
    before = net(x)
    assert swap_activations(net, "tanh", "block2_*") == blocks[4:]
    assert not net(x).allclose(before) and activations(net)["act"] == "relu"


def test_tables_are_refused() -> None:
    with pytest.raises(BadInput, match="table of 30 columns; use mlp"):
        build("preresnet", (30,), 2)


def test_shortcuts_are_convolutions_with_a_stride() -> None:
    """Logits and gradients of the network in which the stride is left to the convolution."""
    net, x = build("resnet18:8", (2, 7, 7), 4, seed=1).eval(), torch.rand(5, 2, 7, 7, requires_grad=True)
    told = dict(net.named_modules())
    own = [name for name, module in told.items() if module.__class__.__name__ == "_Shortcut"]
    plain = build("resnet18:8", (2, 7, 7), 4, seed=1).eval()
    for name in own:
        made = told[name]
        conv = nn.Conv2d(made.in_channels, made.out_channels, 1, made.stride, bias=False)
        conv.load_state_dict(made.state_dict())
        parent, _, last = name.rpartition(".")
        setattr(plain.get_submodule(parent), last, conv)
    assert len(own) == 3
    weights = [net.get_parameter(f"{name}.weight") for name in own]
    others = [plain.get_parameter(f"{name}.weight") for name in own]
    torch.testing.assert_close(net(x), plain(x))
    ours, theirs = (torch.autograd.grad(n(x).sum(), [x, *w]) for n, w in ((net, weights), (plain, others)))
    for one, two in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, two)
