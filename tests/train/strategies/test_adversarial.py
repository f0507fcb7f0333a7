"""Adversarial strategies equal loops written out by hand, and do what they are for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.attacks import PGD, Attack
from assay.core.errors import BadInput
from assay.data import Dataset, load_data
from assay.models import build
from assay.train import Adversarial, Batch, Recipe, Strategy, Trades, train
from assay.train.draws import Draws
from assay.train.learner import Learner

from .toy import ascent, by_hand, distance, draw, random_start, recipe, trained

Blobs = Callable[..., Dataset]
EPS, STEPS = 0.1, 3
PLAIN = {"kind": "pgd", "eps": EPS, "steps": STEPS}


def cross_entropy(y: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda logits: F.cross_entropy(logits, y, reduction="sum")


def test_pgd_at(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        start = random_start(x, draw("attack", number), EPS)
        return F.cross_entropy(net(ascent(net, x, start, cross_entropy(y), EPS, 2.5 * EPS / STEPS, STEPS)), y)

    found = trained(data, {"kind": "adversarial", "attack": PLAIN})
    assert distance(found, by_hand(data, step)) < 1e-5
    assert distance(trained(data, {"kind": "standard"}), by_hand(data, step)) > 1e-3


def test_fgsm_rs(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        start = random_start(x, draw("attack", number), EPS)
        return F.cross_entropy(net(ascent(net, x, start, cross_entropy(y), EPS, 1.25 * EPS, 1)), y)

    attack = {"kind": "fgsm", "eps": EPS}  # the random start is the strategy's own
    assert distance(trained(data, {"kind": "fgsm-rs", "attack": attack}), by_hand(data, step)) < 1e-5
    assert Strategy.of("fgsm-rs").attack.stride(EPS) == 1.25 * EPS


@pytest.mark.parametrize(("random", "tolerance"), [(True, 1e-5), (False, 5e-4)])
def test_trades(make_blobs: Blobs, random: bool, tolerance: float) -> None:
    """From a start near x the divergence is as small as its rounding, and signs of its gradient may differ."""
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        generator = draw("attack", number)
        start = random_start(x, generator, EPS) if random else x + 0.001 * torch.randn(x.shape, generator=generator)
        with torch.no_grad():
            p = net(x).softmax(1)

        def divergence(logits: Tensor) -> Tensor:
            return F.kl_div(logits.log_softmax(1), p, reduction="sum")

        adversarial = ascent(net, x, start, divergence, EPS, 2.5 * EPS / STEPS, STEPS)
        clean = net(x)
        robust = F.kl_div(net(adversarial).log_softmax(1), clean.softmax(1), reduction="batchmean")
        return F.cross_entropy(clean, y) + 4 * robust

    strategy = {"kind": "trades", "beta": 4, "attack": {**PLAIN, "random_start": True} if random else PLAIN}
    assert distance(trained(data, strategy), by_hand(data, step)) < tolerance
    assert distance(trained(data, {**strategy, "beta": 6}), by_hand(data, step)) > 2 * tolerance


@pytest.mark.parametrize(
    ("strategy", "part", "start"),
    [
        ("fgsm-rs", {"kind": "fgsm"}, True),
        ("fgsm-rs", {"kind": "fgsm", "random_start": False}, False),
        ("trades", {"kind": "pgd"}, False),
        ("trades", {"kind": "pgd", "random_start": True}, True),
        ("trades", {"kind": "fgsm"}, False),
        ("adversarial", {"kind": "pgd"}, True),
        ("adversarial", {"kind": "fgsm"}, False),
    ],
)
def test_what_an_attack_leaves_out_is_as_in_the_strategys_own(strategy: str, part: dict, start: bool) -> None:
    part = {**part, "eps": EPS}
    for attack in (part, Attack.of(part)):
        found = Strategy.of({"kind": strategy, "attack": attack})
        assert (found.attack.eps, found.attack.random_start) == (EPS, start)
        assert Strategy.of(found.plain()).identity() == found.identity()
        other = found.with_(attack={**found.attack.plain(), "random_start": not start})
        assert other.attack.random_start is not start  # what is said in full is as it is said
        assert Strategy.of(other.plain()).identity() == other.identity()


def test_mart(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        start = random_start(x, draw("attack", number), EPS)
        found = ascent(net, x, start, cross_entropy(y), EPS, 2.5 * EPS / STEPS, STEPS)
        p, q, total = net(x).softmax(1), net(found).softmax(1), torch.zeros(())
        for i, label in enumerate(y.tolist()):
            rival = max(q[i, k] for k in range(3) if k != label)
            total = total - q[i, label].log() - (1.0001 - rival).log()
            total = total + 5 * (1 - p[i, label]) * sum(p[i, k] * (p[i, k] / q[i, k]).log() for k in range(3))
        return total / len(y)

    assert distance(trained(data, {"kind": "mart", "attack": PLAIN}), by_hand(data, step)) < 1e-4


def batch_of(data: Dataset, progress: float = 0.0) -> Batch:
    return Batch(data.train.x[:20], data.train.y[:20], torch.arange(20), progress)


def test_gradients_of_trades_flow_through_both_predictions(make_blobs: Blobs) -> None:
    data = make_blobs()
    learner = Learner([build("mlp:6", data.shape, 3)], 3)
    strategy = Trades(beta=1.0, attack=PGD(eps=EPS, steps=1))
    batch = strategy.prepare(learner.net, batch_of(data), {}, Draws((0,), 0))
    clean, logits = (torch.randn(20, 3, requires_grad=True) for _ in range(2))
    strategy.judged({"clean": clean, "logits": logits}, batch, {}).sum().backward()
    p, q = clean.detach().softmax(1), logits.detach().softmax(1)
    assert logits.grad is not None and logits.grad.allclose(q - p, atol=1e-6)
    log_ratio = (p / q).log()
    wanted = p - F.one_hot(batch.y, 3) + p * (log_ratio - (p * log_ratio).sum(1, keepdim=True))
    assert clean.grad is not None and clean.grad.allclose(wanted, atol=1e-6)


def test_the_radius_warms_up_and_an_example_may_have_its_own(make_blobs: Blobs) -> None:
    data = make_blobs()
    learner = Learner([build("mlp:6", data.shape, 3)], 3)
    strategy = Adversarial(attack=PGD(eps=EPS, steps=4), attack_warmup="0.5")
    for progress, share in ((0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (1.0, 1.0)):
        found = strategy.prepare(learner.net, batch_of(data, progress), {}, Draws((0,), 0))
        moved = (found.x - found.aside["clean"]).abs().flatten(1).amax(1)
        assert moved.allclose(torch.full((20,), share * EPS), atol=1e-6)
    strength = torch.linspace(0, 2, 20)
    found = strategy.prepare(learner.net, batch_of(data, 0.5).beside(strength=strength), {}, Draws((0,), 0))
    moved = (found.x - found.aside["clean"]).abs().flatten(1).amax(1)
    assert (moved <= strength * EPS + 1e-6).all() and (moved >= 0.9 * strength * EPS).all()


def test_batch_norm_is_left_alone_by_crafting_unless_asked(make_blobs: Blobs) -> None:
    data = make_blobs()
    for asked in (False, True):
        learner = Learner([build("resnet18:2", data.shape, 3)], 3)
        before = {name: value.clone() for name, value in learner.buffers.items()}
        strategy = Adversarial(attack=PGD(eps=EPS, steps=1), attack_batch_stats=asked)
        strategy.prepare(learner.net, batch_of(data), {}, Draws((0,), 0))
        assert all(value.equal(before[name]) for name, value in learner.buffers.items()) != asked


@pytest.mark.parametrize("kind", ["adversarial", "trades", "mart"])
def test_a_step_of_a_stack_with_batch_norm_is_that_of_its_runs(make_blobs: Blobs, kind: str) -> None:
    data = make_blobs()
    attack = PGD(norm="L2", eps=0.5, steps=2)  # the sign of a gradient near 0 would turn rounding into a move
    strategy = Strategy.of({"kind": kind, "attack": attack.plain()})

    def step(seeds: tuple[int, ...]) -> tuple[Learner, list[Tensor]]:
        learner = Learner([build("resnet18:2", data.shape, 3, seed=seed) for seed in seeds], 3)
        x, y, index = data.train.x[:32], data.train.y[:32], torch.arange(32)
        if len(seeds) > 1:
            x, y, index = (value.expand(len(seeds), *value.shape) for value in (x, y, index))
        batch = strategy.prepare(learner.net, Batch(x, y, index), {}, Draws(seeds, 0))
        losses = strategy.losses(learner.net, batch, {})
        return learner, [batch.x, losses, *torch.autograd.grad(losses.mean(-1).sum(), learner.parameters())]

    stack, together = step((0, 1))
    for run in (0, 1):
        learner, alone = step((run,))
        for one, many in zip(alone, together, strict=True):
            assert one.allclose(many[run], rtol=1e-3, atol=1e-4)
        for name, value in learner.buffers.items():
            assert value.allclose(stack.buffers[name][run], atol=1e-5), name


def test_endured_is_the_share_of_the_attack_survived(make_blobs: Blobs) -> None:
    data = make_blobs()
    learner = Learner([build("mlp:6", data.shape, 3)], 3)
    strategy = Adversarial(attack=PGD(eps=0.0, steps=4))
    found = strategy.prepare(learner.net, batch_of(data), {}, Draws((0,), 0))
    right = learner.net(data.train.x[:20]).argmax(1) == data.train.y[:20]
    assert found.aside["endured"].equal(right.float())


def test_augmentations_warm_up_by_example_and_do_not_touch_plain_training(make_blobs: Blobs) -> None:
    data = make_blobs(n=4000)
    strategy = Strategy.of({"kind": "standard", "augment": [{"kind": "noise", "sigma": 0.1}], "augment_warmup": 0.4})
    batch = Batch(data.train.x, data.train.y, torch.arange(4000), 0.1)
    changed = (strategy.prepare(None, batch, {}, Draws((0,), 0)).x != batch.x).flatten(1).any(1)
    assert 0.25 - 0.035 < changed.float().mean() < 0.25 + 0.035  # 5 standard deviations
    plain = Strategy.of("standard")
    assert plain.prepare(None, batch, {}, Draws((0,), 0)) is batch


def test_mixup_is_learned_from_by_shares(make_blobs: Blobs) -> None:
    data = make_blobs()
    from assay.train.augment import MixUp

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        mixed = MixUp(alpha=1).mix(x, y, draw("mix", number))
        both = [F.cross_entropy(net(mixed.x), label, reduction="none") for label in (y, mixed.y2)]
        return (mixed.lam * both[0] + (1 - mixed.lam) * both[1]).mean()

    found = trained(data, {"kind": "standard", "mixing": {"kind": "mixup", "alpha": 1}})
    assert distance(found, by_hand(data, step)) < 1e-5


def test_best_is_chosen_by_robust_accuracy(make_blobs: Blobs) -> None:
    strategy = {"kind": "adversarial", "attack": {"kind": "pgd", "eps": 0.15, "steps": 2}}
    data = make_blobs()
    recipes = [recipe(strategy, epochs=8, keep=("best", "1"), optimiser={"lr": 0.02}, seed=s) for s in range(2)]
    for run in train(recipes, data):
        scores = [row["val_robust_accuracy"] for row in run.history]
        assert [row["best"] for row in run.history] == [s > max(scores[:i], default=-1) for i, s in enumerate(scores)]
        last = max(i for i, row in enumerate(run.history) if row["best"])
        shorter = run.kept["best"].tensors
        assert (last == 7) == all(value.equal(shorter[name]) for name, value in run.kept["1"].tensors.items())


def test_an_adversarially_trained_network_is_more_robust() -> None:
    data, eps = load_data("digits"), 0.2
    x, y, found = data.test.x, data.test.y, {}
    for kind in ({"kind": "standard"}, {"kind": "adversarial", "attack": {"kind": "pgd", "eps": eps, "steps": 3}}):
        plain = Recipe(data="digits", model="mlp:64", epochs=12, strategy=kind, evaluate_every=0)
        net = build("mlp:64", data.shape, 10)
        net.load_state_dict(train([plain], data)[0].kept["1"].tensors)
        right = net(PGD(eps=eps, steps=10).attack(net, x, y, 0)).argmax(1) == y
        found[kind["kind"]] = right.double().mean().item()
        assert (net(x).argmax(1) == y).double().mean() > 0.75
    assert found["adversarial"] > found["standard"] + 0.15, found


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"kind": "adversarial", "attack": "fab"}, "cannot be trained on"),
        ({"kind": "trades", "attack": "mim"}, "steps of pgd or fgsm"),
        ({"kind": "fgsm-rs", "attack": "pgd"}, "one step of fgsm, found 'pgd'; for others use kind: adversarial"),
        ({"kind": "adversarial", "mixing": "mixup"}, "mixing: a mixed example has two labels"),
        ({"kind": "awp", "inner": {"kind": "trades", "mixing": "cutmix"}}, "leave it out"),
        ({"kind": "adversarial", "attack": {"kind": "pgd", "eps": 8}}, "8/255 or 8.0"),
        ({"kind": "adversarial", "atack": "pgd"}, "did you mean 'attack'"),
    ],
)
def test_what_is_wrong_is_said(strategy: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        recipe(strategy)


def test_best_needs_looks(make_blobs: Blobs) -> None:
    with pytest.raises(BadInput, match="evaluate_every is 0"):
        recipe({"kind": "standard"}, keep=("best",), evaluate_every=0)


def test_other_splits_are_recorded_and_change_nothing(make_blobs: Blobs) -> None:
    """Robust and clean figures of train and test stand beside val's; weights and what is best are as without them."""
    strategy = {"kind": "adversarial", "attack": {"kind": "pgd", "eps": 0.1, "steps": 2}}
    data = make_blobs()
    both = {"epochs": 3, "keep": ("best", "1"), "optimiser": {"lr": 0.02}}
    (plain,) = train([recipe(strategy, **both)], data)
    (seen,) = train([recipe(strategy, **both, record=("train", "test"))], data)
    for row, more in zip(plain.history, seen.history, strict=True):
        assert row.items() <= more.items()
        figures = ("accuracy", "robust_accuracy", "fgsm_accuracy")
        names = {f"{split}_{figure}" for split in ("train", "test") for figure in figures} | {"test_loss"}
        assert names == more.keys() - row.keys()  # train_loss is what was learned from, there either way
        assert more["test_robust_accuracy"] <= more["test_fgsm_accuracy"] + 0.05
    for moment, kept in plain.kept.items():
        assert all(value.equal(seen.kept[moment].tensors[name]) for name, value in kept.tensors.items())
    net = build(recipe(strategy).model or "", data.shape, 3)
    net.load_state_dict(seen.kept["1"].tensors)
    by_hand = (net(data.test.x).argmax(1) == data.test.y).double().mean().item()
    assert seen.history[-1]["test_accuracy"] == pytest.approx(by_hand)
