"""Losses whose term for an anchor depends on that anchor's row of similarities alone, some rows at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

# What a rule gives for some rows of similarities (runs, some, rows): values (runs, some), slopes d value / d s.
Values = tuple[Tensor, Tensor]
Rule = Callable[[Tensor, slice], Values]


def by_rows(
    u: Tensor, temperature: float, block: int, weight: Tensor | None, rule: Rule
) -> tuple[Tensor, Tensor | None]:
    """(values, gradient): the rule's value of every anchor, and d(sum_a weight_a value_a) / du.

    ``u (runs, rows, d)`` unit rows; the rule sees s_ab = u_a u_b / temperature for a slice of anchors a and all b,
    may overwrite it, and is told which slice. Memory is block x rows.
    """
    values, push = [], None if weight is None else torch.zeros_like(u)
    unused = u.new_empty(1, 1, 1)
    for start in range(0, u.shape[1], block):
        rows = slice(start, min(start + block, u.shape[1]))
        s = torch.baddbmm(unused, u[:, rows], u.mT, beta=0, alpha=1 / temperature)
        value, slope = rule(s, rows)
        values.append(value)
        if push is not None and weight is not None:
            slope = slope * weight[:, rows, None]
            push[:, rows].baddbmm_(slope, u, alpha=1 / temperature)
            push.baddbmm_(slope.mT, u[:, rows], alpha=1 / temperature)
    return torch.cat(values, 1), push


def softmax_over(s: Tensor, members: Tensor) -> Values:
    """(log sum exp over the members of each row, softmax over them); -inf and 0 for a row without members."""
    s = s.masked_fill(~members, -math.inf)
    log_z = s.logsumexp(-1)
    return log_z, (s - log_z.clamp(min=torch.finfo(s.dtype).min).unsqueeze(-1)).exp()


def mean_over(x: Tensor, members: Tensor) -> Tensor:
    """The mean of each row over its members ``(..., some)``; 0 for a row without members."""
    return x.masked_fill(~members, 0).sum(-1) / members.sum(-1).clamp(min=1)


def share_of(members: Tensor, like: Tensor) -> Tensor:
    """1 / number of members at each member, 0 elsewhere: the slope of `mean_over`."""
    return members.to(like.dtype) / members.sum(-1, keepdim=True).clamp(min=1)


def but_self(members: Tensor, rows: slice) -> Tensor:
    """The same members without the anchor itself."""
    members = members.clone()
    members.diagonal(rows.start, -2, -1).fill_(False)
    return members
