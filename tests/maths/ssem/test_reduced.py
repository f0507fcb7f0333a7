"""Unequal classes and random batches: the reduced problem against reference optima and against closed forms."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.maths.ssem import RandomSetting, Setting, alpha_for, alpha_of, predict, predict_random, variances
from assay.maths.ssem.batches import fixed_batches, random_batches
from assay.maths.ssem.reduced import Loss, Reduced
from assay.maths.ssem.solve import solve
from tests.maths.ssem.rows import ROWS, balanced, batched, random, unequal


def test_every_row_of_unequal_classes() -> None:
    for row in ROWS["imbalanced"]:
        found = variances(unequal(row))
        assert found.within == pytest.approx(row["within_var_per_class"], abs=1e-5)
        assert found.loss == pytest.approx(row["loss"], abs=1e-9)
        assert found.total == pytest.approx(row["total_var"], abs=1e-6)


def test_every_row_of_random_batches() -> None:
    for row in ROWS["random_batches"]:
        found = variances(random(row))
        assert found.exact
        assert found.within == pytest.approx(row["within_var_per_class"], abs=1e-5)
        assert found.views == pytest.approx(row["view_var_per_class"], abs=1e-5)
        assert found.loss == pytest.approx(row["loss"], abs=2e-8)


@pytest.mark.parametrize("kind, every", [("balanced", 37), ("minibatch", 5)])
def test_equal_classes_give_the_closed_form(kind: str, every: int) -> None:
    for row in ROWS[kind][::every]:
        setting = (balanced if kind == "balanced" else batched)(row)
        how = Loss(setting.views, setting.alpha, setting.temperature, setting.variant)
        found, closed = solve(fixed_batches(setting.counts, setting.totals, "anchor"), how), variances(setting)
        assert found.loss == pytest.approx(closed.loss, abs=1e-9)
        assert found.instances == pytest.approx(closed.instances, abs=1e-5)
        assert found.views == pytest.approx(closed.views, abs=1e-5)


@pytest.mark.parametrize(
    "variant, views, reduction", [("excl", 3, "anchor"), ("incl", 2, "anchor"), ("excl", 2, "pair")]
)
def test_gradient_and_hessian(variant: str, views: int, reduction: str) -> None:
    problem = Reduced(random_batches((3, 5, 5), 6, reduction), Loss(views, 0.4, 0.3, variant, reduction))  # type: ignore[arg-type]
    y, step = np.random.default_rng(0).standard_normal((2, 5)), 1e-6
    units = step * np.eye(10).reshape(10, 2, 5)
    above, below = ([problem.value(y + sign * unit) for unit in units] for sign in (1, -1))
    slope = np.array([(a[0] - b[0]) / (2 * step) for a, b in zip(above, below, strict=True)])
    bend = np.array([(a[1] - b[1]).ravel() / (2 * step) for a, b in zip(above, below, strict=True)])
    np.testing.assert_allclose(problem.value(y)[1].ravel(), slope, atol=1e-7)
    np.testing.assert_allclose(problem.hessian(y), bend, atol=1e-6)


@pytest.mark.parametrize("reduction", ["anchor", "pair"])
def test_random_batches_are_all_batches(reduction: str) -> None:
    """Every batch written out gives the same kinds of anchor as the hypergeometric sum."""
    sizes, batch = (2, 3, 3), 4
    labels = np.repeat(np.arange(3), sizes)
    seen: dict[tuple[float, ...], np.ndarray] = {}
    subsets = list(combinations(range(8), batch))
    for subset in subsets:
        n = np.bincount(labels[list(subset)], minlength=3)
        pairs = max(1, (n * (n - 1)).sum())
        for c in np.flatnonzero(n):
            share = n[c] / batch
            supervised = n[c] * (n[c] - 1) / pairs if reduction == "pair" else share * (n[c] > 1)
            key = (min(c, 1), n[c], n[0], n[1] + n[2])
            seen[key] = seen.get(key, np.zeros(2)) + np.array([share, supervised]) / len(subsets)
    found = random_batches(sizes, batch, reduction)
    assert found.exact
    table = {
        (g, o, *h): (a, b)
        for g, o, h, a, b in zip(found.group, found.own, found.held, found.share, found.supervised, strict=True)
    }
    assert table.keys() == seen.keys()
    for key, value in seen.items():
        assert table[key] == pytest.approx(tuple(value), abs=1e-12)


def test_drawn_batches_are_close_to_exact_ones() -> None:
    import assay.maths.ssem.batches as module

    how = Loss(2, 0.5, 0.1)
    exact = solve(random_batches((40, 80, 160), 24, "anchor"), how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_EXACT", 10)
        drawn = [random_batches((40, 80, 160), 24, "anchor", seed) for seed in (0, 0, 1)]
    assert not drawn[0].exact
    assert drawn[0].share.tolist() == drawn[1].share.tolist() and drawn[0].held.tolist() == drawn[1].held.tolist()
    assert drawn[0].held.tolist() != drawn[2].held.tolist()
    assert drawn[0].share.sum() == pytest.approx(1, abs=1e-6)
    assert solve(drawn[0], how).instances == pytest.approx(exact.instances, abs=0.01)


def test_the_rare_class_collapses_first_and_the_others_hide_it() -> None:
    found = predict_random((50, 950), 64, 2, 0.5, 0.3)
    rare, common = found.within_variance
    assert rare < 0.04 < 0.98 < common
    alone = predict(Setting(2, (2, 4), 2, 0.5, 0.3, "incl"))
    assert alone.phases == ("collapse", "spread") and alone.phase == "collapse"


def test_a_class_of_one_instance_does_not_count() -> None:
    found = predict(Setting(3, (1, 3, 4), 2, 0.5, 0.3))
    assert found.phases[0] == "collapse" and found.phase == "spread"


@pytest.mark.parametrize(
    "setting",
    [
        Setting(3, (2, 4, 6), 2, 0.5, 0.3),
        Setting(2, (3, 6), 2, 0.5, 0.3, "incl"),
        RandomSetting((20, 80), 12, 2, 0.5, 0.2),
    ],
)
def test_thresholds_divide_the_phases(setting: Setting | RandomSetting) -> None:
    def spreads(**changes: float) -> bool:
        found = variances(replace(setting, **changes), quick=True)  # type: ignore[arg-type]
        return bool((found.instances > 1e-6).all() and (found.views < 1e-6).all())

    found = predict(setting)
    assert 0.02 < found.alpha_c < 0.98
    assert spreads(alpha=found.alpha_c + 0.02) and not spreads(alpha=found.alpha_c - 0.02)
    if 0 < found.tau_c < 50:
        assert spreads(temperature=found.tau_c * 0.97) and not spreads(temperature=found.tau_c * 1.03)


@pytest.mark.parametrize("of", ["mean", "least"])
@pytest.mark.parametrize(
    "counts, batch, balanced",
    [
        ((100, 900), 64, False),
        ((30, 60, 200), 48, False),
        ((40, 40, 40), 24, True),
        ((9, 40, 40), 24, True),
        ((8, 30), (4, 12), False),
    ],
)
def test_the_chosen_alpha_leaves_what_was_wanted(counts: tuple[int, ...], batch: int, balanced: bool, of: str) -> None:
    from assay.maths.ssem import setting_for

    alpha = alpha_for(0.2, counts, batch, 2, 0.1, balanced=balanced, of=of)  # type: ignore[arg-type]
    found = variances(setting_for(counts, batch, 2, alpha, 0.1, balanced=balanced), most_groups=6).instances
    assert (found.mean() if of == "mean" else found.min()) == pytest.approx(0.2, abs=2e-4)


def test_many_unequal_classes_are_taken_together() -> None:
    setting = RandomSetting(tuple(range(20, 80, 2)), 120, 2, 0.7, 0.1)
    found = variances(setting, quick=True, most_groups=3)
    assert not found.exact and len(set(found.within.round(9))) == 3
    assert (np.diff(found.within) > -1e-9).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="larger or balanced"):
        alpha_for(1.2, (100, 900), 64, 2, 0.1)
    for counts in ((10, 10), (10, 20)):
        with pytest.raises(BadInput, match="no number; give one from 0 to 1"):
            alpha_for(float("nan"), counts, 8, 2, 0.1, balanced=True)
    with pytest.raises(BadInput, match="needs one of each"):
        alpha_for(0.2, (10, 10, 10), 2, 2, 0.1, balanced=True)
    with pytest.raises(BadInput, match="at most as many"):
        RandomSetting((4, 5), 10, 2, 0.5, 0.1)
    with pytest.raises(BadInput, match="empty"):
        RandomSetting((4, 0), 3, 2, 0.5, 0.1)
    with pytest.raises(BadInput, match="did you mean 'least'"):
        alpha_for(0.2, (10, 10), 4, 2, 0.1, of="leest")  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        alpha_of(RandomSetting((100, 900), 64, 2, 0.5, 0.1), -0.1)
