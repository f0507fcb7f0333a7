"""Cutting splits: stratified by class, never through a group, never through exact copies of an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.data.copies import pixel_keys
from assay.data.dataset import LEARNING, Dataset, Split

TEST_SHARE = 0.20  # of everything, when no test split is given
VAL_SHARE = 0.25  # of what is left then: 60 / 20 / 20 in all
VAL_SHARE_GIVEN_TEST = 0.15  # of train, when a test split is given
FEWEST = 20  # images in all
FEWEST_PER_CLASS = 3  # units (images, or groups of them): one for each of train, val and test


def complete(dataset: Dataset, *, regroup: bool = False, seed: int = 0) -> Dataset:
    """``dataset`` with train, val and test: given splits are kept, missing ones are cut from train.

    Without a test split the parts are 60 / 20 / 20 %; with one, val is 15 % of train. ``regroup`` merges all
    splits first and cuts anew, so that no group and no exact copy lies in two. The draw depends on ``seed``
    alone.
    """
    splits = dict(dataset.splits)
    if regroup or "all" in splits:
        splits = {"train": merge(splits)}
    _check_counts(dataset, splits)
    val_share = VAL_SHARE_GIVEN_TEST if "test" in splits else VAL_SHARE
    missing = [part for part in ("test", "val") if part not in splits]
    for place, part in enumerate(missing):
        labels, units = splits["train"].labels, units_of(splits["train"])
        counts = unit_counts(labels, units, len(dataset.classes))
        if place == 0:
            _check_units(dataset, counts)
        share = TEST_SHARE if part == "test" else val_share
        taken = cut(counts, share, len(missing) - place, numpy_rng(seed, "split", part))[units]
        splits[part] = splits["train"].take(np.flatnonzero(taken))
        splits["train"] = splits["train"].take(np.flatnonzero(~taken))
    warnings = (*dataset.warnings, *_absent(dataset.classes, splits))
    return replace(dataset, splits={name: splits[name] for name in LEARNING}, warnings=warnings)


def merge(splits: Mapping[str, Split]) -> Split:
    """All splits one after the other; extras that not every split has are left out.

    >>> part = Split(np.zeros((2, 3), np.float32), np.array([0, 1]))
    >>> len(merge({"train": part, "test": part}))
    4
    """
    parts = list(splits.values())
    if len(parts) == 1:
        return parts[0]
    grouped = [name for name, split in splits.items() if split.groups is not None]
    if 0 < len(grouped) < len(parts):
        raise BadInput(
            f"asked to merge {', '.join(splits)}; found groups in {', '.join(grouped)} only; "
            "give groups for every split, or for none"
        )
    shared = [
        key
        for key, array in parts[0].extra.items()
        if all(key in p.extra and p.extra[key].shape[1:] == array.shape[1:] for p in parts[1:])
    ]
    named = all(p.names is not None for p in parts)
    return Split(
        np.concatenate([p.images for p in parts]),
        np.concatenate([p.labels for p in parts]),
        np.concatenate([np.asarray(p.groups) for p in parts]) if grouped else None,
        tuple(name for p in parts for name in p.names or ()) if named else None,
        {key: np.concatenate([p.extra[key] for p in parts]) for key in shared},
    )


def units_of(split: Split) -> np.ndarray:
    """The number of the unit each item belongs to: what must stay together, as a group or as exact copies.

    >>> rows = np.array([[1], [2], [1], [3], [4]], np.float32)
    >>> units_of(Split(rows, np.zeros(5, int), groups=np.array(["a", "b", "c", "b", "d"]))).tolist()
    [0, 1, 0, 1, 2]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(split)
    ties = [pixel_keys(split.images)] + ([] if split.groups is None else [split.groups])
    codes = [np.unique(tie, return_inverse=True)[1].reshape(-1) for tie in ties]
    size, ends = n, []
    for code in codes:  # each group and each distinct image is a node that its items are joined to
        ends.append(code + size)
        size += int(code.max(initial=-1)) + 1
    starts = np.tile(np.arange(n), len(codes))
    graph = coo_matrix((np.ones(len(starts), np.int8), (starts, np.concatenate(ends))), shape=(size, size))
    component = connected_components(graph, directed=False)[1][:n]
    return np.unique(component, return_inverse=True)[1].reshape(-1)


