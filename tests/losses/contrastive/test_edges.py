"""Batches at the edge, and what cannot be done as asked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.losses import ContrastiveLoss, InfoNCE, Spread, SupCL, SupCon, alpha_view, supcon_alpha
from assay.maths.ssem import Setting
from tests.losses.contrastive.literal import draw
from tests.losses.contrastive.test_values import ALL, NAMES

BATCHES = {
    "no two of a class": (4, 1, [0, 1, 2, 3]),
    "no two of a class, views": (4, 2, [0, 1, 2, 3]),
    "one class": (4, 2, [0, 0, 0, 0]),
    "one image": (1, 2, [0]),
    "one row": (1, 1, [0]),
    "a single one": (3, 2, [0, 0, 1]),
}


@pytest.mark.parametrize("temperature", [1e-4, 0.0115, 0.02, 0.5, 1e3])
@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_any_batch_is_finite(loss: ContrastiveLoss, name: str, temperature: float) -> None:
    images, views, labels = BATCHES[name]
    loss = loss.with_(temperature=temperature)
    z = draw(0, images, views, 3).float()
    if images > 1:
        z[1] = z[0]  # equal rows: the largest exponents there are
        z[-1] = -z[0]
    z.requires_grad_()
    value = loss(z, torch.tensor(labels))
    value.backward()
    assert value.isfinite() and z.grad is not None and z.grad.isfinite().all()
    assert loss.per_image(z, torch.tensor(labels)).isfinite().all()


def test_low_temperature_agrees_with_double_precision() -> None:
    """Both ways to log Z, on either side of the temperature at which they change."""
    for temperature in (0.005, 0.0185, 0.019, 0.03):
        loss = SupCL(temperature=temperature)
        z, y = draw(1, 12, 2, 6), torch.arange(12) % 3
        a, b = z.clone().requires_grad_(), z.float().requires_grad_()
        loss(a, y).backward(), loss(b, y).backward()
        assert a.grad is not None and b.grad is not None
        assert loss(z.float(), y).item() == pytest.approx(loss(z, y).item(), rel=1e-5)
        assert (a.grad - b.grad).norm() < 1e-4 * a.grad.norm()


@pytest.mark.parametrize("block", [7, 16, 600])
@pytest.mark.parametrize("temperature", [0.01, 0.1])
def test_blocks_change_nothing(block: int, temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.losses.contrastive import partition

    loss, z, y = SupCL(temperature=temperature), draw(2, 2, 300, 2, 8), torch.arange(300) % 7
    whole, parts = (z.clone().requires_grad_() for _ in range(2))
    first = loss(whole, y)
    first.sum().backward()
    monkeypatch.setattr(partition, "KEPT", 1000)  # nearly all blocks are computed twice
    second = loss(parts, y, block=block)
    second.sum().backward()
    assert whole.grad is not None and parts.grad is not None
    assert first.allclose(second, atol=1e-12) and whole.grad.allclose(parts.grad, atol=1e-12)


def test_effective_alpha_counts_what_pulls() -> None:
    two_and_one = torch.tensor([0, 0, 1])
    assert SupCL(alpha=0.5).effective_alpha(two_and_one, 2) == pytest.approx(0.5 / (0.5 + 0.5 * 2 / 3))
    assert SupCL(alpha=0.5, reduction="pair").effective_alpha(two_and_one, 2) == 0.5
    assert SupCL(alpha=0.3).effective_alpha(torch.arange(4), 2) == 1
    assert SupCL(alpha=0.3).effective_alpha(torch.tensor([0, 0, 1, 1]), 1) == 0  # no second view to pull
    assert SupCL(alpha=0.3, variant="incl").effective_alpha(torch.tensor([0, 0, 1, 1]), 1) == 0.3
    assert math.isnan(SupCL().effective_alpha(torch.arange(4), 1))


def test_notes_say_what_does_not_go_as_the_settings_suggest() -> None:
    balanced, single = torch.arange(8) % 2, torch.tensor([0, 0, 0, 1])
    assert SupCL().notes(balanced, 2) == []
    assert "pushed apart; raise alpha (SupCon itself is 0.143" in SupCL(alpha=0).notes(balanced, 2)[0]
    assert SupCL(alpha=0, variant="incl").notes(balanced, 2) == []
    assert SupCL(alpha=supcon_alpha(views=2, per_class=4)).notes(balanced, 2) == []  # SupCon's own alpha never is below
    assert "1 of 4 images" in SupCL().notes(single, 2)[0] and "0.571" in SupCL().notes(single, 2)[0]
    assert "give two views" in SupCL().notes(balanced, 1)[0]
    assert SupCon().notes(balanced, 2) == []


def test_alpha_view_is_where_views_part() -> None:
    """Reference: m = 2, n = 32, p = 2, temperature 0.07; and never above SupCon's own alpha."""
    assert alpha_view(Setting(2, 32, 2, 0.5, 0.07)) == pytest.approx(0.0159, abs=1e-4)
    found = alpha_view(Setting(3, 4, 2, 0.5, 0.2))
    assert found is not None and found < supcon_alpha(views=2, per_class=4)


GOOD = draw(3, 4, 2, 3)
LABELS = torch.tensor([0, 0, 1, 1])


def spoilt(value: float) -> torch.Tensor:
    z = GOOD.clone()
    z[2, 1] = value
    return z


