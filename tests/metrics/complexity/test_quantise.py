import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.core.errors import BadInput
from assay.metrics import (
    c_lz,
    complexity_references,
    entropy,
    output_complexity,
    projection_orders,
    quantile_edges,
    quantise,
    uniform_edges,
)

WHOLE = st.integers(-1000, 1000).map(float)  # whole numbers: a transform that is increasing stays so after rounding
SAMPLES = arrays(np.float64, st.integers(8, 60), elements=WHOLE).filter(lambda x: x.min() < x.max())
BINS = st.integers(2, 8)
INCREASING = {
    "affine": lambda x: 3 * x - 7,
    "cubic": lambda x: x**3 + x,
    "saturating": lambda x: np.arctan(x / 100),
    "exponential": lambda x: np.exp(x / 300),
}


@pytest.mark.parametrize("transform", INCREASING.values(), ids=INCREASING)
@given(reference=SAMPLES, values=SAMPLES, bins=BINS)
def test_quantile_bins_survive_increasing_transforms(transform, reference, values, bins):
    before = quantise(values, quantile_edges(reference, bins))
    after = quantise(transform(values), quantile_edges(transform(reference), bins))
    assert (before == after).all()


@given(values=SAMPLES, bins=BINS)
def test_symbols_count_the_edges_below(values, bins):
    """The literal definition, for edges of either kind."""
    for edges in (quantile_edges(values, bins), uniform_edges(values.min(), values.max(), bins)):
        literal = [sum(edge < value for edge in edges) for value in values]
        assert quantise(values, edges).tolist() == literal and max(literal) < bins


@given(n=st.integers(2, 80), bins=BINS, seed=st.integers(0, 99))
def test_quantile_bins_share_out_a_reference_without_ties(n, bins, seed):
    values = np.random.default_rng(seed).permutation(max(n, bins)).astype(float)
    counts = np.bincount(quantise(values, quantile_edges(values, bins)), minlength=bins)
    assert counts.max() - counts.min() <= 1 and len(counts) == bins


def test_ties_stay_in_one_bin():
    edges = quantile_edges([1, 1, 1, 1, 1, 9], 3)
    assert edges.tolist() == [1, 1] and quantise([0, 1, 5, 9], edges).tolist() == [0, 0, 2, 2]


def test_equal_width_bins_open_outwards():
    edges = uniform_edges(0, 1, 4)
    assert quantise([-5, 0, 0.25, 0.26, 0.99, 7], edges).tolist() == [0, 0, 0, 1, 3, 3]
    assert np.isfinite(uniform_edges(-1e308, 1e308, 4)).all()
    counts = np.bincount(quantise(np.random.default_rng(0).random(4000), edges))
    assert abs(counts - 1000).max() < 4 * np.sqrt(4000 * 0.25 * 0.75)


def test_columns_are_digits_and_leading_axes_stay():
    rng = np.random.default_rng(0)
    series = rng.standard_normal((5, 7, 2))
    edges = quantile_edges(series, 3)
    assert edges.shape == (2, 2)
    symbols = quantise(series, edges)
    assert symbols.shape == (5, 7)
    first, second = (quantise(series[:, :, j].reshape(-1), edges[:, j]).reshape(5, 7) for j in (0, 1))
    assert (symbols == 3 * first + second).all()
    assert (quantise(series, edges[:, 0]) == quantise(series, edges[:, [0, 0]])).all()
    assert (quantise(series[:, 0, :1], edges[:, 0]) == quantise(series[:, 0, 0], edges[:, :1])).all()


def test_tensors_arrays_and_lists_alike():
    values = np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32)
    expected = quantise(values, quantile_edges(values, 4))
    tensor = torch.from_numpy(values).requires_grad_()
    assert (quantise(tensor, quantile_edges(tensor, 4)) == expected).all()
    assert (quantise(values.tolist(), quantile_edges(values.tolist(), 4).tolist()) == expected).all()


def test_a_regression_beside_its_references():
    """A smooth function of the inputs is simpler than its shuffled values, along the inputs; a constant is simplest."""
    x = np.random.default_rng(0).standard_normal((600, 2))
    targets = np.sin(x[:, 0]) + x[:, 1]
    edges = quantile_edges(targets, 4)
    symbols, orders = quantise(targets, edges), projection_orders(x)
    found = complexity_references(symbols, quantise(0 * targets, edges), classes=4, orders=orders)
    assert found["predicted"] == found["constant"] < found["true"] < 0.95 * found["shuffled"]
    assert found["shuffled"] == pytest.approx(found["random"], rel=0.05)
    assert found["true"] == output_complexity(symbols, orders=orders) and entropy(symbols) == 2
    assert c_lz(quantise(targets, quantile_edges(targets, 8))) > c_lz(symbols)  # the bins decide the number


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda: quantile_edges([1, 2, 3], 1), "asked for 1 bins"),
        (lambda: uniform_edges(0, 1, 0), "asked for 0 bins"),
        (lambda: quantile_edges([1, 2, 3], 4), "too few values"),
        (lambda: quantile_edges([[1, 2], [1, 3], [1, 4]], 2), "constant"),
        (lambda: quantile_edges([1, float("nan")], 2), "reference as finite numbers"),
        (lambda: uniform_edges(1, 1, 2), "no range"),
        (lambda: uniform_edges([0, 0], 1, 2), "no range"),
        (lambda: uniform_edges(0, float("inf"), 2), "high as finite numbers"),
        (lambda: quantise([float("nan"), 1], [0]), "values as finite numbers"),
        (lambda: quantise([], [0]), "give at least one"),
        (lambda: quantise(3.0, [0]), "give at least one"),
        (lambda: quantise([1, 2], []), "edges of shape"),
        (lambda: quantise([[1, 2]], [[0, 0, 0]]), "edges of shape"),
        (lambda: quantise([1, 2], [1, 0]), "edges that fall"),
        (lambda: quantise(np.zeros((2, 63)), [0]), "more than 2\\^62"),
    ],
)
def test_bad_input(call, why):
    with pytest.raises(BadInput, match=why) as error:
        call()
    assert "\n" not in str(error.value) and str(error.value).count(";") >= 2
