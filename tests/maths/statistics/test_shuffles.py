from __future__ import annotations

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.maths.statistics.shuffles import codes, orders, seed_moves, share_beyond, shuffles, square_design


def test_shuffles_are_permutations_and_stay_within_strata() -> None:
    strata = np.array([1, 0, 1, 0, 0, 1])
    drawn = shuffles(6, 200, np.random.default_rng(0), strata)
    assert np.array_equal(np.sort(drawn, axis=1), np.tile(np.arange(6), (200, 1)))
    assert np.all(strata[drawn] == strata)
    assert len({tuple(row) for row in drawn.tolist()}) == 36  # 3! of each stratum, all met


def test_orders_are_complete_when_few_and_begin_with_the_identity() -> None:
    few, many = orders(5, 9, np.random.default_rng(0)), orders(9, 50, np.random.default_rng(0))
    assert len({tuple(row) for row in few.tolist()}) == 120
    assert many.shape == (51, 9)
    assert few[0].tolist() == list(range(5)) and many[0].tolist() == list(range(9))


def test_whole_seeds_move() -> None:
    seeds, positions = np.array([2, 0, 1, 0, 2, 1]), np.array([0, 0, 0, 1, 1, 1])
    for move in seed_moves(seeds, positions, orders(3, 0, np.random.default_rng(0))):
        assert np.array_equal(positions[move], positions)  # every run comes from its own condition
        for s in range(3):
            assert len(set(seeds[move][seeds == s])) == 1  # and all runs of a seed from one seed


def test_a_design_with_a_missing_or_doubled_run_is_refused() -> None:
    with pytest.raises(BadInput, match="exactly one run"):
        square_design(np.array([0, 0, 1]), np.array([0, 1, 0]))
    with pytest.raises(BadInput, match="exactly one run"):
        square_design(np.array([0, 0]), np.array([0, 0]))
    with pytest.raises(BadInput, match="one label an item"):
        codes(["a", "b"], "group", 3)


def test_the_p_value_counts_what_was_observed_once() -> None:
    null = np.array([0.0, 1.0, 2.0, 3.0])
    assert share_beyond(null, 2.0) == 3 / 5
    assert share_beyond(null, 2.0, observed_is_in=True) == 2 / 4
    assert share_beyond(null, 9.0) == 1 / 5
    assert share_beyond(null, 1.0 + 1e-14) == 4 / 5  # a tie up to rounding
    assert share_beyond(null, float("nan")) == 1.0
