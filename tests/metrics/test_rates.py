import numpy as np
import pytest
from scipy.stats import binom

from assay.core.errors import BadInput
from assay.maths.statistics.intervals import wilson
from assay.metrics import (
    detection,
    escape_interval,
    escape_rate,
    false_reject_interval,
    false_reject_rate,
    threshold,
)


def slow_rates(probs, labels, ok, thresholds):
    """Both rates item by item; for several classes the mean over classes."""
    rejects, passes = [], []
    for c, limit in zip(range(len(probs[0])) if ok is None else [ok], thresholds, strict=True):
        good, rejected, bad, passed = 0, 0, 0, 0
        for p, y in zip(probs, labels, strict=True):
            if y == c:
                good += 1
                rejected += 1 - p[c] > limit
            else:
                bad += 1
                passed += 1 - p[c] <= limit
        rejects.append(rejected / good)
        passes.append(passed / bad)
    return sum(rejects) / len(rejects), sum(passes) / len(passes)


@pytest.fixture
def items():
    rng = np.random.default_rng(7)
    labels = np.concatenate([np.arange(4), rng.choice(4, size=116, p=[0.7, 0.1, 0.1, 0.1])])
    logits = rng.standard_normal((120, 4)) + 1.5 * np.eye(4)[labels]
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return probs[:60], labels[:60], probs[60:], labels[60:]


@pytest.mark.parametrize("ok", [0, 2, None])
def test_rates_equal_their_literal_twin(items, ok):
    val_probs, val_labels, probs, labels = items
    fixed = threshold(val_probs, val_labels, ok)
    expected = slow_rates(probs.tolist(), labels.tolist(), ok, np.atleast_1d(fixed))
    assert false_reject_rate(probs, labels, ok, fixed) == pytest.approx(expected[0])
    assert escape_rate(probs, labels, ok, fixed) == pytest.approx(expected[1])


@pytest.mark.parametrize("ok", [0, None])
def test_detection_is_the_same_at_once(items, ok):
    val_probs, val_labels, probs, labels = items
    fixed = threshold(val_probs, val_labels, ok)
    found = detection(*items, ok=ok)
    assert found.thresholds == tuple(np.atleast_1d(fixed))
    assert found.false_reject == false_reject_rate(probs, labels, ok, fixed)
    assert found.escape == escape_rate(probs, labels, ok, fixed)
    assert found.false_reject_interval(0.9) == false_reject_interval(probs, labels, ok, fixed, 0.9)
    assert found.escape_interval() == escape_interval(probs, labels, ok, fixed)
    assert (found.n_ok, found.n_faulty) == ((60, 60) if ok is None else ((labels == 0).sum(), (labels != 0).sum()))


def test_interval_of_one_class_is_wilson(items):
    found = detection(*items, ok=0)
    (c,) = found.counts
    assert found.false_reject_interval() == pytest.approx(wilson(c.false_rejects, c.n_ok))
    assert found.escape_interval() == pytest.approx(wilson(c.escapes, c.n_faulty))


def test_only_validation_moves_the_thresholds(items):
    val_probs, val_labels, probs, labels = items
    one = detection(val_probs, val_labels, probs, labels, ok=None)
    other = detection(val_probs, val_labels, probs[::-1], 3 - labels, ok=None)
    assert one.thresholds == other.thresholds and one.false_reject != other.false_reject


def test_a_rare_class_counts_as_much_as_a_common_one():
    probs = np.array([[0.9, 0.1]] * 99 + [[0.9, 0.1]])
    labels = [0] * 99 + [1]
    assert false_reject_rate(probs, labels, None, (0.5, 0.5)) == 0.5  # all of class 1, none of class 0
    low, high = false_reject_interval(probs, labels, None, (0.5, 0.5))
    assert low < 0.2 and high > 0.8  # one item of class 1: an effective number of about four


def test_what_cannot_be_shown_is_none(items):
    val_probs, val_labels, probs, labels = items
    good = detection(val_probs, val_labels, probs[labels == 0], labels[labels == 0], ok=0)
    assert good.escape is None and good.false_reject is not None and good.n_faulty == 0
    assert good.escape_interval() == (0.0, 1.0)
    bad = detection(val_probs, val_labels, probs[labels != 0], labels[labels != 0], ok=0)
    assert bad.false_reject is None and bad.false_reject_interval() == (0.0, 1.0)
    single = detection(val_probs, val_labels, probs[labels == 0], labels[labels == 0])
    assert single.false_reject is not None and single.escape is not None
    assert 0 < single.escape_interval()[1] < 1


def test_rates_without_items_are_refused(items):
    probs, labels = items[2], items[3]
    with pytest.raises(BadInput, match="found no faulty item"):
        escape_rate(probs[labels == 0], labels[labels == 0], 0, 0.5)
    with pytest.raises(BadInput, match="found no ok item"):
        false_reject_rate(probs[labels != 0], labels[labels != 0], 0, 0.5)


def test_classes_unknown_to_validation_are_left_out(items):
    val_probs, val_labels, probs, labels = items
    seen = val_labels != 3
    found = detection(val_probs[seen], val_labels[seen], probs, labels)
    assert [c.label for c in found.counts] == [0, 1, 2] and len(found.thresholds) == 3
    assert found.n_ok == (labels != 3).sum() and found.n_faulty == 60


@pytest.mark.parametrize("interval", [false_reject_interval, escape_interval])
def test_macro_intervals_cover(interval):
    """Items draw one of three outputs; the true rates follow from the chances alone."""
    outputs = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    chances = np.array([[0.9, 0.05, 0.05], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])  # of each output, by true class
    limits = (0.5, 0.5, 0.5)
    labels = np.repeat([0, 1, 2], [60, 25, 15])
    if interval is false_reject_interval:
        truth = 1 - np.diag(chances).mean()
    else:
        truth = np.mean([chances[labels[labels != c], c].mean() for c in range(3)])
    rng = np.random.default_rng(0)
    hits, repeats = 0, 400
    for _ in range(repeats):
        drawn = (rng.random((100, 1)) > chances[labels].cumsum(1)).sum(1)
        low, high = interval(outputs[drawn], labels, None, limits)
        hits += low <= truth <= high
    assert hits >= binom.ppf(1e-4, repeats, 0.95)
