"""Separation of classes in single channels, against an analysis of variance and against known distributions."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput


@pytest.mark.parametrize("seed", range(4))
def test_equals_omega_squared_of_an_analysis_of_variance(seed):
    """With n items of each of K classes: omega² = (K-1)(F-1) / ((K-1)(F-1) + nK), F from SciPy."""
    from scipy.stats import f_oneway

    rng = np.random.default_rng(seed)
    k, n = 4, 7
    groups = rng.standard_normal((k, n, 5)) + rng.standard_normal((k, 1, 5)) * [0, 0.3, 1, 3, 10]
    f = f_oneway(*groups, axis=0).statistic
    expected = (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n * k)
    found = metrics.channel_separation(groups.reshape(k * n, 5), np.repeat(np.arange(k), n))
    assert found == pytest.approx(expected, abs=1e-12)


def test_equals_its_parts_with_unequal_classes():
    rng = np.random.default_rng(0)
    y = np.array([0] * 3 + [1] * 11 + [5] * 6 + [8])  # one of class 8: left out
    x = rng.standard_normal((len(y), 3)) + y[:, None]
    for j in range(3):
        groups = [x[y == c, j].tolist() for c in (0, 1, 5)]
        means = [sum(g) / len(g) for g in groups]
        variances = [sum((v - m) ** 2 for v in g) / (len(g) - 1) for g, m in zip(groups, means, strict=True)]
        centre = sum(means) / 3
        between = sum((m - centre) ** 2 for m in means) / 3
        between -= 2 / 9 * sum(v / len(g) for v, g in zip(variances, groups, strict=True))
        expected = between / (between + sum(variances) / 3)
        assert metrics.channel_separation(x, y)[j] == pytest.approx(expected)


def eta(x, y):
    """Between-class share of the sum of squares, as it is."""
    within = sum(((x[y == c] - x[y == c].mean(0)) ** 2).sum(0) for c in np.unique(y))
    return 1 - within / ((x - x.mean(0)) ** 2).sum(0)


def test_no_gap_on_average_for_equal_distributions_of_unequal_sizes_and_mixes():
    """400 pairs of 500 and 40 items: omega² differs by no more than a ratio is off; eta² shows a gap that is none.

    A ratio B/(B+W) of estimates is off by -W Var(B)/(B+W)³ to first order; Var(B) = 4 B/K · W/n for K means of n items.
    """
    centres = np.random.default_rng(7).standard_normal((4, 6)) * [0, 0.2, 0.5, 1, 2, 4]
    between = centres.var(0)
    ours, plain, level = [], [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        y = rng.choice(4, size=500, p=[0.7, 0.1, 0.1, 0.1])
        z = np.repeat(np.arange(4), 10)
        a, b = (centres[labels] + rng.standard_normal((len(labels), 6)) for labels in (y, z))
        ours.append(metrics.channel_gaps(a, y, b, z))
        level.append(metrics.channel_separation(a, y))
        plain.append(eta(a, y) - eta(b, z))
    error = np.std(ours, axis=0) / 20
    off = between / 10 / (between + 1) ** 3
    assert (np.abs(np.mean(ours, axis=0)) < off + 4 * error).all() and (off < 0.015).all() and (error < 0.01).all()
    assert (np.abs(np.mean(level, axis=0) - between / (between + 1)) < off + 4 * np.std(level, axis=0) / 20).all()
    assert (np.mean(plain, axis=0)[:2] < -0.05).all()  # expected of 4 classes without difference: 3/499 - 3/39


def test_the_channel_that_holds_for_train_alone_is_found():
    rng = np.random.default_rng(0)
    y, z = rng.integers(3, size=300), rng.integers(3, size=200)
    a, b = rng.standard_normal((300, 5)), rng.standard_normal((200, 5))
    a[:, 1] += 3 * y
    b[:, 1] += 3 * z
    a[:, 3] += 3 * y
    found = metrics.channel_gaps(a, y, b, z)
    assert found.argmax() == 3 and found[3] > 0.8 and (np.abs(np.delete(found, 3)) < 0.1).all()
    units = np.array([1e-3, -2, 1, 1e4, 1])
    assert metrics.channel_gaps(a * units + 7, y, b * units + 7, z) == pytest.approx(found, abs=1e-9)
    assert metrics.channel_gaps(b, z, a, y) == pytest.approx(-found)


def test_bounds_are_met():
    """Classes that are points: 1. Equal means, two items a class: -(K-1)/(K+1). A dead channel: 0."""
    y = np.repeat(np.arange(3), 2)
    x = np.stack([y, np.tile([-1, 1], 3), np.full(6, 0.1)], axis=1)
    assert metrics.channel_separation(x, y) == pytest.approx([1, -2 / 4, 0])


def test_what_cannot_be_is_refused():
    x = np.random.default_rng(0).standard_normal((6, 2))
    for y in ([0] * 6, [0, 0, 0, 0, 0, 1]):
        with pytest.raises(BadInput, match="found 1 classes with two items or more"):
            metrics.channel_separation(x, y)
    with pytest.raises(BadInput, match="found 0 classes"):
        metrics.channel_gaps(x, [0, 0, 0, 1, 1, 1], x, [2, 2, 2, 3, 3, 3])
    with pytest.raises(BadInput, match="test features of width 1"):
        metrics.channel_gaps(x, [0, 0, 0, 1, 1, 1], x[:, :1], [0, 0, 0, 1, 1, 1])
    with pytest.raises(BadInput, match="train_labels as finite numbers"):
        metrics.channel_gaps(x, [0, 0, 0, 1, 1, np.nan], x, [0, 0, 0, 1, 1, 1])
