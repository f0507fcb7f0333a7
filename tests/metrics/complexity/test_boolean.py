from itertools import product

import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import boolean_critical_ratio, boolean_inputs, boolean_sensitivity, boolean_table, c_lz


def literal(table, d):
    rows = list(product((0, 1), repeat=d))
    value = dict(zip(rows, table, strict=True))
    flips = [[value[x] != value[(*x[:i], 1 - x[i], *x[i + 1 :])] for i in range(d)] for x in rows]
    return sum(map(sum, flips)) / 2**d, sum(map(any, flips)) / 2**d


def test_inputs_are_in_lexicographic_order():
    assert boolean_inputs(4).tolist() == [list(map(float, row)) for row in product((0, 1), repeat=4)]


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_random_functions_flip_by_flip(d):
    for seed in range(10):
        table = np.random.default_rng(seed).integers(0, 3, 2**d)
        sensitivity, critical = literal(table.tolist(), d)
        assert boolean_sensitivity(table) == pytest.approx(sensitivity)
        assert boolean_critical_ratio(table) == pytest.approx(critical)


@pytest.mark.parametrize("d", [1, 4, 7])
def test_known_functions(d):
    constant = boolean_table(lambda x: 0 * x[:, 0], d)
    parity = boolean_table(lambda x: x.sum(1) % 2, d)
    dictator = boolean_table(lambda x: x[:, 0], d)
    conjunction = boolean_table(lambda x: x.all(1), d)
    assert [boolean_sensitivity(t) for t in (constant, parity, dictator)] == [0, d, 1]
    assert boolean_sensitivity(conjunction) == pytest.approx(2 * d / 2**d)
    assert [boolean_critical_ratio(t) for t in (constant, parity, dictator)] == [0, 1, 1]
    assert boolean_critical_ratio(conjunction) == pytest.approx((d + 1) / 2**d)
    assert c_lz(constant) == d


def test_majority_of_seven():
    table = boolean_table(lambda x: x.sum(1) > 3, 7)
    assert boolean_sensitivity(table) == pytest.approx(7 * 20 / 64)  # C(6, 3) / 2^6 a bit


def test_a_network_is_a_boolean_function():
    network = torch.nn.Linear(3, 2)
    table = boolean_table(lambda x: network(torch.from_numpy(x)).argmax(1), 3)
    assert table.shape == (8,) and set(table.tolist()) <= {0, 1}


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda: boolean_inputs(0), "give d from 1 to 20"),
        (lambda: boolean_inputs(30), "give d from 1 to 20"),
        (lambda: boolean_table(lambda x: x, 2), r"found shape \(4, 2\)"),
        (lambda: boolean_table(lambda x: x[:, 0] / 2, 2), "fractions"),
        (lambda: boolean_table(lambda x: x[:, 0] * np.nan, 2), "outputs of f as finite"),
        (lambda: boolean_sensitivity([0, 1, 1]), "found 3 entries; give 2\\^d"),
        (lambda: boolean_critical_ratio([0]), "found 1 entries"),
        (lambda: boolean_sensitivity([]), "found nothing"),
    ],
)
def test_bad_input(call, why):
    with pytest.raises(BadInput, match=why):
        call()
