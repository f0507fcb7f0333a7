"""Derivatives: autograd, torch.func, stacks of runs, weights of images, low precision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.func import grad, vmap

from assay.losses import ContrastiveLoss
from tests.losses.contrastive.literal import draw
from tests.losses.contrastive.test_values import ALL, FIXTURES, NAMES, fixture_batch, fixtures

UNEQUAL = torch.tensor([0, 0, 0, 1, 1, 2])


@pytest.mark.parametrize("temperature, block", [(0.3, None), (0.3, 5), (0.01, 5)])
@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_gradients_are_the_differences(loss: ContrastiveLoss, temperature: float, block: int | None) -> None:
    loss = loss.with_(temperature=temperature)
    z = draw(0, 6, 2, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: loss(z, UNEQUAL, block=block), z, atol=1e-5, fast_mode=True)
    assert torch.autograd.gradcheck(lambda z: loss.per_image(z, UNEQUAL, block=block), z, atol=1e-5, fast_mode=True)


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_gradients_of_rows_with_unequal_views(loss: ContrastiveLoss) -> None:
    instances = torch.tensor([0, 0, 0, 1, 2, 2, 3, 4, 5])
    z = draw(1, 9, 4).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda z: loss.per_image(z, UNEQUAL[instances], instances=instances), z, atol=1e-5, fast_mode=True
    )


@pytest.mark.parametrize("number, loss, value, norm", fixtures())
def test_reference_values_inside_transforms(number: int, loss: ContrastiveLoss, value: float, norm: float) -> None:
    z, labels = fixture_batch(FIXTURES[number])
    wide = z.expand(3, *z.shape) * torch.tensor([1.0, 2.0, 0.5], dtype=z.dtype)[:, None, None, None]
    assert grad(lambda z: loss(z, labels))(z).norm().item() == pytest.approx(norm, abs=1e-10)
    assert vmap(lambda z: loss(z, labels))(wide).tolist() == pytest.approx([value] * 3, abs=1e-10)
    slopes = vmap(grad(lambda z: loss(z, labels)))(wide.float())
    exact = grad(lambda z: loss(z, labels))(z)
    for slope, scale in zip(slopes, (1.0, 2.0, 0.5), strict=True):
        assert (slope * scale - exact).abs().max() < 1e-6


def transformed(loss: ContrastiveLoss, z: torch.Tensor, y: torch.Tensor) -> dict[str, Callable[[], torch.Tensor]]:
    """The gradient of each run's loss, by every way there is."""

    def plain() -> torch.Tensor:
        leaf = z.clone().requires_grad_()
        loss(leaf, y).sum().backward()
        assert leaf.grad is not None
        return leaf.grad

    def autograd_of_vmap() -> torch.Tensor:
        leaf = z.clone().requires_grad_()
        vmap(loss)(leaf, y).sum().backward()
        assert leaf.grad is not None
        return leaf.grad

    return {
        "stacked": plain,
        "autograd of vmap": autograd_of_vmap,
        "vmap of grad": lambda: vmap(grad(loss))(z, y),
        "grad of vmap": lambda: grad(lambda z: vmap(loss)(z, y).sum())(z),
        "grad of images": lambda: grad(lambda z: loss.per_image(z, y).mean(-1).sum())(z),
        "vmap of grad of images": lambda: vmap(grad(lambda z, y: loss.per_image(z, y).mean()))(z, y),
        "from another axis": lambda: vmap(grad(loss), in_dims=(2, 1))(z.movedim(0, 2), y.T),
    }


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_a_stack_is_its_runs_by_every_way(loss: ContrastiveLoss) -> None:
    z, y = draw(2, 3, 6, 2, 4), torch.stack([UNEQUAL, UNEQUAL.flip(0), torch.arange(6)])
    alone = []
    for run in range(3):
        leaf = z[run].clone().requires_grad_()
        value = loss(leaf, y[run])
        value.backward()
        assert loss(z, y)[run].item() == pytest.approx(value.item(), abs=1e-12)
        assert leaf.grad is not None
        alone.append(leaf.grad)
    for way, slope in transformed(loss, z, y).items():
        assert slope().allclose(torch.stack(alone), atol=1e-12), way


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_labels_may_be_shared_and_stacks_nested(loss: ContrastiveLoss) -> None:
    z = draw(3, 2, 3, 6, 2, 4)
    expected = torch.stack([torch.stack([loss(z[i, j], UNEQUAL) for j in range(3)]) for i in range(2)])
    assert loss(z, UNEQUAL).allclose(expected, atol=1e-12)
    assert loss(z, UNEQUAL.expand(3, 6)).allclose(expected, atol=1e-12)
    assert vmap(vmap(lambda z: loss(z, UNEQUAL)))(z).allclose(expected, atol=1e-12)
    assert vmap(lambda z: loss(z, UNEQUAL))(z).allclose(expected, atol=1e-12)
    assert vmap(lambda y: loss(z[0, 0], y))(UNEQUAL.expand(2, 6)).allclose(expected[0, :1].expand(2), atol=1e-12)


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_images_may_be_weighted(loss: ContrastiveLoss) -> None:
    z, weight = draw(4, 2, 6, 2, 4), torch.linspace(0, 3, 6, dtype=torch.float64)

    def single(z: torch.Tensor) -> torch.Tensor:
        return (loss.per_image(z, UNEQUAL) * weight).sum()

    parts = [grad(lambda z, i=i: loss.per_image(z, UNEQUAL)[..., i].sum())(z) for i in range(6)]
    expected = sum(w * part for w, part in zip(weight, parts, strict=True))
    assert grad(single)(z).allclose(expected, atol=1e-12)
    assert vmap(grad(single))(z).allclose(expected, atol=1e-12)


def test_values_alone_take_no_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without autograd no gradient is computed beside the value."""
    from assay.losses.contrastive import partition

    z = draw(5, 6, 2, 4).requires_grad_()
    expected = ALL[0](z, UNEQUAL)
    assert expected.requires_grad
    monkeypatch.setattr(partition._Triangle, "push", None)
    with torch.no_grad():
        value = ALL[0](z, UNEQUAL)
    assert not value.requires_grad and value.equal(expected)


def test_second_derivatives_are_refused() -> None:
    z = draw(6, 6, 2, 4).requires_grad_()
    (slope,) = torch.autograd.grad(ALL[0](z, UNEQUAL), z, create_graph=True)
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        slope.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_half_precision_is_computed_in_single(loss: ContrastiveLoss, dtype: torch.dtype) -> None:
    loss = loss.with_(temperature=0.01)
    half = draw(7, 6, 2, 4).to(dtype).requires_grad_()
    full = half.detach().float().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(half, UNEQUAL)
    loss(full, UNEQUAL).backward()
    value.backward()
    assert value.dtype == torch.float32 and value.item() == pytest.approx(loss(full, UNEQUAL).item(), rel=1e-5)
    assert half.grad is not None and full.grad is not None
    assert half.grad.dtype == dtype and half.grad.float().allclose(full.grad, rtol=0.02, atol=1e-2)
