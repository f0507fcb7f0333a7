"""How much of the effect of stress goes with the representation: an intervention on two trained networks.

The activations of one twin at a layer are put into the other twin's forward pass. What of the difference between their
answers then moves along is carried by what that layer says, whatever made it so. It is an intervention on networks that
exist, not on training: it says where the difference sits, not what training would have done without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.lab.observe import hidden, softmax
from assay.models import slots
from assay.studies.study import text

NAME = text("intervention on a trained network (patching)", "学習済みネットワークへの介入（パッチング）")
CHUNK = 128  # inputs at a time: every layer's output of both networks is held
PATCHES = ["layer", "direction", "answers", "accuracy", "moved", "change", "change_moved", "n"]
INTO = ("into the unstressed twin", "into the stressed twin")


@torch.no_grad()
def _said(net: nn.Module, x: Tensor, layers: Sequence[str]) -> tuple[np.ndarray, dict[str, Tensor]]:
    """Logits, and the output of each slot as it is (maps are not averaged); every one of them must run once."""
    for layer in layers:
        if layer not in slots(net):
            raise BadInput(f"asked to patch layer {layer}; found layers {', '.join(slots(net))}; name one of these")
    heard: dict[str, list[Tensor]] = {layer: [] for layer in layers}

    def listen(layer: str) -> Any:
        return lambda module, inputs, output: heard[layer].append(output)

    handles = [slots(net)[layer].register_forward_hook(listen(layer)) for layer in layers]
    try:
        logits = net(x).numpy()
    finally:
        for handle in handles:
            handle.remove()
    for layer, outputs in heard.items():
        if len(outputs) != 1:
            raise BadInput(
                f"asked to patch layer {layer}; it ran {len(outputs)} times in a call; choose a layer that runs once"
            )
    return logits, {layer: outputs[0] for layer, outputs in heard.items()}


@torch.no_grad()
def run_once(net: nn.Module, x: Tensor) -> list[str]:
    """The hidden layers that run exactly once a call, which can be patched, in call order.

    A module that a network calls in several places (one ``nn.ReLU`` for all) gives several outputs; which of them is
    meant nobody can say.
    """
    times = dict.fromkeys(hidden(net, x), 0)

    def count(layer: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            times[layer] += 1

        return hook

    handles = [slots(net)[layer].register_forward_hook(count(layer)) for layer in times]
    try:
        net(x)
    finally:
        for handle in handles:
            handle.remove()
    return [layer for layer, n in times.items() if n == 1]


@torch.no_grad()
def _with(net: nn.Module, x: Tensor, layer: str, value: Tensor) -> np.ndarray:
    """Logits where the slot's output is ``value``."""

    def put(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        if output.shape != value.shape:
            raise BadInput(
                f"asked to patch layer {layer}; found {tuple(value.shape)} for outputs of {tuple(output.shape)}; give "
                "twins of one architecture"
            )
        return value

    handle = slots(net)[layer].register_forward_hook(put)
    try:
        return net(x).numpy()
    finally:
        handle.remove()


def patched_logits(receiver: nn.Module, donor: nn.Module, x: Tensor, layer: str) -> np.ndarray:
    """The receiver's logits (n, classes) where the slot ``layer`` says what it says in the donor.

    ``layer``: the path of an activation slot that both have and that runs once a call. Of networks that are one chain,
    what comes after the layer is the receiver's and all before it the donor's; past a shortcut the receiver's own
    signal still comes through. `BadInput` for a layer that one of them lacks or that does not run exactly once.

    Source: interchange interventions, Geiger et al. 2021, arXiv:2106.02997; activation patching, Vig et al. 2020,
    arXiv:2004.12265.

    >>> from assay.models import build
    >>> one, other = (build("mlp:4", (2,), 3, seed=seed).eval() for seed in (0, 1))
    >>> x = torch.eye(2)
    >>> bool(np.array_equal(patched_logits(one, one, x, "act1"), one(x).detach().numpy()))
    True
    >>> patched = one.head(other.act1(other.fc1(x)))  # what comes after act1 is the receiver's
    >>> bool(np.allclose(patched_logits(one, other, x, "act1"), patched.detach().numpy()))
    True
    """
    _said(receiver, x[:1], [layer])
    parts = [x[start : start + CHUNK] for start in range(0, len(x), CHUNK)]
    return np.concatenate([_with(receiver, part, layer, _said(donor, part, [layer])[1][layer]) for part in parts])


def moved_share(plain: np.ndarray, patched: np.ndarray, target: np.ndarray) -> float:
    """How much of the way from one twin's answers to the other's the patch goes.

        share = <patched - plain, target - plain> / |target - plain|^2

    over all samples and classes, of probabilities (n, classes): the length of the patch's step along the difference, in
    units of the difference. 0: nothing moved that way, 1: all of it; it may be below 0 or above 1. NaN where the twins
    answer alike.

    >>> a, b = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    >>> moved_share(a, np.array([[0.75, 0.25]]), b), moved_share(a, b, b), moved_share(a, b, a)
    (0.25, 1.0, nan)
    """
    way = (target - plain).ravel()
    length = float(way @ way)
    return float((patched - plain).ravel() @ way) / length if length > 0 else float("nan")


def patching(
    unstressed: nn.Module, stressed: nn.Module, x: Tensor, labels: np.ndarray, layers: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """What moves along with each layer between twins, both ways: one row a layer and direction.

    - ``answers``: `moved_share` of the probabilities, receiver to donor;
    - ``moved``: of the samples that the twins label differently, the share that the patch gives the donor's label;
    - ``change``: accuracy of the donor minus that of the receiver, on ``labels``; ``change_moved``: accuracy of the
      patched receiver minus that of the receiver; ``accuracy``: change_moved / change, NaN where that is 0.

    ``layers``: slots, all of the unstressed one that run if not given; both networks in evaluation mode, of one
    architecture (activation functions may differ). Shares may lie outside [0, 1]; ``n``: samples. See `patched_logits`.
    """
    chosen = list(hidden(unstressed, x[:1])) if layers is None else list(layers)
    nets = (unstressed, stressed)
    plain: list[list[np.ndarray]] = [[], []]
    patched: dict[tuple[str, int], list[np.ndarray]] = {(layer, side): [] for layer in chosen for side in (0, 1)}
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK]
        said = [_said(net, part, chosen) for net in nets]
        for side, net in enumerate(nets):
            plain[side].append(said[side][0])
            for layer in chosen:
                patched[layer, side].append(_with(net, part, layer, said[1 - side][1][layer]))
    own = [np.concatenate(each) for each in plain]
    return [
        {
            "layer": layer,
            "direction": INTO[side],
            **compared(own[side], np.concatenate(found), own[1 - side], labels),
        }
        for (layer, side), found in patched.items()
    ]


def compared(own: np.ndarray, patched: np.ndarray, other: np.ndarray, labels: np.ndarray) -> Mapping[str, Any]:
    """The figures of `patching` from logits (n, classes) of the receiver, the patched receiver and the donor.

    >>> own, other = np.array([[1.0, 0], [1, 0]]), np.array([[0.0, 1], [1, 0]])
    >>> found = compared(own, other, other, np.array([1, 0]))
    >>> found["answers"], found["moved"], found["change"], found["change_moved"], found["accuracy"]
    (1.0, 1.0, 0.5, 0.5, 1.0)
    """
    right = [float((logits.argmax(1) == labels).mean()) for logits in (own, patched, other)]
    change, moved = right[2] - right[0], right[1] - right[0]
    differ = own.argmax(1) != other.argmax(1)
    return {
        "answers": moved_share(softmax(own), softmax(patched), softmax(other)),
        "moved": float((patched.argmax(1) == other.argmax(1))[differ].mean()) if differ.any() else float("nan"),
        "change": change,
        "change_moved": moved,
        "accuracy": moved / change if change else float("nan"),
        "n": len(labels),
    }
