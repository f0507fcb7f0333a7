"""From findings to training: a weight, whether to augment, and the reason, for each training item."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from assay.studies.quality.finding import Finding
from assay.studies.quality.view import View


def weights(view: View, findings: Sequence[Finding]) -> pd.DataFrame:
    """One row a training item, in the order of the train split: index, name, class, weight, augment, reason.

    A copy of an item outside of train gets 0, and so does one of equal items under two labels; n copies in train share
    one weight; a doubtful label gets the chance that it is right. ``augment`` is 1 for rare and odd items that have a
    weight and whose label is not in doubt. Items that were not looked at keep 1.
    """
    train, by_name = view.dataset.train, {finding.name: finding for finding in findings}
    n, chosen = len(train), view.chosen["train"]
    weight, augment = np.ones(n), np.zeros(n, int)
    reasons: list[list[str]] = [[] for _ in range(n)]
    unit = view.pairs.unit
    own, outside = unit[: len(chosen)], set(unit[len(chosen) :].tolist())
    sizes = np.bincount(own, minlength=unit.max() + 1)
    for place, index in enumerate(chosen):
        if own[place] in outside:
            weight[index] = 0
            reasons[index].append("copy of an item outside of train")
        elif sizes[own[place]] > 1:
            weight[index] /= sizes[own[place]]
            reasons[index].append(f"one of {sizes[own[place]]} copies")
    for item in _train(by_name.get("conflicts")):
        if item["value"] == 0:
            weight[item["index"]] = 0
            reasons[item["index"]].append("equal to an item under another label")
    doubtful = set()
    for item in _train(by_name.get("doubts")):
        doubtful.add(item["index"])
        weight[item["index"]] *= 1 - item["value"]
        reasons[item["index"]].append(f"doubtful label ({item['note']})")
    for item in _train(by_name.get("odd")):
        reasons[item["index"]].append(f"rare or odd ({item['note']})")
        augment[item["index"]] = int(weight[item["index"]] > 0 and item["index"] not in doubtful)
    return pd.DataFrame(
        {
            "index": np.arange(n),
            "name": train.names or [f"train {i}" for i in range(n)],
            "class": [view.dataset.classes[label] for label in train.labels],
            "weight": weight,
            "augment": augment,
            "reason": ["; ".join(each) for each in reasons],
        }
    )


def weighted_recipe(file: Path, source: str, regroup: bool, listed: pd.DataFrame) -> str:
    """A recipe, as YAML, that trains on ``source`` with the weights in ``file``, and augments what it marks.

    >>> none = pd.DataFrame({"augment": [0]})
    >>> print(weighted_recipe(Path("w.csv"), "digits", False, none))
    data: digits
    strategy:
      kind: weighted
      rule: {kind: column, name: weight, file: w.csv}
    <BLANKLINE>
    """
    place = Path(source).expanduser()
    recipe: dict[str, Any] = {"data": str(place.resolve()) if place.exists() else source}
    recipe |= {"regroup": True} if regroup else {}
    strategy: dict[str, Any] = {"kind": "weighted", "rule": {"kind": "column", "name": "weight", "file": str(file)}}
    if listed.augment.any():
        strategy["inner"] = {"kind": "targeted", "name": "augment", "file": str(file), "augment": "weak"}
    return yaml.safe_dump({**recipe, "strategy": strategy}, sort_keys=False, default_flow_style=None, width=200)


def _train(finding: Finding | None) -> list[dict[str, Any]]:
    return [dict(item) for item in finding.items if item["split"] == "train"] if finding else []
