"""Outputs that are no logits: one real number a sample, several, and series over time."""

import math

import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import flip_curve, flip_rate, jacobian_norm, quantile_edges, sensitivity, sigma_sweep

WEIGHT = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
NORM = float(WEIGHT.norm())
LINEAR = {
    "(n, 6)": lambda x: x @ WEIGHT,
    "(n, 3, 2)": lambda x: (x @ WEIGHT).reshape(len(x), 3, 2),
}
SHAPES = {
    "(n,)": lambda x: x[:, 0].sin(),
    "(n, 1)": lambda x: x[:, :1].sin(),
    "(n, t, 1)": lambda x: torch.stack([x[:, :1].sin()] * 4, 1),
}


def inputs(n=300, width=4):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("model", LINEAR.values(), ids=LINEAR)
def test_a_linear_model_has_the_norm_of_its_weights(model):
    assert jacobian_norm(model, inputs()) == pytest.approx(NORM, rel=1e-5)
    assert sensitivity(model, inputs(), draws=20) == pytest.approx(NORM, rel=0.05)
    assert jacobian_norm(model, inputs(), probes=200) == pytest.approx(NORM, rel=0.05)


def test_one_output_in_any_shape():
    x = inputs()
    one, column, series = SHAPES.values()
    assert sensitivity(one, x) == sensitivity(column, x)
    assert sensitivity(series, x) == pytest.approx(2 * sensitivity(one, x))  # sqrt of four equal steps
    assert jacobian_norm(one, x) == pytest.approx(float(x[:, 0].double().cos().square().mean().sqrt()), rel=1e-5)
    assert list(sigma_sweep(one, x, (0.01, 0.1))) == [0.01, 0.1]


def test_a_recurrent_net_over_series():
    net = torch.nn.RNN(2, 3, batch_first=True)
    x = torch.randn(20, 7, 2, generator=torch.Generator().manual_seed(2))
    model = lambda v: net(v)[0]  # noqa: E731
    assert sensitivity(model, x, 0.001) == pytest.approx(jacobian_norm(model, x), rel=0.1)
    assert 0 < flip_rate(model, x, 0.1, edges=[0.0]) < 1


@pytest.mark.parametrize("model", SHAPES.values(), ids=SHAPES)
def test_answers_are_bins(model):
    """A value at distance t from an edge changes its bin with probability Φ(-t/σ); four standard errors."""
    x, sigma, draws = torch.zeros(500, 1), 0.1, 40
    expected = 0.5 * math.erfc(1 / math.sqrt(2))
    found = flip_rate(model, x, sigma, edges=[math.sin(0.1)], draws=draws)
    assert abs(found - expected) < 4 * math.sqrt(expected * (1 - expected) / (500 * draws))


def test_several_columns_flip_together_and_steps_apart():
    x = torch.zeros(10, 2)
    move = lambda v: v + torch.tensor([0.0, 2.0])  # noqa: E731
    assert flip_rate(lambda v: v, x, move, edges=[1.0]) == 1  # one answer a sample: any column changes it
    assert flip_rate(lambda v: v[:, :, None], x, move, edges=[1.0]) == 0.5  # two steps, one of them moved
    assert flip_rate(lambda v: v, x, move, edges=[[1.0, 3.0]]) == 0


def test_batches_do_not_matter_and_the_curve_rises():
    x, model = inputs(), SHAPES["(n,)"]
    edges = quantile_edges(model(x), 5)
    assert len({flip_rate(model, x, 0.3, edges=edges, batch_size=size) for size in (1, 13, 300)}) == 1
    curve = flip_curve(model, x, [0, 0.01, 0.1, 0.5], edges=edges)
    assert list(curve.values()) == sorted(curve.values()) and curve[0] == 0 < curve[0.01]
    shifted = flip_curve(model, x, [0, 9], lambda v, s: v + s, edges=edges)
    assert shifted[0] == 0 < shifted[9]


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda: flip_rate(lambda x: x[:, 0] * float("nan"), inputs(), edges=[0]), "outputs of the model as finite"),
        (lambda: sensitivity(lambda x: x[:, 0] / 0, inputs()), "outputs of the model as finite"),
        (lambda: flip_rate(lambda x: x, inputs(), edges=[[0, 0]]), "edges of shape"),
        (lambda: flip_rate(lambda x: x, inputs(), edges=[1, 0]), "edges that fall"),
        (lambda: flip_rate(lambda x: x.mean(), inputs(), edges=[0]), "an output for each of 300 inputs"),
    ],
)
def test_bad_input(call, why):
    with pytest.raises(BadInput, match=why):
        call()
