"""Feature anchoring equals a loop written out by hand; its radii, its frozen head, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from assay.attacks import PGD
from assay.core.errors import BadInput
from assay.data import Dataset, load_data
from assay.models import build
from assay.train import Batch, Recipe, Strategy, train
from assay.train.draws import Draws
from assay.train.learner import Learner
from assay.train.passes import Passes, passes_of
from assay.train.strategies.anchored import shares

from .toy import by_hand, distance, draw, folder, random_start, recipe, trained

Blobs = Callable[..., Dataset]
EPS, STEPS = 0.1, 3
PLAIN = {"kind": "pgd", "eps": EPS, "steps": STEPS}


def anchored(run: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "anchored", "teacher": run, "attack": PLAIN, **fields}


def phi(net: nn.Module, x: Tensor) -> Tensor:
    """What enters the head of ``mlp:12``."""
    return net.act1(net.fc1(x.flatten(1)))  # type: ignore[operator, union-attr]


@pytest.mark.parametrize("spread", [2, 1])
def test_one_example_after_the_other_by_hand(make_blobs: Blobs, tmp_path: Path, spread: float) -> None:
    data = make_blobs()
    run, teacher = folder(tmp_path / "t", data, 7, "mlp:12")

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        begin, anchor, found = random_start(x, draw("attack", number), EPS), phi(teacher, x).detach(), []

        def slope(i: int, at: Tensor) -> Tensor:
            at = at.detach().requires_grad_()
            return torch.autograd.grad(((phi(net, at) - anchor[i]) ** 2).sum(), at)[0]

        own = [1.0] * len(x)
        if spread > 1:
            norms = [float(slope(i, begin[i : i + 1]).norm()) for i in range(len(x))]
            clipped = [min(max(median(norms) / norm, 1 / spread), spread) for norm in norms]
            own = [one / mean(clipped) for one in clipped]
        for i, share in enumerate(own):
            clean, eps = x[i : i + 1], share * EPS
            at = (clean + share * (begin[i : i + 1] - clean)).clamp(0, 1)
            for _ in range(STEPS):
                at = at + 2.5 * eps / STEPS * slope(i, at).sign()
                at = torch.minimum(torch.maximum(at, clean - eps), clean + eps).clamp(0, 1)
            found.append(((phi(net, at) - anchor[i]) ** 2).sum())
        return torch.stack(found).mean()

    net = by_hand(data, step, weights=teacher.state_dict())
    assert distance(trained(data, anchored(run, spread=spread), start=run), net) < 1e-5
    assert distance(trained(data, anchored(run, spread=1 if spread == 2 else 2), start=run), net) > 1e-4


norms = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40).map(torch.tensor)


@given(norms, st.floats(1, 10))
def test_radii_have_the_mean_and_the_spread_that_are_asked_for(g: Tensor, spread: float) -> None:
    found = shares(g, spread)
    assert found.mean().item() == pytest.approx(1, abs=1e-5)
    assert found.max() <= found.min() * spread**2 * (1 + 1e-5)
    order = g.argsort()
    assert (found[order].diff() <= 1e-6).all()  # what moves easily gets the smaller radius
    assert shares(8 * g, spread).allclose(found, rtol=1e-4)  # the loss has no unit
    ratio = g.quantile(0.5) / g
    inside = (ratio > 1.01 / spread) & (ratio < spread / 1.01)
    product = (found * g)[inside]
    assert product.allclose(product[:1].expand_as(product), rtol=1e-3)  # proportional to 1 / g where nothing is clipped


def test_radii_of_equal_or_of_no_gradients_are_one() -> None:
    assert shares(torch.rand(9), 1).allclose(torch.ones(9))
    for g in (torch.zeros(5), torch.full((5,), 3.0)):
        assert shares(g, 2).equal(torch.ones(5))
    assert shares(torch.tensor([0.0, 1.0, 1.0]), 3).allclose(torch.tensor([3.0, 1.0, 1.0]) / (5 / 3))


def prepared(data: Dataset, run: str, teacher: nn.Module, **fields: Any) -> tuple[Learner, Batch, Strategy]:
    """The first step of a student that is its teacher still, on grey images, so that no radius meets the box."""
    learner = Learner([build("mlp:12", data.shape, 3, weights=teacher.state_dict())], 3)
    strategy = Strategy.of(anchored(run, **fields))
    x = 0.3 + 0.4 * data.train.x[:40]
    batch = Batch(x, data.train.y[:40], torch.arange(40))
    return learner, strategy.prepare(learner.net, batch, strategy.init_state(learner, data), Draws((0,), 0)), strategy


@pytest.mark.parametrize("random", [True, False])
def test_a_student_that_is_its_teacher_has_radii_all_the_same(make_blobs: Blobs, tmp_path: Path, random: bool) -> None:
    """At the clean input itself the gradient is 0; where the attack starts it is not."""
    data = make_blobs()
    run, teacher = folder(tmp_path / "t", data, 7, "mlp:12")
    attack = {**PLAIN, "steps": 8, "random_start": random}
    _, batch, _ = prepared(data, run, teacher, attack=attack)
    clean = batch.aside["clean"].requires_grad_()
    assert batch.aside["anchor"].equal(phi(teacher, clean).detach())  # the teacher sees the clean input
    gap = ((phi(teacher, clean) - batch.aside["anchor"]) ** 2).sum()
    assert not torch.autograd.grad(gap, clean)[0].any()
    moved = (batch.x - clean.detach()).abs().flatten(1).amax(1)
    assert moved.mean().item() == pytest.approx(EPS, rel=0.02) and moved.max() > 1.2 * moved.min()
    _, equal, _ = prepared(data, run, teacher, attack=attack, spread=1)
    assert (equal.x - clean.detach()).abs().flatten(1).amax(1).allclose(torch.full((40,), EPS), atol=1e-6)


def test_strength_and_warm_up_multiply_the_radii(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    run, teacher = folder(tmp_path / "t", data, 7, "mlp:12")
    _, full, _ = prepared(data, run, teacher, attack={**PLAIN, "steps": 8})
    _, none, _ = prepared(data, run, teacher, attack_warmup="0.5")  # at progress 0
    assert none.x.equal(none.aside["clean"]) and not full.x.equal(full.aside["clean"])


def test_the_head_stays_the_teachers_bit_for_bit(make_blobs: Blobs, tmp_path: Path) -> None:
    """With everything round it that moves weights: decay, AWP, an average; the best is chosen by robust accuracy."""
    data = make_blobs()
    run, teacher = folder(tmp_path / "t", data, 7, "mlp:12")
    strategy = {"kind": "averaged", "decay": 0.5, "inner": {"kind": "awp", "inner": anchored(run)}}
    fields = {"start": run, "keep": ("best", "1"), "optimiser": {"name": "adamw", "lr": 0.01, "weight_decay": 0.1}}
    for name in ("adamw", "sgd"):
        found = trained(data, strategy, **{**fields, "optimiser": {**fields["optimiser"], "name": name}})  # type: ignore[dict-item]
        tensors = found.kept["1"].tensors
        for part, value in teacher.state_dict().items():
            assert value.equal(tensors[part]) == part.startswith("head."), part
        assert {"val_robust_accuracy", "val_fgsm_accuracy", "best"} <= set(found.history[-1])


def test_logits_reach_the_body_alone(make_blobs: Blobs, tmp_path: Path) -> None:
    """A wrapper that learns from the student's answers, such as distillation, does not move the head either."""
    data = make_blobs()
    run, teacher = folder(tmp_path / "t", data, 7, "mlp:12")
    other, _ = folder(tmp_path / "r", data, 8)
    both = {"kind": "distilled", "robust": other, "inner": anchored(run)}
    tensors, alone = (trained(data, each, start=run).kept["1"].tensors for each in (both, anchored(run)))
    for part, value in teacher.state_dict().items():
        assert value.equal(tensors[part]) == part.startswith("head.")
    assert not tensors["fc1.weight"].equal(alone["fc1.weight"])


