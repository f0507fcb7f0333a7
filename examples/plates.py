"""A small factory to try things on: images of drawn plates, and a network trained on them in plain PyTorch.

    python examples/plates.py plates/

writes plates/parts/ (ok, scratch, hole: 200 images of each to learn from, 50 to select on, 100 to be judged on, as a
camera would have taken them this month), plates/later/ (60 of each: the lamp has aged, the camera shakes a little) and
plates/weights.pt, the weights of `network` below. `docs/tutorial.md` goes on from there. Nothing here uses assay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

SIDE, CLASSES = 32, ("hole", "ok", "scratch")  # in the order of the folders
NOW = {"train": 200, "val": 50, "test": 100}  # images of each class
LATER = 60


def network() -> nn.Module:
    """Three convolutions and a linear layer: grey images (n, 1, 32, 32) in, three logits out."""
    layers: list[nn.Module] = []
    for before, after in ((1, 8), (8, 16), (16, 32)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 16, len(CLASSES)))


def plate(kind: str, draw: np.random.Generator, aged: bool) -> np.ndarray:
    """One image (32, 32) in [0, 1]: brushed metal under a lamp, perhaps with a scratch or a hole."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    image = 0.55 + 0.15 * np.cos(2 * (x - draw.uniform(0, 1))) + 0.05 * draw.normal(size=(SIDE, 1))
    depth = draw.uniform(0.1, 0.35)
    if kind == "scratch":
        angle, offset = draw.uniform(0, np.pi), draw.uniform(-0.25, 0.25)
        across = (x - 0.5) * np.sin(angle) + (y - 0.5) * np.cos(angle) - offset
        along = (x - 0.5) * np.cos(angle) - (y - 0.5) * np.sin(angle)
        image -= depth * np.exp(-((across / 0.03) ** 2)) * (np.abs(along) < draw.uniform(0.15, 0.4))
    elif kind == "hole":
        cx, cy = draw.uniform(0.2, 0.8, 2)
        image -= depth * np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / draw.uniform(0.05, 0.1) ** 2))
    if aged:
        image = 0.75 * image  # the lamp
        image = (image + np.roll(image, 1, axis=1)) / 2  # the camera
    return np.clip(image + 0.03 * draw.normal(size=image.shape), 0, 1)


def write(folder: Path, count: int, seed: int, aged: bool) -> None:
    """One folder of PNG files a class."""
    draw = np.random.default_rng(seed)
    for kind in CLASSES:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = (255 * plate(kind, draw, aged)).round().astype(np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{number:04d}.png")


def fit(folder: Path, epochs: int = 12) -> nn.Module:
    """The network, trained on a folder as anybody would."""
    paths = [(path, label) for label, kind in enumerate(CLASSES) for path in sorted((folder / kind).iterdir())]
    x = torch.stack([torch.tensor(np.asarray(Image.open(path)), dtype=torch.float32)[None] / 255 for path, _ in paths])
    y = torch.tensor([label for _, label in paths])
    torch.manual_seed(0)
    net = network()
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(32):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[chosen]), y[chosen]).backward()
            optimiser.step()
    return net.eval()


def main() -> None:
    """Write the images and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    if folder.exists():
        parser.error(f"asked to write into {folder}; found that it exists; name a new folder")
    for seed, (split, count) in enumerate(NOW.items()):
        write(folder / "parts" / split, count, seed, aged=False)
    write(folder / "later", LATER, seed=len(NOW), aged=True)
    torch.save(fit(folder / "parts" / "train").state_dict(), folder / "weights.pt")
    print(f"wrote {folder / 'parts'}, {folder / 'later'} and {folder / 'weights.pt'}")


if __name__ == "__main__":
    main()
