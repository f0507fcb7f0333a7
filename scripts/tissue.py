"""Tissue without its colour: ``python scripts/tissue.py $ASSAY_DATA/lc25000_lung_64.npz OUT``.

In `lc25000_lung_64` the stain alone tells cancer from healthy tissue, so a study of it says little about what a network
sees. This writes OUT/lung_grey.npz, the same images in grey at half the size (32 x 32) with benign and cancer as
classes (groups and splits as they are), and OUT/lung_stain.npz, the grey test images as another laboratory would have
stained them: a third more haematoxylin and a third less eosin in optical density, by the stain vectors of Ruifrok and
Johnston (2001).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

STAINS = np.array([[0.650, 0.704, 0.286], [0.072, 0.990, 0.105], [0.268, 0.570, 0.776]])  # haematoxylin, eosin, DAB
FACTORS = np.array([4 / 3, 2 / 3, 1.0])
WHITE = 256.0
KEPT = ("images", "coarse_labels", "groups")


def restained(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, 3) of uint8 with other amounts of the stains: Beer-Lambert's law, amount by amount."""
    vectors = STAINS / np.linalg.norm(STAINS, axis=1, keepdims=True)
    density = -np.log((images.astype(np.float64) + 1) / WHITE)
    amounts = density @ np.linalg.inv(vectors)
    changed = WHITE * np.exp(-(amounts * FACTORS) @ vectors) - 1
    return np.clip(changed.round(), 0, 255).astype(np.uint8)


def grey(images: np.ndarray) -> np.ndarray:
    """The mean of the three colours and of two by two pixels, (n, h / 2, w / 2) of uint8."""
    n, h, w, colours = images.shape
    return images.reshape(n, h // 2, 2, w // 2, 2, colours).mean((2, 4, 5)).round().astype(np.uint8)


def named(split: str, found: dict[str, np.ndarray], images: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of a split as assay reads them, with these images."""
    return {
        f"{split}_images": images,
        f"{split}_labels": found["coarse_labels"],
        f"{split}_groups": found["groups"],
    }


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    with np.load(source, allow_pickle=False) as known:
        names = {"class_names": known["coarse_class_names"]}
        train, test = ({part: known[f"{split}_{part}"] for part in KEPT} for split in ("train", "test"))
    now = named("train", train, grey(train["images"])) | named("test", test, grey(test["images"]))
    np.savez_compressed(target / "lung_grey.npz", **names, **now)
    later = named("test", test, grey(restained(test["images"])))
    np.savez_compressed(target / "lung_stain.npz", **names, **later)
    return 0


if __name__ == "__main__":
    sys.exit(main())
