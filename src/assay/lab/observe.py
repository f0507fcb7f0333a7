"""Looking at runs: one pass over a run's weights gives every number and representation a study asks for.

A `View` says at what: data, probe inputs, shifts. Numbers of a run are kept in the lab and computed once; features are
returned, because what is compared with what is the study's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.data import Dataset, Split, shifts_for
from assay.lab.jobs import Source
from assay.lab.store import unpack
from assay.metrics import accuracy, cross_entropy, detection, is_constant, sample_correlation, sample_density
from assay.models import build, slots
from assay.train.loop import CHUNK

VERSION = 2  # raised when the same view starts to give other numbers
TRAIN_SAMPLE = 4096  # training items looked at for the train accuracy


@dataclass(frozen=True)
class View:
    """What a model is looked at with: the data, and how many test inputs serve as probe."""

    source: Source
    model: str
    probe: int = 512

    def load(self) -> Dataset:
        """The data set."""
        return self.source.load()

    def identity(self, digest: str) -> str:
        """Changes whenever the numbers could."""
        return f"{digest}:{self.probe}:{VERSION}"


def probe_of(data: Dataset, size: int) -> Tensor:
    """The inputs on which representations are taken: the first items of an addressed shuffle of the test split.

    Their labels are not used. Models are sorted into families by val, so no model is sorted by what it is mapped on.
    """
    return torch.randperm(len(data.test), generator=rng(0, "probe"))[:size]


def load_model(path: Path, model: str, data: Dataset) -> nn.Module:
    """A network with kept weights and the activations it had at that moment, ready to be looked at."""
    tensors, kinds = unpack(path)
    net = build(model, data.shape, len(data.classes))
    for name, slot in slots(net).items():
        slot.kind = kinds.get(name, slot.kind)
    net.load_state_dict(tensors)
    return net.eval()


@contextmanager
def _listening(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """The outputs of every activation slot during a call; a map is represented by its mean over positions."""
    heard: dict[str, Tensor] = {}

    def listen(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            heard.pop(name, None)  # of a slot that is called several times, the last call, in its place
            heard[name] = output.flatten(2).mean(-1) if output.dim() > 2 else output

        return hook

    handles = [slot.register_forward_hook(listen(name)) for name, slot in slots(net).items()]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def features(net: nn.Module, x: Tensor) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits ``(n, classes)`` and the representation ``(n, width)`` at every activation slot that runs, in call order.

    A slot that is called several times gives its last output, and stands where that is given.
    """
    logits: list[np.ndarray] = []
    parts: dict[str, list[np.ndarray]] = {}
    with _listening(net) as heard:
        for start in range(0, len(x), CHUNK):
            heard.clear()
            logits.append(net(x[start : start + CHUNK]).numpy())
            for name, value in heard.items():
                parts.setdefault(name, []).append(value.numpy())
    return np.concatenate(logits), {name: np.concatenate(each) for name, each in parts.items()}


def hidden(net: nn.Module, x: Tensor) -> dict[str, int]:
    """The hidden layers of a network and how wide they are, the one that runs last at the end: see `features`.

    Activation slots that never run are none, wherever in the code they stand. `BadInput` where no slot runs.

    >>> hidden(build("mlp:5-4", (2,), 3).eval(), torch.zeros(2, 2))
    {'act1': 5, 'act2': 4}
    """
    found = features(net, x)[1]
    if not found:
        raise BadInput(
            "asked for the hidden layers of the model; found no activation module that runs; build it from modules "
            "(nn.ReLU() instead of F.relu)"
        )
    return {name: each.shape[1] for name, each in found.items()}


@torch.no_grad()
def _logits(net: nn.Module, x: Tensor) -> np.ndarray:
    return np.concatenate([net(x[start : start + CHUNK]).numpy() for start in range(0, len(x), CHUNK)])


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits, in float64."""
    z = logits.astype(np.float64)
    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def judged_sets(data: Dataset) -> Iterator[tuple[str, float, Split, Tensor]]:
    """Name, strength, labels' split and inputs of everything a model is judged on: test, its shifts, later sets."""
    yield "none", 0.0, data.test, data.test.x
    for shift in shifts_for(data):
        moved = shift.apply(data.test.x, shift.strength, rng(0, "shift", shift.name))
        yield shift.name, shift.strength, data.test, moved
    for name in data.later:
        yield name, 0.0, data.splits[name], data.splits[name].x


def numbers(net: nn.Module, data: Dataset, primary: np.ndarray) -> dict[str, Any]:
    """Everything a study reports about one model: rates on each set, accuracies, geometry of the primary layer."""
    val_logits = _logits(net, data.val.x)
    val_labels = data.val.labels
    chosen = torch.randperm(len(data.train), generator=rng(0, "train sample"))[:TRAIN_SAMPLE]
    train_accuracy = accuracy(_logits(net, data.train.x[chosen]), data.train.labels[chosen.numpy()])
    dead = is_constant(primary)
    found: dict[str, Any] = {
        "train_accuracy": train_accuracy,
        "val_accuracy": accuracy(val_logits, val_labels),
        "val_cross_entropy": cross_entropy(val_logits, val_labels),
        "answered": len(np.unique(val_logits.argmax(1))),  # classes that are ever the answer; 1 has learned none
        "density": None if dead else sample_density(primary),
        "correlation": None if dead else sample_correlation(primary),
        "sets": [],
    }
    for name, strength, split, x in judged_sets(data):
        logits = _logits(net, x)
        rates = detection(softmax(val_logits), val_labels, softmax(logits), split.labels, data.ok)
        found["sets"].append(
            {
                "shift": name,
                "strength": strength,
                "accuracy": accuracy(logits, split.labels),
                "false_reject": rates.false_reject,
                "escape": rates.escape,
                "n_ok": rates.n_ok,
                "n_faulty": rates.n_faulty,
            }
        )
    found["gap"] = train_accuracy - found["sets"][0]["accuracy"]
    return found
