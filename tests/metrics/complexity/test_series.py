from itertools import permutations
from math import factorial, log2

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.core.errors import BadInput
from assay.metrics import (
    c_lz,
    entropy,
    increment_signs,
    ordinal_patterns,
    quantise,
    series_references,
    uniform_edges,
)

SERIES = arrays(np.float64, st.integers(8, 40), elements=st.integers(-50, 50).map(float))


def logistic(n, r=4.0, start=0.3):
    x = [start]
    for _ in range(n - 1):
        x.append(r * x[-1] * (1 - x[-1]))
    return np.array(x)


@pytest.mark.parametrize("transform", [lambda x: x**3 + x, lambda x: np.exp(x / 20), lambda x: 2 * x - 1])
@pytest.mark.parametrize("symbols", [increment_signs, ordinal_patterns])
@given(series=SERIES)
def test_increasing_transforms_leave_symbols_alone(symbols, transform, series):
    assert (symbols(transform(series)) == symbols(series)).all()


@given(series=SERIES, length=st.integers(2, 5), delay=st.integers(1, 2))
def test_patterns_are_the_orders_of_windows(series, length, delay):
    """Two windows share a symbol exactly if a stable sort puts them in the same order."""
    if len(series) <= (length - 1) * delay:
        return
    codes = ordinal_patterns(series, length, delay)
    windows = [series[i : i + (length - 1) * delay + 1 : delay] for i in range(len(codes))]
    orders = [tuple(np.argsort(w, kind="stable")) for w in windows]
    assert len(set(zip(codes.tolist(), orders, strict=True))) == len(set(orders)) == len(set(codes.tolist()))


@pytest.mark.parametrize("length", [2, 3, 4])
def test_every_pattern_has_its_number(length):
    codes = [int(ordinal_patterns(list(window), length)[0]) for window in permutations(range(length))]
    assert sorted(codes) == list(range(factorial(length))) and codes[0] == 0 and codes[-1] == factorial(length) - 1


def test_the_example_of_bandt_and_pompe():
    """Permutation entropies 0.918 (length 2) and 1.522 bits (length 3) of the series in their paper."""
    series = [4, 7, 9, 10, 6, 11, 3]
    assert round(entropy(ordinal_patterns(series, 2)), 3) == 0.918
    assert round(entropy(ordinal_patterns(series, 3)), 3) == 1.522


def test_chaos_misses_a_pattern_that_noise_has():
    """x' = 4 x (1 - x) never falls twice in a row."""
    assert 5 not in ordinal_patterns(logistic(2000))
    assert set(ordinal_patterns(np.random.default_rng(0).random(2000))) == set(range(6))


def test_signs_and_columns():
    series = np.array([[0.0, 5.0], [1.0, 4.0], [1.0, 4.0], [0.0, 9.0]])
    assert increment_signs(series).tolist() == [3 * 2 + 0, 3 * 1 + 1, 3 * 0 + 2]
    stacked = np.stack([series, series[::-1]])
    assert increment_signs(stacked).tolist() == [[6, 4, 2], [6, 4, 2]]
    assert increment_signs(torch.from_numpy(stacked)).shape == ordinal_patterns(stacked, 2).shape == (2, 3)
    assert (
        ordinal_patterns(series, 2) == 2 * ordinal_patterns(series[:, 0], 2) + ordinal_patterns(series[:, 1], 2)
    ).all()


def test_the_full_logistic_map_is_as_complex_as_a_fair_coin():
    """Its symbols above and below one half are independent fair bits, so true, shuffled and random agree."""
    found = series_references(logistic(4000), symbols=lambda s: quantise(s, uniform_edges(0, 1, 2)))
    assert found["constant"] == log2(4000) < found["true"]
    for name in ("shuffled", "random"):
        assert found[name] == pytest.approx(found["true"], rel=0.05)


def test_references_are_made_before_the_patterns():
    """Patterns of shuffled values overlap and so are simpler than shuffled patterns."""
    series = np.random.default_rng(0).random(2000)
    found = series_references(series, np.sin(np.arange(2000)), symbols=ordinal_patterns)
    patterns = ordinal_patterns(series)
    assert found["true"] == c_lz(patterns)
    assert found["shuffled"] == pytest.approx(found["true"], rel=0.05)
    assert c_lz(np.random.default_rng(1).permutation(patterns)) > 1.15 * found["shuffled"]
    assert found["constant"] < found["predicted"] < found["shuffled"]


def test_series_of_columns_and_one_column():
    rows = np.random.default_rng(0).random((300, 2))
    found = series_references(rows, rows[::-1], symbols=lambda s: quantise(s, uniform_edges(0, 1, 3)))
    assert found["predicted"] == found["true"]  # C_LZ reads both directions
    narrow = series_references(rows[:, 0], rows[:, :1], symbols=increment_signs)
    assert narrow["predicted"] == narrow["true"] == c_lz(increment_signs(rows[:, 0]))


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda: increment_signs([1.0]), "series of 1; give more steps"),
        (lambda: increment_signs([[1.0, 2.0]]), "series of 1; give more steps"),
        (lambda: increment_signs([1.0, float("nan")]), "series as finite numbers"),
        (lambda: ordinal_patterns([1, 2, 3], 1), "patterns of 1 values"),
        (lambda: ordinal_patterns([1, 2, 3], 21), "length from 2 to 20"),
        (lambda: ordinal_patterns([1, 2, 3], delay=0), "0 steps apart"),
        (lambda: ordinal_patterns([1, 2, 3, 4], delay=2), "symbols that span 5 steps; found a series of 4"),
        (lambda: ordinal_patterns(np.zeros((30, 2)), 20), "more than 2\\^62"),
        (lambda: series_references([1, 2, 3], [1, 2], symbols=increment_signs), "found 3 and 2"),
        (lambda: series_references([1, 2], [1, float("inf")], symbols=increment_signs), "predicted as finite"),
    ],
)
def test_bad_input(call, why):
    with pytest.raises(BadInput, match=why) as error:
        call()
    assert "\n" not in str(error.value)
