"""Every contrastive loss against its formula written as two loops, on batches of any composition."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.losses import SINCERE, ContrastiveLoss, InfoNCE, Spread, SupCL, SupCon, supcon_alpha
from tests.losses.contrastive.literal import draw, literal

FIXTURES = json.loads((Path(__file__).parents[2] / "golden" / "ssem" / "loss_fixtures.json").read_text())["rows"]
FORMS = [(variant, reduction) for variant in ("incl", "excl") for reduction in ("pair", "anchor")]
ALL = [
    *(SupCL(alpha=0.3, variant=v, reduction=r) for v, r in FORMS),
    *(ContrastiveLoss.of(kind) for kind in sorted(ContrastiveLoss.family) if kind != "supcl"),
]
NAMES = [f"{loss.kind}-{getattr(loss, 'variant', '')}-{getattr(loss, 'reduction', '')}".strip("-") for loss in ALL]


def fixture_batch(row: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """The matrix that the fixtures' own words describe, as images of views, and labels."""
    sizes, p, d = row["class_sizes"], row["p"], row["d"]
    k = torch.arange(1, sum(sizes) * p + 1, dtype=torch.float64)[:, None]
    c = torch.arange(1, d + 1, dtype=torch.float64)[None]
    raw = torch.cos(0.7 * k * c) + 0.05 * c * ((k - 1) % 3 - 1)
    labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    return raw.view(-1, p, d), labels


def fixtures() -> list[tuple]:
    found = []
    for number, row in enumerate(FIXTURES):
        setting = {"alpha": row["alpha"], "temperature": row["tau"]}
        for variant, reduction in FORMS:
            if f"loss_{variant}_{reduction}" in row:
                loss: ContrastiveLoss = SupCL(**setting, variant=variant, reduction=reduction)
                name = f"{variant}_{reduction}"
                found.append((number, loss, row[f"loss_{name}"], row[f"gradnorm_raw_{name}"]))
        expected = row["supcon_khosla_mean_over_all_anchors"], row["gradnorm_raw_supcon"]
        found.append((number, SupCon(temperature=row["tau"]), *expected))
    return found


@pytest.mark.parametrize("block", [None, 3])
@pytest.mark.parametrize("number, loss, value, norm", fixtures())
def test_reference_values_and_gradients(
    number: int, loss: ContrastiveLoss, value: float, norm: float, block: int | None
) -> None:
    z, labels = fixture_batch(FIXTURES[number])
    z.requires_grad_()
    found = loss(z, labels, block=block)
    found.backward()
    assert z.grad is not None
    assert found.item() == pytest.approx(value, abs=1e-10)
    assert z.grad.norm().item() == pytest.approx(norm, abs=1e-10)
    single = z.detach().float().requires_grad_()
    loss(single, labels, block=block).backward()
    assert single.grad is not None and (single.grad - z.grad).abs().max() < 1e-6


def test_there_are_reference_values_of_every_form() -> None:
    assert len(fixtures()) == 6 * 5 - 2  # one view: nothing to reproduce for excl


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    labels=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    views=st.integers(1, 3),
    temperature=st.sampled_from([0.005, 0.1, 1.0, 20.0]),
    block=st.sampled_from([1, 4, 64]),
)
def test_images_are_the_two_loops(
    loss: ContrastiveLoss, seed: int, labels: list[int], views: int, temperature: float, block: int
) -> None:
    loss = loss.with_(temperature=temperature)
    z, y = draw(seed, len(labels), views, 4), torch.tensor(labels)
    rows = [y for y in labels for _ in range(views)], [i for i in range(len(labels)) for _ in range(views)]
    expected = pytest.approx(literal(loss, z.flatten(0, 1), *rows), abs=1e-10, rel=1e-11)
    assert loss(z, y, block=block).item() == expected
    each = loss.per_image(z, y, block=block)
    assert each.shape == y.shape and each.mean().item() == expected


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), instances=st.lists(st.integers(0, 5), min_size=1, max_size=14))
def test_rows_with_any_number_of_views_are_the_two_loops(
    loss: ContrastiveLoss, seed: int, instances: list[int]
) -> None:
    labels = [i % 3 for i in instances]
    z, y, i = draw(seed, len(labels), 4), torch.tensor(labels), torch.tensor(instances) * 7 - 3
    expected = pytest.approx(literal(loss, z, labels, instances), abs=1e-10)
    assert loss(z, y, instances=i, block=4).item() == expected
    each = loss.per_image(z, y, instances=i)
    assert each.shape == (len(set(instances)),) and each.mean().item() == expected


