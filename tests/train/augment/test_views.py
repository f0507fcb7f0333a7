"""Views for one run and for a stack; presets."""

from __future__ import annotations

import pytest
import torch

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.data import SHIFTS
from assay.train.augment import Augmentation, Flip, Noise, chain, strong, views, weak
from assay.train.draws import Draws

SHAPES = [("image", (1, 8, 8)), ("image", (1, 28, 28)), ("image", (3, 32, 24)), ("image", (4, 9, 9)), ("table", (7,))]


@pytest.mark.parametrize("preset", [weak, strong])
@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_a_stack_gets_the_views_of_each_run_alone(kind: str, shape: tuple[int, ...], preset: type) -> None:
    x = torch.rand(3, 6, *shape, generator=rng(0))
    steps = preset(kind, shape)
    together = views(x, 2, steps, Draws((4, 5, 6), 9, (2,)))
    assert together.shape == (3, 6, 2, *shape) and ((together >= 0) & (together <= 1)).all()
    for run, seed in enumerate((4, 5, 6)):
        assert together[run].equal(views(x[run], 2, steps, Draws((seed,), 9, (2,))))


def test_views_have_addresses() -> None:
    x = torch.rand(6, 1, 8, 8)
    steps = weak("image", (1, 8, 8))
    plain = views(x, 3, steps, Draws((0,), 5))
    assert plain.equal(views(x, 3, steps, Draws((0,), 5)))
    for other in (Draws((1,), 5), Draws((0,), 6), Draws((0,), 5, (2,))):
        assert not plain.equal(views(x, 3, steps, other))
    assert not plain.equal(views(x, 3, steps, Draws((0,), 5), "other"))
    assert not plain[:, 0].equal(plain[:, 1]), "views of one example differ"


def test_without_steps_views_are_copies_in_place() -> None:
    x = torch.rand(4, 1, 3, 3)
    found = views(x, 2, (), Draws((0,), 0))
    assert found[:, 0].equal(x) and found[:, 1].equal(x)
    with pytest.raises(BadInput, match="asked for 0 views"):
        views(x, 0, (), Draws((0,), 0))


def test_steps_are_applied_in_order() -> None:
    x = torch.rand(4, 1, 3, 3)
    found = chain([Noise(sigma=0.1), Flip(p=1)], x, rng(0))
    assert found.equal(Noise(sigma=0.1).augment(x, rng(0)).flip(3))
    assert not found.equal(chain([Flip(p=1), Noise(sigma=0.1)], x, rng(0)))


@pytest.mark.parametrize("preset", [weak, strong])
@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_presets_suit_the_data(kind: str, shape: tuple[int, ...], preset: type) -> None:
    steps = preset(kind, shape)
    assert steps and all(isinstance(step, Augmentation) and step.takes == kind for step in steps)
    assert (Flip() in steps) == (shape[0] == 3), "only colour images are mirrored"


def test_draws_of_a_stack_are_those_of_its_runs() -> None:
    draws = Draws((1, 2), 3, (1,))
    stacked = draws.stack("a", lambda generator: torch.rand(2, generator=generator))
    for row, generator, seed in zip(stacked, draws.generators("a"), (1, 2), strict=True):
        assert row.equal(torch.rand(2, generator=generator))
        assert row.equal(Draws((seed,), 3, (1,)).stack("a", lambda g: torch.rand(2, generator=g)))


def test_names_do_not_clash_with_shifts() -> None:
    assert not set(Augmentation.family) & set(SHIFTS)
