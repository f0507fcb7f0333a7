"""Small-loss examples, factor by factor: the perturbation taken away, replaced, made by an earlier network; drops."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from math import log
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.models import build
from assay.train import Batch, Result, SmallLoss, Strategy, train
from assay.train.draws import Draws
from assay.train.learner import Learner

from .toy import Step, ascent, by_hand, distance, draw, random_start, recipe, trained

Blobs = Callable[..., Dataset]
EPS, STEPS, ONSET, LIMIT = 0.1, 3, 4, log(3)  # half of training is 4 steps of 8
ADVERSARIAL = {"kind": "adversarial", "attack": {"kind": "pgd", "eps": EPS, "steps": STEPS}, "watched": 0}
TREATMENTS = ("leave", "drop", "drop_random", "natural", "noise", "stale", "lift", "harder", "augmix")


def small_loss(treatment: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"kind": "small_loss", "treatment": treatment, "threshold": 1, "inner": ADVERSARIAL, **fields}


def swapped(data: Dataset, treatment: str | dict[str, Any], **fields: Any) -> Result:
    """Adversarial training with another strategy from half of it on."""
    swap = {"kind": "hot_swap", "at": "0.5", "strategy": small_loss(treatment)}
    return trained(data, ADVERSARIAL, interventions=[swap], **fields)


def attacked(net: nn.Module, x: Tensor, y: Tensor, number: int) -> Tensor:
    start = random_start(x, draw("attack", number), EPS)
    return ascent(net, x, start, lambda z: F.cross_entropy(z, y, reduction="sum"), EPS, 2.5 * EPS / STEPS, STEPS)


def from_onset(other: Callable[..., Tensor]) -> Step:
    """A step that learns from attacked inputs, and from the onset on from what ``other`` makes of small losses."""
    memory: dict[str, nn.Module] = {}

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        adversarial = attacked(net, x, y, number)
        if number < ONSET:
            return F.cross_entropy(net(adversarial), y)
        if number == ONSET:
            memory["then"] = deepcopy(net)
        with torch.no_grad():
            small = [F.cross_entropy(net(a[None]), b[None]).item() < LIMIT for a, b in zip(adversarial, y, strict=True)]
        assert 0 < sum(small) < len(small)
        return other(net, x, y, adversarial, small, number, memory["then"])

    return step


def put(rows: Tensor, adversarial: Tensor, small: list[bool]) -> Tensor:
    return torch.stack([row if is_small else a for row, a, is_small in zip(rows, adversarial, small, strict=True)])


def natural(net: Any, x: Any, y: Any, adversarial: Any, small: Any, number: int, then: Any) -> Tensor:
    return F.cross_entropy(net(put(x, adversarial, small)), y)


def noise(net: Any, x: Any, y: Any, adversarial: Any, small: Any, number: int, then: Any) -> Tensor:
    up = torch.randn(x.shape, generator=draw("shaken", number)) > 0
    moved = torch.where(up, x + EPS, x - EPS).clamp(0, 1)
    return F.cross_entropy(net(put(moved, adversarial, small)), y)


def stale(net: Any, x: Any, y: Any, adversarial: Any, small: Any, number: int, then: Any) -> Tensor:
    return F.cross_entropy(net(put(attacked(then, x, y, number), adversarial, small)), y)


def drop(net: Any, x: Any, y: Any, adversarial: Any, small: Any, number: int, then: Any) -> Tensor:
    stays = [place for place, is_small in enumerate(small) if not is_small]
    return F.cross_entropy(net(adversarial[stays]), y[stays], reduction="sum") / len(y)


def drop_random(net: Any, x: Any, y: Any, adversarial: Any, small: Any, number: int, then: Any) -> Tensor:
    order = torch.randperm(len(y), generator=draw("stay", number)).tolist()
    stays = order[: small.count(False)]
    return F.cross_entropy(net(adversarial[stays]), y[stays], reduction="sum") / len(y)


@pytest.mark.parametrize("other", [natural, noise, stale, drop, drop_random])
def test_each_factor_is_what_it_says(make_blobs: Blobs, other: Callable[..., Tensor]) -> None:
    data = make_blobs()
    twin = by_hand(data, from_onset(other))
    assert distance(swapped(data, other.__name__), twin) < 1e-6
    assert distance(swapped(data, "leave"), twin) > 2e-5


def equal(a: Result, b: Result, moment: str) -> bool:
    pairs = zip(a.kept[moment].tensors.values(), b.kept[moment].tensors.values(), strict=True)
    return all(one.equal(other) for one, other in pairs)


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_a_swap_changes_nothing_before_its_time_and_by_itself_nothing_at_all(make_blobs: Blobs, treatment: str) -> None:
    data = make_blobs()
    also: dict[str, Any] = {"model": "resnet18:2", "keep": ("0.5-", "0.5", "0.625", "1")}
    plain, treated = trained(data, ADVERSARIAL, **also), swapped(data, treatment, **also)
    assert equal(plain, treated, "0.5-") and equal(plain, treated, "0.5")
    assert equal(plain, treated, "0.625") == (treatment in ("leave", "stale"))  # a snapshot is not stale at once
    assert equal(plain, treated, "1") == (treatment == "leave")
    if treatment == "leave":
        rows = [{k: v for k, v in row.items() if k != "small_share"} for row in treated.history if "event" not in row]
        assert rows == plain.history


OWN = """
from torch import nn
def net(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, classes))
"""


def test_a_look_does_not_disturb_what_dropout_draws(make_blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    model = f"{tmp_path / 'own.py'}:net"
    plain, treated = trained(make_blobs(), ADVERSARIAL, model=model), swapped(make_blobs(), "leave", model=model)
    assert equal(plain, treated, "1")


@pytest.mark.parametrize("treatment", [one for one in TREATMENTS if one != "lift"])
def test_the_history_tells_how_many_were_small(make_blobs: Blobs, treatment: str) -> None:
    data = make_blobs()
    first, second = (row for row in swapped(data, treatment).history if "event" not in row)
    assert "small_share" not in first
    if treatment == "leave":
        shares: list[float] = []

        def counts(net: Any, x: Any, y: Any, adversarial: Any, small: list[bool], number: int, then: Any) -> Tensor:
            shares.append(sum(small) / len(small))
            return F.cross_entropy(net(adversarial), y)

        by_hand(data, from_onset(counts))
        assert second["small_share"] == pytest.approx(sum(shares) / len(shares)) and len(shares) == 4
    assert 0 < second["small_share"] < 1
    quantile = {"kind": "small_loss", "treatment": treatment, "quantile": 0.5, "inner": ADVERSARIAL}
    for result in train([recipe(quantile, seed=s) for s in range(1 + (not treatment.startswith("drop")))], data):
        assert [row["small_share"] for row in result.history] == [0.5, 0.5]


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_interrupted_equals_uninterrupted(make_blobs: Blobs, tmp_path: Path, treatment: str) -> None:
    data = make_blobs()
    swap = {"kind": "hot_swap", "at": "0.3", "strategy": small_loss(treatment)}
    one = recipe(ADVERSARIAL, interventions=[swap], epochs=4, model="resnet18:2")

    class Killed(Exception):
        pass

    def tell(share: float, history: object) -> None:
        if share > 0.75:
            raise Killed

    with pytest.raises(Killed):
        train([one], data, checkpoint=tmp_path / "one", every=0, tell=tell)
    resumed, whole = train([one], data, checkpoint=tmp_path / "one")[0], train([one], data)[0]
    assert equal(resumed, whole, "1") and resumed.history == whole.history


def prepared(
    data: Dataset, strategy: dict[str, Any], model: str = "mlp:6", **aside: Tensor
) -> tuple[Learner, Batch, Batch]:
    """A network, 40 examples as its strategy prepares them, and as the inner one does."""
    whole = Strategy.of(strategy).settled(data, 40, False)
    learner = Learner([build(model, data.shape, 3)], 3)
    raw = Batch(data.train.x[:40], data.train.y[:40], torch.arange(40)).beside(**aside)
    memory, draws = whole.init_state(learner, data), Draws((0,), 0)
    return learner, whole.prepare(learner.net, raw, memory, draws), whole.inner.prepare(learner.net, raw, memory, draws)


def test_natural_inputs_are_augmented_and_clean(make_blobs: Blobs) -> None:
    data = make_blobs()
    inner = {**ADVERSARIAL, "augment": [{"kind": "crop", "padding": 1}]}
    learner, batch, plain = prepared(data, small_loss("natural", inner=inner))
    losses = F.cross_entropy(learner.net(plain.x), plain.y, reduction="none")
    small = losses < LIMIT
    assert 0 < small.sum() < 40 and not plain.aside["clean"].equal(data.train.x[:40])
    assert batch.x[small].equal(plain.aside["clean"][small]) and batch.x[~small].equal(plain.x[~small])


@pytest.mark.parametrize(("norm", "eps"), [("Linf", 0.1), ("L2", 0.5), ("L1", 2.0)])
def test_noise_has_the_size_of_the_attack_example_by_example(make_blobs: Blobs, norm: str, eps: float) -> None:
    data = make_blobs()
    attack = {"kind": "pgd", "norm": norm, "eps": eps, "steps": 2}
    inner = {**ADVERSARIAL, "attack": attack}
    strength = torch.linspace(0.1, 1.5, 40)
    everything = small_loss("noise", inner=inner, threshold=50)
    _, batch, plain = prepared(data, everything, strength=strength)
    moved = (batch.x - data.train.x[:40]).flatten(1)
    size = moved.norm(p={"Linf": torch.inf, "L2": 2, "L1": 1}[norm], dim=1)
    wanted = eps * strength
    assert (size <= wanted + 1e-5).all() and batch.x.min() >= 0 and batch.x.max() <= 1
    inside = ((batch.x > 0) & (batch.x < 1)).flatten(1)
    whole = inside.all(1)
    assert whole.sum() > 3 and size[whole].allclose(wanted[whole], atol=1e-5)
    if norm == "Linf":  # each value moves by the radius unless the bounds of inputs forbid it
        assert moved.abs()[inside].allclose(wanted[:, None].expand_as(moved)[inside], atol=1e-6)
        assert abs(moved.sign().mean()) < 0.1  # 1,440 signs: 4 standard errors
    _, again, _ = prepared(data, everything, strength=strength)
    assert batch.x.equal(again.x) and not batch.x.equal(plain.x)


def test_noise_grows_with_the_attack(make_blobs: Blobs) -> None:
    data = make_blobs()
    strategy = SmallLoss(treatment="noise", threshold=50, inner={**ADVERSARIAL, "attack_warmup": "1"})
    learner = Learner([build("mlp:6", data.shape, 3)], 3)
    x = data.train.x[:40].clamp(0.2, 0.8)
    batch = Batch(x, data.train.y[:40], torch.arange(40), progress=0.25)
    moved = strategy.prepare(learner.net, batch, {}, Draws((0,), 0)).x - x
    assert moved.abs().allclose(torch.tensor(EPS / 4), atol=1e-6)


@pytest.mark.parametrize("treatment", ["drop", "drop_random"])
def test_what_is_dropped_is_not_forwarded(make_blobs: Blobs, treatment: str) -> None:
    data = make_blobs()
    strategy = {"kind": "small_loss", "treatment": treatment, "quantile": 0.4}
    learner, batch, _ = prepared(data, strategy, "resnet18:2")
    assert len(batch.y) == 24 and batch.index.unique().equal(batch.index)
    losses = Strategy.of(strategy).losses(learner.net, batch, {})
    twin = build("resnet18:2", data.shape, 3).train()
    wanted = F.cross_entropy(twin(data.train.x[batch.index]), data.train.y[batch.index], reduction="none")
    assert losses.allclose(wanted * 0.6, atol=1e-4)  # the mean stays one over the whole batch
    for name, value in twin.named_buffers():
        assert learner.buffers[name].allclose(value, atol=1e-5), name
    whole = build("resnet18:2", data.shape, 3).train()
    whole(data.train.x[:40])
    assert not whole.get_buffer("bn.running_mean").allclose(learner.buffers["bn.running_mean"], atol=1e-5)


def test_random_drops_ignore_the_loss_and_leave_two(make_blobs: Blobs) -> None:
    data = make_blobs()
    half = {"kind": "small_loss", "treatment": "drop_random", "quantile": 0.5}
    strategy, learner = Strategy.of(half), Learner([build("mlp:6", data.shape, 3)], 3)
    raw = Batch(data.train.x[:40], data.train.y[:40], torch.arange(40))
    losses = F.cross_entropy(learner.net(raw.x), raw.y, reduction="none")
    top = set(losses.topk(20).indices.tolist())
    counts = [
        len(top & set(strategy.prepare(learner.net, raw, {}, Draws((0,), step)).index.tolist())) for step in range(100)
    ]
    # Of 20 that stay, 10 are of the upper half on average; hypergeometric variance 20/4 * 20/39 a step.
    assert abs(sum(counts) / 100 - 10) < 4 * (5 * 20 / 39 / 100) ** 0.5 and min(counts) < 20
    few = {"kind": "small_loss", "treatment": {"kind": "drop_random", "mean_over": "left"}, "threshold": 50}
    _, batch, _ = prepared(data, few)
    assert len(batch.y) == 2 and batch.aside["stayed"].tolist() == [1, 1]
    assert not recipe(half).stacks
    with pytest.raises(BadInput, match="train each alone"):
        train([recipe(half, seed=seed) for seed in range(2)], data)


@pytest.mark.parametrize("inner", ["trades", "mart", "fgsm-rs"])
@pytest.mark.parametrize("treatment", ["natural", "noise", "stale"])
def test_every_strategy_that_attacks_can_be_treated(make_blobs: Blobs, inner: str, treatment: str) -> None:
    outer = {"kind": "awp", "inner": small_loss(treatment, inner={"kind": inner, "watched": 0})}
    found = trained(make_blobs(), {"kind": "averaged", "inner": outer}, epochs=1, model="resnet18:2")
    assert found.status == "finished" and all(value.isfinite().all() for value in found.kept["1"].tensors.values())


@pytest.mark.parametrize("treatment", ["natural", "noise", "stale"])
def test_what_replaces_an_attack_stands_right_round_it(treatment: str) -> None:
    with pytest.raises(BadInput, match="other wrappers outside"):
        recipe(small_loss(treatment, inner={"kind": "weighted", "inner": ADVERSARIAL}))
    with pytest.raises(BadInput, match="'standard' does not"):
        recipe({"kind": "small_loss", "treatment": treatment})