def test_an_image_has_what_its_own_views_add() -> None:
    """By hand: image 0 and 1 are alike, image 2 is alone in its class and orthogonal; one view each."""
    z, y = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]]), torch.tensor([0, 0, 1])
    pull = torch.log(torch.tensor(torch.e + 1)) - 1
    loss = SupCL(alpha=0, temperature=1)
    assert loss.per_image(z, y).allclose(torch.stack([pull, pull, pull * 0]))
    pair = SupCL(alpha=0, temperature=1, reduction="pair")  # a mean over the two pairs, times three images
    assert pair.per_image(z, y).allclose(torch.stack([1.5 * pull, 1.5 * pull, pull * 0]))


@pytest.mark.parametrize("variant", ["incl", "excl"])
@pytest.mark.parametrize("views", [2, 3])
def test_reductions_agree_on_balanced_batches_only(variant: str, views: int) -> None:
    pair, anchor = (SupCL(alpha=0.3, variant=variant, reduction=r) for r in ("pair", "anchor"))
    z = draw(1, 6, views, 5)
    balanced, unequal = torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([0, 0, 0, 0, 1, 1])
    assert pair(z, balanced).item() == pytest.approx(anchor(z, balanced).item(), abs=1e-12)
    assert abs(pair(z, unequal) - anchor(z, unequal)) > 1e-3


@pytest.mark.parametrize("per_class, views", [(3, 1), (2, 2), (4, 2), (2, 3)])
def test_supcon_is_excl_at_its_own_alpha(per_class: int, views: int) -> None:
    z, y = draw(2, 3 * per_class, views, 5), torch.arange(3).repeat(per_class)
    same = SupCL(alpha=supcon_alpha(views, per_class), temperature=0.2)
    assert same(z, y).item() == pytest.approx(SupCon(temperature=0.2)(z, y).item(), abs=1e-12)


def test_relatives_meet_where_their_formulas_do() -> None:
    z, y = draw(3, 6, 2, 5), torch.tensor([0, 1, 0, 1, 0, 2])
    assert InfoNCE()(z).item() == pytest.approx(SupCL(alpha=1)(z, y).item(), abs=1e-12)
    assert Spread(alpha=0, temperature=0.1)(z, y).item() == pytest.approx(SINCERE()(z, y).item(), abs=1e-12)
    one = torch.zeros(6, dtype=torch.long)
    assert Spread(alpha=1, temperature=0.1)(z, one).item() == pytest.approx(InfoNCE()(z).item(), abs=1e-12)


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_order_of_rows_names_and_lengths_mean_nothing(loss: ContrastiveLoss) -> None:
    z, y, i = draw(4, 12, 5), torch.arange(12) // 2 % 3, torch.arange(12) // 2
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    a, b = z.clone().requires_grad_(), z[order].requires_grad_()
    first, second = loss(a, y, instances=i), loss(b, y[order] * 5 - 2, instances=100 - i[order])
    first.backward(), second.backward()
    assert a.grad is not None and b.grad is not None
    assert first.item() == pytest.approx(second.item(), abs=1e-12)
    assert a.grad[order].allclose(b.grad, atol=1e-12) and a.grad.norm() > 1e-3
    assert loss(z * torch.linspace(0.1, 9, 12)[:, None], y, instances=i).item() == pytest.approx(
        first.item(), abs=1e-12
    )


def test_agrees_with_pytorch_metric_learning() -> None:
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    z, y = draw(5, 20, 2, 6), torch.arange(20) % 4
    a, b = z.clone().requires_grad_(), z.clone().requires_grad_()
    theirs = losses.SupConLoss(temperature=0.1)(b.flatten(0, 1), y.repeat_interleave(2))
    ours = SupCon(temperature=0.1)(a, y)
    ours.backward(), theirs.backward()
    assert a.grad is not None and b.grad is not None
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-10) and a.grad.allclose(b.grad, atol=1e-12)
