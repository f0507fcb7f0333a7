from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.data import SHIFTS, Shift, load_data, shifts_for

IMAGE = [shift for shift in SHIFTS.values() if shift.kind == "image"]
TABLE = [shift for shift in SHIFTS.values() if shift.kind == "table"]
SHAPES = {"image": [(5, 1, 8, 8), (5, 3, 7, 11), (1, 1, 3, 5)], "table": [(5, 30), (3, 2), (2, 1)]}
CASES = [(shift, shape) for shift in SHIFTS.values() for shape in SHAPES[shift.kind]]


def name(value: object) -> str:
    return value.name if isinstance(value, Shift) else str(value)


@pytest.mark.parametrize(("shift", "shape"), CASES, ids=name)
def test_shape_range_repeatability_and_effect(shift: Shift, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape, generator=rng(0, "x"))
    before = x.clone()
    shifted = shift.apply(x, shift.strength, rng(1, "s"))
    assert (x == before).all()
    assert shifted.shape == x.shape and shifted.dtype == x.dtype and shifted.isfinite().all()
    assert (shifted == shift.apply(x, shift.strength, rng(1, "s"))).all()
    assert not torch.allclose(shifted, x, atol=1e-4)
    if shift.kind == "image":
        assert shift.apply(x, 3 * shift.strength, rng(1, "s")).min() >= 0
        assert shift.apply(x, 3 * shift.strength, rng(1, "s")).max() <= 1


@pytest.mark.parametrize(("shift", "shape"), CASES, ids=name)
def test_strength_zero_is_the_identity(shift: Shift, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape, generator=rng(0, "x"))
    same = shift.apply(x, 0.0, rng(1, "s"))
    assert (same == x).all() and same is not x


@pytest.mark.parametrize(("shift", "shape"), CASES, ids=name)
def test_an_item_does_not_depend_on_those_that_follow(shift: Shift, shape: tuple[int, ...]) -> None:
    x = torch.rand((41, *shape[1:]), generator=rng(0, "x"))
    whole = shift.apply(x, shift.strength, rng(1, "s"))
    for n in (1, 2, 17):
        assert torch.allclose(whole[:n], shift.apply(x[:n], shift.strength, rng(1, "s")), atol=1e-6)


@pytest.mark.parametrize("shift", SHIFTS.values(), ids=name)
def test_more_strength_moves_further(shift: Shift) -> None:
    x = torch.rand(SHAPES[shift.kind][0], generator=rng(0, "x"))
    moved = [(shift.apply(x, k * shift.strength, rng(1, "s")) - x).abs().mean() for k in (0.25, 1, 2.5)]
    assert moved[0] <= moved[1] <= moved[2] and moved[0] < moved[2]


@pytest.mark.parametrize("shift", SHIFTS.values(), ids=name)
def test_strengths_that_mean_nothing(shift: Shift) -> None:
    x = torch.rand(SHAPES[shift.kind][0])
    for strength in (float("nan"), float("inf")):
        with pytest.raises(BadInput, match=shift.name):
            shift.apply(x, strength, rng(1, "s"))
    if shift.name not in ("brightness", "contrast"):
        with pytest.raises(BadInput, match="from 0 up"):
            shift.apply(x, -0.1, rng(1, "s"))
    assert shift.unit and shift.description.endswith(".") and shift.strength > 0


@pytest.mark.parametrize("shift", SHIFTS.values(), ids=name)
def test_no_items_stay_no_items(shift: Shift) -> None:
    shape = (0, *SHAPES[shift.kind][0][1:])
    assert shift.apply(torch.zeros(shape), shift.strength, rng(1, "s")).shape == shape


def test_the_shifts_of_a_data_set_are_those_of_its_kind() -> None:
    assert shifts_for(load_data("digits")) == IMAGE and len(IMAGE) == 6
    assert shifts_for(load_data("cells")) == TABLE and len(TABLE) == 3