def test_a_step_of_a_stack_with_batch_norm_is_that_of_its_runs(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    run, teacher = folder(tmp_path / "t", data, 7, "resnet18:2")
    attack = {"kind": "pgd", "norm": "L2", "eps": 0.5, "steps": 2}  # the sign of a gradient near 0 is rounding
    strategy = Strategy.of(anchored(run, attack=attack))

    def step(seeds: tuple[int, ...]) -> list[Tensor]:
        nets = [build("resnet18:2", data.shape, 3, weights=teacher.state_dict()) for _ in seeds]
        learner = Learner(nets, 3)
        x, y, index = data.train.x[:32], data.train.y[:32], torch.arange(32)
        if len(seeds) > 1:
            x, y, index = (value.expand(len(seeds), *value.shape) for value in (x, y, index))
        memory = strategy.init_state(learner, data)
        batch = strategy.prepare(learner.net, Batch(x, y, index), memory, Draws(seeds, 0))
        losses = strategy.losses(learner.net, batch, memory)
        slopes = torch.autograd.grad(losses.mean(-1).sum(), learner.parameters(), materialize_grads=True)
        return [batch.x, batch.aside["endured"], losses, *slopes]

    stack = step((0, 1))
    for number in (0, 1):
        for one, many in zip(step((number,)), stack, strict=True):
            # as a whole: single small slopes are sums that nearly cancel, and rounding differs between processors
            assert (one - many[number]).norm() <= 1e-3 * one.norm() + 1e-6


@pytest.mark.parametrize("runs", [1, 2])
def test_interrupted_equals_uninterrupted(make_blobs: Blobs, tmp_path: Path, runs: int) -> None:
    data = make_blobs()
    run, _ = folder(tmp_path / "t", data, 7, "mlp:12")
    strategy = {"kind": "averaged", "decay": 0.8, "inner": {"kind": "awp", "inner": anchored(run, augment="weak")}}
    fields = {"start": run, "epochs": 4, "keep": ("best", "1"), "optimiser": {"name": "adam"}}
    recipes = [recipe(strategy, **fields, seed=seed) for seed in range(runs)]
    whole = train(recipes, data)

    class Killed(Exception):
        pass

    def tell(share: float, history: object) -> None:
        if share > 0.6:
            raise Killed

    with pytest.raises(Killed):
        train(recipes, data, checkpoint=tmp_path / "state", every=0, tell=tell)
    for one, other in zip(whole, train(recipes, data, checkpoint=tmp_path / "state"), strict=True):
        assert one.history == other.history
        for moment, kept in one.kept.items():
            assert all(value.equal(other.kept[moment].tensors[name]) for name, value in kept.tensors.items())


def test_an_anchored_network_is_more_robust_than_its_teacher_and_answers_about_as_well(tmp_path: Path) -> None:
    data, eps, found = load_data("digits"), 0.2, []
    plain = {"data": "digits", "model": "mlp:64", "epochs": 12, "evaluate_every": 0}
    run, teacher = folder(tmp_path / "t", data, 0, "mlp:64")
    strategy = anchored(run, attack={"kind": "pgd", "eps": eps, "steps": 3})
    for fields in ({}, {"start": run, "strategy": strategy}):
        teacher.load_state_dict(train([Recipe.parse({**plain, **fields})], data)[0].kept["1"].tensors)
        save_file(teacher.state_dict(), tmp_path / "t" / "weights@1.safetensors")
        right = teacher(PGD(eps=eps, steps=10).attack(teacher, data.test.x, data.test.y, 0)).argmax(1) == data.test.y
        clean = (teacher(data.test.x).argmax(1) == data.test.y).double().mean().item()
        found.append((clean, right.double().mean().item()))
    assert found[1][0] > found[0][0] - 0.05 and found[1][1] > found[0][1] + 0.08, found


def test_passes_are_counted(make_blobs: Blobs, tmp_path: Path) -> None:
    """The teacher once, the gradient that decides the radius, the steps, and one of each to learn."""
    data = make_blobs()
    run, _ = folder(tmp_path / "t", data, 7, "mlp:12")
    assert passes_of(recipe(anchored(run), start=run), data) == Passes(1 + 1 + STEPS + 1, 1 + STEPS + 1)
    assert passes_of(recipe(anchored(run, spread=1), start=run), data) == Passes(1 + STEPS + 1, STEPS + 1)


def test_what_cannot_be_anchored_is_told(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    run, _ = folder(tmp_path / "t", data, 7, "mlp:12")
    narrow, _ = folder(tmp_path / "n", data, 7, "mlp:5")
    two, _ = folder(tmp_path / "two", make_blobs(classes=2), 7, "mlp:12")
    own = tmp_path / "own.py"
    own.write_text(
        "from torch import nn\n"
        "def pooled(shape, classes):\n"
        "    return nn.Sequential(nn.Conv2d(1, classes, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
        "def sure(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(36, 12), nn.ReLU(), nn.Linear(12, classes), nn.Softmax(-1))\n"
        "def linear(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(36, classes))\n"
    )
    pooled, sure, linear = (folder(tmp_path / f, data, 7, f"{own}:{f}")[0] for f in ("pooled", "sure", "linear"))
    cases: list[tuple[str, dict[str, Any], str]] = [
        (run, {}, r"another head than its own, which is not trained; begin with it \(start: "),
        (narrow, {}, r"found 5 features there and 12 here; begin with it \(start: "),
        (two, {}, "other images or classes"),
        (str(tmp_path / "none"), {}, "no recipe.json"),
        (run, {"start": narrow}, "weights of another model"),
        (pooled, {"model": f"{own}:pooled", "start": pooled}, "no linear layer"),
        (sure, {"model": f"{own}:sure", "start": sure}, "does not end with its last one"),
        (linear, {"model": f"{own}:linear", "start": linear}, "nothing to learn before the model's head"),
    ]
    for teacher, fields, words in cases:
        with pytest.raises(BadInput, match=words) as error:
            trained(data, anchored(teacher), **fields)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"kind": "anchored"}, "has no teacher; give teacher: a run's folder"),
        ({"kind": "anchored", "teacher": None}, "has no teacher"),
        (anchored("lab/a", attack="mim"), "steps of pgd or fgsm"),
        (anchored("lab/a", spread=0.5), "spread"),
    ],
)
def test_what_is_wrong_is_said(strategy: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words) as error:
        recipe(strategy)
    assert "\n" not in str(error.value)
