"""Wrappers that treat examples one by one: weights, small losses, past predictions, teachers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.models import build
from assay.train import Batch, SmallLoss, Strategy, Treatment, train
from assay.train.draws import Draws
from assay.train.learner import Learner

from .toy import ascent, by_hand, distance, draw, folder, random_start, recipe, trained

Blobs = Callable[..., Dataset]
EPS, STEPS = 0.1, 3
ADVERSARIAL = {"kind": "adversarial", "attack": {"kind": "pgd", "eps": EPS, "steps": STEPS}}


def attacked(net: nn.Module, x: Tensor, y: Tensor, number: int) -> Tensor:
    start = random_start(x, draw("attack", number), EPS)
    return ascent(net, x, start, lambda z: F.cross_entropy(z, y, reduction="sum"), EPS, 2.5 * EPS / STEPS, STEPS)


def with_column(data: Dataset, **extra: np.ndarray) -> Dataset:
    return replace(data, splits={**data.splits, "train": replace(data.train, extra=extra)})


def test_mail(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        logits = net(attacked(net, x, y, number))
        weights = []
        for p, label in zip(logits.detach().softmax(1).tolist(), y.tolist(), strict=True):
            margin = max(p[k] for k in range(3) if k != label) - p[label]
            weights.append(1 / (1 + np.exp(-10 * (margin - 0.5))))
        weight = torch.tensor(weights) / np.mean(weights)
        return (weight * F.cross_entropy(logits, y, reduction="none")).mean().float()

    found = trained(data, {"kind": "weighted", "rule": "mail", "inner": ADVERSARIAL})
    assert distance(found, by_hand(data, step)) < 1e-5
    assert distance(trained(data, ADVERSARIAL), by_hand(data, step)) > 1e-4


def test_gairat(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        at, right = random_start(x, draw("attack", number), EPS), torch.zeros(len(y))
        for _ in range(STEPS):
            right += net(at).argmax(1) == y
            at = at.detach().requires_grad_()
            (slope,) = torch.autograd.grad(F.cross_entropy(net(at), y, reduction="sum"), at)
            at = torch.minimum(torch.maximum(at + 2.5 * EPS / STEPS * slope.sign(), x - EPS), x + EPS).clamp(0, 1)
        weight = (1 + torch.tanh(-1 + 5 * (1 - 2 * right / STEPS))) / 2
        return (weight / weight.mean() * F.cross_entropy(net(at.detach()), y, reduction="none")).mean()

    found = trained(data, {"kind": "weighted", "rule": "gairat", "inner": ADVERSARIAL})
    assert distance(found, by_hand(data, step)) < 1e-5


def test_a_column_of_the_user(make_blobs: Blobs) -> None:
    weights = np.random.default_rng(0).uniform(0, 3, 120)
    data = with_column(make_blobs(), trust=weights)

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        weight = torch.from_numpy(weights / weights.mean()).float()[index]
        return (weight * F.cross_entropy(net(x), y, reduction="none")).mean()

    rule = {"kind": "column", "name": "trust"}
    strategy = {"kind": "weighted", "rule": rule, "normalise": False}
    assert distance(trained(data, strategy), by_hand(data, step)) < 1e-5
    runs = [recipe(strategy, seed=seed) for seed in range(2)]
    for one, together in zip(runs, train(runs, data), strict=True):
        alone = train([one], data)[0].kept["1"].tensors
        assert all(value.allclose(together.kept["1"].tensors[name], atol=1e-5) for name, value in alone.items())


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({}, "no further column"),
        ({"trust": np.full(120, -1.0)}, "below 0"),
        ({"trust": np.zeros(120)}, "none above 0"),
        ({"trust": np.array(["a"] * 120)}, "one number for each"),
    ],
)
def test_a_column_that_cannot_be_weights(make_blobs: Blobs, column: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        trained(with_column(make_blobs(), **column), {"kind": "weighted", "rule": {"kind": "column", "name": "trust"}})


def test_nothing_is_weighted_before_its_time(make_blobs: Blobs) -> None:
    data = make_blobs()
    late = {"kind": "weighted", "start": "0.5", "inner": {"kind": "standard"}}
    plain, weighted = (trained(data, s, keep=("0.5", "1")) for s in ({"kind": "standard"}, late))
    for moment, same in (("0.5", True), ("1", False)):
        pairs = zip(plain.kept[moment].tensors.values(), weighted.kept[moment].tensors.values(), strict=True)
        assert all(a.equal(b) for a, b in pairs) == same


def test_lift_scales_small_losses_by_a_factor_without_gradient(make_blobs: Blobs) -> None:
    data, limit = make_blobs(), 0.9 * log(3)

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        loss = F.cross_entropy(net(x), y, reduction="none")
        return torch.stack([one * (limit / one.item()) if one < limit else one for one in loss]).mean()

    strategy = {"kind": "small_loss", "treatment": "lift", "threshold": 0.9}
    assert distance(trained(data, strategy), by_hand(data, step)) < 1e-5
    logits = torch.tensor([[4.0, 0.0, 0.0]], requires_grad=True)
    batch = Batch(torch.zeros(1, 1), torch.tensor([0]), torch.tensor([0]))
    Strategy.of(strategy).judged({"logits": logits}, batch, {}).sum().backward()
    loss = F.cross_entropy(logits.detach(), batch.y).item()
    wanted = (logits.detach().softmax(1) - F.one_hot(batch.y, 3)) * limit / loss
    assert logits.grad is not None and logits.grad.allclose(wanted, rtol=1e-4) and wanted.abs().max() > 0.9


def prepared(data: Dataset, strategy: Strategy, model: str = "resnet18:2", n: int = 40) -> tuple[Learner, Batch]:
    learner = Learner([build(model, data.shape, 3)], 3)
    batch = Batch(data.train.x[:n], data.train.y[:n], torch.arange(n))
    return learner, strategy.prepare(learner.net, batch, {}, Draws((0,), 0))


def test_dropped_examples_are_not_forwarded(make_blobs: Blobs) -> None:
    data = make_blobs()
    strategy = SmallLoss(treatment=Treatment.of("drop"), quantile=0.4)
    learner, batch = prepared(data, strategy)
    twin = build("resnet18:2", data.shape, 3).train()
    loss = F.cross_entropy(
        build("resnet18:2", data.shape, 3).train()(data.train.x[:40]), data.train.y[:40], reduction="none"
    )
    stays = loss.argsort()[16:].sort().values
    assert batch.index.equal(stays)
    losses = strategy.losses(learner.net, batch, {})
    wanted = F.cross_entropy(twin(data.train.x[stays]), data.train.y[stays], reduction="none")
    assert losses.allclose(wanted * 0.6, atol=1e-4) and len(losses) == 24  # the mean stays one over the whole batch
    for name, value in twin.named_buffers():
        assert learner.buffers[name].allclose(value, atol=1e-5), name


def test_drop_leaves_two_and_refuses_stacks(make_blobs: Blobs) -> None:
    data = make_blobs()
    everything = {"kind": "small_loss", "treatment": {"kind": "drop", "mean_over": "left"}, "threshold": 50}
    _, batch = prepared(data, Strategy.of(everything))
    assert len(batch.y) == 2 and batch.aside["stayed"].tolist() == [1, 1]
    with pytest.raises(BadInput, match="train each alone"):
        train([recipe(everything, seed=seed) for seed in range(2)], data)
    assert not recipe({"kind": "awp", "inner": everything}).stacks and recipe({"kind": "standard"}).stacks
    assert trained(data, everything).status == "finished"


def test_a_harder_attack_for_small_losses_alone(make_blobs: Blobs) -> None:
    data = make_blobs()
    strategy = SmallLoss(treatment={"kind": "harder", "strength": 2}, quantile=0.5, inner=ADVERSARIAL)
    learner, batch = prepared(data, strategy, "mlp:6")
    plain = strategy.inner.prepare(learner.net, replace(batch, x=data.train.x[:40], aside={}), {}, Draws((0,), 0))
    loss = F.cross_entropy(learner.net(plain.x), batch.y, reduction="none")
    small = loss < loss.sort().values[20]
    moved = (batch.x - data.train.x[:40]).abs().flatten(1).amax(1)
    assert batch.x[~small].equal(plain.x[~small])
    assert (moved[small] > EPS * 1.5).all() and (moved[small] <= 2 * EPS + 1e-6).all()


def test_augmix_for_small_losses_alone_until_enough(make_blobs: Blobs) -> None:
    data = make_blobs()
    for treatment, treats in (({"rounds": 2}, True), ({"enough": 0.6}, False)):
        strategy = SmallLoss(treatment={"kind": "augmix", **treatment}, quantile=0.5)
        learner, batch = prepared(data, strategy, "mlp:6")
        x = data.train.x[:40]
        loss = F.cross_entropy(learner.net(x), batch.y, reduction="none")
        first = loss < loss.sort().values[20]
        changed = (batch.x != x).flatten(1).any(1)
        assert changed[first].float().mean() > 0.9 if treats else not changed.any()


def test_a_stack_is_treated_run_by_run(make_blobs: Blobs) -> None:
    data = make_blobs()
    attack = {"kind": "pgd", "norm": "L2", "eps": 0.5, "steps": 2}
    inner = {"kind": "adversarial", "attack": attack, "watched": 0}
    for treatment in ("lift", "harder", "augmix", "natural", "noise", "stale"):
        strategy = {"kind": "small_loss", "treatment": treatment, "quantile": 0.5, "inner": inner}
        runs = [recipe(strategy, seed=seed, epochs=1) for seed in range(2)]
        for one, together in zip(runs, train(runs, data), strict=True):
            alone = train([one], data)[0].kept["1"].tensors
            assert all(v.allclose(together.kept["1"].tensors[k], atol=1e-4) for k, v in alone.items()), treatment


def test_temporal_ensembling(make_blobs: Blobs) -> None:
    data = make_blobs()
    history = torch.zeros(120, 3)

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        progress, logits = number / 12, net(x)
        loss = F.cross_entropy(logits, y)
        if progress < 0.25:
            return loss
        history[index] = 0.9 * history[index] + 0.1 * logits.detach().softmax(1)
        target = history[index] / history[index].sum(1, keepdim=True)
        t = min(1, (progress - 0.25) / 0.5)
        return loss + 30 * np.exp(-5 * (1 - t) ** 2) * ((logits.softmax(1) - target) ** 2).mean()

    strategy = {"kind": "temporal", "weight": 30, "start": "0.25", "until": "0.75"}
    net = by_hand(data, step, epochs=3)
    assert distance(trained(data, strategy, epochs=3), net) < 1e-5
    assert distance(trained(data, {**strategy, "weight": 0}, epochs=3), net) > 1e-4


def test_distillation_from_two_teachers(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    (natural, n), (robust, r) = (folder(tmp_path / name, data, seed) for name, seed in (("n", 7), ("r", 8)))

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        x = attacked(net, x, y, number)
        logits, soft = net(x), (net(x) / 2).log_softmax(1)
        total = 0.3 * F.cross_entropy(logits, y)
        for teacher, weight in ((n, 0.1), (r, 0.6)):
            p = (teacher(x).detach() / 2).softmax(1)
            total = total + weight * 4 * F.kl_div(soft, p, reduction="batchmean")
        return total

    strategy = {"kind": "distilled", "natural": natural, "robust": {"run": robust}, "inner": ADVERSARIAL}
    assert distance(trained(data, strategy), by_hand(data, step)) < 1e-5


def test_teachers_that_cannot_teach(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    other, _ = folder(tmp_path / "other", make_blobs(classes=2), 0)
    cases: list[tuple[Any, str]] = [
        (str(tmp_path / "none"), "no recipe.json"),
        ({"run": other, "moment": "0.5"}, "no weights at moment 0.5"),
        (other, "other images or classes"),
    ]
    for teacher, words in cases:
        with pytest.raises(BadInput, match=words):
            trained(data, {"kind": "distilled", "robust": teacher})


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"kind": "weighted", "inner": "contrastive"}, "depends on one example alone"),
        ({"kind": "weighted", "rule": "gairat"}, "asks how an attack went"),
        ({"kind": "small_loss", "treatment": "harder"}, "'standard' does not"),
        ({"kind": "distilled"}, "has no teacher"),
        ({"kind": "temporal", "start": "0.5", "until": "0.5"}, "until must come after start"),
        ({"kind": "weighted", "rule": "male"}, "did you mean 'mail'"),
    ],
)
def test_what_is_wrong_is_said(strategy: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        recipe(strategy)


def test_the_loss_of_an_inner_strategy_can_be_swapped(make_blobs: Blobs) -> None:
    swap = {"kind": "hot_swap", "at": "0.5", "loss": "focal"}
    found = trained(make_blobs(), {"kind": "averaged", "inner": {"kind": "weighted"}}, interventions=[swap])
    assert found.status == "finished" and [row["loss"]["kind"] for row in found.history if "event" in row] == ["focal"]
