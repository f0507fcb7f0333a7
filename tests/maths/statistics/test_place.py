from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from assay.core.errors import BadInput
from assay.maths.statistics import permanova, place
from tests.maths.statistics.worlds import calm, clouds, distances


def literal(points: np.ndarray, cell: list[tuple[int, int]]) -> float:
    """The share between groups beyond chance, from means and variances of points in space."""
    between = chance = total = 0.0
    for b in {block for block, _ in cell}:
        block = np.array([c[0] == b for c in cell])
        for k in {c for c in cell if c[0] == b}:
            here = np.array([c == k for c in cell])
            n, v = here.sum(), float(points[here].var(axis=0, ddof=1).sum())
            between += n * float(((points[here].mean(axis=0) - points[block].mean(axis=0)) ** 2).sum())
            chance += (1 - n / block.sum()) * v
            total += n * v
    return (between - chance) / (between - chance + total)


@calm
@given(clouds(groups=3))
def test_the_effect_against_points_in_space(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, group = cloud
    found = place(distances(points), group, permutations=19)
    assert found.effect == pytest.approx(literal(points, [(0, int(k)) for k in group]), abs=1e-8)
    assert found.low <= found.effect <= found.high <= 1
    scaled = place(5 * distances(points), np.array(["c", "a", "b"])[group], permutations=19)
    assert scaled.effect == pytest.approx(found.effect)


@calm
@given(clouds(groups=4))
def test_within_blocks_against_points_in_space(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, cell = cloud
    block, group = cell // 2, cell % 2
    found = place(distances(points), group, blocks=block, permutations=19)
    cells = [(int(b), int(k)) for b, k in zip(block, group, strict=True)]
    assert found.effect == pytest.approx(literal(points, cells), abs=1e-8)
    apart = points + 9.0 * block[:, None]  # blocks may lie anywhere
    assert place(distances(apart), group, blocks=block, permutations=19).effect == pytest.approx(found.effect, abs=1e-7)


def test_equal_groups_give_permanovas_share_and_p() -> None:
    d = distances(np.random.default_rng(0).standard_normal((24, 4)) + np.repeat([[0.0], [0.5], [0.2]], 8, axis=0))
    group = np.repeat([0, 1, 2], 8)
    ours, theirs = place(d, group, permutations=4999), permanova(d, group, permutations=4999)
    assert ours.effect == pytest.approx(theirs.omega2)
    assert ours.p == pytest.approx(theirs.p, abs=0.03)


def test_groups_far_apart_and_groups_in_one_place() -> None:
    generator = np.random.default_rng(0)
    group = np.repeat([0, 1], 10)
    points = generator.standard_normal((20, 10))
    apart = place(distances(points + 5.0 * group[:, None]), group)
    assert apart.p == 1 / 2000 and apart.low > 0.8
    together = place(distances(points), group)
    assert together.p > 0.05 and together.low <= 0.0 <= together.high
    nowhere = place(np.zeros((4, 4)), [0, 0, 1, 1])
    assert nowhere.p == 1.0 and not nowhere.known


def test_groups_of_identical_models_are_all_place() -> None:
    points = np.repeat([[0.0, 0], [1, 0]], 3, axis=0)
    found = place(distances(points), [0, 0, 0, 1, 1, 1])
    assert found.effect == pytest.approx(1.0) and found.p < 0.2


def test_unequal_spread_with_unequal_groups_is_not_taken_for_place() -> None:
    """The smaller group is three times as wide: pseudo-F rejects far too often, the ratio of Anderson et al. less."""
    ours = theirs = 0
    group = np.repeat([0, 1], [4, 16])
    for repeat in range(150):
        points = np.random.default_rng([3, repeat]).standard_normal((20, 5)) * np.where(group[:, None] == 0, 3.0, 1.0)
        d = distances(points)
        ours += place(d, group, permutations=99, seed=repeat).p <= 0.05
        theirs += permanova(d, group, permutations=99, seed=repeat).p <= 0.05
    assert theirs >= 45
    assert ours <= theirs / 2


def test_single_models_are_refused() -> None:
    with pytest.raises(BadInput, match="two groups of at least two"):
        place(distances(np.arange(6.0).reshape(3, 2)), [0, 0, 1])
    with pytest.raises(BadInput, match="two groups of at least two"):
        place(distances(np.arange(6.0).reshape(3, 2)), [0, 0, 0])
    with pytest.raises(BadInput, match="in every block"):
        place(distances(np.arange(12.0).reshape(6, 2)), [0, 0, 1, 1, 0, 0], blocks=[0, 0, 0, 0, 1, 1])
