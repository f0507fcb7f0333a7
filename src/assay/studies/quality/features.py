"""A simple feature space that needs no training: small pixels, colour and edges, reduced to their main axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assay.data import Dataset, Split

SIDE = 16  # pixels that an image is reduced to
FINE = 32  # pixels at which edges are looked for
AXES = 64  # principal axes that are kept
CHUNK = 512  # images that are held as floats at a time
BINS = 8  # directions of edges


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes of blocks of features, each block scaled to the same variance in all.

    ``mean`` (d,), ``scale`` (d,), ``axes`` (d, at most 64): what was fitted on the training items.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray

    def __call__(self, blocks: list[np.ndarray]) -> np.ndarray:
        """Items on these axes, (n, axes) float32."""
        return ((np.concatenate(blocks, 1) - self.mean) * self.scale @ self.axes).astype(np.float32)


def fit_axes(blocks: list[np.ndarray]) -> Axes:
    """Principal axes of blocks (n, d_b), each block divided by the root of its total variance.

    >>> flat = np.array([[0.0, 0.0], [2.0, 0.0]], np.float32)
    >>> abs(fit_axes([flat])([flat])).round(3).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    values = np.concatenate(blocks, 1).astype(np.float64)
    mean = values.mean(0)
    weights = [np.full(b.shape[1], 1 / max(float(np.sqrt(b.astype(np.float64).var(0).sum())), 1e-8)) for b in blocks]
    scale = np.concatenate(weights)
    centred = (values - mean) * scale
    _, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    return Axes(mean, scale, vectors[:, ::-1][:, :AXES])


def blocks(dataset: Dataset, split: Split) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What an item looks like, and what makes it a copy: two lists of blocks (n, d_b).

    Images: pixels, colour and edges; the second list holds pixels whose mean and contrast were taken out, so that a
    brighter or harder copy is a copy. Table rows are themselves in both.
    """
    if dataset.kind == "table":
        rows = split.images.reshape(len(split), -1).astype(np.float32)
        return [rows], [rows]
    parts = [_chunk(split.take(np.arange(i, min(i + CHUNK, len(split)))).x) for i in range(0, len(split), CHUNK)]
    pixels, colour, edges, even = (np.concatenate(each) for each in zip(*parts, strict=True))
    return [pixels, colour, edges], [even]


def grey(x: Tensor) -> Tensor:
    """The mean over channels, (n, h, w)."""
    return x.mean(1)


def _chunk(x: Tensor) -> tuple[np.ndarray, ...]:
    small = functional.adaptive_avg_pool2d(x, (min(SIDE, x.shape[2]), min(SIDE, x.shape[3])))
    flat = small.flatten(1)
    spread = flat.std(1, keepdim=True).clamp_min(2 / 255)  # an empty image is no noise blown up
    even = (flat - flat.mean(1, keepdim=True)) / spread / flat.shape[1] ** 0.5
    return flat.numpy(), _colour(x).numpy(), edges(x).numpy(), even.numpy()


def _colour(x: Tensor) -> Tensor:
    """Mean, spread and five quantiles of each channel, (n, 7 channels)."""
    values = x.flatten(2)
    if values.shape[2] > 512:  # quantiles of some hundred pixels are good enough
        values = values[..., :: values.shape[2] // 512 + 1]
    levels = values.sort(-1).values[..., [round(q * (values.shape[2] - 1)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)]]
    return torch.cat([values.mean(-1, keepdim=True), values.std(-1, keepdim=True), levels], -1).flatten(1)


def edges(x: Tensor) -> Tensor:
    """How much edge of each of eight directions there is in each of 4 x 4 places, (n, 128); roots of shares.

    >>> bars = torch.zeros(1, 1, 8, 8); bars[..., 4:] = 1
    >>> edges(bars).shape
    torch.Size([1, 128])
    """
    small = functional.adaptive_avg_pool2d(x, (min(FINE, x.shape[2]), min(FINE, x.shape[3])))
    plane = functional.pad(grey(small)[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    dx, dy = plane[:, 1:-1, 2:] - plane[:, 1:-1, :-2], plane[:, 2:, 1:-1] - plane[:, :-2, 1:-1]
    strength = (dx**2 + dy**2).sqrt()
    place = ((torch.atan2(dy, dx) % torch.pi) / torch.pi * BINS).long().clamp(0, BINS - 1)
    planes = torch.zeros(len(x), BINS, *strength.shape[1:]).scatter_(1, place[:, None], strength[:, None])
    cells = functional.adaptive_avg_pool2d(planes, (4, 4)).flatten(1)
    return (cells / cells.sum(1, keepdim=True).clamp_min(1e-3)).sqrt()
