"""The statistics behind the checks hold their level and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from assay.studies.quality.agreement import beta_binomial, mixture
from assay.studies.quality.distance import two_sample
from assay.studies.quality.neighbours import nearest
from assay.studies.quality.resolution import smallest_difference


def test_two_sample_holds_its_level_and_sees_a_shift() -> None:
    draw = np.random.default_rng(0)
    ps = [two_sample(draw.normal(size=(80, 3)), np.arange(80) >= 40, None, draw).p for _ in range(60)]
    assert sum(p <= 0.1 for p in ps) <= binom.ppf(0.999, 60, 0.1)
    moved = draw.normal(size=(200, 3)) + (np.arange(200) >= 100)[:, None]
    found = two_sample(moved, np.arange(200) >= 100, None, draw)
    assert found.p == pytest.approx(0.005) and found.low > 0.75


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
