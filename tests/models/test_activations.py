"""Slots and hot swaps on assay's own and on other people's modules."""

import pytest
import torch
from torch import nn

from assay.core.errors import BadInput
from assay.models import ACTIVATIONS, Activation, activations, add_slots, build, swap_activations


class Foreign(nn.Module):
    """A module of somebody else: nested, with settings that a plain name cannot carry."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 3), nn.LeakyReLU(0.3))
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.body(x))


def test_slots_compute_what_was_there_before() -> None:
    net, x = Foreign(), torch.randn(5, 3)
    before = net(x)
    assert add_slots(net)(x).equal(before)
    assert activations(net) == {"body.1": "gelu", "act": "relu"}  # the leaky one has a slope of its own: left alone


def test_swap_and_swap_back_is_the_same_function() -> None:
    net, x = Foreign(), torch.randn(5, 3)
    before = net(x)
    assert swap_activations(net, "tanh", "body.*") == ["body.1"]
    assert not net(x).equal(before)
    swap_activations(net, "gelu", "body.*")
    assert net(x).equal(before)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_works_in_a_slot(name: str) -> None:
    x = torch.linspace(-3, 3, 7)
    assert Activation(name)(x).isfinite().all()


def test_unknown_name_and_no_match_are_explained() -> None:
    with pytest.raises(BadInput, match="did you mean 'tanh'"):
        swap_activations(Foreign(), "tanhh")
    with pytest.raises(BadInput, match="layers 'head"):
        swap_activations(Foreign(), "tanh", "head*")
    with pytest.raises(BadInput, match=r"nn.ReLU\(\) instead of F.relu"):
        swap_activations(nn.Linear(2, 2), "tanh")


def test_hooks_on_a_replaced_layer_go_on_listening() -> None:
    net, heard = Foreign(), []
    net.act.register_forward_hook(lambda m, i, o: heard.append(o))
    swap_activations(net, "tanh")
    net(torch.randn(2, 3))
    assert len(heard) == 1


@pytest.mark.parametrize("name", ["mlp:8-4", "cnn:4-8", "resnet18:4"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 17, 12)])
def test_models_take_any_image_size_and_have_slots(name: str, shape: tuple) -> None:
    net = build(name, shape, 5, seed=1, activation="tanh")
    assert net(torch.rand(3, *shape)).shape == (3, 5)
    assert set(activations(net).values()) == {"tanh"}


def test_initial_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(5)
    a, b, c = (build("mlp:4", (6,), 2, seed=s) for s in (1, 1, 2))
    first = [next(net.parameters()) for net in (a, b, c)]
    assert first[0].equal(first[1]) and not first[0].equal(first[2])


def test_a_module_used_under_two_names_is_one_slot_under_both() -> None:
    act = nn.ReLU()
    net = nn.Sequential(nn.Linear(2, 2), act, nn.Linear(2, 2), act, nn.Linear(2, 2))
    swap_activations(net, "tanh")
    assert net[1] is net[3] and isinstance(net[1], Activation) and net[1].kind == "tanh"
