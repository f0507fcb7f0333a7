"""Blends on a path: weights, ends, closed forms of the loss and of its barrier, statistics of batch norm."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from assay.core.errors import BadInput
from assay.studies.frontier.walk import barrier, has_statistics, points, restated, simplex, walk

finite = st.floats(-1e3, 1e3)


@given(st.integers(1, 4), st.integers(2, 9))
def test_weights_are_every_share_once(count: int, steps: int) -> None:
    found = simplex(count, steps)
    assert len(found) == len(set(found)) == points(count, steps) == comb(steps + count - 2, count - 1)
    assert all(len(each) == count and min(each) >= 0 and abs(sum(each) - 1) < 1e-12 for each in found)
    for corner in np.eye(count).tolist():
        assert tuple(corner) in found


def test_the_ends_of_a_walk_are_the_networks_themselves() -> None:
    generator = torch.Generator().manual_seed(0)
    states = [{"w": torch.randn(3, 4, generator=generator), "n": torch.tensor(number)} for number in (5, 7)]
    seen = list(walk(states, simplex(2, 11), dict))
    assert [row["weights"] for row in seen] == simplex(2, 11)
    assert torch.equal(seen[0]["w"], states[0]["w"]) and torch.equal(seen[-1]["w"], states[1]["w"])
    assert torch.allclose(seen[3]["w"], 0.7 * states[0]["w"] + 0.3 * states[1]["w"], atol=1e-6)


def test_networks_of_other_shapes_do_not_blend() -> None:
    with pytest.raises(BadInput, match="one architecture"):
        list(walk([{"w": torch.zeros(2)}, {"w": torch.zeros(3)}], simplex(2, 3), dict))


@given(finite, finite, st.lists(finite, min_size=1, max_size=8), st.floats(-10, 10), st.floats(-10, 10))
def test_the_barrier_does_not_care_for_a_straight_line_under_it(
    a: float, b: float, inside: list[float], offset: float, slope: float
) -> None:
    losses = np.array([a, *inside, b])
    t = np.linspace(0, 1, len(losses))
    assert barrier(losses + offset + slope * t) == pytest.approx(barrier(losses), abs=1e-9)
    assert barrier(losses[::-1]) == pytest.approx(barrier(losses), abs=1e-9)
    assert barrier(losses) >= 0


@given(st.integers(3, 40), st.floats(0.01, 10), finite, finite)
def test_the_barrier_of_a_parabola(n: int, height: float, a: float, b: float) -> None:
    """Over a line from a to b lies 4 h t (1 - t), whose top is h where a point lies in the middle."""
    t = np.linspace(0, 1, 2 * n + 1)
    losses = a + (b - a) * t + 4 * height * t * (1 - t)
    assert barrier(losses) == pytest.approx(height, rel=1e-6, abs=1e-9)
    assert barrier(a + (b - a) * t - 4 * height * t * (1 - t)) == pytest.approx(0, abs=1e-9)


def test_no_barrier_between_linear_classifiers() -> None:
    """Cross-entropy is convex in the weights of a linear classifier, so it stays below the line between any two."""
    generator = torch.Generator().manual_seed(3)
    x, y = torch.randn(50, 4, generator=generator), torch.randint(0, 3, (50,), generator=generator)
    net = nn.Linear(4, 3)
    states = [{name: torch.randn(v.shape, generator=generator) for name, v in net.state_dict().items()} for _ in "ab"]

    def see(state: dict[str, torch.Tensor]) -> dict[str, float]:
        net.load_state_dict(state)
        return {"loss": cross_entropy(net(x), y).item()}

    losses = [row["loss"] for row in walk(states, simplex(2, 21), see)]
    line = np.linspace(losses[0], losses[-1], 21)
    assert (np.array(losses)[1:-1] < line[1:-1]).all()
    assert barrier(losses) == pytest.approx(0, abs=1e-9)


def test_a_barrier_between_networks_whose_neurons_are_swapped() -> None:
    """The same function twice, its hidden neurons in another order: both ends are perfect, the middle is not."""
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    one = {
        "0.weight": torch.tensor([[1.0], [-1.0]]), "0.bias": torch.zeros(2),
        "2.weight": torch.tensor([[1.0, 1.0]]), "2.bias": torch.zeros(1),
    }  # fmt: skip
    other = one | {"0.weight": torch.tensor([[-1.0], [1.0]])}
    x = torch.tensor([[-2.0], [2.0]])

    def see(state: dict[str, torch.Tensor]) -> dict[str, float]:
        net.load_state_dict(state)
        return {"loss": ((net(x) - x.abs()) ** 2).mean().item()}

    losses = [row["loss"] for row in walk([one, other], simplex(2, 3), see)]
    assert losses == [0.0, 4.0, 0.0] and barrier(losses) == 4.0  # at half way every weight of the first layer is 0


def test_what_no_barrier_is_told_of() -> None:
    assert np.isnan(barrier([1.0, float("nan"), 1.0])) and np.isnan(barrier([float("nan"), 0.0]))
    for losses, at in (([1.0], None), ([1.0, 2.0], [0.0, 0.5]), ([1.0, 2.0, 3.0], [0.0, 1.0])):
        with pytest.raises(BadInput, match="at least 2"):
            barrier(losses, at)
    with pytest.raises(BadInput, match="at least 2 steps"):
        simplex(2, 1)


def test_statistics_are_those_of_the_images() -> None:
    """One batch: mean and unbiased variance of what reaches the layer; nothing else changes."""
    net = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5)).eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    restated(net, x)
    into = net[0](x).detach()
    assert torch.allclose(net[1].running_mean, into.mean(0), atol=1e-6)
    assert torch.allclose(net[1].running_var, into.var(0), atol=1e-6)
    assert not net.training and net[1].momentum == 0.1
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items() if "running" not in name
               and "tracked" not in name)  # fmt: skip


def test_batches_count_alike() -> None:
    net = nn.BatchNorm1d(1)
    x = torch.arange(10.0).unsqueeze(1)
    restated(net, x, batch=4)  # 0..3 and 4..7; the rest of less than a batch is left out
    assert net.running_mean.item() == pytest.approx(3.5) and net.running_var.item() == pytest.approx(5 / 3)
    plain = nn.Linear(1, 1)
    assert not has_statistics(plain)
    restated(plain, x)
