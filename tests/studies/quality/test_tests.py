"""The statistics behind the checks hold their level and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from assay.data import Dataset, Split
from assay.studies.quality import View
from assay.studies.quality.agreement import beta_binomial, mixture
from assay.studies.quality.coverage import beyond
from assay.studies.quality.distance import distance, two_sample
from assay.studies.quality.neighbours import nearest
from assay.studies.quality.resolution import smallest_difference


def test_two_sample_holds_its_level_and_sees_a_shift() -> None:
    draw = np.random.default_rng(0)
    ps = [two_sample(draw.normal(size=(80, 3)), np.arange(80) >= 40, None, draw).p for _ in range(60)]
    assert sum(p <= 0.1 for p in ps) <= binom.ppf(0.999, 60, 0.1)
    moved = draw.normal(size=(200, 3)) + (np.arange(200) >= 100)[:, None]
    found = two_sample(moved, np.arange(200) >= 100, None, draw)
    assert found.p == pytest.approx(0.005) and found.low > 0.75


def test_equal_items_on_both_sides_are_not_told_apart() -> None:
    """Ties count half: with the order of the items in their place, equal sets would be told apart always."""
    equal = np.repeat(np.eye(2), [30, 30], 0)[np.r_[0:60:2, 1:60:2]]
    found = two_sample(equal, np.arange(60) >= 30, None, np.random.default_rng(0))
    assert found.auc == pytest.approx(0.5, abs=0.1) and found.p > 0.1


def test_axes_of_both_sets_hold_the_level_of_the_whole_check() -> None:
    """On axes of train alone the two were told apart in nearly every clean data set."""
    rejected, draw = 0, np.random.default_rng(5)
    for _ in range(30):
        parts = [draw.random((n, 6, 6, 1)).astype(np.float32) for n in (90, 30, 60)]
        splits = {n: Split(x, np.arange(len(x)) % 2) for n, x in zip(("train", "val", "test"), parts, strict=True)}
        finding = distance(View(Dataset("noise", splits, ("a", "b"), "image")))[0]
        rejected += finding.detail["p"] <= 0.1
    assert rejected <= binom.ppf(0.999, 30, 0.1)


def test_beyond_is_the_share_of_random_splits_that_have_so_many() -> None:
    draw, hits = np.random.default_rng(6), 0
    for _ in range(4000):
        values = draw.random(70)
        bar = np.sort(values[:50])[-3]  # two of 50 lie beyond
        hits += (values[50:] > bar).sum() >= 3
    p = beyond(3, 20, 2, 50)
    assert abs(hits / 4000 - p) < 4 * np.sqrt(p * (1 - p) / 4000)


def test_groups_are_one_item_each() -> None:
    draw = np.random.default_rng(1)
    rejected = 0
    for _ in range(40):
        groups = np.repeat(np.arange(12), 15)  # items of a group are nearly the same
        x = draw.normal(size=(12, 3))[groups] + 0.1 * draw.normal(size=(180, 3))
        rejected += two_sample(x, groups >= 6, groups, draw).p <= 0.1
    assert rejected <= binom.ppf(0.999, 40, 0.1)


def test_the_share_of_wrong_labels_lies_in_its_interval() -> None:
    draw, held = np.random.default_rng(2), 0
    for _ in range(12):
        labels = draw.integers(0, 4, 1500)
        right = draw.random(1500) > 0.06
        own = np.where(right, draw.binomial(10, draw.beta(8, 0.7, 1500)), draw.binomial(10, 0.04, 1500))
        votes = np.zeros((1500, 4), int)
        votes[np.arange(1500), labels] = own
        votes[np.arange(1500), (labels + draw.integers(1, 4, 1500)) % 4] += 10 - own
        found = mixture(votes, labels)
        held += found.low <= np.mean(~right) <= found.high
    assert held >= binom.ppf(0.001, 12, 0.9)


def test_beta_binomial_is_a_distribution() -> None:
    assert beta_binomial(10, 3.0, 0.5).sum() == pytest.approx(1)


def test_neighbours_are_those_of_a_full_search() -> None:
    draw = np.random.default_rng(3)
    a, b = draw.normal(size=(30, 5)).astype(np.float32), draw.normal(size=(40, 5)).astype(np.float32)
    full = np.linalg.norm(a[:, None] - b[None], axis=2)
    distances, places = nearest(a, b, 4)
    assert np.allclose(distances, np.sort(full, 1)[:, :4], atol=1e-5)
    assert (places == np.argsort(full, 1)[:, :4]).all()
    own = np.arange(40) % 30
    assert (own[nearest(a, b, 4, (np.arange(30), own))[1]] != np.arange(30)[:, None]).all()


def test_smallest_difference_has_its_power() -> None:
    d, n = smallest_difference(400), 400
    assert d is not None
    draw = np.random.default_rng(4)
    better, worse = (0.1 + d) / 2, (0.1 - d) / 2
    counts = draw.multinomial(n, [better, worse, 0.9], 2000)
    z = (counts[:, 0] - counts[:, 1]) / np.sqrt(np.maximum(counts[:, 0] + counts[:, 1], 1))
    assert 0.77 < (np.abs(z) > 1.96).mean() < 0.83
