"""What AugMix composes: nine operations on images, each image with its own level from 0 (little) to 10."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample

from assay.train.augment.base import signs

WARPS = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
MOST = (30 * torch.pi / 180, 0.3, 0.3, 2 / 3, 2 / 3)  # at level 10: radians, shears, thirds of a side (a side is 2)


def warp(x: Tensor, which: Tensor, level: Tensor, generator: Generator) -> Tensor:
    """Each image turned, sheared or moved (``which``: a place in WARPS), either way by chance; edges are repeated."""
    n, _, h, w = x.shape
    most = torch.tensor(MOST).to(x)[which]
    by = signs(n, x, generator) * most * level / 10
    shapes = torch.eye(5).to(x)[which] * by[:, None]  # one column a warp, zero but for the chosen
    turn, lean_x, lean_y, right, down = shapes.unbind(1)
    cos, sin, tall = turn.cos(), turn.sin(), h / w  # turns and shears are meant in pixels
    rows = [cos, (lean_x - sin) * tall, right, (lean_y + sin) / tall, cos, down]
    grid = affine_grid(torch.stack(rows, 1).view(n, 2, 3), list(x.shape), align_corners=False)
    return grid_sample(x, grid, padding_mode="border", align_corners=False).clamp_(0, 1)


def autocontrast(x: Tensor, level: Tensor) -> Tensor:
    """Every channel stretched to [0, 1]; a constant one stays.

    >>> autocontrast(torch.tensor([0.25, 0.5, 0.75]).view(1, 1, 1, 3), torch.zeros(1)).flatten().tolist()
    [0.0, 0.5, 1.0]
    """
    low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    spread = high - low
    return torch.where(spread > 0, (x - low) / spread.where(spread > 0, 1.0), x).clamp_(0, 1)


def equalize(x: Tensor, level: Tensor) -> Tensor:
    """Every channel with its 256 grey levels spread evenly over its pixels: (F(v) - F(min)) / (1 - F(min)).

    F is the share of pixels at or below a grey level; a constant channel stays.

    >>> equalize(torch.tensor([0.1, 0.2, 0.9]).view(1, 1, 1, 3), torch.zeros(1)).flatten().tolist()
    [0.0, 0.5, 1.0]
    """
    flat = x.flatten(2)
    bins = (flat * 255).round().long()
    counts = torch.zeros(*flat.shape[:2], 256).to(x).scatter_add_(2, bins, torch.ones_like(flat))
    below = counts.cumsum(2).gather(2, bins)
    least = below.amin(2, keepdim=True)
    room = flat.shape[2] - least
    return torch.where(room > 0, (below - least) / room.where(room > 0, 1.0), flat).view(x.shape)


def posterize(x: Tensor, level: Tensor) -> Tensor:
    """Grey levels cut to their first 4 - floor(0.4 level) bits of 8, at least one.

    >>> posterize(torch.tensor([0.5, 1.0]).view(1, 1, 1, 2), torch.zeros(1)).mul(255).flatten().tolist()
    [128.0, 240.0]
    """
    step = 2.0 ** (8 - (4 - (0.4 * level).floor()).clamp(min=1)).view(-1, 1, 1, 1)
    return ((x * 255).round() / step).floor() * step / 255


def solarize(x: Tensor, level: Tensor) -> Tensor:
    """Values from 1 - level / 10 up turned round: v' = 1 - v.

    >>> solarize(torch.tensor([0.25, 0.75]).view(1, 1, 1, 2), torch.tensor([5.0])).flatten().tolist()
    [0.25, 0.25]
    """
    return torch.where(x >= (1 - level / 10).view(-1, 1, 1, 1), 1 - x, x)


POINTWISE: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (autocontrast, equalize, posterize, solarize)


def apply_(x: Tensor, chosen: Tensor, level: Tensor, generator: Generator) -> None:
    """Operation number ``chosen`` (n,) on each image, in place: first POINTWISE, then WARPS; -1 is none.

    All images with one operation are worked on together, and so are all warps.
    """
    for number in range(len(POINTWISE) + 1):
        rows = (chosen == number if number < len(POINTWISE) else chosen >= number).nonzero()[:, 0]
        if not len(rows):
            continue
        part, by = x.index_select(0, rows), level[rows]
        if number < len(POINTWISE):
            changed = POINTWISE[number](part, by)
        else:
            changed = warp(part, chosen[rows] - number, by, generator)
        x.index_copy_(0, rows, changed)
