from __future__ import annotations

from math import inf

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.maths.statistics import detectable_ratio, smallest_p, spread_contrast
from tests.maths.statistics.test_contrast import families
from tests.maths.statistics.worlds import distances


def test_smallest_p_by_hand() -> None:
    assert smallest_p("sign-flip", 3) == 0.25
    assert smallest_p("labels", 2) == pytest.approx(1 / 3)
    assert smallest_p("labels", 10, permutations=1999) == 1 / 2000
    assert smallest_p("orders", 5) == 2 / 120
    assert smallest_p("sign-flip", 1) == 1.0
    with pytest.raises(BadInput, match="sign-flip"):
        smallest_p("sign-flop", 3)  # type: ignore[arg-type]


def test_the_smallest_p_of_two_families_is_what_the_test_reaches() -> None:
    points, block, label = families(0, 4, 1, ratio=50.0)
    found = spread_contrast(distances(points), block, label, permutations=4999)
    assert found.p == pytest.approx(smallest_p("labels", 4), abs=0.008)
    assert found.detail["smallest_p"] == pytest.approx(smallest_p("labels", 4))


def test_more_models_blocks_and_dimensions_show_more() -> None:
    assert detectable_ratio(10, 1) < detectable_ratio(4, 1)
    assert detectable_ratio(4, 13) < detectable_ratio(4, 5) < detectable_ratio(4, 1)
    assert detectable_ratio(10, 1, dimensions=10) < detectable_ratio(10, 1, dimensions=3)
    assert detectable_ratio(4, 13) < detectable_ratio(4, 13, alpha=0.01)
    assert detectable_ratio(10, 1) == detectable_ratio(10, 1)


def test_what_cannot_be_seen_is_infinite() -> None:
    assert detectable_ratio(3, 1) == inf
    assert detectable_ratio(1, 13) == inf
    assert detectable_ratio(4, 1, alpha=0.01) == inf


@pytest.mark.parametrize(("n", "blocks"), [(10, 1), (4, 5), (4, 13)])
def test_the_test_itself_has_the_planned_power(n: int, blocks: int) -> None:
    """100 worlds at the detectable ratio: rejections within 99.9 % limits of .8, with .05 for the plan's own error."""
    ratio = detectable_ratio(n, blocks)
    seen = 0
    for repeat in range(100):
        points, block, label = families(repeat + 1000, n, blocks, ratio)
        seen += spread_contrast(distances(points), block, label, permutations=199, seed=repeat).p <= 0.05
    assert abs(seen / 100 - 0.8) <= 3.3 * (0.8 * 0.2 / 100) ** 0.5 + 0.05
    assert np.isfinite(ratio)
