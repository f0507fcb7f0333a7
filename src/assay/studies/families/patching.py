"""How much of the effect of stress goes with the representation: an intervention on two trained networks.

The activations of one twin at a layer are put into the other twin's forward pass. What of the difference between their
answers then moves along is carried by what that layer says, whatever made it so. It is an intervention on networks that
exist, not on training: it says where the difference sits, not what training would have done without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.lab.observe import softmax
from assay.models import slots
from assay.studies.study import text
from assay.train.loop import CHUNK

NAME = text("intervention on a trained network (patching)", "学習済みネットワークへの介入（パッチング）")
PATCHES = ["layer", "direction", "answers", "accuracy", "moved", "change", "change_moved", "n"]
INTO = ("into the unstressed twin", "into the stressed twin")


@contextmanager
def _patched(net: nn.Module, layer: str, value: Tensor) -> Iterator[None]:
    """During a call the slot's output is ``value``."""

    def put(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        if output.shape != value.shape:
            raise BadInput(
                f"asked to patch layer {layer}; found {tuple(value.shape)} for outputs of {tuple(output.shape)}; give "
                "twins of one architecture"
            )
        return value

    handle = slots(net)[layer].register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _heard(net: nn.Module, layer: str) -> Iterator[list[Tensor]]:
    """The outputs of the slot during calls, as they are (maps are not averaged)."""
    heard: list[Tensor] = []
    handle = slots(net)[layer].register_forward_hook(lambda module, inputs, output: heard.append(output))
    try:
        yield heard
    finally:
        handle.remove()


@torch.no_grad()
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
    for net in (receiver, donor):
        if layer not in slots(net):
            raise BadInput(f"asked to patch layer {layer}; found layers {', '.join(slots(net))}; name one of these")
    found = []
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK]
        with _heard(donor, layer) as heard:
            donor(part)
        if len(heard) != 1:
            raise BadInput(
                f"asked to patch layer {layer}; it ran {len(heard)} times in a call; choose a layer that runs once"
            )
        with _patched(receiver, layer, heard[0]):
            found.append(receiver(part).numpy())
    return np.concatenate(found)


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

    ``layers``: slots, all of the unstressed one if not given; both networks in evaluation mode, of one architecture
    (activation functions may differ). Shares may lie outside [0, 1]; ``n``: samples. See `patched_logits`.
    """
    unstressed_logits, stressed_logits = (_plain(net, x) for net in (unstressed, stressed))
    rows = []
    for layer in list(slots(unstressed)) if layers is None else layers:
        for name, receiver, donor, own, other in (
            (INTO[0], unstressed, stressed, unstressed_logits, stressed_logits),
            (INTO[1], stressed, unstressed, stressed_logits, unstressed_logits),
        ):
            found = compared(own, patched_logits(receiver, donor, x, layer), other, labels)
            rows.append({"layer": layer, "direction": name, **found})
    return rows


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


@torch.no_grad()
def _plain(net: nn.Module, x: Tensor) -> np.ndarray:
    return np.concatenate([net(x[start : start + CHUNK]).numpy() for start in range(0, len(x), CHUNK)])
