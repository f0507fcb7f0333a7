from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from assay.core.errors import BadInput
from assay.maths.statistics import permanova
from tests.maths.statistics.worlds import calm, clouds, distances, from_triangle

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "statistics.json").read_text())


def test_golden() -> None:
    found = permanova(from_triangle(GOLDEN["triangle"]), GOLDEN["groups"], permutations=9)
    assert found.f == pytest.approx(GOLDEN["permanova"]["f"], abs=1e-6)
    assert found.r2 == pytest.approx(GOLDEN["permanova"]["r2"], abs=1e-6)


def literal(d: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Pseudo-F and R2 from sums over pairs, as Anderson 2001 writes them."""
    n, names = len(d), np.unique(group)
    total = sum(d[i, j] ** 2 for i in range(n) for j in range(i + 1, n)) / n
    within = 0.0
    for k in names:
        here = np.flatnonzero(group == k)
        within += sum(d[i, j] ** 2 for i in here for j in here if i < j) / len(here)
    return ((total - within) / (len(names) - 1)) / (within / (n - len(names))), 1 - within / total


@calm
@given(clouds(groups=3))
def test_against_the_literal_statistic(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, group = cloud
    d = distances(points) ** 1.3  # not Euclidean
    found = permanova(d, group, permutations=1)
    assert (found.f, found.r2) == pytest.approx(literal(d, group), rel=1e-8)
    assert found.omega2 <= found.r2 <= 1
    order = np.random.default_rng(0).permutation(len(points))
    again = permanova(2 * d[np.ix_(order, order)], np.array(["x", "y", "z"])[group[order]], permutations=1)
    assert again[:3] == pytest.approx(found[:3], rel=1e-8)


def test_p_against_all_splits() -> None:
    from itertools import combinations

    generator = np.random.default_rng(1)
    d = distances(generator.standard_normal((10, 3)) + np.repeat([[0.0], [0.7]], 5, axis=0))
    group = np.repeat([0, 1], 5)
    splits = [np.isin(np.arange(10), chosen).astype(int) for chosen in combinations(range(10), 5)]
    exact = np.mean([literal(d, split)[0] >= literal(d, group)[0] - 1e-9 for split in splits])
    found = permanova(d, group, permutations=4999)
    assert abs(found.p - exact) <= 3.3 * (exact * (1 - exact) / 4999) ** 0.5 + 1 / 5000


def paired_world(generator: np.random.Generator, seeds: int, conditions: int) -> tuple[np.ndarray, ...]:
    """Runs of seeds that matter in every condition; a seed's label follows it."""
    owner = np.repeat(np.arange(seeds), conditions)
    points = 2 * generator.standard_normal((seeds, 5))[owner] + generator.standard_normal((seeds * conditions, 5))
    return points, owner, np.tile(np.arange(conditions), seeds), (owner >= seeds // 2).astype(int)


def test_runs_that_share_a_seed_are_moved_together() -> None:
    """200 nulls: whole seeds hold the level, runs one by one reject in far too many."""
    together, alone = 0, 0
    for repeat in range(200):
        points, owner, block, label = paired_world(np.random.default_rng([4, repeat]), 8, 4)
        d = distances(points)
        together += permanova(d, label, seeds=owner, blocks=block, permutations=99, seed=repeat).p <= 0.05
        alone += permanova(d, label, permutations=99, seed=repeat).p <= 0.05
    assert together <= 200 * 0.05 + 3.3 * (200 * 0.05 * 0.95) ** 0.5
    assert alone >= 60


def test_the_order_of_appearance_stands_for_the_condition_and_blocks_alone_are_strata() -> None:
    points, owner, block, label = paired_world(np.random.default_rng(9), 6, 3)
    d = distances(points)
    named = permanova(d, label, seeds=owner, blocks=block, permutations=99)
    assert permanova(d, label, seeds=owner, permutations=99) == named
    within = permanova(d, block, blocks=block, permutations=99)  # nothing can move
    assert within.p == 1.0


def test_what_cannot_be_tested_is_refused() -> None:
    d = distances(np.arange(8.0).reshape(4, 2))
    with pytest.raises(BadInput, match="two groups"):
        permanova(d, [0, 0, 0, 0])
    with pytest.raises(BadInput, match="exactly one run"):
        permanova(d, [0, 0, 1, 1], seeds=[0, 0, 0, 1])


def test_models_all_in_one_place_are_no_evidence() -> None:
    found = permanova(np.zeros((4, 4)), [0, 0, 1, 1])
    assert found.p == 1.0 and np.isnan(found.omega2)