@pytest.mark.parametrize("kind", ["gaussian_noise", "measurement_noise"])
def test_noise_has_the_stated_spread(kind: str) -> None:
    """40,000 draws: mean within 4 standard errors of 0, spread within 4 of the strength."""
    shape = (400, 1, 10, 10) if kind == "gaussian_noise" else (400, 100)
    noise = SHIFTS[kind].apply(torch.full(shape, 0.5), 0.05, rng(2, "s")) - 0.5
    assert abs(noise.mean()) < 4 * 0.05 / 200
    assert abs(noise.std() - 0.05) < 4 * 0.05 / np.sqrt(2 * 40_000)


def test_blur_is_a_normal_kernel_cut_at_three_standard_deviations() -> None:
    x = torch.rand(2, 3, 12, 9, generator=rng(0, "x"))
    for strength in (0.5, 1.0, 2.3):
        expected = np.stack(
            [
                [gaussian_filter(c.numpy(), strength, mode="nearest", radius=int(np.ceil(3 * strength))) for c in i]
                for i in x
            ]
        )
        assert np.allclose(SHIFTS["gaussian_blur"].apply(x, strength, rng(0)), expected, atol=1e-5)


def test_rotation_by_a_quarter_turn_moves_pixels_exactly() -> None:
    x = torch.rand(64, 2, 6, 6, generator=rng(0, "x"))[:, :1]
    turned = SHIFTS["rotation"].apply(x, 90.0, rng(0, "s"))
    left, right = torch.rot90(x, 1, (2, 3)), torch.rot90(x, -1, (2, 3))
    is_left = ((turned - left).abs().amax((1, 2, 3)) < 1e-4).sum()
    is_right = ((turned - right).abs().amax((1, 2, 3)) < 1e-4).sum()
    assert is_left + is_right == 64 and 12 <= is_left <= 52  # binomial(64, 1/2), p < 1e-6 outside


def test_rotation_keeps_lengths_when_the_image_is_not_square() -> None:
    x = torch.zeros(1, 1, 41, 21)
    x[0, 0, 24, 16] = 1  # 6 right of the centre, 4 below it
    turned = SHIFTS["rotation"].apply(x, 90.0, rng(0, "s"))[0, 0]
    row, column = divmod(int(turned.argmax()), 21)
    assert (row - 20, column - 10) in [(6, -4), (-6, 4)] and turned.max() == pytest.approx(1, abs=1e-4)


def test_translation_moves_by_the_stated_share_in_all_directions() -> None:
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    blob = torch.exp(-((rows - 15.5) ** 2 + (columns - 15.5) ** 2) / 18).expand(200, 1, 32, 32)
    moved = SHIFTS["translation"].apply(blob, 0.125, rng(0, "s"))
    mass = moved.sum((1, 2, 3))
    down = (moved[:, 0] * rows).sum((1, 2)) / mass - 15.5
    right = (moved[:, 0] * columns).sum((1, 2)) / mass - 15.5
    assert torch.allclose(torch.hypot(down, right), torch.tensor(4.0), atol=0.05)
    quadrants = torch.stack([(down > 0) & (right > 0), (down > 0) & (right < 0), (down < 0) & (right > 0)]).sum(1)
    assert (quadrants >= 24).all() and (quadrants <= 80).all()  # binomial(200, 1/4), p < 1e-4 outside


def test_scale_drift_is_one_factor_a_column() -> None:
    x = torch.rand(20, 12, generator=rng(0, "x")) + 0.1
    factors = SHIFTS["scale_drift"].apply(x, 0.2, rng(0, "s")) / x
    assert torch.allclose(factors, factors[:1].expand_as(x), atol=1e-6)
    assert {round(float(f), 4) for f in factors[0]} == {0.8, 1.2}


@pytest.mark.parametrize(("strength", "lost"), [(0.001, 1), (0.1, 3), (0.5, 15), (1.0, 30), (7.0, 30)])
def test_missing_columns_are_the_same_for_all_rows(strength: float, lost: int) -> None:
    x = torch.rand(9, 30, generator=rng(0, "x"))
    changed = SHIFTS["missing_columns"].apply(x, strength, rng(0, "s"))
    columns = (changed == 0.5).all(dim=0)
    assert columns.sum() == lost and (changed[:, ~columns] == x[:, ~columns]).all()
