"""The representation of a layer, the logits, and whether the head reads that layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput, unknown
from assay.data import Split
from assay.lab.observe import features as slots_heard
from assay.models import Projected
from assay.train.loop import CHUNK

MOST = 4096  # items of a split that are looked at
FEWEST = 50  # items of each class that are looked at in any case


@dataclass(frozen=True, eq=False)
class Look:
    """What a network shows on one split: features (n, width), logits (n, classes), labels (n,)."""

    features: np.ndarray
    logits: np.ndarray
    labels: np.ndarray


def sample(split: Split, classes: int) -> np.ndarray:
    """Items to look at, in a drawn order: at most 4096 of a split, of no class fewer than 50 if it has them."""
    return split.of_each(max(FEWEST, MOST // classes))


def last_layer(net: nn.Module, x: Tensor) -> str:
    """The activation slot through which everything passes last before the logits."""
    heard = list(slots_heard(net, x[:2])[1])
    if not heard:
        raise BadInput(
            "asked for the layer before the head; found no activation module in the model; "
            f"name a layer with --layer: {', '.join(name for name, _ in net.named_modules() if name)}"
        )
    return heard[-1]


@torch.no_grad()
def look(net: nn.Module, split: Split, items: np.ndarray, layer: str) -> Look:
    """Features at the output of ``layer`` (a map's mean over positions) and logits of chosen items."""
    parts = dict(net.named_modules())
    if layer not in parts or not layer:
        raise unknown("layer", layer, [name for name in parts if name])
    heard: list[Tensor] = []
    handle = parts[layer].register_forward_hook(lambda module, inputs, output: heard.append(_flat(output, layer)))
    logits = []
    try:
        for start in range(0, len(items), CHUNK):
            logits.append(_call(net, split.x[items[start : start + CHUNK]]).numpy())
    finally:
        handle.remove()
    if len(heard) != len(logits):
        raise BadInput(
            f"asked for layer {layer}; found that it is called {len(heard)} times in {len(logits)} passes; "
            "name a layer that is passed once"
        )
    return Look(torch.cat(heard).numpy(), np.concatenate(logits), split.labels[items])


@torch.no_grad()
def head_of(net: nn.Module, x: Tensor, seen: np.ndarray, classes: int) -> np.ndarray | None:
    """Weights (classes, width) of the linear layer that reads exactly the features ``seen`` of ``x``, else None."""
    for part in reversed(list(net.modules())):
        if not isinstance(part, nn.Linear) or tuple(part.weight.shape) != (classes, seen.shape[1]):
            continue
        read: list[Tensor] = []
        handle = part.register_forward_pre_hook(lambda module, inputs, read=read: read.append(inputs[0]))
        try:
            _call(net, x)
        finally:
            handle.remove()
        if len(read) == 1 and read[0].shape == seen.shape and np.allclose(read[0].numpy(), seen, atol=1e-5):
            return part.weight.detach().numpy()
    return None


def _call(net: nn.Module, x: Tensor) -> Tensor:
    """Logits; a projector is called along, so that it can be looked at."""
    return net(x, embed=True)[0] if isinstance(net, Projected) else net(x)


def _flat(output: Any, layer: str) -> Tensor:
    if not isinstance(output, Tensor) or output.dim() < 2:
        raise BadInput(f"asked for layer {layer}; found that it gives no tensor (samples, width); name another layer")
    return output.flatten(2).mean(-1) if output.dim() > 2 else output
