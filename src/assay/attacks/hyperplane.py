"""The smallest move of a point onto a hyperplane that keeps it inside the box [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor


def smallest_move(x: Tensor, normal: Tensor, gap: Tensor, norm: str) -> Tensor:
    """Moves d ``(n, values)`` of least norm with <normal, d> = gap and 0 <= x + d <= 1.

    Out of reach, every value goes to its bound. Under Linf d_i = s_i min(t, room_i), under L2 d_i = s_i min(t |w_i|,
    room_i), where s_i is the sign that helps and room_i the way to the bound; the scalar t solves

        sum_i |w_i| min(t u_i, room_i) = |gap|,   u_i = 1 (Linf) or |w_i| (L2).

    The left side is concave and piecewise linear in t, so Newton's method from 0 climbs to the root without
    overshooting and ends after finitely many steps, a handful in practice. It takes the place of the sorting in
    Croce and Hein 2020 (FAB), and gives the same moves.

    >>> smallest_move(torch.tensor([[0.5, 0.9]]), torch.tensor([[1.0, 1.0]]), torch.tensor([0.4]), "Linf")
    tensor([[0.3000, 0.1000]])
    """
    help_ = torch.where(gap < 0, -1.0, 1.0).to(x.dtype).unsqueeze(1) * normal
    weight = help_.abs()
    live = weight > (0 if norm == "Linf" else 1e-8)
    sign = help_.sign() * live
    weight = weight * live
    room = torch.where(sign > 0, 1 - x, x)
    speed = torch.ones_like(weight) if norm == "Linf" else weight
    t = _root(weight, speed, room, gap.abs())
    return sign * torch.minimum(t.unsqueeze(1) * speed, room)


def _root(weight: Tensor, speed: Tensor, room: Tensor, gap: Tensor) -> Tensor:
    full, rate = weight * room, weight * speed
    reachable = gap < full.sum(1)
    t = gap / rate.sum(1).clamp_min(1e-30)
    for _ in range(weight.shape[1]):
        stopped = t.unsqueeze(1) * speed >= room
        rest = gap - (full * stopped).sum(1)
        free = rate.masked_fill(stopped, 0).sum(1)
        new = torch.where(free > 0, rest / free.clamp_min(1e-30), t)
        if not (reachable & (new > t * (1 + 1e-7))).any():
            break
        t = torch.maximum(t, new)
    return torch.where(reachable, t, torch.finfo(t.dtype).max ** 0.5)
