"""Looking at runs for the `simplicity` study: how complex their answers are, how much they react to small changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from assay.attacks import PGD
from assay.core.files import read_json
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, features, load_model, numbers, probe_of, softmax
from assay.lab.threads import limited
from assay.metrics import (
    compressed_length,
    flip_rate,
    margin_sensitivity,
    output_complexity,
    projection_orders,
    sensitivity,
)

ORDERS = 20  # addressed orders of the probe over which the complexity of labels is averaged
SIGMA = 0.1  # standard deviation of the input noise, in units of the pixel range
SENSED = 512  # probe inputs on which sensitivity is taken
DRAWS = 4  # noisy copies of each input
EPS = 8 / 255  # of the attack, in pixel values from 0 to 1
STEPS = 20
VERSION = 2  # raised when a look of this study starts to give other numbers


def identity(view: View, digest: str) -> str:
    """Changes whenever the numbers could."""
    return f"{view.identity(digest)}:{VERSION}"


@dataclass(frozen=True)
class LookJob:
    """Finished runs to look at, each with its model's name."""

    view: View
    lab: str
    runs: Mapping[str, str]
    threads: int = 1


def look(job: LookJob) -> dict[str, dict[str, Any]]:
    """Every figure of every run; from the lab where it was looked at in this way before."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        return {run: _look(job, lab, run, model, data) for run, model in job.runs.items()}


def _look(job: LookJob, lab: Lab, run: str, model: str, data: Dataset) -> dict[str, Any]:
    path = lab.measures(run, "simplicity")
    if path.exists() and (known := read_json(path)).get("view") == identity(job.view, data.digest):
        return known["numbers"]
    net = load_model(lab.weights(run, "1"), model, data)
    x = data.test.x[probe_of(data, job.view.probe)]
    logits, layers = features(net, x)
    found = numbers(net, data, list(layers.values())[-1])
    y = data.test.y[probe_of(data, job.view.probe)]
    return found | complexity(logits, x) | steadiness(net, x[:SENSED]) | weakness(net, x[:SENSED], y[:SENSED])


def complexity(logits: np.ndarray, x: torch.Tensor) -> dict[str, Any]:
    """The primary measure (phrases of the predicted labels, over random orders) and others beside it.

    Random orders forget which input got which label, so the primary measure sees how evenly classes are used and no
    more; orders along random directions of the input also see how the answers vary from neighbour to neighbour.
    """
    labels = logits.argmax(1)
    probs = softmax(logits)
    return {
        "complexity": output_complexity(labels, orders=ORDERS),
        "complexity_along": output_complexity(labels, orders=projection_orders(x, ORDERS)),
        "zlib_probs": compressed_length(probs, serialisation="rounded") / len(labels),
        "zlib_logits": compressed_length(logits, serialisation="float32") / len(labels),
        "predicted_classes": len(np.unique(labels)),
    }


def steadiness(net: nn.Module, x: torch.Tensor) -> dict[str, Any]:
    """How far outputs move under noise of standard deviation `SIGMA`, and how often the answer changes."""
    return {
        "sensitivity": sensitivity(net, x, sigma=SIGMA, draws=DRAWS),
        "sensitivity_probs": sensitivity(net, x, sigma=SIGMA, on="probs", draws=DRAWS),
        "sensitivity_margin": margin_sensitivity(net, x, sigma=SIGMA, draws=DRAWS),
        "flip_rate": flip_rate(net, x, SIGMA, draws=DRAWS),
    }


def weakness(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> dict[str, Any]:
    """The share that is right before and after a short attack. PGD alone is an upper bound: trust level C."""
    found = PGD(eps=EPS, steps=STEPS).attack(net, x, y)
    with torch.no_grad():
        right = (net(x).argmax(-1) == y) & (net(found).argmax(-1) == y)
    return {"robust_accuracy": right.double().mean().item()}