def unit_counts(labels: np.ndarray, units: np.ndarray, classes: int) -> np.ndarray:
    """Items of each class in each unit, (units, classes).

    >>> unit_counts(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    total = int(units.max(initial=-1)) + 1
    return np.bincount(units * classes + labels, minlength=total * classes).reshape(total, classes)


def cut(counts: np.ndarray, share: float, keep: int, generator: np.random.Generator) -> np.ndarray:
    """Which units to take, (units,) bool, so that each class comes as near as can be to ``share`` of it.

    Units are visited in random order; one is taken when that brings the class counts nearer to their targets,
    each class measured against its own size, so that rare classes count as much as common ones. At least
    ``keep`` units of a class stay behind. A class of which nothing was taken then gives its smallest unit.

    >>> taken = cut(np.eye(2, dtype=int).repeat(10, axis=0), 0.2, 1, np.random.default_rng(0))
    >>> int(taken[:10].sum()), int(taken[10:].sum())
    (2, 2)
    """
    size = np.maximum(counts.sum(axis=0), 1)
    gap = counts.sum(axis=0) * share  # still to be taken, class by class
    left = (counts > 0).sum(axis=0)  # units still behind
    taken = np.zeros(len(counts), bool)

    def take(unit: int) -> None:
        taken[unit] = True
        gap[:] -= counts[unit]
        left[:] -= counts[unit] > 0

    def spare(unit: int) -> bool:
        return bool((left[counts[unit] > 0] > keep).all())

    for unit in generator.permutation(len(counts)):
        inside = np.flatnonzero(counts[unit])
        change = (np.abs(gap[inside] - counts[unit, inside]) - np.abs(gap[inside])) / size[inside]
        if change.sum() < -1e-12 and spare(int(unit)):
            take(int(unit))
    for label in range(counts.shape[1]):
        if not counts[taken, label].any():
            holders = np.flatnonzero(counts[:, label]).tolist()
            spares = [unit for unit in holders if spare(unit)]
            if spares:
                take(min(spares, key=lambda u: counts[u].sum()))
    return taken


def _absent(classes: tuple[str, ...], splits: Mapping[str, Split]) -> list[str]:
    """One sentence for each split that lacks classes."""
    found = []
    for part in LEARNING:
        held = set(splits[part].labels.tolist())
        lacking = [name for label, name in enumerate(classes) if label not in held]
        if lacking:
            found.append(f"{part} has no item of {', '.join(lacking)}; its results say nothing about that")
    return found


def _check_counts(dataset: Dataset, splits: Mapping[str, Split]) -> None:
    total = sum(len(split) for split in splits.values())
    asked = f"asked to learn from '{dataset.name}'"
    if "train" not in splits:
        raise BadInput(f"{asked}; found only {', '.join(splits)}; add a train split, or give this set as --production")
    if len(dataset.classes) < 2:
        only = f" ('{dataset.classes[0]}')" if dataset.classes else ""
        raise BadInput(f"{asked}; found {len(dataset.classes)} class{only}; a classifier needs at least two")
    if total < FEWEST:
        raise BadInput(f"{asked}; found {total} images in all; at least {FEWEST} are needed")
    held = np.bincount(splits["train"].labels, minlength=len(dataset.classes))
    for name, count in zip(dataset.classes, held, strict=True):
        if not count:
            raise BadInput(f"{asked}; found no image of class '{name}' in train; add some or remove the class")


def _check_units(dataset: Dataset, counts: np.ndarray) -> None:
    for name, units in zip(dataset.classes, (counts > 0).sum(axis=0), strict=True):
        if units < FEWEST_PER_CLASS:
            raise BadInput(
                f"asked to cut '{dataset.name}' into train, val and test; found {units} separate images or "
                f"groups of '{name}'; at least {FEWEST_PER_CLASS} are needed; collect more or merge the class"
            )
