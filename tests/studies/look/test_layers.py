"""Which layers are looked at, and what is seen there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.lab.observe import features
from assay.models import build
from assay.models.activations import slots
from assay.studies.look.layers import MOST, flat, layers
from assay.studies.look.reading import CHUNK
from assay.studies.look.seen import Viewer


class Odd(nn.Module):
    """A module that is called twice, one that never is, one that gives a pair, one whose batch comes second."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.shared = nn.ReLU()
        self.second = nn.Linear(6, 6)
        self.spare = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        self.pair = Pair()
        self.turned = Turned()
        self.many = nn.ModuleList([nn.Linear(6, 6)])
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shared(self.first(x))
        x = self.many[0](self.shared(self.second(x)))
        self.turned(x)
        return self.head(self.pair(x)[0])


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class Turned(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.T


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.drop = nn.Linear(4, 5), nn.Linear(5, 3), nn.Dropout()

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.drop(torch.relu(self.one(x))))


def names(net: nn.Module, shape: tuple[int, ...], *globs: str) -> list[str]:
    return [layer.name for layer in layers(net.eval(), torch.rand(3, *shape), globs)]


def test_of_a_residual_network_few_layers_and_the_last_one() -> None:
    net = build("resnet18:4", (3, 16, 16), 5)
    found = layers(net.eval(), torch.rand(3, 3, 16, 16))
    assert len(found) == MOST == len({layer.name for layer in found})
    assert found[-1].name == "block4_2.act2" and found[-1].width == 32 and found[0].name == "act"
    assert all(layer.kind == "relu" for layer in found)  # blocks hand on what their last activation gives


def test_a_block_that_hands_on_its_activation_is_not_shown_twice() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(4, 5), nn.ReLU()), nn.Sequential(nn.Linear(5, 3)))
    assert names(net, (4,)) == ["0.1"]


def test_globs_give_layers_in_the_order_in_which_they_run() -> None:
    net = build("cnn:4-8", (1, 8, 8), 3)
    every = names(net, (1, 8, 8), "*")
    assert names(net, (1, 8, 8), "head", "conv*") == ["conv1", "conv2", "head"]
    assert every == [name for name, _ in net.named_modules() if name]


def test_a_module_that_is_called_twice_shows_its_last_output() -> None:
    net, x = Odd().eval(), torch.rand(5, 4)
    (shared,) = layers(net, x, ["shared"])
    assert shared.calls == 2 and shared.kind == "ReLU"
    seen = Viewer(net, [shared])(x).features["shared"]
    expected = net.shared(net.second(net.shared(net.first(x)))).detach().numpy()
    assert np.array_equal(seen, expected)
    assert names(net, (4,), "many*") == ["many.0"]  # a list of modules is never called itself


@pytest.mark.parametrize(
    "glob, said",
    [
        ("spare.*", "spare.0, spare.1 never ran"),
        ("many", "many never ran"),
        ("frist", "did you mean 'first'? Known: first, shared"),
        ("nothing.*", "found none of that name"),
        ("pair", "pair gives no tensor (samples, width)"),
        ("turned", "turned gives no tensor"),
    ],
)
def test_layers_that_cannot_be_looked_at(glob: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        names(Odd(), (4,), glob)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_too_many_layers_are_refused() -> None:
    net = nn.Sequential(*[nn.Linear(2, 2) for _ in range(30)])
    with pytest.raises(BadInput, match="found 30 of them; name at most 24"):
        names(net, (2,), "*")


def test_without_activation_modules_the_layers_with_weights_serve() -> None:
    assert names(Functional(), (4,)) == ["one"]
    with pytest.raises(BadInput, match="no module inside it"):
        names(nn.Linear(4, 3), (4,))


def test_tokens_and_maps_are_averaged_over_positions() -> None:
    tokens, maps = torch.rand(3, 7, 5), torch.rand(3, 5, 2, 4)
    seen = [flat(tokens, 3), flat(maps, 3)]
    assert seen[0] is not None and torch.allclose(seen[0], torch.stack([t.mean(0) for t in tokens]))
    assert seen[1] is not None and torch.allclose(seen[1], maps.sum((2, 3)) / 8)


def test_what_is_seen_is_what_studies_observe() -> None:
    net, x = build("cnn:4-8", (1, 8, 8), 3).eval(), torch.rand(CHUNK + 3, 1, 8, 8)
    logits, expected = features(net, x)
    seen = Viewer(net, layers(net, x[:2], list(slots(net))))(x)
    assert list(seen.features) == list(expected)
    for name, values in expected.items():
        assert np.allclose(seen.features[name], values, atol=1e-6)
    assert np.allclose(seen.probs, torch.from_numpy(logits).double().softmax(1).numpy(), atol=1e-6)


def test_weights_that_are_not_finite_are_told() -> None:
    net = build("mlp:4", (3,), 2).eval()
    found = layers(net, torch.rand(2, 3))
    next(net.parameters()).data[0] = float("nan")
    with pytest.raises(BadInput, match="not finite"):
        Viewer(net, found)(torch.rand(4, 3))


class Tokens(nn.Module):
    """A small transformer over the rows of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(x[:, 0]).mean(1))


def test_a_transformer_shows_the_mean_of_its_tokens() -> None:
    net, x = Tokens().eval(), torch.rand(5, 1, 4, 8)
    assert names(net, (1, 4, 8)) == ["block"]
    chosen = layers(net, x, ["block", "block.linear1"])  # inside it, where a fused kernel might pass it by
    assert [layer.width for layer in chosen] == [16, 8]
    seen = Viewer(net, chosen)(x).features
    assert np.allclose(seen["block"], net.block(x[:, 0]).mean(1).detach().numpy(), atol=1e-5)


def test_a_projector_is_shown_where_it_is_named() -> None:
    net = build("cnn:4-8+projector:6", (1, 8, 8), 3)
    usual = names(net, (1, 8, 8))
    assert usual and not any(name.startswith("projector") for name in usual)
    assert names(net, (1, 8, 8), "projector") == ["projector"]


class Early(nn.Module):
    """A network that leaves early for dark inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.deep, self.act, self.head = nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.act(self.deep(x)) if x.mean() > 0.5 else x)


def test_a_layer_that_runs_for_some_inputs_only_is_told() -> None:
    net = Early().eval()
    chosen = layers(net, torch.ones(3, 2))
    with pytest.raises(BadInput, match="inputs for which it does not run"):
        Viewer(net, chosen)(torch.zeros(3, 2))
