"""The tables of a look: items, their places on maps, layers, neighbours, rates, movement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.core.rng import numpy_rng
from assay.data import Dataset, Split
from assay.studies.families.tables import thumbnail
from assay.studies.look.alike import Alike
from assay.studies.look.crowd import crowds
from assay.studies.look.layers import Layer
from assay.studies.look.maps import pca, tsne
from assay.studies.look.outcomes import OUTCOMES, RIGHT
from assay.studies.look.seen import Seen
from assay.studies.look.stability import apart

TABLES = ("items", "map", "layers", "neighbours", "rates", "stability", "moves")
MAPPED = {"test": 350, "production": 200}  # items drawn for the maps, beside the wrong ones
MAPPED_WRONG = 100  # wrong items of each set on the maps, beside those drawn
SHOWN = 12  # items of each set and outcome that are shown with their neighbours
BESIDE = 3  # neighbours shown beside each
ON_MAP, IN_GALLERY = 32, 64  # longest side of a picture in pixels; larger ones are reduced by a whole number
NEIGHBOURS = ("set", "index", "outcome", "rank", "split", "at", "name", "label", "distance", "thumbnail")


def items(
    data: Dataset, name: str, index: np.ndarray, seen: Seen, found: Sequence[str], near: Alike, seed: int
) -> pd.DataFrame:
    """One row for each item of a set that was looked at; those on the maps have a picture."""
    split = data.splits[name]
    predicted = seen.probs.argmax(1)
    table = pd.DataFrame({
        "set": name,
        "index": index,
        "name": [split.names[i] if split.names else f"{name} {i}" for i in index],
        "label": split.labels[index],
        "predicted": predicted,
        "confidence": seen.probs.max(1),
        "among": near.among,
        "distance": near.distances[:, 0],
        "outcome": list(found),
        "group": [str(split.groups[i]) for i in index] if split.groups is not None else "",
    })  # fmt: skip
    mapped = on_map(table.outcome.to_numpy() != RIGHT, MAPPED.get(name, 200), seed)
    table["mapped"] = mapped.astype(int)
    table["thumbnail"] = [
        picture(split.images[i], ON_MAP) if data.kind == "image" and shown else ""
        for i, shown in zip(index, mapped, strict=True)
    ]
    return table


def on_map(wrong: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Which items are drawn on the maps: so many at random, and wrong ones until there are 100 more.

    >>> int(on_map(np.zeros(1000, bool), 50, 0).sum())
    50
    """
    order = numpy_rng(seed, "map").permutation(len(wrong))
    chosen = np.zeros(len(wrong), bool)
    chosen[order[:most]] = True
    rest = order[most:]
    chosen[rest[wrong[rest]][:MAPPED_WRONG]] = True
    return chosen


def picture(image: np.ndarray, most: int) -> str:
    """An image (h, w, channels) as base64 PNG, reduced by a whole number to at most ``most`` pixels a side."""
    if image.shape[-1] not in (1, 3):
        image = image.mean(-1, keepdims=True).astype(image.dtype)
    by = -(-max(image.shape[:2]) // most)
    if by > 1:
        h, w = (max(side // by, 1) for side in image.shape[:2])
        up, across = min(by, image.shape[0]), min(by, image.shape[1])
        blocks = image[: h * up, : w * across].reshape(h, up, w, across, image.shape[2])
        image = blocks.mean((1, 3)).astype(image.dtype)
    return thumbnail(image)


def maps(sets: Mapping[str, Seen], chosen: pd.DataFrame, layer: str, seed: int) -> tuple[pd.DataFrame, Any]:
    """Places of the items on the maps at one layer; PCA fitted to test, t-SNE to all of them together.

    ``chosen``: rows set, index, at (place among the items of the set that were looked at), test first.
    """
    parts = [sets[str(name)].features[layer][rows["at"]] for name, rows in chosen.groupby("set", sort=False)]
    together = np.concatenate(parts)
    plane, near = pca(together, len(parts[0])), tsne(together, seed)
    table = chosen[["set", "index"]].assign(layer=layer, pca_x=plane.points[:, 0], pca_y=plane.points[:, 1])
    for axis, name in enumerate(("tsne_x", "tsne_y")):
        table[name] = near.points[:, axis] if near else np.nan
    return table, plane.shares


def layer_rows(
    layer: Layer, seen: Seen, labels: np.ndarray, classes: int, shares: tuple[float, float]
) -> list[dict[str, Any]]:
    """Density, correlation and distance to the nearest class of all test items (label -1) and of each class."""
    features = seen.features[layer.name]
    distance, which = apart(features, labels, classes)
    rows = []
    for row in crowds(features, labels, classes):
        label, whole = row["label"], row["label"] < 0
        row |= {"distance": None if whole else distance[label], "nearest": None if whole else int(which[label])}
        row |= {"pca_1": shares[0], "pca_2": shares[1]} if whole else {}
        rows.append({"layer": layer.name, "kind": layer.kind, "width": layer.width, **row})
    return rows


def neighbours(
    data: Dataset, table: pd.DataFrame, found: Mapping[str, Alike], reference: np.ndarray
) -> pd.DataFrame:  # fmt: skip
    """Items that went wrong, the surest first, each followed by the training items that it is most like."""
    rows: list[dict[str, Any]] = []
    for (name, outcome), part in table[table.outcome != RIGHT].groupby(["set", "outcome"], sort=False):
        for item in part.sort_values("confidence", ascending=False, kind="stable").head(SHOWN).to_dict("records"):
            base = {"set": name, "index": item["index"], "outcome": outcome}
            rows.append(base | {"rank": 0} | _shown(data, str(name), int(item["index"])) | {"distance": 0.0})
            near = found[str(name)]
            for rank in range(min(BESIDE, near.places.shape[1])):
                at = int(reference[near.places[item["at"], rank]])
                far = float(near.distances[item["at"], rank])
                rows.append(base | {"rank": rank + 1} | _shown(data, "train", at) | {"distance": far})
    place = {outcome: i for i, outcome in enumerate(OUTCOMES[::-1])}
    made = pd.DataFrame(rows, columns=list(NEIGHBOURS))
    return made.sort_values("outcome", key=lambda words: words.map(place), kind="stable").reset_index(drop=True)


def _shown(data: Dataset, split: str, at: int) -> dict[str, Any]:
    held: Split = data.splits[split]
    return {
        "split": split,
        "at": at,
        "name": held.names[at] if held.names else f"{split} {at}",
        "label": int(held.labels[at]),
        "thumbnail": picture(held.images[at], IN_GALLERY) if data.kind == "image" else "",
    }
