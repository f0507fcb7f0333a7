"""Free embeddings, which know nothing of the family, end where the theory says."""

from __future__ import annotations

from typing import Any

import pytest

from assay.maths.ssem import Setting, predict
from tests.maths.ssem.rows import ROWS, balanced, free_optimum, mean_within, unequal

CHECKED = [row for row in ROWS["balanced"] if row.get("free_checked")]
SMALL = [row for row in CHECKED if row["m"] * row["n"] * row["p"] <= 24 and row["tau"] >= 0.2]
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


@pytest.mark.parametrize("dimension", [4, 11])
def test_few_dimensions_hold_less(dimension: int) -> None:
    row = next(row for row in ROWS["dimension_limited"] if row["d"] == dimension and row["variant"] == "excl")
    setting = Setting(row["m"], row["n"], row["p"], row["alpha"], row["tau"], row["variant"], dimension=dimension)
    loss, within = min(free_optimum(setting, dimension, seed) for seed in range(3))
    assert loss == pytest.approx(row["loss"], abs=1e-6)
    assert sum(within) / 3 == pytest.approx(row["within_var"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CHECKED)))
def test_every_balanced_row(number: int) -> None:
    row = CHECKED[number]
    agrees(balanced(row), max(1e-5, row["within_var_tol"] or 0))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ROWS["imbalanced"])))
def test_every_unequal_row(number: int) -> None:
    agrees(unequal(ROWS["imbalanced"][number]), 1e-4)
