"""Image augmentations against cases worked out by hand, and their chances against binomial limits."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.train.augment import AugMix, Blur, Crop, Cutout, Flip, Grey, Jitter, Noise, ResizedCrop, operations
from assay.train.augment.colour import hue_turn, luma
from assay.train.augment.resample import bell, resample, zoom

N = 4000
FIVE = 5  # standard deviations: a true share is missed once in two million


def near(share: float, p: float, n: int = N) -> bool:
    return abs(share - p) < FIVE * (p * (1 - p) / n) ** 0.5


@pytest.mark.parametrize("mode", ["reflect", "zero"])
def test_a_crop_is_a_window_of_the_padded_image_each_equally_often(mode: str) -> None:
    image = torch.arange(1.0, 13.0).view(1, 1, 3, 4) / 12
    margin = (1, 1, 1, 1)
    padded = pad(image, margin, mode="reflect") if mode == "reflect" else pad(image, margin)
    found = Crop(padding=1, mode=mode).augment(image.expand(N, 1, 3, 4), rng(0))
    total = 0
    for down in range(3):
        for right in range(3):
            hits = int((found == padded[:, :, down : down + 3, right : right + 4]).flatten(1).all(1).sum())
            assert near(hits / N, 1 / 9)
            total += hits
    assert total == N


def test_a_crop_margin_wider_than_the_image_is_refused() -> None:
    with pytest.raises(
        BadInput, match="margin of 6 pixels; found images of 6 x 8; use a padding below 6, or mode zero"
    ):
        Crop(padding=6).augment(torch.rand(2, 1, 6, 8), rng(0))
    assert Crop(padding=6, mode="zero").augment(torch.rand(2, 1, 6, 8), rng(0)).shape == (2, 1, 6, 8)


def test_flips() -> None:
    x = torch.rand(N, 1, 2, 3, generator=rng(0))
    assert Flip(p=1).augment(x, rng(0)).equal(x.flip(3))
    assert Flip(p=1, direction="vertical").augment(x, rng(0)).equal(x.flip(2))
    found = Flip(p="1/4").augment(x, rng(1))
    flipped = (found == x.flip(3)).flatten(1).all(1)
    assert near(flipped.double().mean().item(), 0.25) and found[~flipped].equal(x[~flipped])


def test_resampling_is_grid_sampling() -> None:
    x = torch.rand(5, 3, 6, 8, dtype=torch.float64, generator=rng(0))
    top, tall = torch.rand(2, 5, dtype=torch.float64, generator=rng(1)) * 3
    left, wide = torch.rand(2, 5, dtype=torch.float64, generator=rng(2)) * 4
    rows = (top[:, None] + (torch.arange(6) + 0.5) * tall[:, None] / 6) / 6 * 2 - 1
    columns = (left[:, None] + (torch.arange(8) + 0.5) * wide[:, None] / 8) / 8 * 2 - 1
    grid = torch.stack([columns[:, None, :].expand(5, 6, 8), rows[:, :, None].expand(5, 6, 8)], -1)
    wanted = grid_sample(x, grid, padding_mode="border", align_corners=False)
    assert resample(x, zoom(top, tall, 6), zoom(left, wide, 8)).allclose(wanted, atol=1e-12)


def test_windows_have_the_area_asked_for_and_stay_inside() -> None:
    ramp = torch.linspace(0, 1, 32)
    x = torch.stack([ramp.expand(32, 32), ramp[:, None].expand(32, 32)]).expand(N, 2, 32, 32)
    found = ResizedCrop(scale=(0.25, 0.25), ratio=(1, 1)).augment(x, rng(0))
    for spread in (found[:, 0, 0, -1] - found[:, 0, 0, 0], found[:, 1, -1, 0] - found[:, 1, 0, 0]):
        assert spread.median().item() == pytest.approx(15.5 / 31, abs=1e-3)  # 16 pixels: 15.5 between centres of ends
    centre = found[:, 0].mean((1, 2))
    assert near((centre < 0.5).double().mean().item(), 0.5) and centre.min() > 0.24 and centre.max() < 0.76
    share = ResizedCrop(scale=(0.2, 1.0), ratio=(1, 1)).augment(x, rng(1))[:, 0, 0]
    area = (share[:, -1] - share[:, 0]) ** 2
    assert near((area < 0.6).double().mean().item(), 0.5, N // 4)  # ends are cut at the edge: a little less than area


def test_jitter_is_its_formula() -> None:
    x = 0.4 + 0.2 * torch.rand(N, 3, 2, 2, generator=rng(0))  # far from where it is clipped
    mean = luma(x).mean((1, 2, 3), keepdim=True)

    def factors(found: Tensor, wanted: Tensor, base: Tensor) -> Tensor:
        """The f for which found = f wanted + (1 - f) base, one an image; it must hold for every pixel."""
        part = ((found - base) * (wanted - base)).sum((1, 2, 3), keepdim=True)
        f = part / ((wanted - base) ** 2).sum((1, 2, 3), keepdim=True)
        assert found.allclose(f * wanted + (1 - f) * base, atol=1e-5)
        return f.flatten()

    off = {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0, "p": 1}
    bases = {"brightness": torch.zeros_like(x), "contrast": mean.expand_as(x), "saturation": luma(x).expand_as(x)}
    for name, base in bases.items():
        f = factors(Jitter(**{**off, name: 0.3}).augment(x, rng(1)), x, base)
        assert f.min() > 0.7 - 1e-4 and f.max() < 1.3 + 1e-4 and near((f < 0.85).double().mean().item(), 0.25)
    turned = Jitter(**{**off, "hue": 0.5}).augment(x, rng(1))
    assert luma(turned).allclose(luma(x), atol=1e-5) and (turned - x).abs().amax() > 0.1
    some = (Jitter(p=0.3).augment(x, rng(2)) != x).flatten(1).any(1)
    assert near(some.double().mean().item(), 0.3)


def test_jitter_of_grey_images_knows_no_colour() -> None:
    x = torch.rand(20, 1, 5, 5, generator=rng(0))
    assert Jitter(brightness=0, contrast=0, saturation=0.9, hue=0.5, p=1).augment(x, rng(0)).equal(x)
    grey = Jitter(hue=0, saturation=0, p=1)
    alike = grey.augment(x.expand(20, 3, 5, 5), rng(0))
    assert alike.allclose(grey.augment(x, rng(0)).expand(20, 3, 5, 5), atol=1e-6)


def test_a_third_of_a_turn_and_back() -> None:
    third = hue_turn(torch.tensor([1 / 3, -1 / 3], dtype=torch.float64))
    assert (third[0] @ third[1]).allclose(torch.eye(3, dtype=torch.float64))
    assert (third @ torch.ones(3, dtype=torch.float64)).allclose(torch.ones(2, 3, dtype=torch.float64))


def test_grey_shares() -> None:
    x = torch.rand(N, 3, 2, 2, generator=rng(0))
    grey = (Grey(p=0.2).augment(x, rng(0)) == luma(x)).flatten(1).all(1)
    assert near(grey.double().mean().item(), 0.2)
    assert Grey(p=1).augment(x[:, :1], rng(0)).equal(x[:, :1])


def test_blur_keeps_what_is_constant_and_spreads_a_point_as_a_bell() -> None:
    flat = torch.full((4, 3, 9, 9), 0.3)
    assert Blur(p=1).augment(flat, rng(0)).allclose(flat, atol=1e-6)
    point = torch.zeros(1, 1, 21, 21)
    point[..., 10, 10] = 1
    found = Blur(sigma=(1.5, 1.5), p=1).augment(point, rng(0))[0, 0]
    bells = torch.exp(-((torch.arange(21) - 10) ** 2) / (2 * 1.5**2))
    assert found.allclose(torch.outer(bells, bells) / bells.sum() ** 2, atol=1e-4)
    assert bell(torch.tensor([0.3, 2.0]), 7).sum(-1).allclose(torch.ones(2, 7))


def test_noise_has_the_spread_asked_for() -> None:
    added = Noise(sigma=0.05).augment(torch.full((100, 1, 10, 10), 0.5), rng(0)) - 0.5
    assert near((added < 0).double().mean().item(), 0.5, 10_000)
    assert near((added.abs() < 0.05).double().mean().item(), 0.6827, 10_000)


def test_cutout_covers_a_square_about_a_uniform_centre() -> None:
    found = Cutout(size=3, fill=0).augment(torch.ones(N, 2, 5, 5), rng(0))
    assert found[:, 0].equal(found[:, 1])
    covered = 1 - found[:, 0]
    for image in covered[:50]:
        rows, columns = image.amax(1), image.amax(0)
        assert image.equal(torch.outer(rows, columns)) and rows.sum() in (2, 3) and columns.sum() in (2, 3)
    assert near(covered[:, 2, 2].mean().item(), 9 / 25) and near(covered[:, 0, 0].mean().item(), 4 / 25)
    image = torch.rand(1, 1, 4, 4)
    filled = Cutout(size=8).augment(image, rng(0))
    assert (filled[filled != image] == image.mean()).all() and (filled != image).any()


def test_warps_by_hand() -> None:
    image = torch.rand(1, 1, 9, 9, generator=rng(0))
    x, level = image.expand(40, 1, 9, 9), torch.full((40,), 5.0)

    def both(which: int) -> tuple[Tensor, Tensor]:
        found = operations.warp(x, torch.full((40,), which), level, rng(0)).unique(dim=0)
        assert len(found) == 2  # either way
        return found[0], found[1]

    for which, axis in ((3, 2), (4, 1)):  # a third of 9 pixels at level 10: here one and a half
        wanted = torch.stack([(image[0].roll(k, axis) + image[0].roll(k + 1, axis)) / 2 for k in (1, -2)])
        inner = slice(2, -2)
        for found in both(which):
            assert (found - wanted)[:, 0, inner, inner].abs().amax((1, 2)).min() < 1e-5
    one, other = both(0)
    there = operations.warp(one[None], torch.tensor([0]), torch.tensor([5.0]), rng(1))
    assert not one.allclose(other) and one[0, 4, 4].allclose(other[0, 4, 4]) and there.shape == (1, 1, 9, 9)
    middle = torch.stack(both(1))[:, 0, 4]
    assert middle.allclose(image[0, 0, 4].expand(2, 9), atol=1e-6), "a shear along x leaves the middle row"


def test_a_quarter_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST", (torch.pi / 2, 0.3, 0.3, 2 / 3, 2 / 3))
    image = torch.rand(1, 3, 6, 6, generator=rng(0))
    found = operations.warp(image, torch.tensor([0]), torch.tensor([10.0]), rng(0))
    assert any(found.allclose(image.rot90(k, (2, 3)), atol=1e-5) for k in (1, -1))


def test_augmix_is_a_mixture_of_the_image_and_its_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    black = (lambda x, level: torch.zeros_like(x),) * 4
    monkeypatch.setattr(operations, "POINTWISE", black)
    monkeypatch.setattr(operations, "warp", lambda x, which, level, generator: torch.zeros_like(x))
    found = AugMix(depth=1).augment(torch.ones(N, 1, 2, 2), rng(0))[:, 0]
    own = found[:, 0, 0]
    assert found.allclose(own.view(-1, 1, 1).expand(N, 2, 2))  # m x + (1 - m) 0, m uniform at alpha 1
    assert all(near((own < share).double().mean().item(), share) for share in (0.1, 0.5, 0.9))


def test_augmix_depth_and_width(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    plain = operations.apply_

    def counted(x: Tensor, chosen: Tensor, level: Tensor, generator: torch.Generator) -> None:
        sizes.append(int((chosen >= 0).sum()))
        assert level.min() >= 0.1 and level.max() <= 3
        plain(x, chosen, level, generator)

    monkeypatch.setattr(operations, "apply_", counted)
    AugMix(width=2, depth=4).augment(torch.rand(8, 1, 6, 6), rng(0))
    assert sizes == [16] * 4
    sizes.clear()
    AugMix(width=2).augment(torch.rand(1000, 1, 6, 6), rng(0))
    assert sizes[0] == 2000 and near(sizes[1] / 2000, 2 / 3, 2000) and near(sizes[2] / 2000, 1 / 3, 2000)


def test_wrong_numbers_are_refused() -> None:
    for wrong in (
        {"kind": "resized_crop", "scale": (0, 1)},
        {"kind": "blur", "sigma": (2, 1)},
        {"kind": "flip", "p": 2},
    ):
        with pytest.raises(ValueError, match=r"scale|sigma|p:"):
            type(Flip()).of(wrong)
