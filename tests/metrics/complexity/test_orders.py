import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import (
    c_lz,
    complexity_references,
    entropy,
    output_complexity,
    projection_orders,
    random_orders,
    reference_answers,
)


def probe(n=400, classes=4, seed=0):
    """Inputs in two dimensions, and labels that follow them: quadrants."""
    x = np.random.default_rng(seed).standard_normal((n, 2))
    return x, (x[:, 0] > 0) * 2 + (x[:, 1] > 0)


def test_it_is_the_mean_over_orders():
    _, labels = probe()
    orders = random_orders(len(labels))
    assert orders.shape == (20, 400) and len({tuple(order) for order in orders}) == 20
    assert output_complexity(labels) == pytest.approx(np.mean([c_lz(labels[order]) for order in orders]))
    assert output_complexity(labels) == output_complexity(labels, orders=orders)


def test_orders_have_an_address():
    assert (random_orders(50, 5, seed=1) == random_orders(50, 9, seed=1)[:5]).all()
    assert (random_orders(50, 5, seed=1) != random_orders(50, 5, seed=2)).any()
    x, _ = probe()
    assert (projection_orders(x, 3) == projection_orders(x.tolist(), 6)[:3]).all()


def test_random_orders_see_frequencies_only():
    """Labels that follow the inputs and labels dealt out anew differ by chance; only the class shares matter."""
    _, labels = probe(n=1000)
    shuffled = np.random.default_rng(1).permutation(labels)
    skewed = np.where(np.arange(1000) < 900, 0, labels)
    assert output_complexity(shuffled) == pytest.approx(output_complexity(labels), rel=0.02)
    assert output_complexity(skewed) / output_complexity(labels) == pytest.approx(
        entropy(skewed) / entropy(labels), rel=0.15
    )


def test_orders_along_the_inputs_see_whether_answers_follow_them():
    x, labels = probe(n=1000)
    orders = projection_orders(x)
    found = complexity_references(labels, orders=orders)
    assert found["constant"] < found["true"] < 0.85 * found["shuffled"]
    assert found["shuffled"] == pytest.approx(found["random"], rel=0.05)


def test_references():
    _, labels = probe()
    found = complexity_references(labels, np.zeros(400, int), classes=4)
    assert found["predicted"] == found["constant"] == pytest.approx(np.log2(400))
    assert found["true"] == output_complexity(labels)
    assert found["random"] > found["constant"] and "predicted" not in complexity_references(labels)


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda: output_complexity([]), "found nothing"),
        (lambda: output_complexity([1, 0], orders=0), "mean over 0 orders"),
        (lambda: output_complexity([1, 0], orders=[[0, 0]]), "name each sample once"),
        (lambda: output_complexity([1, 0], orders=[0, 1]), r"found shape \(2,\)"),
        (lambda: output_complexity([1, 0], orders=[[0, 1, 2]]), "orders of 2 samples"),
        (lambda: complexity_references([1, 0], [1]), "found 2 and 1"),
        (lambda: projection_orders([[np.nan]]), "x as finite numbers"),
        (lambda: projection_orders([1.0, 2.0]), "one row for each sample"),
    ],
)
def test_bad_input(call, why):
    with pytest.raises(BadInput, match=why):
        call()


def test_reference_answers_are_what_the_references_are_taken_of():
    labels = np.random.default_rng(0).integers(0, 4, 200)
    found = reference_answers(labels, classes=6)
    assert set(found["constant"]) == {0} and set(found["random"]) == set(range(6))
    np.testing.assert_array_equal(found["true"], labels)
    assert (found["shuffled"] != labels).any() and (np.bincount(found["shuffled"]) == np.bincount(labels)).all()
    known = complexity_references(labels, classes=6)
    assert known == {name: pytest.approx(output_complexity(answers)) for name, answers in found.items()}
