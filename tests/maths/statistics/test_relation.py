from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import rank_relation, ranks, within_relation
from tests.maths.statistics.worlds import calm

figures = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=5, max_size=20)


@calm
@given(figures)
def test_ranks_and_rho_agree_with_scipy(pairs: list[tuple[int, int]]) -> None:
    from scipy.stats import rankdata, spearmanr

    x, y = np.array(pairs, dtype=float).T
    assert ranks(x) == pytest.approx(rankdata(x))
    found = rank_relation(x, y, permutations=9)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert found.effect == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)
        assert -1 <= found.low <= found.effect <= found.high <= 1
    else:
        assert not found.known and found.p == 1.0


def test_p_is_exact_for_few_conditions() -> None:
    assert rank_relation([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]).p == 2 / 120
    assert rank_relation([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]).p == 2 / 720
    assert rank_relation([1, 2, 3, 4], [1, 2, 4, 3]).p == 8 / 24  # |rho| >= .8: 1 and 3 orders on either side


def test_p_is_near_the_exact_one_for_many() -> None:
    from scipy.stats import spearmanr

    generator = np.random.default_rng(0)
    x = generator.standard_normal(25)
    y = 0.4 * x + generator.standard_normal(25)
    assert rank_relation(x, y, permutations=9999).p == pytest.approx(spearmanr(x, y).pvalue, abs=0.01)


def test_bad_figures() -> None:
    with pytest.raises(BadInput, match="four or more"):
        rank_relation([1, 2, 3], [1, 2, 3])
    assert not rank_relation([1, 2, 3, float("nan")], [1, 2, 3, 4]).known


def design(seeds: int, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    s, b = np.meshgrid(np.arange(seeds), np.arange(blocks), indexing="ij")
    return s.ravel(), b.ravel()


def test_one_block_without_covariate_is_spearman() -> None:
    from scipy.stats import spearmanr

    x, y = np.random.default_rng(0).standard_normal((2, 9))
    found = within_relation(x, y, None, np.arange(9), np.zeros(9))
    assert found.effect == pytest.approx(spearmanr(x, y).statistic)


@calm
@given(st.integers(0, 10**6))
def test_blocks_monotone_curves_and_order_do_not_matter(seed: int) -> None:
    generator = np.random.default_rng(seed)
    s, b = design(6, 3)
    x, y, c = generator.standard_normal((3, 18))
    found = within_relation(x, y, c, s, b)
    curved = within_relation(np.exp(x) + 50 * b, y**3 - 9 * b, 3 * c + 20 * b, s, b)
    order = generator.permutation(18)
    mixed = within_relation(x[order], y[order], c[order], s[order], b[order])
    for other in (curved, mixed):
        assert (other.effect, other.low, other.high) == pytest.approx((found.effect, found.low, found.high), abs=1e-6)
        assert other.p == pytest.approx(found.p, abs=0.02)
    assert -1 <= found.low <= found.effect <= found.high <= 1


def test_the_effect_against_least_squares() -> None:
    """Residuals of the ranks on the covariate's rank and value, by numpy's own solver, and their correlation."""
    generator = np.random.default_rng(1)
    s, b = design(7, 4)
    x, y, c = generator.standard_normal((3, 28))

    def within(v: np.ndarray, rank: bool) -> np.ndarray:
        out = np.empty(28)
        for k in range(4):
            here = b == k
            value = ranks(v[here]) if rank else v[here] / v[here].std()
            out[here] = value - value.mean()
        return out

    basis = np.stack([within(c, True), within(c, False)], axis=1)
    rest = [v - basis @ np.linalg.lstsq(basis, v, rcond=None)[0] for v in (within(x, True), within(y, True))]
    assert within_relation(x, y, c, s, b).effect == pytest.approx(np.corrcoef(*rest)[0, 1])


def test_a_relation_that_accuracy_makes_is_taken_out() -> None:
    generator = np.random.default_rng(2)
    s, b = design(10, 8)
    c = generator.standard_normal(80)
    x, y = c + 0.5 * generator.standard_normal((2, 80))
    assert within_relation(x, y, None, s, b).p < 0.01
    given_c = within_relation(x, y, c, s, b)
    assert given_c.p > 0.05 and abs(given_c.effect) < 0.3


def test_seeds_that_carry_both_figures_are_few_units() -> None:
    """Seeds alone make x and y vary: eight seeds are eight units, however many blocks repeat them."""
    s, b = design(8, 12)
    rejected = 0
    for repeat in range(100):
        generator = np.random.default_rng([6, repeat])
        x, y = (3 * generator.standard_normal(8)[s] + generator.standard_normal(96) for _ in range(2))
        rejected += within_relation(x, y, None, s, b, seed=repeat).p <= 0.05
    assert rejected <= 100 * 0.05 + 3.3 * (100 * 0.05 * 0.95) ** 0.5


def test_figures_that_do_not_vary_are_unknown() -> None:
    s, b = design(6, 2)
    x = np.random.default_rng(0).standard_normal(12)
    for y, c in ((np.ones(12), None), (x, x), (np.full(12, np.nan), None)):
        found = within_relation(x, y, c, s, b)
        assert not found.known and found.p == 1.0
    constant = within_relation(x, -x, np.ones(12), s, b)  # a covariate that does not vary takes nothing out
    assert constant.effect == pytest.approx(-1.0)


def test_incomplete_designs_and_few_seeds_are_refused() -> None:
    s, b = design(6, 2)
    x = np.arange(12.0)
    with pytest.raises(BadInput, match="exactly one run"):
        within_relation(x[:-1], x[:-1], None, s[:-1], b[:-1])
    s, b = design(4, 3)
    with pytest.raises(BadInput, match="five or more"):
        within_relation(x, x, None, s, b)
