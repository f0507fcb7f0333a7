"""Windows and bumps on images, one an item, at places and sizes of their own: what the Square attack paints with."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from assay.attacks.draws import Draws
from assay.attacks.items import Items


def window(u: Tensor, v: Tensor, side: int, height: int, width: int) -> Tensor:
    """Ones in a square whose corner is (floor(u (height - side)), floor(v (width - side))): (n, 1, h, w).

    The last row and column are never reached, unless the square fills the image; the reference has it so.

    >>> window(torch.tensor([0.9]), torch.tensor([0.0]), 2, 4, 3)[0, 0].tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    down, right = _inside(u, side, height), _inside(v, side, width)
    rows, columns = ((at >= 0) & (at < side) for at in (down, right))
    return (rows.unsqueeze(2) & columns.unsqueeze(1)).unsqueeze(1).to(u.dtype)


def _inside(u: Tensor, side: int, length: int) -> Tensor:
    """How far each row (or column) lies behind the first of the square: (n, length)."""
    return torch.arange(length, device=u.device) - ((length - side) * u).long().unsqueeze(1)


@lru_cache
def shape(side: int) -> Tensor:
    """Two opposite bumps, one in the upper half and one in the lower, of norm 1 together: (side, side).

    A bump falls off from its centre as sum_{k >= r} 1 / (k + 1)^2 with the distance r = max(|i|, |j|).
    """

    def half(rows: int) -> Tensor:
        i, j = torch.arange(rows).unsqueeze(1), torch.arange(side).unsqueeze(0)
        distance = torch.maximum((i - rows // 2).abs(), (j - side // 2).abs())
        heights = 1.0 / torch.arange(1, max(rows // 2, side // 2) + 2).float() ** 2
        tails = heights.flip(0).cumsum(0).flip(0)
        value = tails[distance]
        return value / value.square().sum().sqrt()

    both = torch.cat([half(side // 2), -half(side - side // 2)])
    return both / both.square().sum().sqrt()


def bump(u: Tensor, side: int, height: int, width: int) -> Tensor:
    """Bumps at the windows of ``u[:, 0]`` and ``u[:, 1]``, turned where ``u[:, 4]`` is above a half: (n, 1, h, w)."""
    canvas = torch.zeros(2, height + 1, width + 1, device=u.device)  # a row and a column more, for what is outside
    canvas[0, :side, :side], canvas[1, :side, :side] = shape(side), shape(side).T
    down, right = _inside(u[:, 0], side, height), _inside(u[:, 1], side, width)
    down, right = down.where(down >= 0, height), right.where(right >= 0, width)
    turned = (u[:, 4] > 0.5).long()
    return canvas[turned[:, None, None], down.unsqueeze(2), right.unsqueeze(1)].unsqueeze(1)


def start(draws: Draws, items: Items) -> Tensor:
    """A tiling of bumps, five a column, each with a sign of its own in every channel: shape of the images."""
    x = items.x
    channels, height, width = x.shape[1:]
    side = max(height // 5, 1)
    origin = (height - side * 5) // 2
    delta = torch.zeros_like(x)
    corners = [(origin + i * side, origin + j * side) for i in range(height // side) for j in range(width // side)]
    for tag, (top, left) in enumerate(corners):
        turned = draws.uniform(items, 1, tag=2 * tag, shared=True).view(-1, 1, 1, 1) > 0.5
        signs = (2 * draws.uniform(items, channels, 1, 1, tag=2 * tag + 1) - 1).sign()
        place = delta[:, :, max(top, 0) : top + side, max(left, 0) : left + side]
        painted = torch.where(turned, shape(side).T.to(x.device), shape(side).to(x.device)) * signs
        place += painted[..., : place.shape[2], : place.shape[3]]
    return delta
