"""The tests hold their level and their intervals cover, in worlds with the structure of trained models."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def load() -> ModuleType:
    spec = spec_from_file_location("calibration", ROOT / "benchmarks" / "calibration.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["calibration"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


calibration = load()
ROWS = {f"{row.method}: {row.setting}": row for row in calibration.rows()}
QUICK = [
    "paired_effect: 6 seeds, normal",
    "paired_effect: 12 seeds, uneven",
    "place: 3 groups of 4",
    "place: 2 groups of 12, one twice as wide",
    "spread_contrast: 3 a family, 1 block",
    "spread_contrast: 4 a family, 1 block",
    "spread_contrast: 4 a family, 5 blocks",
    "spread_contrast: thirds of 12, 13 blocks, place follows accuracy",
    "spread_contrast: thirds of 12, 13 blocks, t5 tails",
    "rank_relation: 13 conditions",
    "within_relation: 7 seeds, 11 blocks, strong seeds",
    "within_relation: 12 seeds, 11 blocks, ruled by accuracy",
]


@pytest.mark.parametrize("name", QUICK)
def test_a_hundred_worlds(name: str) -> None:
    found = calibration.run(ROWS[name], 100, within=0.999)
    assert found.limits[0] <= found.false_positives <= found.limits[1]
    floor = 1 - calibration.limits(100, 0.05, within=0.999)[1]
    assert min(found.coverage_nothing, found.coverage_something) >= floor


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_five_hundred_worlds(name: str) -> None:
    assert calibration.run(ROWS[name], 500).calibrated


@pytest.mark.calibration
@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.promised and name not in QUICK])
def test_five_hundred_worlds_of_every_other_row(name: str) -> None:
    assert calibration.run(ROWS[name], 500).calibrated


def test_the_page_shows_every_row_as_it_was_found() -> None:
    plain = json.loads((ROOT / "docs" / "evidence" / "statistics.json").read_text())
    results = [calibration.Result(**{**row, "limits": tuple(row["limits"])}) for row in plain]
    assert {f"{r.method}: {r.setting}" for r in results} == set(ROWS)
    assert calibration.table(results) in (ROOT / "docs" / "evidence" / "statistics.md").read_text()
    assert all(r.calibrated for r in results if r.promised)


@pytest.mark.slow
def test_power_is_what_was_stated() -> None:
    """Ratio 1.5, ten a family, two-sided: .96 in 10 dimensions, .71 in 5, .32 in 2 (200 worlds, 99.9 % limits)."""
    for dimensions, power in ((10, 0.96), (5, 0.71), (2, 0.32)):
        world = calibration.families(10, 1, dimensions)
        row = calibration.Row("spread_contrast", "", world, 1.0, 1.5)
        seen = calibration.run(row, 200).power
        assert abs(seen - power) <= 3.3 * (power * (1 - power) / 200) ** 0.5 + 0.02
