"""Colour as a matrix: what brightness, contrast, saturation and hue have in common."""

from __future__ import annotations

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
# Luma and two colour differences of red, green and blue (YIQ): a turn of the last two is a change of hue.
_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]], dtype=torch.float64)


def luma(x: Tensor) -> Tensor:
    """How bright each pixel is, (n, 1, h, w): 0.299 red + 0.587 green + 0.114 blue, or the mean of other channels.

    >>> round(luma(torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)).item(), 3)
    0.587
    """
    if x.shape[1] != 3:
        return x.mean(1, keepdim=True)
    return (torch.tensor(LUMA).to(x) @ x.flatten(2)).view(len(x), 1, *x.shape[2:])


def hue_turn(turn: Tensor) -> Tensor:
    """Matrices (n, 3, 3) that turn colours about the grey axis by shares of a full turn; luma and greys stay.

    >>> bool((hue_turn(torch.tensor([0.0, 1.0])) - torch.eye(3)).abs().max() < 1e-6)
    True
    """
    angle = 2 * torch.pi * turn.double()
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = [zero + 1, zero, zero, zero, cos, -sin, zero, sin, cos]
    basis = _YIQ.to(angle.device)
    return (basis.inverse() @ torch.stack(rows, -1).view(-1, 3, 3) @ basis).to(turn)
