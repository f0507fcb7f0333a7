"""What an attack raises: functions of logits, one number an example, larger for a worse answer.

Logits ``(..., n, classes)``, labels and targets ``(..., n)``. Cross-entropy saturates on confident networks; margins
do not; the difference of logits ratio (DLR, Croce and Hein 2020) is a margin that no rescaling of the logits changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from assay.core.registry import Registry

TINY = 1e-12


def cross_entropy(logits: Tensor, y: Tensor, target: Tensor | None = None) -> Tensor:
    """Negative log probability of the label, in nats: log sum exp(z) - z_y. At least 0.

    >>> round(cross_entropy(torch.tensor([[0.0, 0.0]]), torch.tensor([0])).item(), 6)  # ln 2
    0.693147
    """
    flat = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1), reduction="none")
    return flat.view(y.shape)


def margin(logits: Tensor, y: Tensor, target: Tensor | None = None) -> Tensor:
    """How far the best wrong class is above the label: max_{j != y} z_j - z_y (Carlini and Wagner 2017, f6).

    >>> margin(torch.tensor([[3.0, 1.0, 2.0]]), torch.tensor([0])).item()
    -1.0
    """
    label = y.unsqueeze(-1)
    return logits.scatter(-1, label, -torch.inf).amax(-1) - logits.gather(-1, label).squeeze(-1)


def targeted_margin(logits: Tensor, y: Tensor, target: Tensor | None = None) -> Tensor:
    """How far the target is above the label: z_t - z_y.

    >>> targeted_margin(torch.tensor([[3.0, 1.0, 2.0]]), torch.tensor([0]), torch.tensor([1])).item()
    -2.0
    """
    assert target is not None
    return _at(logits, target) - _at(logits, y)


def dlr(logits: Tensor, y: Tensor, target: Tensor | None = None) -> Tensor:
    """Difference of logits ratio: -(z_y - max_{j != y} z_j) / (z_(1) - z_(3)), sorted downwards; from 3 classes on.

    >>> round(dlr(torch.tensor([[3.0, 1.0, 2.0]]), torch.tensor([0])).item(), 6)  # -(3 - 2) / (3 - 1)
    -0.5
    """
    top, order = logits.sort(-1, descending=True)
    other = torch.where(order[..., 0] == y, top[..., 1], top[..., 0])
    return -(_at(logits, y) - other) / (top[..., 0] - top[..., 2] + TINY)


def targeted_dlr(logits: Tensor, y: Tensor, target: Tensor | None = None) -> Tensor:
    """Its targeted form: -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2); from 4 classes on.

    >>> round(targeted_dlr(torch.tensor([[4.0, 3.0, 2.0, 1.0]]), torch.tensor([0]), torch.tensor([3])).item(), 6)
    -1.2
    """
    assert target is not None
    top = logits.sort(-1, descending=True).values
    scale = top[..., 0] - 0.5 * (top[..., 2] + top[..., 3]) + TINY
    return -(_at(logits, y) - _at(logits, target)) / scale


def _at(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.gather(-1, classes.unsqueeze(-1)).squeeze(-1)


@dataclass(frozen=True)
class Objective:
    """A function to raise, the fewest classes for which it is defined, and what takes its place below that."""

    name: str
    value: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    fewest: int = 2
    instead: str = ""

    def for_classes(self, classes: int) -> Objective:
        """Itself, or its substitute when there are too few classes.

        >>> OBJECTIVES["dlr"].for_classes(10).name, OBJECTIVES["dlr"].for_classes(2).name
        ('dlr', 'margin')
        """
        return self if classes >= self.fewest else OBJECTIVES[self.instead]


OBJECTIVES: Registry[Objective] = Registry("objective")
for _objective in (
    Objective("ce", cross_entropy),
    Objective("margin", margin),
    Objective("targeted-margin", targeted_margin),
    Objective("dlr", dlr, 3, "margin"),
    Objective("targeted-dlr", targeted_dlr, 4, "targeted-margin"),
):
    OBJECTIVES.add(_objective.name, _objective)
