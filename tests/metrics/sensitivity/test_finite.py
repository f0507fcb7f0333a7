import math

import pytest
import torch
from torch import nn

from assay.core.errors import BadInput
from assay.metrics import jacobian_norm, margin_sensitivity, sensitivity, sigma_sweep
from assay.models import build
from assay.train.learner import Learner


def test_linear_model_has_the_norm_of_its_weights(x):
    """E ||σWδ||² / σ² = ||W||_F²; four standard errors, from the variance 2 ||WW'||_F² of one draw."""
    layer = nn.Linear(6, 4)
    weight = layer.weight.detach().double()
    exact = weight.norm().item()
    error = math.sqrt(2 * (weight @ weight.T).square().sum().item() / (300 * 64)) / (2 * exact)
    for sigma in (0.01, 1.0):
        assert abs(sensitivity(layer, x, sigma, draws=64) - exact) < 4 * error
    assert error < 0.02 * exact


@pytest.mark.parametrize("on", ["logits", "probs"])
@pytest.mark.parametrize("units", ["raw", "standardised"])
def test_tends_to_the_jacobian_norm(smooth, x, on, units):
    exact = jacobian_norm(smooth, 2 * x, on=on, units=units)
    sweep = sigma_sweep(smooth, 2 * x, (0.003, 0.01, 1.0), on=on, units=units, draws=32)
    assert sweep[0.003] == pytest.approx(exact, rel=0.02)
    assert sweep[0.01] == pytest.approx(exact, rel=0.02)
    assert abs(sweep[1.0] / exact - 1) > 0.05


def test_mean_norm_is_smaller_and_another_number(smooth, x):
    mean, rms = (sensitivity(smooth, x, norm=norm) for norm in ("mean", "rms"))
    assert 0.5 * rms < mean < 0.99 * rms


def test_standardised_is_the_model_of_standardised_inputs(smooth, x):
    """With z = x / s: noise σs on x is noise σ on z."""
    shifted = 0.3 * x + 5
    s = shifted.double().std(correction=0).item()
    on_z = sensitivity(lambda z: smooth(z * s), shifted / s, 0.2)
    assert sensitivity(smooth, shifted, 0.2, units="standardised") == pytest.approx(on_z, rel=1e-4)
    assert sensitivity(smooth, shifted, 0.2, units=s) == pytest.approx(on_z, rel=1e-4)
    assert sensitivity(smooth, shifted, 0.2 * s) * s == pytest.approx(on_z, rel=1e-4)


def test_units_of_each_input(x):
    scale = torch.tensor([1.0, 2, 3, 4, 5, 6])
    expected = sensitivity(lambda v: v * scale, x, draws=2)
    assert sensitivity(lambda v: v, x, draws=2, units=scale) == pytest.approx(expected, rel=1e-4)


def test_batches_do_not_matter(smooth, x):
    for measure in (sensitivity, margin_sensitivity, jacobian_norm):
        values = [measure(smooth, x, batch_size=size) for size in (1, 7, 64, 300, 1000)]
        assert values == pytest.approx([values[0]] * 5, rel=1e-5)


def test_seed_and_draws_matter_and_are_repeatable(smooth, x):
    assert sensitivity(smooth, x, seed=1) == sensitivity(smooth, x, seed=1)
    assert len({sensitivity(smooth, x, seed=1), sensitivity(smooth, x, seed=2), sensitivity(smooth, x, draws=9)}) == 3


def test_error_falls_with_draws(smooth, x):
    exact = jacobian_norm(smooth, x)

    def error(draws):
        found = [sensitivity(smooth, x[:20], 0.01, draws=draws, seed=seed) for seed in range(30)]
        return torch.tensor(found).std().item()

    assert error(16) < 0.6 * error(2) < exact  # 1 / sqrt(8) = 0.35


def test_margin_sensitivity_ignores_the_scale_of_the_logits(smooth, x):
    assert margin_sensitivity(lambda v: 50 * smooth(v), x) == pytest.approx(margin_sensitivity(smooth, x), rel=1e-5)
    assert sensitivity(lambda v: 50 * smooth(v), x) == pytest.approx(50 * sensitivity(smooth, x), rel=1e-5)


def test_margin_sensitivity_by_hand():
    """f(x) = (x, 0): moves are |σδ|, margins |x|; with very many draws 1 / |x|, and 1/2 is the median of 1/4 1/2 1."""
    value = margin_sensitivity(lambda v: torch.cat([v, 0 * v], 1), [[1.0], [2.0], [-4.0]], draws=4000)
    assert value == pytest.approx(0.5, rel=4 / math.sqrt(2 * 4000))


def test_margin_of_ties():
    assert margin_sensitivity(lambda v: 0 * v, [[1.0, 2.0]]) == 0
    assert margin_sensitivity(lambda v: v, [[1.0, 1.0], [1.0, 1.0], [2.0, 1.0]]) == math.inf
    assert margin_sensitivity(lambda v: v, [[3.0], [4.0]]) > 0  # a one-logit head


def test_images_and_trained_networks():
    net = build("cnn:4-8", (1, 8, 8), 3, seed=0)
    images = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    learner = Learner([net], 3)
    assert sensitivity(learner.net, images) == pytest.approx(sensitivity(net.eval(), images), rel=1e-5)
    assert sensitivity(learner.net, images, 0.003, draws=32) == pytest.approx(
        jacobian_norm(learner.net, images), rel=0.1
    )


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda m, x: sensitivity(m, x, 0), "standard deviation 0; it divides; give a finite sigma above 0"),
        (lambda m, x: sensitivity(m, x, -1.0), "standard deviation -1.0"),
        (lambda m, x: sensitivity(m, x, math.nan), "standard deviation nan"),
        (lambda m, x: sensitivity(m, x, draws=0), "0 draws of noise"),
        (lambda m, x: sensitivity(m, x, on="prob"), "no kind of output is called 'prob'; did you mean 'probs'"),
        (lambda m, x: sensitivity(m, x, norm="max"), "no norm is called 'max'"),
        (lambda m, x: sensitivity(m, x, units="pixels"), "no unit of input is called 'pixels'"),
        (lambda m, x: sensitivity(m, 0 * x, units="standardised"), "none above zero"),
        (lambda m, x: sensitivity(m, x, batch_size=0), "batches of 0"),
        (lambda m, x: sensitivity(m, x * torch.nan), "x as finite numbers"),
        (lambda m, x: sensitivity(m, x[:0]), r"found shape \(0, 6\)"),
        (lambda m, x: sensitivity(m, [["a"]]), "as an array of numbers"),
        (
            lambda m, x: sensitivity(lambda v: v * torch.nan, x),
            "outputs of the model as finite numbers; found 1800 of 1800",
        ),
        (lambda m, x: sensitivity(lambda v: v[None], x), r"found \(1, 300, 6\)"),
        (lambda m, x: sensitivity(lambda v: v.tolist(), x), "found list"),
        (lambda m, x: sigma_sweep(m, x, ()), "found no values"),
    ],
)
def test_bad_input(smooth, x, call, why):
    with pytest.raises(BadInput, match=why) as error:
        call(smooth, x)
    assert "\n" not in str(error.value)
