"""The linear head of a network, and the features that enter it: the penultimate representation."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.models.projector import Projected

_ASKED = "asked for features, which enter a network's linear head"


def head_of(net: nn.Module) -> tuple[str, nn.Linear]:
    """The path and the layer of a network's head: its last linear layer; a projector beside the head does not count.

    `BadInput` where there is none.

    >>> head_of(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4)))
    ('2', Linear(in_features=3, out_features=4, bias=True))
    """
    if isinstance(net, Projected):
        return "head", net.head
    linear = [(path, part) for path, part in net.named_modules() if isinstance(part, nn.Linear)]
    if not linear:
        raise BadInput(f"{_ASKED}; found no linear layer in the model; let it end with one")
    return linear[-1]


def features(net: nn.Module, call: Callable[[], Tensor]) -> tuple[Tensor, Tensor]:
    """What enters the head when ``call`` calls the network, ``(n, width)``, and logits ``(n, classes)`` from it.

    Gradients of both reach the network below its head; the head itself gets none, so whoever learns from them leaves it
    frozen. Within the call the network gives its features in place of logits, so that passes are counted by them.
    `BadInput` where the network does not return what its last linear layer gives.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False))
    >>> for part, weight in ((net[0], 2.0), (net[2], 3.0)): _ = nn.init.constant_(part.weight, weight)
    >>> phi, logits = features(net, lambda: net(torch.ones(1, 1)))
    >>> phi.item(), logits.item()  # 2 x 1, and 3 x 2
    (2.0, 6.0)
    >>> logits.sum().backward()
    >>> net[0].weight.grad.item(), net[2].weight.grad
    (3.0, None)
    """
    path, head = head_of(net)
    taken: list[tuple[Tensor, Tensor, Tensor | None]] = []

    def enters(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        assert isinstance(layer, nn.Linear)
        taken.append((inputs[0], layer.weight, layer.bias))  # its weights of this call: a stack lends them
        return inputs[0]

    handle = head.register_forward_hook(enters)
    try:
        found = call()
    finally:
        handle.remove()
    if not taken or found is not taken[-1][0]:
        raise BadInput(
            f"{_ASKED}; found that the model does not end with its last one ('{path}'); return what it gives"
        )
    _, weight, bias = taken[-1]
    return found, F.linear(found, weight.detach(), None if bias is None else bias.detach())
