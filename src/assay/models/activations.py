"""Activation slots: the places in a network where a nonlinearity sits, each swappable in mid-training.

A slot is a module without parameters that holds the name of its function. Models from outside get slots by type:
every ``nn.ReLU``, ``nn.GELU``, ... module is replaced by a slot that computes the same. Functional calls inside a
user's ``forward`` cannot be seen, and a model without any visible activation is refused with the remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import AfterValidator
from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.core.registry import Registry

ACTIVATIONS: Registry[Callable[[Tensor], Tensor]] = Registry("activation")
ACTIVATIONS.add("relu", F.relu)
ACTIVATIONS.add("leaky_relu", F.leaky_relu)
ACTIVATIONS.add("tanh", Tensor.tanh)
ACTIVATIONS.add("sigmoid", Tensor.sigmoid)
ACTIVATIONS.add("gelu", F.gelu)
ACTIVATIONS.add("silu", F.silu)
ACTIVATIONS.add("elu", F.elu)
ACTIVATIONS.add("softplus", F.softplus)
ACTIVATIONS.add("relu6", F.relu6)
ACTIVATIONS.add("hardswish", F.hardswish)
ACTIVATIONS.add("mish", F.mish)
ACTIVATIONS.add("identity", lambda x: x)


def _known(name: str) -> str:
    try:
        ACTIVATIONS.find(name)
    except BadInput as error:
        raise ValueError(str(error)) from None
    return name


# The name of an activation as the field of a spec: a wrong one is answered with the nearest right one.
ActivationName = Annotated[str, AfterValidator(_known)]

# Settings that a module may carry and a plain name cannot: a slot is made only where it computes exactly the same.
_BY_TYPE: dict[type[nn.Module], tuple[str, Callable[[Any], bool]]] = {
    nn.ReLU: ("relu", lambda m: True),
    nn.LeakyReLU: ("leaky_relu", lambda m: m.negative_slope == 0.01),
    nn.Tanh: ("tanh", lambda m: True),
    nn.Sigmoid: ("sigmoid", lambda m: True),
    nn.GELU: ("gelu", lambda m: m.approximate == "none"),
    nn.SiLU: ("silu", lambda m: True),
    nn.ELU: ("elu", lambda m: m.alpha == 1.0),
    nn.Softplus: ("softplus", lambda m: m.beta == 1.0 and m.threshold == 20.0),
    nn.ReLU6: ("relu6", lambda m: True),
    nn.Hardswish: ("hardswish", lambda m: True),
    nn.Mish: ("mish", lambda m: True),
}


class Activation(nn.Module):
    """A slot: applies the activation function named by ``kind``, which may change at any time.

    >>> import torch
    >>> slot = Activation("relu")
    >>> slot(torch.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    >>> slot.kind = "identity"
    >>> slot(torch.tensor([-1.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    def __init__(self, kind: str = "relu"):
        super().__init__()
        ACTIVATIONS.find(kind)
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """The activation, element by element."""
        return ACTIVATIONS[self.kind](x)

    def extra_repr(self) -> str:
        """The function's name, for ``print(model)``."""
        return self.kind


def add_slots(module: nn.Module) -> nn.Module:
    """Replace, in place, every activation module of a known type by a slot that computes the same.

    A module that is used under two names becomes one slot under both.
    """
    made: dict[nn.Module, Activation] = {}
    for parent in list(module.modules()):
        for name, child in parent._modules.items():
            known = None if child is None else _BY_TYPE.get(type(child))
            if child is None or known is None or not known[1](child):
                continue
            if child not in made:
                made[child] = Activation(known[0])
                made[child].training = child.training
                made[child]._forward_hooks = child._forward_hooks  # whoever listens goes on listening
            parent._modules[name] = made[child]
    return module


def slots(module: nn.Module, layers: str = "*") -> dict[str, Activation]:
    """The slots whose path matches the glob ``layers``, in the order of the module tree."""
    return {
        name: child
        for name, child in module.named_modules()
        if isinstance(child, Activation) and fnmatchcase(name, layers)
    }


def activations(module: nn.Module) -> dict[str, str]:
    """Which activation each slot holds now."""
    return {name: slot.kind for name, slot in slots(module).items()}


def swap_activations(module: nn.Module, to: str, layers: str = "*") -> list[str]:
    """Hot-swap the activation functions of any module, in place; returns the paths that changed their function.

    Weights, buffers and hooks stay. ``layers`` is a glob over module paths. `BadInput` when nothing matches.

    >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    >>> swap_activations(net, to="tanh")
    ['1']
    >>> activations(net)
    {'1': 'tanh'}
    """
    ACTIVATIONS.find(to)
    add_slots(module)
    chosen = slots(module, layers)
    if not chosen:
        found = ", ".join(slots(module)) or "none that are modules"
        raise BadInput(
            f"asked to swap activations in layers '{layers}'; found: {found}; "
            "use activation modules (nn.ReLU() instead of F.relu) or another pattern"
        )
    changed = [name for name, slot in chosen.items() if slot.kind != to]
    for name in changed:
        chosen[name].kind = to
    return changed
