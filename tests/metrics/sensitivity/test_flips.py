import math

import pytest
import torch

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.data import SHIFTS
from assay.metrics import flip_curve, flip_rate


def sign(v):
    """Class 1 above zero."""
    return torch.cat([-v, v], 1)


def test_a_threshold_and_gaussian_noise():
    """A point at distance t from the threshold flips with probability Φ(-t/σ); four standard errors."""
    draws = 40_000
    for t, sigma in ((0.1, 0.1), (0.2, 0.1)):
        expected = 0.5 * math.erfc(t / sigma / math.sqrt(2))
        found = flip_rate(sign, [[t]] * 400, sigma, draws=100)
        assert abs(found - expected) < 4 * math.sqrt(expected * (1 - expected) / draws)


def test_any_change_of_the_inputs(smooth, x):
    before = smooth(x).argmax(1)
    assert flip_rate(smooth, x, lambda v: -v) == (smooth(-x).argmax(1) != before).double().mean().item()
    assert flip_rate(smooth, x, lambda v: v) == 0
    kept = x.clone()
    flip_rate(smooth, x, lambda v: v.zero_())
    assert (x == kept).all()


def test_batches_do_not_matter(smooth, x):
    assert len({flip_rate(smooth, x, 0.3, batch_size=size) for size in (1, 13, 300)}) == 1
    assert 0 < flip_rate(smooth, x, 0.3) < 1


def test_curve_of_noise_rises_from_zero(smooth, x):
    curve = list(flip_curve(smooth, x, [0, 0.1, 0.5, 2]).values())
    assert curve[0] == 0 and curve == sorted(curve) and curve[1] == flip_rate(smooth, x, 0.1)


def test_curve_of_a_registered_shift():
    images = torch.rand(30, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    name = next(name for name, shift in SHIFTS.items() if shift.kind == "image")
    curve = flip_curve(
        lambda v: v.flatten(1) @ weight,
        images,
        [0, SHIFTS[name].strength],
        lambda v, strength: SHIFTS[name].apply(v, strength, rng(0, name)),
    )
    assert list(curve) == [0, SHIFTS[name].strength] and curve[0] == 0


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda m, x: flip_rate(m, x, -0.1), "standard deviation -0.1"),
        (lambda m, x: flip_rate(m, x, lambda v: v[:2]), r"found \(2, 6\); return a tensor of the same shape"),
        (lambda m, x: flip_rate(m, x, lambda v: None), "found NoneType"),
        (lambda m, x: flip_rate(m, x, lambda v: v * torch.nan), "perturbed inputs as finite numbers"),
    ],
)
def test_bad_input(smooth, x, call, why):
    with pytest.raises(BadInput, match=why):
        call(smooth, x)