BAD = {
    "alpha: Input should be less than or equal to 1 (found 1.2)": lambda: SupCL(alpha=1.2),
    "alpha: Input should be greater than or equal to 0 (found -0.1)": lambda: Spread(alpha=-0.1),
    "temperature: Input should be greater than 0 (found 0)": lambda: SupCon(temperature=0),
    "did you mean 'temperature'": lambda: InfoNCE(temperatur=1),
    "variant: Input should be 'excl' or 'incl'": lambda: SupCL.parse({"variant": "both"}),
    "row 5 of the embeddings is zero": lambda: SupCL()(spoilt(0), LABELS),
    "row 5 of the embeddings is zero or not finite": lambda: SupCL()(spoilt(math.nan), LABELS),
    "row 5 of the embeddings": lambda: SupCL().per_image(spoilt(math.inf), LABELS),
    "for each of 4 images; found shape (3,)": lambda: SupCL()(GOOD, LABELS[:3]),
    "for each of 8 rows; found shape (4,)": lambda: SupCL()(GOOD.flatten(0, 1), LABELS, instances=torch.arange(8)),
    "one of instances for each of 8 rows": lambda: SupCL()(
        GOOD.flatten(0, 1), torch.zeros(8, dtype=torch.long), instances=torch.arange(7)
    ),
    "of a stack of (2,); found (3,)": lambda: SupCL()(GOOD.expand(2, 4, 2, 3), LABELS.expand(3, 4)),
    "rows of one instance carry different labels": lambda: SupCL()(
        GOOD[:, 0], LABELS, instances=torch.tensor([0, 1, 1, 2])
    ),
    "give (images, views, d), or (rows, d) with instances=": lambda: SupCL()(GOOD[0], LABELS[:2]),
    "labels are torch.float32": lambda: SupCL()(GOOD, LABELS.float()),
    "embeddings are torch.int64": lambda: SupCL()(GOOD.long(), LABELS),
    "found no labels": lambda: SupCL()(GOOD),
    "give at least one": lambda: SupCL()(GOOD[:0], LABELS[:0]),
    "blocks of 0 rows": lambda: SupCL()(GOOD, LABELS, block=0),
    "give the same instances for all runs": lambda: SupCL().per_image(
        GOOD.transpose(0, 1), LABELS, instances=torch.arange(4).expand(2, 4)
    ),
    "labels have shape (2, 2)": lambda: SupCL().effective_alpha(LABELS.view(2, 2), 2),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_said_in_one_line(message: str) -> None:
    with pytest.raises(BadInput, match=re.escape(message)) as error:
        BAD[message]()
    assert "\n" not in str(error.value)


def test_a_wrong_field_inside_a_larger_spec_keeps_its_path() -> None:
    with pytest.raises(BadInput, match="temperature: Input should be greater than 0"):
        ContrastiveLoss.family.find("supcl").parse({"temperature": 0})
    with pytest.raises(ValueError, match="alpha"):
        ContrastiveLoss.of({"kind": "supcl", "alpha": 3})


def test_zero_rows_are_found_inside_transforms_too() -> None:
    with pytest.raises(BadInput, match="row 5"):
        torch.func.vmap(lambda z: SupCL()(z, LABELS))(torch.stack([GOOD, spoilt(0)]))


@pytest.mark.parametrize("loss", ALL, ids=NAMES)
def test_a_loss_is_its_own_configuration(loss: ContrastiveLoss) -> None:
    assert ContrastiveLoss.of(loss.plain()) == loss and type(ContrastiveLoss.of(loss.plain())) is type(loss)


def peak(function: Callable[[], object]) -> int:
    """The most bytes that a call holds beside what was there before."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        function()
    changes = [event.nbytes() for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    return max(accumulate(changes))


@pytest.mark.parametrize("rows", [1024, 2048, 4096])
def test_blocks_hold_a_part_of_the_matrix_of_similarities(rows: int) -> None:
    z = draw(0, rows // 2, 2, 4).float().requires_grad_()
    y = torch.arange(rows // 2) % 8
    assert peak(lambda: z @ z.mT) > 0
    assert peak(lambda: SupCon()(z, y).backward()) < 0.3 * 4 * rows**2


def test_one_number_an_image_takes_memory_in_proportion_to_rows() -> None:
    rows = 4096
    z, y, own = draw(0, rows, 1, 4).float().squeeze(1), torch.arange(rows) % 8, torch.arange(rows)
    assert peak(lambda: SupCon().per_image(z, y, instances=own)) < 0.3 * 4 * rows**2


@pytest.mark.parametrize("given", [list, np.array, tuple], ids=["list", "array", "tuple"])
def test_labels_need_not_be_tensors(given: Callable[[Any], Any]) -> None:
    z, y, own = draw(0, 4, 2, 3), [0, 0, 1, 1], [0, 0, 1, 1, 2, 2, 3, 3]
    expected = SupCL()(z, torch.tensor(y))
    assert SupCL()(z, given(y)).equal(expected)
    by_row = SupCL().per_image(z.flatten(0, 1), given([0] * 4 + [1] * 4), instances=given(own))
    assert by_row.mean().item() == pytest.approx(expected.item(), abs=1e-12)
    assert SupCL(alpha=0.5).effective_alpha(given(y), 2) == 0.5 and SupCL().notes(given(y), 2) == []


@pytest.mark.parametrize("labels", [["cat", "dog"], [[0], [1, 2]]])
def test_labels_that_are_no_numbers_are_refused(labels: list[Any]) -> None:
    with pytest.raises(BadInput, match="give whole numbers"):
        SupCL()(draw(0, 2, 2, 3), labels)
