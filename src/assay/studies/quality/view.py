"""The items that are looked at, and what several checks need of them: features, copies, neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from assay.core.rng import numpy_rng
from assay.data import Dataset, Split
from assay.studies.quality.features import blocks, fit_axes
from assay.studies.quality.neighbours import by_neighbours, nearest
from assay.studies.quality.pairs import Pairs, copies

MOST = {"train": 12_000}  # items of a split that are looked at; a random part of larger ones
MOST_OTHERS = 4_000
NEIGHBOURS = 200
FEW_GROUPS = 20  # with fewer groups, leaving out an item's own group would leave out most of what is like it


@dataclass(frozen=True, eq=False)
class View:
    """A data set as the checks see it. ``root``: the folder that the file names are relative to, if there is one."""

    dataset: Dataset
    root: Path | None = None

    @cached_property
    def chosen(self) -> dict[str, np.ndarray]:
        """Positions, in each split, of the items that are looked at."""
        found = {}
        for name, split in self.dataset.splits.items():
            most = MOST.get(name, MOST_OTHERS)
            order = numpy_rng(0, "quality", name).permutation(len(split))[:most]
            found[name] = np.sort(order)
        return found

    @cached_property
    def splits(self) -> dict[str, Split]:
        """The items that are looked at."""
        return {name: split.take(self.chosen[name]) for name, split in self.dataset.splits.items()}

    @cached_property
    def _blocks(self) -> dict[str, tuple[list[np.ndarray], list[np.ndarray]]]:
        return {name: blocks(self.dataset, split) for name, split in self.splits.items()}

    @cached_property
    def features(self) -> dict[str, np.ndarray]:
        """What each item looks like, (n, at most 64) for each split, on axes of train."""
        axes = fit_axes(self._blocks["train"][0])
        return {name: axes(looks) for name, (looks, _) in self._blocks.items()}

    def together(self, first: tuple[str, np.ndarray], second: tuple[str, np.ndarray]) -> np.ndarray:
        """What some items of two splits look like, the one after the other, on axes of both.

        Axes of one set alone would tell the two apart: it varies most along them, if only by chance.
        """
        parts = [[block[places] for block in self._blocks[name][0]] for name, places in (first, second)]
        both = [np.concatenate(pair) for pair in zip(*parts, strict=True)]
        return fit_axes(both)(both)

    @cached_property
    def pairs(self) -> Pairs:
        """Items that are copies of one another, over all splits."""
        axes = fit_axes(self._blocks["train"][1])
        return copies(self.splits, {name: axes(evens) for name, (_, evens) in self._blocks.items()})

    @cached_property
    def apart(self) -> np.ndarray:
        """A code for each training item that neighbours must not share: that of its copies, or of its group."""
        codes = self.pairs.unit[: len(self.splits["train"])]
        groups = self.splits["train"].groups
        if groups is None or len(np.unique(groups)) < FEW_GROUPS:
            return codes
        return np.unique(groups, return_inverse=True)[1].reshape(-1)

    @cached_property
    def neighbours(self) -> tuple[np.ndarray, np.ndarray]:
        """Distances and places of the nearest other training items of each training item, (n, at most 200)."""
        x = self.features["train"]
        return nearest(x, x, min(NEIGHBOURS, len(x) - 1), (self.apart, self.apart))

    @cached_property
    def accuracy(self) -> np.ndarray:
        """For each test item whether its ten nearest training items give its class, (n,) bool."""
        train, test = self.splits["train"], self.splits["test"]
        x = self.features
        told = by_neighbours(x["train"], train.labels, x["test"], len(self.dataset.classes))
        return told == test.labels

    @property
    def noun(self) -> str:
        """What one item is called."""
        return "row" if self.dataset.kind == "table" else "image"

    def item(self, split: str, place: int, value: float | None = None, note: str = "", **more: Any) -> dict[str, Any]:
        """One item for a list: where it is, what it is called, and why it is listed. ``place`` is among the chosen."""
        seen = self.splits[split]
        index = int(self.chosen[split][place])
        name = seen.names[place] if seen.names else f"{split} {index}"
        label = self.dataset.classes[int(seen.labels[place])]
        return {"split": split, "index": index, "name": name, "label": label, "value": value, "note": note, **more}

    def part(self) -> str:
        """A sentence about what was left out; empty when everything was looked at."""
        cut = [
            f"{len(self.chosen[name]):,} of {len(split):,} {name}"
            for name, split in self.dataset.splits.items()
            if len(self.chosen[name]) < len(split)
        ]
        return f"A random part was looked at: {', '.join(cut)} items." if cut else ""
