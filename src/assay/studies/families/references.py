"""What models are held against: networks that learned nothing, and networks that learned labels drawn at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from assay.data import Dataset, LabelNoise
from assay.lab.observe import features
from assay.models import build
from assay.studies.families.look import Features
from assay.studies.study import Planned
from assay.train import Recipe

SHARES = {"labels 50 %": 0.5, "labels 100 %": 1.0}  # of training labels drawn anew, the same ones for all models
UNTRAINED = "untrained"
MOST = 8  # models of each kind; two groups of six would not stand the correction for all measures


def labelled_at_random(base: Recipe, seeds: int, first: int, data: Dataset) -> dict[str, Planned]:
    """Runs of the unstressed recipe on labels of which a half, or all, are drawn anew; seeds of their own.

    One label of k drawn anew is another one in 1 - 1/k of cases: to replace all of two classes would be to swap them.
    """
    runs = {}
    for number, (name, share) in enumerate(SHARES.items()):
        for seed in range(min(seeds, MOST)):
            bias = LabelNoise(share=share * (1 - 1 / len(data.classes)))
            recipe = base.with_(biases=(*base.biases, bias), seed=first + number * MOST + seed)
            runs[recipe.run_id(data.learned)] = Planned(recipe, {"condition": name, "design": "reference"})
    return runs


def untrained(base: Recipe, first: int, data: Dataset, x: Tensor) -> dict[str, tuple[np.ndarray, Features]]:
    """Logits and features of networks as they are before the first step, by a name each, of seeds from ``first`` on."""
    assert base.model is not None
    found = {}
    for seed in range(first, first + MOST):
        net = build(base.model, data.shape, len(data.classes), activation=base.activation, seed=seed).eval()
        found[f"{UNTRAINED} {seed}"] = features(net, x)
    return found


def referred(planned: Mapping[str, Planned]) -> dict[str, str]:
    """Runs with seeds of their own that stress did not touch, by what labels they were trained on; a few of each."""
    kinds: dict[str, str] = {}
    for run, plan in planned.items():
        kind = plan.tags["condition"]
        usable = plan.tags["design"] != "paired" and kind in ("none", *SHARES)
        if usable and list(kinds.values()).count(kind) < MOST:
            kinds[run] = kind
    return kinds


def known_groups(
    planned: Mapping[str, Planned], looks: Mapping[str, Features], fresh: Mapping[str, Any]
) -> tuple[dict[str, Features], dict[str, str]]:
    """Models of groups that surely differ: shares of random labels where these were trained, else untrained ones."""
    groups = {run: kind for run, kind in referred(planned).items() if run in looks}
    known = {run: looks[run] for run in groups}
    if not set(groups.values()) - {"none"}:
        known |= {name: found[1] for name, found in fresh.items()}
        groups |= dict.fromkeys(fresh, UNTRAINED)
    return known, groups
