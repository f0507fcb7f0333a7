"""Convex combinations: what they keep, what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.models import build
from assay.train import blend

from .strategies.toy import recipe, trained

State = dict[str, Tensor]


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[list[State], list[float]]:
    """One to four states of one shape, and shares of 1."""
    count = draw(st.integers(1, 4))
    number = st.floats(-1e3, 1e3)
    states = [
        {"w": torch.tensor(draw(st.lists(number, min_size=3, max_size=3)), dtype=torch.float64), "n": torch.tensor(k)}
        for k in range(count)
    ]
    raw = draw(st.lists(st.floats(0.01, 1), min_size=count, max_size=count))
    return states, [one / math.fsum(raw) for one in raw]


@given(mixtures())
def test_lies_between_and_knows_no_order(mixture: tuple[list[State], list[float]]) -> None:
    states, weights = mixture
    found, rows = blend(states, weights), torch.stack([state["w"] for state in states])
    assert (found["w"] >= rows.min(0).values - 1e-9).all() and (found["w"] <= rows.max(0).values + 1e-9).all()
    assert torch.allclose(found["w"], (torch.tensor(weights, dtype=torch.float64)[:, None] * rows).sum(0), atol=1e-9)
    turned = blend(states[::-1], weights[::-1])
    assert torch.allclose(turned["w"], found["w"], atol=1e-9)
    assert found["n"] == 0 and found["n"].dtype == torch.int64  # whole numbers are the first one's
    same = blend([states[0]] * len(states), weights)
    assert torch.allclose(same["w"], states[0]["w"], atol=1e-9)


@given(mixtures(), st.integers(0, 3))
def test_all_on_one_is_that_one(mixture: tuple[list[State], list[float]], chosen: int) -> None:
    states, _ = mixture
    at = chosen % len(states)
    found = blend(states, [float(k == at) for k in range(len(states))])
    assert found["w"].equal(states[at]["w"])
    found["w"] += 1  # nothing of what came in is shared
    found["n"] += 1
    assert not found["w"].equal(states[at]["w"]) and states[0]["n"] == 0


@pytest.mark.parametrize("weights", [[0.25, 0.75], (0.25, 0.75), np.array([0.25, 0.75]), torch.tensor([0.25, 0.75])])
def test_weights_of_any_sequence_and_networks_with_batch_norm(weights: Any) -> None:
    a, b = (build("resnet18:2", (1, 6, 6), 3, seed=seed) for seed in (0, 1))
    for net in (a, b):
        net(torch.rand(8, 1, 6, 6))
    found = blend([a.state_dict(), b.state_dict()], weights)
    a.load_state_dict(found)
    for name, value in b.state_dict().items():
        assert found[name].dtype == value.dtype and not found[name].requires_grad


def test_stored_learners_blend_to_the_global_model(make_blobs: Callable[..., Dataset]) -> None:
    learners = [{"strategy": "standard"}, {"strategy": {"kind": "standard", "loss": "focal"}, "name": "focal"}]
    given = {"kind": "generalist", "learners": learners, "hand_back": None, "global_decay": 0}
    kept = trained(make_blobs(), given).kept
    found = blend([kept["1+standard"].tensors, kept["1+focal"].tensors], [0.4, 0.6])
    assert all(torch.allclose(value, kept["1"].tensors[name], atol=1e-6) for name, value in found.items())
    assert recipe(given).keep == ("1",)


A: State = {"w": torch.zeros(2), "v": torch.zeros(1)}


@pytest.mark.parametrize(("states", "weights", "says"), [
    ([], [], "0 networks"), ([A], [], "found 0 weights"), ([A, A], [1.0], "give one for each"),
    ([A, A], [0.5, 0.6], "add up to 1"), ([A, A], [-0.5, 1.5], "at least 0"), ([A, A], [math.nan, 1], "at least 0"),
    ([A, A], ["x", 1], "give numbers"),
    ([A, A], [math.inf, 0], "add up to 1"), ([A, {"w": torch.zeros(2)}], [0.5, 0.5], "'v' in one only of 1 and 2"),
    ([A, A, {**A, "w": torch.zeros(3)}], [0.5, 0.5, 0], r"shape \(2,\) and \(3,\)"),
])  # fmt: skip
def test_refuses_in_one_line(states: list[State], weights: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says) as found:
        blend(states, weights)
    assert "\n" not in str(found.value) and str(found.value).count(";") >= 2
