from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import Estimate, judge, paired_effect, pcoa, place, spread, spread_contrast
from tests.maths.statistics.worlds import calm, distances


def families(seed: int, n: int, blocks: int, ratio: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, ...]:
    """Unhappy and happy models in each block, in ten dimensions."""
    generator = np.random.default_rng(seed)
    label = np.tile(np.repeat(["unhappy", "happy"], n), blocks)
    block = np.repeat(np.arange(blocks), 2 * n)
    points = generator.standard_normal((len(label), 10)) * np.where(label == "unhappy", ratio, 1.0)[:, None]
    points[:, 0] += np.where(label == "unhappy", shift, 0.0)
    return points + 4 * generator.standard_normal((blocks, 10))[block], block, label


def literal(d: np.ndarray, block: np.ndarray, label: np.ndarray) -> float:
    """Block by block: principal coordinates, distances to the own centroid, the log of the ratio of their rms."""
    logs = []
    for b in np.unique(block):
        here = np.flatnonzero(block == b)
        found = pcoa(d[np.ix_(here, here)])
        rms = {}
        for side in ("unhappy", "happy"):
            points = found.points[label[here] == side]
            z = spread(points, found.signs, points.mean(axis=0), adjust=True)
            rms[side] = np.sqrt((z**2).mean())
        logs.append(np.log(rms["unhappy"] / rms["happy"]))
    return float(np.exp(np.mean(logs)))


@calm
@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 3), st.sampled_from([1.0, 1.4]))
def test_the_ratio_against_its_definition(seed: int, n: int, blocks: int, power: float) -> None:
    points, block, label = families(seed, n, blocks)
    d = distances(points) ** power  # 1.4: not Euclidean, negative axes
    assert spread_contrast(d, block, label, permutations=19).effect == pytest.approx(literal(d, block, label), rel=1e-6)


@calm
@given(st.integers(0, 10**6), st.sampled_from([(4, 3), (3, 10)]))
def test_names_order_scale_and_place_do_not_matter_and_the_mirror_turns_it(seed: int, size: tuple[int, int]) -> None:
    points, block, label = families(seed, *size)
    found = spread_contrast(distances(points), block, label, permutations=99)
    order = np.random.default_rng(seed).permutation(len(points))
    moved = 3 * points + np.where(label == "happy", 5.0, 0.0)[:, None]
    other = spread_contrast(distances(moved)[np.ix_(order, order)], block[order], label[order], permutations=99)
    assert other.effect == pytest.approx(found.effect, rel=1e-6)
    turned = spread_contrast(distances(points), block, label, wider="happy", tighter="unhappy", permutations=99)
    assert turned.effect == pytest.approx(1 / found.effect)
    assert found.low <= found.effect <= found.high


def test_other_labels_and_thin_blocks_are_left_out() -> None:
    points, block, label = families(0, 4, 3)
    d = distances(points)
    extra = np.where(np.arange(len(label)) == 0, "between", label)
    left = np.arange(len(label)) != 0
    with_it = spread_contrast(d, block, extra, permutations=99)
    without = spread_contrast(d[np.ix_(left, left)], block[left], label[left], permutations=99)
    assert with_it == without and with_it.n == 23
    thin = np.where((block == 1) & (label == "happy"), "between", label)
    assert spread_contrast(d, block, thin, permutations=99).detail["blocks"] == 2
    with pytest.raises(BadInput, match="no block with two models"):
        spread_contrast(d, block, np.full(len(block), "happy"))
    with pytest.raises(BadInput, match="one a model"):
        spread_contrast(d, block, label[1:])


RULE = {"threshold": 1.0, "margin": (0.9, 1 / 0.9), "alpha": 0.05}


@pytest.mark.parametrize(("n", "blocks"), [(10, 1), (4, 13), (5, 5)])
def test_the_principle_its_opposite_and_a_mere_shift(n: int, blocks: int) -> None:
    def word(ratio: float, shift: float) -> tuple[str, str]:
        points, block, label = families(1, n, blocks, ratio, shift)
        return judge(spread_contrast(distances(points), block, label), claimed="above", **RULE)  # type: ignore[arg-type]

    assert word(2.0, 0.0) == ("supported", "above")
    assert word(0.5, 0.0) == ("refuted", "below")
    assert word(1.0, 6.0)[1] == "none"


def test_a_shift_is_place_and_not_spread() -> None:
    points, block, label = families(3, 8, 1, shift=6.0)
    d = distances(points)
    assert spread_contrast(d, block, label).p > 0.05
    assert place(d, label).p < 0.01


def test_the_interval_and_p_agree() -> None:
    for seed in range(12):
        for size in ((6, 1), (4, 4), (3, 12)):
            points, block, label = families(seed, *size, ratio=1.25)
            found = spread_contrast(distances(points), block, label, permutations=499)
            assert (found.p <= 0.05) == (not found.low <= 1.0 <= found.high) or abs(found.p - 0.05) < 0.006


def test_from_ten_blocks_the_blocks_are_the_units() -> None:
    points, block, label = families(4, 3, 12, 1.2)
    d = distances(points)
    found = spread_contrast(d, block, label)
    logs = []
    for b in range(12):
        here = np.flatnonzero(block == b)
        logs.append(np.log(literal(d[np.ix_(here, here)], block[here], label[here])))
    flips = paired_effect(logs)
    assert found.p == flips.p
    assert (found.low, found.high) == pytest.approx((np.exp(flips.low), np.exp(flips.high)))


def test_three_a_side_in_one_block_has_an_interval_but_no_small_p() -> None:
    points, block, label = families(5, 3, 1, ratio=20.0)
    found = spread_contrast(distances(points), block, label)
    assert found.detail["smallest_p"] == 0.1 and found.p >= 0.08
    assert 1 < found.low < found.effect < found.high < np.inf


def test_families_without_spread_are_unknown() -> None:
    points, block, label = families(6, 3, 2)
    points[label == "happy"] = 1.0
    found = spread_contrast(distances(points), block, label)
    assert isinstance(found, Estimate) and not found.known and found.p == 1.0
