"""Trivial rules: a few numbers of an item that should not be enough to tell its class."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from assay.data import Split
from assay.studies.quality.features import CHUNK
from assay.studies.quality.view import View

ASIDE = frozenset(["border", "corners", "file name", "file size"])  # places where no class should show at all
FILLED = 0.12  # difference from the border, as a part of full scale, from which a pixel counts as the thing shown


def rules(view: View) -> dict[str, dict[str, np.ndarray]]:
    """For each rule its numbers in train and in test, (n, few) each.

    Images: colour (mean and spread of each channel), brightness, contrast, size (how much differs from the border, and
    in how wide and high a box), border, corners; file name and file size where there are files. Tables: every column by
    itself.
    """
    sets = {name: view.splits[name] for name in ("train", "test")}
    if view.dataset.kind == "table":
        width = view.dataset.shape[0]
        return {f"column {c + 1}": {n: s.images[:, c : c + 1] for n, s in sets.items()} for c in range(width)}
    seen = {name: _of_images(split) for name, split in sets.items()}
    found = {rule: {name: seen[name][rule] for name in sets} for rule in seen["train"]}
    return {**found, **_of_files(sets, view.root)}


def _of_images(split: Split) -> dict[str, np.ndarray]:
    parts = [_chunk(split.take(np.arange(i, min(i + CHUNK, len(split))))) for i in range(0, len(split), CHUNK)]
    return {rule: np.concatenate([part[rule] for part in parts]) for rule in parts[0]}


def _chunk(split: Split) -> dict[str, np.ndarray]:
    x = split.x
    _, channels, h, w = x.shape
    edge = max(1, min(h, w) // 8)
    ring = np.ones((h, w), bool)
    ring[edge : h - edge, edge : w - edge] = False
    border = x.flatten(2)[:, :, np.flatnonzero(ring)]
    grey = x.mean(1)
    filled = (x - border.median(-1).values[..., None, None]).abs().amax(1) > FILLED
    corners = [
        x[:, :, r, c].mean((2, 3)) for r in (slice(edge), slice(-edge, None)) for c in (slice(edge), slice(-edge, None))
    ]
    colour = {"colour": np.concatenate([x.mean((2, 3)).numpy(), x.std((2, 3)).numpy()], 1)} if channels > 1 else {}
    return {
        **colour,
        "brightness": grey.mean((1, 2)).numpy()[:, None],
        "contrast": grey.flatten(1).std(1).numpy()[:, None],
        "size": np.stack(
            [filled.float().mean((1, 2)), filled.any(1).float().mean(1), filled.any(2).float().mean(1)], 1
        ),
        "border": np.concatenate([border.mean(-1).numpy(), border.std(-1).numpy()], 1),
        "corners": np.concatenate([corner.numpy() for corner in corners], 1),
    }


def _of_files(sets: dict[str, Split], root: Path | None) -> dict[str, dict[str, np.ndarray]]:
    """File names as patterns (digits do not count), file sizes as logarithms of bytes."""
    if any(split.names is None for split in sets.values()):
        return {}
    patterns = {n: [re.sub(r"\d+", "0", Path(name).name) for name in s.names or ()] for n, s in sets.items()}
    known = {pattern: i for i, pattern in enumerate(sorted(set(patterns["train"])))}
    found = {}
    if 1 < len(known) <= 50:
        codes = {n: np.array([known.get(p, len(known)) for p in ps]) for n, ps in patterns.items()}
        found["file name"] = {n: np.eye(len(known) + 1)[code] for n, code in codes.items()}
    paths = {n: [root / name for name in s.names or ()] for n, s in sets.items()} if root else {}
    if paths and all(path.is_file() for each in paths.values() for path in each):
        found["file size"] = {n: np.log([[path.stat().st_size + 1.0] for path in each]) for n, each in paths.items()}
    return found
