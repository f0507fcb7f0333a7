"""Items that lie in two splits: of the same group, or pixel for pixel the same."""

from __future__ import annotations

from hashlib import blake2b
from itertools import combinations

import numpy as np

from assay.data.dataset import Dataset


def pixel_keys(images: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each item, (n,): equal when the stored values are equal, and else as good as never.

    >>> keys = pixel_keys(np.array([[1, 2], [1, 2], [2, 1]], np.float32))
    >>> bool(keys[0] == keys[1]), bool(keys[0] == keys[2])
    (True, False)
    """
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    return np.frombuffer(b"".join(blake2b(row.data, digest_size=8).digest() for row in rows), np.uint64)


def overlaps(dataset: Dataset) -> tuple[str, ...]:
    """One sentence for each pair of splits that shares groups or exact copies, with counts and the remedy."""
    found = []
    keys = {name: pixel_keys(split.images) for name, split in dataset.splits.items()}
    for one, two in combinations(dataset.splits, 2):
        if two in dataset.later and one not in ("train", "val"):
            continue  # nothing was learned or chosen there
        a, b = dataset.splits[one].groups, dataset.splits[two].groups
        if two not in dataset.later and a is not None and b is not None:
            found.append(_sentence("are of the same group (lot, patient, tile) as items of", a, b, one, two))
        found.append(_sentence("are exact copies of items of", keys[one], keys[two], one, two))
    return tuple(sentence for sentence in found if sentence)


def _sentence(relation: str, a: np.ndarray, b: np.ndarray, one: str, two: str) -> str:
    shared = int(np.isin(b, a).sum())
    if not shared:
        return ""
    remedy = "split anew with --regroup" if two in ("val", "test") else f"take those out of {two}"
    count = f"{shared} of {len(b)} {two} items {relation} {one}"
    return f"LEAK: {count}, so results on {two} look better than they are; {remedy}"
