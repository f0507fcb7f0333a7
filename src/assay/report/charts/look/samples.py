"""The samples on the maps: one table with a place at every layer, so that all maps of a page share it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from assay.report.charts import kit
from assay.report.charts.collapse.maps import TOKENS, hues
from assay.report.charts.families.samples import class_name, thumbnail
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in

WEIGHT = 1_000_000  # characters of pictures that the maps can carry
LABELLED = 20  # classes up to which names stand on the maps
GROUPS = 7  # groups with a colour of their own
OUTCOMES = {"right": "@faint", "wrong": "@vermillion", "false reject": "@orange", "escape": "@purple"}
FORMS = {"right": "circle", "wrong": "square", "false reject": "triangle-up", "escape": "diamond"}
SETS = {"test": "@blue", "production": "@vermillion"}


def outcome_name(outcome: str, say: Say) -> str:
    """An outcome in the language of the page.

    >>> outcome_name("escape", lambda en, ja: ja)
    '見逃し'
    """
    japanese = {"right": "正解", "wrong": "誤り", "false reject": "過検出", "escape": "見逃し"}
    return say(outcome, japanese.get(outcome, outcome))


@dataclass(frozen=True)
class Samples:
    """Mapped items (class, predicted, outcome, group, set, image, ...), by layer x0, y0 (PCA) and u0, v0 (t-SNE)."""

    frame: Frame
    layers: tuple[str, ...]
    hues: dict[str, str]

    @property
    def last(self) -> int:
        """The place of the last layer."""
        return len(self.layers) - 1

    def has_tsne(self, layer: int) -> bool:
        """Whether there is a t-SNE map of a layer."""
        return bool(self.frame[f"u{layer}"].notna().all())

    @cached_property
    def groups(self) -> dict[str, str]:
        """The commonest groups with their colours; the others share one."""
        names = [name for name in self.frame.group.value_counts().index if name]
        found = {name: TOKENS[i] for i, name in enumerate(names[:GROUPS])}
        return found | ({"…": "@faint"} if len(names) > GROUPS else {}) if len(names) > 1 else {}

    def keys(self, folder: Folder) -> dict[str, list[tuple[str, str, str]]]:
        """The keys of colour and shape."""
        say, seen = say_in(folder.lang), set(self.frame.outcome)
        outcomes = [(outcome_name(name, say), name) for name in OUTCOMES if name in seen]
        found = {
            "outcome": [(text, "", FORMS[name]) for text, name in outcomes],
            "error": [(text, OUTCOMES[name], FORMS[name]) for text, name in outcomes],
            "group": [(name, token, "circle") for name, token in self.groups.items()],
            "set": [(_set(name, say), SETS.get(name, "@green"), "circle") for name in dict.fromkeys(self.frame.set)],
        }
        if len(self.hues) <= len(TOKENS):
            found["class"] = [(name, token, "circle") for name, token in self.hues.items()]
        return found


def _set(name: str, say: Say) -> str:
    return say(name, {"test": "テスト", "production": "製造"}.get(name, name))


def samples(folder: Folder) -> Samples | None:
    """The samples on the maps; None where there are none."""
    items, places = folder.table("items"), folder.table("map")
    if items.empty or places.empty:
        return None
    items = items[items.mapped == 1].reset_index(drop=True)
    classes = [str(name) for name in folder.study["data"]["classes"]]
    frame = pd.DataFrame({
        "set": items.set.astype(str),
        "index": items["index"].astype(int),
        "name": items.name.astype(str),
        "class": [class_name(label, classes) for label in items.label],
        "predicted": [class_name(label, classes) for label in items.predicted],
        "confidence": items.confidence.astype(float),
        "outcome": items.outcome.astype(str),
        "group": [_plain(group) for group in items.group],
    })  # fmt: skip
    frame["image"] = _carried(items)
    layers = tuple(str(name) for name in folder.study["layers"])
    places = places.assign(layer=places.layer.astype(str))
    for i, layer in enumerate(layers):
        here = places[places.layer == layer]
        if len(here) != len(frame):
            return None
        for name, column in zip("xyuv", ("pca_x", "pca_y", "tsne_x", "tsne_y"), strict=True):
            frame[f"{name}{i}"] = pd.to_numeric(here[column], errors="coerce").to_numpy(float)
    made = Samples(frame, layers, hues(folder))
    frame["shown_group"] = [name if name in made.groups else "…" for name in frame.group]
    return made


def _plain(group: Any) -> str:
    if isinstance(group, float):
        return "" if group != group else f"{group:g}"
    return str(group)


def _carried(items: Frame) -> list[str]:
    """Addresses of pictures within what a page can carry, wrong items first; the rest are points without one."""
    pictures = [thumbnail(str(text), 1)[0] for text in items.thumbnail]
    order = np.argsort(items.outcome.to_numpy() == "right", kind="stable")
    weight, shown = 0, [""] * len(pictures)
    for i in order:
        weight += len(pictures[i])
        if weight <= WEIGHT:
            shown[i] = pictures[i]
    return shown


def framed(x: Any, y: Any, aspect: float) -> tuple[kit.Domain, kit.Domain]:
    """Ranges that hold all points, one unit as long on both axes in a panel of this height over width.

    >>> framed([0.0, 10.0], [0.0, 1.0], 0.5)
    ((-0.6, 10.6), (-2.3, 3.3))
    """
    across, up = kit.domain(x, pad=0.06), kit.domain(y, pad=0.06)
    wide = max(across[1] - across[0], (up[1] - up[0]) / aspect)
    return _about(across, wide), _about(up, wide * aspect)


def _about(span: kit.Domain, length: float) -> kit.Domain:
    middle = sum(span) / 2
    return float(f"{middle - length / 2:.5g}"), float(f"{middle + length / 2:.5g}")
