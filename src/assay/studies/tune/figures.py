"""Figures of one model on one split: what goals and constraints are made of.

While searching they are taken on val; test is looked at once, when the choice is made. Any metric of the registry that
a model, its inputs, outputs and labels suffice for is a figure under its own name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from assay.core.errors import BadInput, unknown
from assay.core.registry import Registry
from assay.core.rng import rng
from assay.data import Dataset, Split
from assay.lab.observe import TRAIN_SAMPLE, features, softmax
from assay.metrics import METRICS, accuracy, cross_entropy, false_reject_rate, flip_rate, output_complexity, sensitivity
from assay.metrics import escape_rate as escapes
from assay.metrics.acceptance import Threshold, threshold
from assay.studies.overfitting.look import Ball

SENSED = 512  # inputs on which a model is called anew, for noise
PROBE = 2048  # items whose predicted labels are read as a sequence
SIGMA, DRAWS, ORDERS = 0.1, 4, 20
STEPS = 10  # of PGD, where robust accuracy is taken
VERSION = 1  # raised when the same figure starts to give other numbers

Indices = np.ndarray
# items: a function of rows of outputs and labels; inputs: calls the model anew; run: a number of the run itself.
Sort = Literal["items", "inputs", "run"]


class Seen:
    """A model's outputs on a split, its items in an addressed order, so that any first part is a random sample.

    ``ball``: within what inputs are moved where robustness is asked for.
    """

    def __init__(
        self, net: nn.Module, data: Dataset, split: str, seconds: float = float("nan"), ball: Ball | None = None
    ):
        self.net, self.data, self.split, self.seconds, self.ball = net, data, split, seconds, ball
        self.judged = self._of(data.splits[split])
        self.x, self.logits, self.labels = self.judged

    def _of(self, split: Split) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
        order = torch.randperm(len(split), generator=rng(0, "figures"))
        x = split.x[order]
        return x, self._logits(x), split.labels[order.numpy()]

    def _logits(self, x: torch.Tensor) -> np.ndarray:
        return features(self.net, x)[0]

    @property
    def every(self) -> Indices:
        """All items."""
        return np.arange(len(self.labels))

    @cached_property
    def train_accuracy(self) -> float:
        """Accuracy on a sample of the training split."""
        chosen = torch.randperm(len(self.data.train), generator=rng(0, "train sample"))[:TRAIN_SAMPLE]
        return accuracy(self._logits(self.data.train.x[chosen]), self.data.train.labels[chosen.numpy()])

    @cached_property
    def threshold(self) -> Threshold:
        """Where items begin to be rejected; fixed on val."""
        _, logits, labels = self.judged if self.split == "val" else self._of(self.data.val)
        return threshold(softmax(logits), labels, self.data.ok)

    def robust(self, items: Indices) -> float:
        """The share of items right before PGD of 10 steps in the ball and after it: an upper bound on robustness."""
        if self.ball is None:
            raise BadInput("asked for robust_accuracy; found no attack to say how far inputs are moved; give one")
        x, y = self.x[items], self.labels[items]
        after = self._logits(self.ball.pgd(self.net, x, torch.from_numpy(y), STEPS))
        return float(np.mean((self.logits[items].argmax(1) == y) & (after.argmax(1) == y)))

    def rate(self, of: Callable[..., float], items: Indices) -> float:
        """A rate of wrong acceptance. On val, each half is judged at the threshold that the other half gives."""
        probs, labels, ok = softmax(self.logits[items]), self.labels[items], self.data.ok
        if self.split != "val":
            return of(probs, labels, ok, self.threshold)
        a, b = slice(0, None, 2), slice(1, None, 2)
        found = [
            of(probs[here], labels[here], ok, threshold(probs[there], labels[there], ok))
            for here, there in ((a, b), (b, a))
        ]
        return float(np.mean(found))


@dataclass(frozen=True)
class Figure:
    """A number of a model on a split: how to take it, which way is better, what it can be at all.

    ``attacked``: it needs an attack's ball, that of the recipe that the search begins with.
    """

    name: str
    what: str
    better: Literal["higher", "lower", "context"]
    range: tuple[float, float]
    sort: Sort
    of: Callable[[Seen, Indices], float]
    attacked: bool = False

    def on(self, split: str) -> str:
        """What the figure is called on a split.

        >>> figure("val_accuracy").on("test"), figure("sensitivity").on("test")
        ('test_accuracy', 'test_sensitivity')
        """
        return self.name if split == "val" else f"{split}_{self.name.removeprefix('val_')}"


FIGURES: Registry[Figure] = Registry("goal")
INFINITE = float("inf")


def _add(
    name: str, what: str, better: Any, high: float, sort: Sort, of: Any, low: float = 0.0, attacked: bool = False
) -> None:
    FIGURES.add(name, Figure(name, what, better, (low, high), sort, of, attacked))


def _labels(seen: Seen, items: Indices) -> np.ndarray:
    return seen.logits[items[:PROBE]].argmax(1)


_add("val_accuracy", "share of items classified right", "higher", 1, "items",
     lambda s, i: accuracy(s.logits[i], s.labels[i]))  # fmt: skip
_add("val_cross_entropy", "mean cross-entropy in nats", "lower", INFINITE, "items",
     lambda s, i: cross_entropy(s.logits[i], s.labels[i]))  # fmt: skip
_add("gap", "accuracy on train minus accuracy here", "lower", 1, "items",
     lambda s, i: s.train_accuracy - accuracy(s.logits[i], s.labels[i]), low=-1)  # fmt: skip
_add("false_reject", "share of good items turned away", "lower", 1, "items",
     lambda s, i: s.rate(false_reject_rate, i))  # fmt: skip
_add("escape", "share of faulty items let through", "lower", 1, "items",
     lambda s, i: s.rate(escapes, i))  # fmt: skip
_add("complexity", "Lempel-Ziv complexity of the predicted labels", "context", INFINITE, "items",
     lambda s, i: output_complexity(_labels(s, i), orders=ORDERS))  # fmt: skip
_add("sensitivity", f"movement of the outputs under input noise {SIGMA}", "context", INFINITE, "inputs",
     lambda s, i: sensitivity(s.net, s.x[i[:SENSED]], sigma=SIGMA, draws=DRAWS))  # fmt: skip
_add("flip_rate", f"share of answers that change under input noise {SIGMA}", "lower", 1, "inputs",
     lambda s, i: flip_rate(s.net, s.x[i[:SENSED]], SIGMA, draws=DRAWS))  # fmt: skip
_add("robust_accuracy", f"share of {SENSED} items right under PGD-{STEPS} in the ball of the recipe's attack: an upper "
     "bound (trust level C)", "higher", 1, "inputs", lambda s, i: s.robust(i[:SENSED]), attacked=True)  # fmt: skip
_add("seconds", "seconds of training", "lower", INFINITE, "run", lambda s, i: s.seconds)
_add("parameters", "trainable numbers of the model", "lower", INFINITE, "run",
     lambda s, i: float(sum(p.numel() for p in s.net.parameters())))  # fmt: skip
ALIASES = {
    "accuracy": "val_accuracy",
    "cross_entropy": "val_cross_entropy",
    "false_reject_rate": "false_reject",
    "escape_rate": "escape",
    "output_complexity": "complexity",
}
OUTPUTS = {"logits", "labels", "probs"}
INPUTS = {"model", "x"}


def figure(name: str) -> Figure:
    """The figure of that name; `BadInput` with the nearest name otherwise.

    >>> figure("accuracy").name, figure("margin_sensitivity").sort
    ('val_accuracy', 'inputs')
    """
    name = ALIASES.get(name, name)
    if name in FIGURES:
        return FIGURES[name]
    if name not in _from_metrics():
        raise unknown("goal", name, {*FIGURES, *_from_metrics()})
    card, function = METRICS[name].card, METRICS[name]
    sort: Sort = "inputs" if set(card.needs) & INPUTS else "items"

    def of(seen: Seen, items: Indices) -> float:
        items = items[:SENSED] if sort == "inputs" else items
        rows = {"logits": seen.logits[items], "labels": seen.labels[items]}
        has = {**rows, "model": seen.net, "x": seen.x[items], "probs": softmax(rows["logits"])}
        return function(**{need: has[need] for need in card.needs})

    return Figure(name, card.summary, card.better, card.range, sort, of)


def _from_metrics() -> set[str]:
    plain = {name for name, function in METRICS.items() if "ok" not in signature(function).parameters}
    return {
        name
        for name in plain - set(ALIASES)
        if METRICS[name].card.needs and set(METRICS[name].card.needs) <= OUTPUTS | INPUTS
    }


def take(names: list[str], seen: Seen) -> dict[str, float]:
    """Figures of a model on all items of its split."""
    return {name: float(figure(name).of(seen, seen.every)) for name in names}
