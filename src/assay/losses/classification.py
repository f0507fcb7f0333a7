"""Losses that give one number per example, from logits ``(..., n, classes)`` and labels ``(..., n)``.

One number per example, because a family of methods (reweighting, dropping small losses, curricula) wraps a loss
without knowing which one it is. Leading axes are free: a stack of runs is just one more axis.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from assay.core.spec import Kind, Number


class Loss(Kind):
    """What training minimises, one number per example."""

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Losses ``(..., n)``, not reduced."""
        return self.flat(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)).view(labels.shape)

    def flat(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The same for ``(m, classes)`` and ``(m,)``: what each loss implements."""
        raise NotImplementedError


class CrossEntropy(Loss):
    """Negative log probability of the label, in nats: log sum exp(z) - z_y. At least 0.

    >>> import torch
    >>> round(CrossEntropy()(torch.tensor([[0.0, 0.0]]), torch.tensor([1])).item(), 6)  # ln 2
    0.693147
    """

    kind: str = "cross_entropy"

    def flat(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy per example."""
        return F.cross_entropy(logits, labels, reduction="none")


class LabelSmoothed(Loss):
    """Cross-entropy against a target that gives ``smoothing`` of its mass evenly to all classes (Szegedy et al. 2016).

    >>> import torch
    >>> round(LabelSmoothed(smoothing=0.2)(torch.tensor([[2.0, 0.0]]), torch.tensor([0])).item(), 6)
    0.326928
    """

    kind: str = "label_smoothed"
    smoothing: Number = 0.1

    def flat(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Smoothed cross-entropy per example."""
        return F.cross_entropy(logits, labels, reduction="none", label_smoothing=self.smoothing)


class Focal(Loss):
    """Cross-entropy that counts easy examples less: (1 - p_y)^gamma * (-ln p_y) (Lin et al. 2017, eq. 4).

    >>> import torch
    >>> round(Focal(gamma=2)(torch.tensor([[0.0, 0.0]]), torch.tensor([1])).item(), 6)  # 0.25 ln 2
    0.173287
    """

    kind: str = "focal"
    gamma: Number = 2.0

    def flat(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Focal loss per example."""
        loss = F.cross_entropy(logits, labels, reduction="none")
        miss = (-(-loss).expm1()).clamp(min=1e-12)  # 1 - p_y; its power has no gradient at exactly 0
        return miss**self.gamma * loss


class SquaredError(Loss):
    """Mean over classes of the squared distance between logits and the one-hot label (Hui and Belkin 2021).

    >>> import torch
    >>> SquaredError()(torch.tensor([[2.0, 0.0]]), torch.tensor([0])).item()  # ((2 - 1)^2 + 0) / 2
    0.5
    """

    kind: str = "squared_error"

    def flat(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Squared error per example."""
        return (logits - F.one_hot(labels, logits.shape[-1])).square().mean(-1)


class MultiMargin(Loss):
    """Mean over the other classes' shortfall: sum_{j != y} max(0, margin - z_y + z_j) / classes.

    >>> import torch
    >>> MultiMargin()(torch.tensor([[0.5, 0.0]]), torch.tensor([0])).item()  # (1 - 0.5) / 2
    0.25
    """

    kind: str = "multi_margin"
    margin: Number = 1.0

    def flat(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Multi-class margin loss per example."""
        return F.multi_margin_loss(logits, labels, margin=self.margin, reduction="none")
