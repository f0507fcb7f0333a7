"""Projections, moves and random numbers against slow or exact twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import optimize

from assay.attacks import BALLS
from assay.attacks.draws import Addressed, keys
from assay.attacks.hyperplane import smallest_move
from assay.attacks.items import Items


@pytest.mark.parametrize("norm", ["Linf", "L2"])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.95, 1.5])
def test_smallest_move_is_smallest(norm: str, share: float) -> None:
    """Against bisection for the scalar, and against linear programming under Linf."""
    rng = np.random.default_rng(int(100 * share))
    x, w = torch.from_numpy(rng.random((6, 9))), torch.from_numpy(rng.standard_normal((6, 9)))
    w[:, 0] = 0
    room = torch.where(w > 0, 1 - x, x)
    gap = share * (w.abs() * room).sum(1)
    moves = smallest_move(x, w, gap, norm)
    assert (x + moves).min() > -1e-9 and (x + moves).max() < 1 + 1e-9
    if share > 1:
        assert (moves - w.sign() * room).abs().max() < 1e-9
        return
    assert ((w * moves).sum(1) - gap).abs().max() < 1e-6
    for row in range(6):
        speed = np.ones(9) if norm == "Linf" else w[row].abs().numpy()

        def lacks(t: float, row: int = row, speed: np.ndarray = speed) -> float:
            return float((w[row].abs().numpy() * np.minimum(t * speed, room[row].numpy())).sum() - gap[row])

        t = optimize.brentq(lacks, 0, 1e6, xtol=1e-13)
        expected = np.sign(w[row].numpy()) * np.minimum(t * speed, room[row].numpy())
        assert np.abs(moves[row].numpy() - expected).max() < 1e-5
        if norm == "Linf":
            size = optimize.linprog(
                [*[0] * 9, 1],
                A_ub=np.vstack([np.hstack([s * np.eye(9), -np.ones((9, 1))]) for s in (1, -1)]),
                b_ub=np.zeros(18),
                A_eq=np.array([[*w[row].tolist(), 0]]),
                b_eq=[float(gap[row])],
                bounds=[*((-float(v), 1 - float(v)) for v in x[row]), (0, None)],
            ).fun
            assert float(moves[row].abs().max()) == pytest.approx(size, abs=1e-6)


def test_smallest_move_the_other_way() -> None:
    x, w = torch.rand(4, 5, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    there = smallest_move(x, w, torch.full((4,), 0.1, dtype=torch.float64), "L2")
    back = smallest_move(x, -w, torch.full((4,), -0.1, dtype=torch.float64), "L2")
    assert there.equal(back)


@pytest.mark.parametrize("eps", [0.05, 0.7, 2.0, 50.0])
def test_l1_projection_is_the_nearest_point(eps: float) -> None:
    """Against bisection for the amount by which every value is lowered."""
    rng = np.random.default_rng(3)
    x, z = torch.from_numpy(rng.random((8, 12))), torch.from_numpy(rng.normal(0.5, 1.0, (8, 12)))
    found = BALLS["L1"]().project(z, x, eps)
    for row in range(8):
        wish = (z - x)[row].numpy()
        room = np.where(wish > 0, 1 - x[row].numpy(), x[row].numpy())

        def moved(cut: float, wish: np.ndarray = wish, room: np.ndarray = room) -> np.ndarray:
            return np.sign(wish) * np.clip(np.abs(wish) - cut, 0, room)

        fits = np.abs(moved(0)).sum() <= eps
        cut = 0.0 if fits else optimize.brentq(lambda c: np.abs(moved(c)).sum() - eps, 0, 10, xtol=1e-13)
        assert np.abs(found[row].numpy() - x[row].numpy() - moved(cut)).max() < 1e-9


def test_projections_leave_inner_points_alone() -> None:
    x, noise = 0.5 + torch.zeros(4, 6), 0.01 * torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    for ball in BALLS.values():
        assert (ball().project(x + noise, x, 0.5) - x - noise).abs().max() < 1e-6


def items(n: int, age: int = 0, round_: int = 0) -> Items:
    return Items(y=torch.zeros(n), key=keys(0, "test", range(n)), age=age, round=round_)


def test_addressed_numbers_are_uniform_and_independent() -> None:
    """Chi-squared over 64 cells: of examples, places and steps; and between neighbours of each kind."""
    draws = Addressed()
    across = draws.uniform(items(40000), 1).flatten()
    within = draws.uniform(items(1), 40000).flatten()
    over = torch.cat([draws.uniform(items(1, age), 1).flatten() for age in range(4000)])
    for sample in (across, within, over):
        assert sample.min() >= 0 and sample.max() < 1
        for cells in (
            torch.bincount((64 * sample).long(), minlength=64),
            torch.bincount((8 * (8 * sample[:-1]).long() + (8 * sample[1:]).long()), minlength=64),
        ):
            expected = cells.sum() / 64
            chi2 = float(((cells - expected) ** 2 / expected).sum())
            assert abs(chi2 - 63) < 4.5 * math.sqrt(2 * 63)
    normal = draws.normal(items(40000), 1).flatten()
    assert abs(normal.mean()) < 4.5 / 200 and abs(normal.var() - 1) < 4.5 * math.sqrt(2) / 200


def test_addressed_numbers_differ_by_every_part_of_the_address() -> None:
    draws = Addressed()
    base = draws.uniform(items(3), 4)
    others = [
        draws.uniform(items(3, age=1), 4),
        draws.uniform(items(3, round_=1), 4),
        draws.uniform(items(3), 4, tag=1),
        draws.uniform(Items(y=torch.zeros(3), key=keys(1, "test", range(3)), age=0, round=0), 4),
        draws.uniform(Items(y=torch.zeros(3), key=keys(0, "other", range(3)), age=0, round=0), 4),
    ]
    assert all((base != other).all() for other in others)
    assert (base[0] != base[1]).all()
