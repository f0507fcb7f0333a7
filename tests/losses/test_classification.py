"""Losses against their formulas written out, and against torch where it has them."""

import pytest
import torch
from torch.nn import functional as F

from assay.losses import CrossEntropy, Focal, LabelSmoothed, Loss, MultiMargin, SquaredError

Z = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
Y = torch.randint(4, (3, 5), generator=torch.Generator().manual_seed(1))


def literal(loss: Loss, z: torch.Tensor, y: int) -> float:
    """The formula, one example, plain Python numbers."""
    p = torch.softmax(z, 0).tolist()
    log_p = torch.log_softmax(z, 0).tolist()
    zs, n = z.tolist(), len(z)
    match loss:
        case CrossEntropy():
            return -log_p[y]
        case LabelSmoothed():
            s = loss.smoothing
            return -sum(((1 - s) * (j == y) + s / n) * log_p[j] for j in range(n))
        case Focal():
            return -((1 - p[y]) ** loss.gamma) * log_p[y]
        case SquaredError():
            return sum((zs[j] - (j == y)) ** 2 for j in range(n)) / n
        case MultiMargin():
            return sum(max(0.0, loss.margin - zs[y] + zs[j]) for j in range(n) if j != y) / n
    raise AssertionError(loss)


@pytest.mark.parametrize("kind", sorted(Loss.family))
def test_every_loss_is_its_formula_with_any_leading_axes(kind: str) -> None:
    loss = Loss.of(kind)
    found = loss(Z, Y)
    assert found.shape == Y.shape
    for i in range(3):
        for j in range(5):
            assert found[i, j].item() == pytest.approx(literal(loss, Z[i, j], int(Y[i, j])), abs=1e-10)


@pytest.mark.parametrize("kind", sorted(Loss.family))
def test_gradients_are_finite_also_where_the_model_is_sure(kind: str) -> None:
    z = torch.tensor([[200.0, 0.0], [0.0, 200.0], [0.0, 0.0]], requires_grad=True)
    Loss.of(kind)(z, torch.tensor([0, 0, 1])).sum().backward()
    assert z.grad is not None and z.grad.isfinite().all()


def test_cross_entropy_is_torchs() -> None:
    z, y = Z.flatten(0, 1), Y.flatten()
    assert CrossEntropy()(z, y).allclose(F.cross_entropy(z, y, reduction="none"))
