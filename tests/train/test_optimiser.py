"""Learning rates along training, and what a base learner's own settings change."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import cos, pi
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.models import build
from assay.train import Optimiser, Recipe, train
from assay.train.draws import order
from assay.train.optimiser import OwnOptimiser, between

shares = st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True).map(sorted)


@given(shares, st.lists(st.floats(0, 10), min_size=6, max_size=6), st.floats(0, 1))
def test_points_are_joined_by_straight_lines(sixtieths: list[int], factors: list[float], at: float) -> None:
    points = tuple((f"{one}/60", factor) for one, factor in zip(sixtieths, factors, strict=False))
    chosen = Optimiser.parse({"lr": 0.5, "schedule": points})
    expected = 0.5 * np.interp(at, [one / 60 for one in sixtieths], factors[: len(sixtieths)])
    assert chosen.lr_at(at) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert (
        Optimiser.parse(chosen.plain()) == chosen
        and Optimiser.parse(chosen.plain()).fingerprint() == chosen.fingerprint()
    )


def test_beyond_the_points_their_values_hold() -> None:
    points = ((Fraction(1, 4), 2.0), (Fraction(1, 2), 4.0))
    assert [between(points, at) for at in (0, 0.25, 0.375, 0.5, 1)] == [2, 2, 3, 4, 4]


@given(st.floats(0, 1))
def test_cosine_and_constant(at: float) -> None:
    assert Optimiser(lr=0.3).lr_at(at) == 0.3
    assert Optimiser(lr=0.3, schedule="cosine").lr_at(at) == pytest.approx(0.15 * (1 + cos(pi * at)))


def test_points_reach_the_steps(make_blobs: Callable[..., Dataset]) -> None:
    data, falling = make_blobs(), [[0, 1], ["1/2", 1], [1, 0]]
    plain = {"name": "sgd", "lr": 0.1, "schedule": falling}
    found = train([Recipe(data="x", model="mlp:6", epochs=2, batch=32, optimiser=plain)], data)[0]
    net = build("mlp:6", data.shape, 3, seed=0)
    sgd = torch.optim.SGD(net.parameters(), lr=1, momentum=0.9)
    chunks = [chunk for epoch in range(2) for chunk in order(0, epoch, 120, 32, 4).split(32)]
    for number, chunk in enumerate(chunks):
        sgd.param_groups[0]["lr"] = 0.1 * min(1, 2 - 2 * number / 8)
        sgd.zero_grad()
        torch.nn.functional.cross_entropy(net(data.train.x[chunk]), data.train.y[chunk]).backward()
        sgd.step()
    for name, value in net.state_dict().items():
        assert torch.allclose(value, found.kept["1"].tensors[name], atol=1e-6)


@pytest.mark.parametrize(("schedule", "says"), [
    ([], "earlier to a later"), ([[0.5, 1], [0.5, 2]], "earlier to a later"), ([[0.5, 1], [0.2, 2]], "earlier"),
    ([[0, 1], [1.5, 1]], "earlier to a later"), ([[-0.1, 1], [1, 1]], "earlier to a later"),
    ([[0, 1], [1, -1]], "not below 0"), ([[0, 1], [1, float("nan")]], "finite"), ("linear", "constant"),
    ([[0, 1, 2]], "schedule"),
])  # fmt: skip
def test_refuses_other_schedules_in_one_line(schedule: Any, says: str) -> None:
    for spec in (Optimiser, OwnOptimiser):
        with pytest.raises(BadInput, match=says) as found:
            spec.parse({"schedule": schedule})
        assert "\n" not in str(found.value)


settings = st.fixed_dictionaries({}, optional={
    "name": st.sampled_from(["adam", "adamw", "sgd"]), "lr": st.floats(1e-5, 1), "weight_decay": st.floats(0, 1),
    "momentum": st.floats(0, 0.99), "schedule": st.sampled_from(["cosine", "constant"]),
})  # fmt: skip


@given(settings, settings)
def test_own_settings_win_and_others_are_the_usual_ones(own: dict[str, Any], usual: dict[str, Any]) -> None:
    assert OwnOptimiser(**own).over(Optimiser(**usual)) == Optimiser(**{**usual, **own})
