"""Features are what enters the head, whatever the network; logits from them are the network's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.models import MODELS, build, features, head_of
from assay.train.learner import Learner

SHAPE = (1, 12, 12)


@pytest.mark.parametrize("model", [*sorted(MODELS), "mlp:8+projector:5-4"])
def test_features_are_the_heads_input_and_logits_the_networks(model: str) -> None:
    net = build(model, SHAPE, 4, seed=3).eval()
    x = torch.rand(5, *SHAPE)
    path, head = head_of(net)
    assert path == "head"
    phi, logits = features(net, lambda: net(x))
    assert phi.shape == (5, head.in_features)
    assert torch.equal(head(phi), net(x)) and logits.allclose(net(x), atol=1e-6)  # and the network answers as before
    logits.sum().backward()
    assert all(p.grad is None for p in head.parameters())
    assert sum(p.grad is not None for p in net.parameters()) > 0


@pytest.mark.parametrize("frozen", [False, True])
def test_a_stack_has_the_features_of_its_runs(frozen: bool) -> None:
    nets = [build("cnn:4", SHAPE, 4, seed=seed) for seed in range(3)]
    stack = Learner([build("cnn:4", SHAPE, 4, seed=seed) for seed in range(3)], 3)
    shared, own = torch.rand(5, *SHAPE), torch.rand(3, 5, *SHAPE)
    for x in (shared, own):
        both = stack.net.features(x, frozen=frozen)
        for run, net in enumerate(nets):
            alone = Learner([net], 3).net.features(x if x.dim() == 4 else x[run], frozen=frozen)
            for one, many in zip(alone, both, strict=True):
                assert one.allclose(many[run], atol=1e-5)
                assert one.requires_grad == many.requires_grad == (not frozen)
    if not frozen:
        stack.net.features(own)[1].sum().backward()
        assert all(value.grad is None for value in stack.head().values())
    heads = stack.head()
    assert set(heads) == {"weight", "bias"} and heads["weight"].shape == (3, 4, 128)


class Bent(nn.Module):
    """Does something else with what its last linear layer gives, or does not call it."""

    def __init__(self, after: Callable[[Tensor], Tensor] | None):
        super().__init__()
        self.body, self.fc, self.after = nn.Linear(2, 3), nn.Linear(3, 3), after

    def forward(self, x: Tensor) -> Tensor:
        found = self.body(x)
        return self.after(self.fc(found)) if self.after else found


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (nn.Conv1d(1, 1, 1), "no linear layer"),
        (Bent(lambda z: z.softmax(-1)), r"does not end with its last one \('fc'\)"),
        (Bent(None), r"does not end with its last one \('fc'\)"),
    ],
)
def test_a_network_without_a_linear_head_is_told(net: nn.Module, words: str) -> None:
    x = torch.rand(4, 2) if isinstance(net, Bent) else torch.rand(4, 1, 2)
    with pytest.raises(BadInput, match=words) as error:
        features(net, lambda: net(x))
    assert "\n" not in str(error.value)
    assert not any(part._forward_hooks for part in net.modules())  # nothing is left behind
