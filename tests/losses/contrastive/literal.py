"""Slow twins: every loss by two loops over the rows, as its formula says, in plain Python numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from assay.losses import (
    SINCERE,
    BalancedContrastive,
    ContrastiveLoss,
    InfoNCE,
    Spread,
    SupCL,
    SupCon,
)


class Rows:
    """Similarities over temperature, and who is who."""

    def __init__(self, z: Tensor, labels: list[int], instances: list[int], temperature: float):
        u = z.double() / z.double().norm(dim=-1, keepdim=True)
        self.s = (u @ u.T / temperature).tolist()
        self.y, self.i, self.n = labels, instances, len(labels)

    def same(self, a: int) -> list[int]:
        return [b for b in range(self.n) if b != a and self.y[b] == self.y[a]]

    def kin(self, a: int) -> list[int]:
        return [b for b in range(self.n) if self.y[b] == self.y[a] and self.i[b] != self.i[a]]

    def twins(self, a: int, own: bool = False) -> list[int]:
        return [b for b in range(self.n) if self.i[b] == self.i[a] and (own or b != a)]

    def others(self, a: int) -> list[int]:
        return [b for b in range(self.n) if self.y[b] != self.y[a]]

    def log_sum(self, a: int, members: list[int]) -> float:
        if not members:
            return -math.inf
        top = max(self.s[a][b] for b in members)
        return top + math.log(sum(math.exp(self.s[a][b] - top) for b in members))


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def supcl(r: Rows, loss: SupCL) -> float:
    own = loss.variant == "incl"

    def minus_log_p(a: int, b: int) -> float:
        return r.log_sum(a, [c for c in range(r.n) if own or c != a]) - r.s[a][b]

    def part(positives: Callable[[int], list[int]]) -> float:
        each = [[minus_log_p(a, b) for b in positives(a)] for a in range(r.n)]
        if loss.reduction == "pair":
            return mean([x for values in each for x in values])
        return mean([mean(values) for values in each])

    return (1 - loss.alpha) * part(r.kin) + loss.alpha * part(lambda a: r.twins(a, own))


def supcon(r: Rows, _: SupCon) -> float:
    all_but = [[c for c in range(r.n) if c != a] for a in range(r.n)]
    return mean([mean([r.log_sum(a, all_but[a]) - r.s[a][b] for b in r.same(a)]) for a in range(r.n)])


def infonce(r: Rows, _: InfoNCE) -> float:
    all_but = [[c for c in range(r.n) if c != a] for a in range(r.n)]
    return mean([mean([r.log_sum(a, all_but[a]) - r.s[a][b] for b in r.twins(a)]) for a in range(r.n)])


def attract(r: Rows) -> float:
    return mean([mean([r.log_sum(a, [b, *r.others(a)]) - r.s[a][b] for b in r.same(a)]) for a in range(r.n)])


def sincere(r: Rows, _: SINCERE) -> float:
    return attract(r)


def spread(r: Rows, loss: Spread) -> float:
    apart = mean([mean([r.log_sum(a, r.same(a)) - r.s[a][b] for b in r.twins(a)]) for a in range(r.n)])
    return (1 - loss.alpha) * attract(r) + loss.alpha * apart


def balanced(r: Rows, _: BalancedContrastive) -> float:
    def log_z(a: int) -> float:
        total = 0.0
        for c in set(r.y):
            members = [b for b in range(r.n) if b != a and r.y[b] == c]
            total += mean([math.exp(r.s[a][b]) for b in members])
        return math.log(total)

    return mean([mean([log_z(a) - r.s[a][b] for b in r.same(a)]) for a in range(r.n)])


TWINS: dict[type[ContrastiveLoss], Callable[..., float]] = {
    SupCL: supcl,
    SupCon: supcon,
    InfoNCE: infonce,
    SINCERE: sincere,
    Spread: spread,
    BalancedContrastive: balanced,
}


def literal(loss: ContrastiveLoss, z: Tensor, labels: list[int], instances: list[int]) -> float:
    """The loss of rows ``(rows, d)``."""
    return TWINS[type(loss)](Rows(z, labels, instances, loss.temperature), loss)


def draw(seed: int, *shape: int) -> Tensor:
    """Normal numbers in float64, by seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
