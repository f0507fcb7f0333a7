import math
from itertools import pairwise

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import threshold
from assay.metrics.acceptance import count


def two_class(scores):
    """Probabilities whose first class, the ok one, has the given scores 1 - P(ok)."""
    scores = np.asarray(scores, dtype=float)
    return np.stack([1 - scores, scores], axis=1)


def slow_cost(probs, labels, ok, limit):
    """False-reject rate plus escape rate, item by item, as an exact pair of counts."""
    good = [p for p, y in zip(probs, labels, strict=True) if y == ok]
    bad = [p for p, y in zip(probs, labels, strict=True) if y != ok]
    rejected = sum(1 - p[ok] > limit for p in good)
    passed = sum(not 1 - p[ok] > limit for p in bad)
    return rejected * len(bad) + passed * len(good)


@pytest.mark.parametrize("seed", range(30))
def test_threshold_is_the_middle_of_the_widest_best_gap(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(4, 25)
    labels = np.append([0, 1], rng.integers(2, size=n - 2))
    scores = rng.integers(0, 11, size=n) / 10 if seed % 2 else rng.beta(1 + labels, 2 - labels)
    probs = two_class(scores)
    edges = sorted({0.0, 1.0, *(1 - probs[:, 0]).tolist()})
    gaps = [*pairwise(edges), (1.0, 1.0)]
    costs = [slow_cost(probs, labels, 0, low) for low, _ in gaps]
    best = [gap for gap, cost in zip(gaps, costs, strict=True) if cost == min(costs)]
    low, high = max(best, key=lambda gap: (gap[1] - gap[0], -gap[0]))
    found = threshold(probs, labels, ok=0)
    assert found == pytest.approx((low + high) / 2, abs=1e-12)
    assert slow_cost(probs, labels, 0, found) == min(costs)


def test_widest_gap_then_lowest():
    # Perfect between 0.2 and 0.3 only, against equally good gaps of different width.
    assert threshold(two_class([0.1, 0.2, 0.3, 0.9]), [0, 0, 1, 1], ok=0) == pytest.approx(0.25)
    # One error either way: 0.1 to 0.5 is wider than 0.6 to 0.8.
    assert threshold(two_class([0.1, 0.5, 0.6, 0.8]), [0, 1, 0, 1], ok=0) == pytest.approx(0.3)
    # As wide as one another: the lower one.
    assert threshold(two_class([0.0, 0.25, 0.5, 0.75]), [0, 1, 0, 1], ok=0) == 0.125


def test_neighbouring_floats_are_kept_apart():
    low = np.nextafter(0.75, 1)  # an odd last bit: the rounded middle is the upper neighbour
    high = np.nextafter(low, 1)
    probs = two_class([low, high])
    fixed = threshold(probs, [0, 1], ok=0)
    assert [c[2:] for c in count(probs, [0, 1], 0, fixed)] == [(0, 1, 0)]


def test_saturated_probabilities():
    assert threshold(two_class([0, 0, 1, 1]), [0, 0, 1, 1], ok=0) == 0.5
    # A model that has it backwards: accepting everything is the best that can be done.
    assert threshold(two_class([1, 1, 0, 0]), [0, 0, 1, 1], ok=0) == 1.0


def test_order_of_items_does_not_matter():
    rng = np.random.default_rng(0)
    probs, labels = two_class(rng.integers(0, 20, 60) / 20), rng.integers(2, size=60)
    order = rng.permutation(60)
    assert threshold(probs, labels, 0) == threshold(probs[order], labels[order], 0)


def test_each_class_in_turn_where_none_is_ok():
    rng = np.random.default_rng(3)
    probs, labels = rng.dirichlet(np.ones(3), 50), rng.integers(3, size=50)
    assert threshold(probs, labels) == tuple(threshold(probs, labels, ok=c) for c in range(3))


def test_a_class_missing_from_validation_is_not_judged():
    rng = np.random.default_rng(4)
    probs = rng.dirichlet(np.ones(3), 20)
    fixed = threshold(probs, rng.integers(2, size=20))
    assert math.isnan(fixed[2]) and not any(map(math.isnan, fixed[:2]))
    assert [c.label for c in count(probs, rng.integers(3, size=20), None, fixed)] == [0, 1]


def test_refusals():
    probs = two_class([0.1, 0.2])
    with pytest.raises(BadInput, match="found only one of the two in the validation split"):
        threshold(probs, [0, 0], ok=0)
    with pytest.raises(BadInput, match="found only one of the two in the validation split"):
        threshold(probs, [1, 1])
    with pytest.raises(BadInput, match="class 2 as the ok class; found 2 classes"):
        threshold(probs, [0, 1], ok=2)
    with pytest.raises(BadInput, match="val_probs as probabilities"):
        threshold([[3.0, -2.0]], [0], ok=0)
    with pytest.raises(BadInput, match=r"2 classes at their thresholds; found \[0.5\]"):
        count(probs, [0, 1], None, 0.5)
    with pytest.raises(BadInput, match=r"found \[nan\]"):
        count(probs, [0, 1], 0, float("nan"))
