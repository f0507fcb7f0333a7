"""The drop from best to last, and the live alarm: by hand, by property, and in simulated worlds."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import alarm, best_to_last

from .worlds import calm


def load() -> ModuleType:
    spec = spec_from_file_location("decline", Path(__file__).parents[3] / "benchmarks" / "decline.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["decline"] = module
    spec.loader.exec_module(module)
    return module


decline = load()
lists = st.lists(st.floats(0, 1), min_size=8, max_size=40)


def test_by_hand() -> None:
    """A literal twin: neighbours by slicing, three to either side at ten looks."""
    draw = np.random.default_rng(0)
    v, t = draw.uniform(0.5, 0.51, (2, 10))
    found = best_to_last(v, t)

    def residual(curve: np.ndarray, i: int) -> float:
        near = [curve[j] for j in range(10) if j != i and abs(j - i) <= 3]
        return (curve[i] - np.mean(near)) / np.sqrt(1 + 1 / len(near))

    rv, rt = ([residual(curve, i) for i in range(10)] for curve in (v, t))
    assert found.best == int(np.argmax(v)) and found.at_best == t[found.best]
    assert found.at_last == pytest.approx(t[-3:].mean())
    assert found.flat == pytest.approx(rt[int(np.argmax(rv))] - np.mean(rt))
    assert found.corrected == pytest.approx(found.drop - found.flat)


@calm
@given(lists, st.floats(0.1, 3))
def test_a_constant_curve_has_no_drop_and_scale_goes_through(values: list[float], scale: float) -> None:
    level = best_to_last(values, [0.4] * len(values))
    assert level.drop == pytest.approx(0) and level.corrected == pytest.approx(0, abs=1e-12)
    one, other = best_to_last(values, values), best_to_last(values, scale * np.array(values))
    assert other.corrected == pytest.approx(scale * one.corrected, abs=1e-9) and one.drop >= -1e-12


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_flat_curves_are_called_flat_at_the_level(rho: float) -> None:
    """Choosing alone makes a drop of three points here; corrected, it is found no more often than it should be."""
    world = decline.World(looks=30, seeds=6, sway=0.02, rho=rho, drop=0.0)
    draw = np.random.default_rng(1)
    raw = [best_to_last(*decline.curves(world, draw)).drop for _ in range(100)]
    assert np.mean(raw) > 0.02
    got = decline.rates(world, 150)
    assert got["fall"] <= 0.06 and got["rise"] <= 0.08 and abs(got["mean"]) < 0.006  # .025 a side, 150 worlds
    assert rho > 0 or got["alarm"] <= 0.12  # promised for looks without memory


def test_real_drops_are_found() -> None:
    steady = decline.rates(decline.World(looks=30, seeds=6, sway=0.005, rho=0.5, drop=0.06), 60)
    assert steady["fall"] > 0.9 and steady["alarm"] > 0.5
    assert 0.03 < steady["mean"] < 0.06  # on the safe side: a fall itself widens the residuals a little


def test_the_alarm_hears_only_what_has_happened() -> None:
    """Once on, it needs no look at the future; a curve that comes back is no longer fallen."""
    curve = [0.1, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.3, 0.2, 0.2]
    assert [bool((said := alarm(curve[:k], 2000)) and said.on) for k in (7, 8, 11)] == [False, False, True]
    assert alarm(curve[:7], 2000) is None
    back = alarm([*curve, 0.5, 0.5, 0.5], 2000)
    assert back is not None and not back.on
    half_an_image = [0.5] * 8 + [0.45] * 3
    few, many = alarm(half_an_image, 10), alarm(half_an_image, 2000)
    assert few is not None and not few.on and many is not None and many.on


@pytest.mark.parametrize(
    "call",
    [
        lambda: best_to_last([1, 2], [1, 2]),
        lambda: best_to_last([0.5] * 9, [0.5] * 8),
        lambda: best_to_last([0.5] * 9, [0.5] * 8 + [float("nan")]),
        lambda: alarm([float("inf")] * 9, 10),
        lambda: alarm([0.5] * 9, 0),
    ],
)
def test_bad_input(call) -> None:
    with pytest.raises(BadInput, match="asked for"):
        call()
