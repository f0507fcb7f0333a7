"""What one network shows: clean and robust accuracy, several radii, margins, classes, calibration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.attacks import autoattack
from assay.core.rng import numpy_rng
from assay.data import Dataset, Split
from assay.lab.observe import features, numbers, softmax
from assay.metrics import brier_score, calibration_error
from assay.studies.attack.subject import widened
from assay.studies.overfitting.look import Ball

REACHES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # radii as multiples of the one trained for
QUANTILES = (0.05, 0.1, 0.25, 0.5)  # of margins
STEPS, QUICK = 20, 10  # of PGD: where accuracy is told, and where losses are compared or weights chosen
RISKED = 256  # images on which risks are taken


@dataclass(frozen=True)
class Sample:
    """Images of a split, always the same, their labels and their places in it."""

    x: Tensor
    y: Tensor
    index: np.ndarray

    @classmethod
    def of(cls, split: Split, name: str, size: int) -> Sample:
        """The first of an addressed shuffle of a split."""
        index = numpy_rng(0, "generalist sample", name).permutation(len(split))[:size]
        return cls(split.x[torch.from_numpy(index)], torch.from_numpy(split.labels[index].astype(np.int64)), index)

    def first(self, size: int) -> Sample:
        """The first of them."""
        return Sample(self.x[:size], self.y[:size], self.index[:size])


@dataclass
class Shown:
    """What a network shows: figures by name, and rows of the tables of radii, margins and classes; of each image of the
    sample its margin and whether it withstands the attack.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    radii: list[dict[str, Any]] = field(default_factory=list)
    margins: list[dict[str, Any]] = field(default_factory=list)
    classes: list[dict[str, Any]] = field(default_factory=list)
    images: dict[str, list[Any]] = field(default_factory=dict)


def shown(net: nn.Module, data: Dataset, test: Sample, val: Sample, ball: Ball, judged: int) -> Shown:
    """Everything about one network that is shipped."""
    logits, layers = features(net, test.x)
    right, moved = _withstood(net, test, ball)
    found = Shown(numbers(net, data, list(layers.values())[-1]))
    margin, attacked = margins(logits, test.y.numpy()), margins(features(net, moved)[0], test.y.numpy())
    found.margins = [{"inputs": "clean", **_quantiles(margin)}, {"inputs": "attacked", **_quantiles(attacked)}]
    found.radii = [{"factor": at, "eps": at * ball.eps, "robust": float(right[at].mean())} for at in (0.0, *REACHES)]
    found.figures |= {"pgd": float(right[1.0].mean()), **accuracies(net, val, ball, "val_")}
    standing, count = right[1.0], len(test.y)
    if judged:
        part = test.first(judged)
        wide, x, _, span = widened(net, part.x)  # columns of a table may lie outside what train showed
        result = autoattack(wide, x, part.y, ball.norm, ball.eps / span)
        standing, count = result.robust.numpy(), len(part.y)
        found.figures |= {"autoattack": result.robust_accuracy, "autoattack_level": result.trust.level}
    found.images = {"margin": margin.round(6).tolist(), "right": right[0.0].tolist(), "standing": standing.tolist()}
    _by_class(found, net, data, standing, test.y.numpy()[:count])
    return found


def _withstood(net: nn.Module, sample: Sample, ball: Ball) -> tuple[dict[float, np.ndarray], Tensor]:
    """Who is still right at each radius under PGD, (n,) each; and where it took the images at the radius trained for.

    Whom a smaller radius broke is broken in every larger one, too.
    """
    y = sample.y.numpy()
    still = features(net, sample.x)[0].argmax(1) == y
    found, moved = {0.0: still}, sample.x
    for at in REACHES:
        there = Ball(ball.norm, at * ball.eps).pgd(net, sample.x, sample.y, STEPS)
        still = still & (features(net, there)[0].argmax(1) == y)
        found[at] = still
        moved = there if at == 1 else moved
    return found, moved


def margins(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The probability of the true class minus the largest of the others, (n,) in [-1, 1]; below 0 for a wrong answer.

    >>> margins(np.log([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1])).round(6).tolist()
    [0.5, -0.5]
    """
    p = softmax(logits)
    own = p[np.arange(len(y)), y]
    p[np.arange(len(y)), y] = -1
    return own - p.max(1)


def _quantiles(values: np.ndarray) -> dict[str, float]:
    return {f"q{round(100 * at):02d}": float(np.quantile(values, at)) for at in QUANTILES}


def _by_class(found: Shown, net: nn.Module, data: Dataset, standing: np.ndarray, judged: np.ndarray) -> None:
    """Accuracies of each class, of the worst, and how far probabilities are to be believed, on all of test."""
    logits, labels = features(net, data.test.x)[0], data.test.labels
    right, probs = logits.argmax(1) == labels, softmax(logits)
    for label, name in enumerate(data.classes):
        of, among = labels == label, judged == label
        row = {"label": label, "class": name, "n": int(of.sum()), "n_judged": int(among.sum())}
        row["clean"] = float(right[of].mean()) if of.any() else None
        found.classes.append(row | {"robust": float(standing[among].mean()) if among.any() else None})
    worst = {
        f"{name}_worst": [row[name] for row in found.classes if row[name] is not None] for name in ("clean", "robust")
    }
    found.figures |= {name: min(values) if values else None for name, values in worst.items()}
    found.figures |= {"ece": calibration_error(probs, labels), "brier": brier_score(probs, labels)}


def accuracies(net: nn.Module, sample: Sample, ball: Ball, prefix: str = "", steps: int = STEPS) -> dict[str, float]:
    """Clean accuracy, accuracy that PGD leaves, and their mean."""
    right = features(net, sample.x)[0].argmax(1) == sample.y.numpy()
    after = features(net, ball.pgd(net, sample.x, sample.y, steps))[0].argmax(1) == sample.y.numpy()
    clean, robust = float(right.mean()), float((right & after).mean())
    return {f"{prefix}clean": clean, f"{prefix}robust": robust, f"{prefix}balanced": (clean + robust) / 2}


def risks(net: nn.Module, sample: Sample, ball: Ball) -> dict[str, float]:
    """Cross-entropy and accuracy on clean inputs and on those that PGD of 10 steps finds against this network."""
    found = {}
    for name, x in (("clean", sample.x), ("attacked", ball.pgd(net, sample.x, sample.y, QUICK))):
        logits = torch.from_numpy(features(net, x)[0]).double()
        found[f"{name}_loss"] = float(F.cross_entropy(logits, sample.y))
        found[f"{name}_accuracy"] = float((logits.argmax(1) == sample.y).double().mean())
    return found


def tagged(rows: list[dict[str, Any]], **tags: Any) -> list[dict[str, Any]]:
    """Rows with what they are about in front."""
    return [{**tags, **row} for row in rows]
