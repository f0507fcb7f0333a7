"""Free embeddings, which know nothing of the family, end where the theory says."""

from __future__ import annotations

from typing import Any

import pytest

from assay.maths.ssem import RandomSetting, Setting, predict, variances
from tests.maths.ssem.rows import ROWS, balanced, batched, free_optimum, mean_within, random, unequal

CHECKED = [row for row in ROWS["balanced"] if row.get("free_checked")]
SMALL = [row for row in CHECKED if row["m"] * row["n"] * row["p"] <= 24 and row["tau"] >= 0.2]
LIMITED = ROWS["dimension_limited"]
SMALL_BATCHES, SMALL_RANDOM = (
    [number for number, row in enumerate(ROWS[kind]) if row.get("free_opt_checked")]
    for kind in ("minibatch", "random_batches")
)
SAMPLE = [
    next(row for row in SMALL if row["variant"] == variant and row["phase"] == phase and row["m"] == m)
    for variant, phase, m in [
        ("incl", "spread", 3),
        ("excl", "spread", 2),
        ("excl", "view-spread", 3),
        ("incl", "collapse", 2),
    ]
]


def agrees(setting: Setting, tolerance: float) -> None:
    found = predict(setting)
    tries = []
    for seed in range(8):  # an optimiser may stop on a saddle; the theory gives the least loss there is
        loss, within = free_optimum(setting, seed=seed)
        assert loss >= found.loss - 1e-8
        tries.append((loss, mean_within(setting.counts, within)))
        if loss <= found.loss + 4e-10:  # two cold classes: 1e-9 of loss is 6e-3 of variance
            break
    loss, x = min(tries)
    assert loss == pytest.approx(found.loss, abs=1e-8)
    assert x == pytest.approx(mean_within(setting.counts, list(found.within_variance)), abs=tolerance)


@pytest.mark.parametrize("row", SAMPLE, ids=lambda row: f"{row['variant']}-{row['phase']}")
def test_sample(row: dict[str, Any]) -> None:
    agrees(balanced(row), 1e-5)


def test_unequal_classes() -> None:
    agrees(unequal(ROWS["imbalanced"][2]), 1e-4)


def agrees_over_batches(setting: Setting | RandomSetting) -> None:
    """The least of a few tries is the theory's loss, with its variance in each class."""
    found = variances(setting)
    tries = []
    for seed in range(3):
        tries.append(free_optimum(setting, seed=seed))
        if tries[-1][0] <= found.loss + 1e-8:
            break
    loss, within = min(tries)
    assert loss == pytest.approx(found.loss, abs=1e-7)
    assert within == pytest.approx(list(found.within), abs=1e-3)


@pytest.mark.parametrize("number", SMALL_BATCHES[:1])
def test_batches_out_of_a_larger_set(number: int) -> None:
    agrees_over_batches(batched(ROWS["minibatch"][number]))


@pytest.mark.parametrize("number", SMALL_RANDOM[:1])
def test_random_batches(number: int) -> None:
    agrees_over_batches(random(ROWS["random_batches"][number]))


@pytest.mark.slow
@pytest.mark.parametrize("number", SMALL_BATCHES[1:])
def test_every_small_row_of_batches(number: int) -> None:
    agrees_over_batches(batched(ROWS["minibatch"][number]))


@pytest.mark.slow
@pytest.mark.parametrize("number", SMALL_RANDOM[1:])
def test_every_small_row_of_random_batches(number: int) -> None:
    agrees_over_batches(random(ROWS["random_batches"][number]))


def holds_less(row: dict[str, Any]) -> None:
    dimension = row["d"]
    setting = Setting(row["m"], row["n"], row["p"], row["alpha"], row["tau"], row["variant"], dimension=dimension)
    loss, within = min(free_optimum(setting, dimension, seed) for seed in range(3))
    assert loss == pytest.approx(row["loss"], abs=1e-6)
    assert sum(within) / 3 == pytest.approx(row["within_var"], abs=1e-4)


@pytest.mark.parametrize("dimension", [4, 11])
def test_few_dimensions_hold_less(dimension: int) -> None:
    holds_less(next(row for row in LIMITED if row["d"] == dimension and row["variant"] == "excl"))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(LIMITED)))
def test_every_row_of_few_dimensions(number: int) -> None:
    holds_less(LIMITED[number])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CHECKED)))
def test_every_balanced_row(number: int) -> None:
    row = CHECKED[number]
    agrees(balanced(row), max(1e-5, row["within_var_tol"] or 0))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ROWS["imbalanced"])))
def test_every_unequal_row(number: int) -> None:
    agrees(unequal(ROWS["imbalanced"][number]), 1e-4)
