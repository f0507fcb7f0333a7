"""A second way out of a network: an embedding on the unit sphere's way, beside the logits.

Contrastive losses act on embeddings. What is deployed is still a classifier, so a network with a projector keeps its
head: ``net(x)`` gives logits as before, and only who asks for the embedding gets it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.models.activations import Activation
from assay.models.networks import Shape, widths

DEFAULT = (128, 64)


class Projected(nn.Module):
    """A body, its linear head, and a projector beside the head.

    ``forward(x)`` gives logits ``(n, classes)``. ``forward(x, embed=True)`` gives logits and the embedding
    ``(n, dimension)``, not normalised; with ``detach`` the head learns from the body without changing it (a linear
    probe that is trained along).
    """

    def __init__(self, body: nn.Module, head: nn.Linear, projector: nn.Module):
        super().__init__()
        self.body, self.head, self.projector = body, head, projector

    def forward(self, x: Tensor, embed: bool = False, detach: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Logits, and the embedding where asked for."""
        features = self.body(x)
        logits = self.head(features.detach() if detach else features)
        return (logits, self.projector(features)) if embed else logits


def with_projector(net: nn.Module, text: str, shape: Shape) -> Projected:
    """The network with a projector on what enters its last linear layer.

    ``text`` are widths: ``128-64`` is a hidden layer of 128 and an embedding of 64, ``64`` one linear map,
    ``identity`` the features themselves.

    >>> net = with_projector(nn.Sequential(nn.Linear(2, 3), Activation(), nn.Linear(3, 2)), "5-4", (2,))
    >>> logits, z = net(torch.zeros(1, 2), embed=True)
    >>> tuple(logits.shape), tuple(z.shape)
    ((1, 2), (1, 4))
    """
    linear = [(name, part) for name, part in net.named_modules() if isinstance(part, nn.Linear)]
    if not linear:
        raise BadInput("asked for a projector; the model has no linear layer at its end to put it beside")
    path, head = linear[-1]
    above, _, last = path.rpartition(".")
    setattr(net.get_submodule(above), last, nn.Identity())
    with torch.no_grad():
        found = net.eval()(torch.zeros(2, *shape))
    net.train()
    if tuple(found.shape) != (2, head.in_features):
        raise BadInput(
            f"asked for a projector on what enters the last linear layer ('{path}'); without that layer the model "
            f"gives {tuple(found.shape)}, not (2, {head.in_features}); let the model end with its linear head"
        )
    return Projected(net, head, _projector(text, head.in_features))


def _projector(text: str, features: int) -> nn.Module:
    if text == "identity":
        return nn.Identity()
    *hidden, dimension = widths(text, DEFAULT)
    projector, before = nn.Sequential(), features
    for depth, width in enumerate(hidden, 1):
        projector.add_module(f"fc{depth}", nn.Linear(before, width))
        projector.add_module(f"act{depth}", Activation())
        before = width
    projector.add_module("out", nn.Linear(before, dimension))
    return projector
