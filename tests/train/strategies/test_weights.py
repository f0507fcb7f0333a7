"""Wrappers that act on weights: perturbed where the gradient is taken, averaged where the model is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.data import Dataset
from assay.models import build
from assay.train import AWP, SAM, Batch, train
from assay.train.learner import Learner

from .toy import by_hand, distance, recipe, trained

Blobs = Callable[..., Dataset]


def displaced(net: nn.Module, x: Tensor, y: Tensor, move: Callable[[list[Tensor]], list[Tensor]]) -> Tensor:
    """A loss whose gradient at the weights is that at the moved ones."""
    weights = list(net.parameters())
    slopes = torch.autograd.grad(F.cross_entropy(net(x), y), weights)
    before = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight, change in zip(weights, move(list(slopes)), strict=True):
            weight += change
    gradient = torch.autograd.grad(F.cross_entropy(net(x), y), weights)
    with torch.no_grad():
        for weight, value in zip(weights, before, strict=True):
            weight.copy_(value)
    return sum(((weight * one).sum() for weight, one in zip(weights, gradient, strict=True)), torch.zeros(()))


def test_awp(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        def move(slopes: list[Tensor]) -> list[Tensor]:
            pairs = zip(net.parameters(), slopes, strict=True)
            return [0.1 * w.norm() / g.norm() * g if w.dim() > 1 else 0 * g for w, g in pairs]

        return displaced(net, x, y, move)

    assert distance(trained(data, {"kind": "awp", "gamma": 0.1}), by_hand(data, step)) < 1e-5
    assert distance(trained(data, {"kind": "standard"}), by_hand(data, step)) > 1e-3


def test_sam(make_blobs: Blobs) -> None:
    data = make_blobs()

    def step(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
        def move(slopes: list[Tensor]) -> list[Tensor]:
            norm = torch.cat([g.flatten() for g in slopes]).norm()
            return [0.5 * g / norm for g in slopes]

        return displaced(net, x, y, move)

    assert distance(trained(data, {"kind": "sam", "rho": 0.5}), by_hand(data, step)) < 1e-5
    assert distance(trained(data, {"kind": "standard"}), by_hand(data, step)) > 1e-3


@pytest.mark.parametrize("strategy", [AWP(gamma=0.3), SAM(rho=3), AWP(gamma=0.3, inner=SAM(rho=1))])
def test_weights_and_statistics_come_back_bit_for_bit(make_blobs: Blobs, strategy: AWP | SAM) -> None:
    data = make_blobs()
    for runs in (1, 2):
        learner = Learner([build("resnet18:2", data.shape, 3, seed=seed) for seed in range(runs)], 3)
        before = {name: value.clone() for name, value in learner.tensors().items()}
        x, y, index = data.train.x[:16], data.train.y[:16], torch.arange(16)
        if runs > 1:
            x, y, index = (value.expand(runs, *value.shape) for value in (x, y, index))
        with strategy.displaced(learner, Batch(x, y, index), {}):
            assert not learner.params["conv.weight"].equal(before["conv.weight"])
        assert all(value.equal(before[name]) for name, value in learner.tensors().items())


def weights_on_the_way(data: Dataset, steps: int) -> list[dict[str, Tensor]]:
    moments = tuple(f"{step + 1}/{steps}" for step in range(steps))
    kept = trained(data, {"kind": "standard"}, keep=moments).kept
    return [kept[moment].tensors for moment in moments]


def test_an_exponential_average_in_closed_form(make_blobs: Blobs) -> None:
    data = make_blobs()
    way = weights_on_the_way(data, 8)
    found = trained(data, {"kind": "averaged", "decay": 0.7, "start": "0.25"}).kept["1"].tensors
    for name, value in found.items():  # begins with the weights after step 3; 1/2, 1/3, then 0.3 of each new ones
        late = [w[name] for w in way[2:]]
        first = sum(late[:3]) / 3
        closed = 0.7**3 * first + 0.3 * (0.7**2 * late[3] + 0.7 * late[4] + late[5])
        assert value.allclose(closed, atol=1e-6), name


def test_an_equal_average_of_every_second_step(make_blobs: Blobs) -> None:
    data = make_blobs()
    way = weights_on_the_way(data, 8)
    found = trained(data, {"kind": "averaged", "rule": "swa", "every": 2}).kept["1"].tensors
    for name, value in found.items():
        assert value.allclose(torch.stack([w[name] for w in way[::2]]).mean(0), atol=1e-6), name


def test_the_average_is_looked_at_and_training_goes_on_from_the_weights(make_blobs: Blobs) -> None:
    data = make_blobs()
    averaged = trained(data, {"kind": "averaged", "rule": "swa"}, epochs=4, keep=("0.5", "1"))
    net = build("mlp:12", data.shape, 3)
    net.load_state_dict(averaged.kept["1"].tensors)
    wanted = F.cross_entropy(net(data.val.x), data.val.y).item()
    assert averaged.history[-1]["val_loss"] == pytest.approx(wanted, abs=1e-5)
    plain = trained(data, {"kind": "standard"}, epochs=4)
    assert [row["train_loss"] for row in averaged.history] == [row["train_loss"] for row in plain.history]


def test_statistics_of_the_average_are_those_of_its_own_activations(make_blobs: Blobs) -> None:
    data = make_blobs(n=128)
    chosen = {"model": "resnet18:2", "epochs": 1}
    for inner in (
        {"kind": "standard"},
        {"kind": "trades", "attack": {"kind": "pgd", "eps": 0.0, "steps": 1}, "watched": 0},
    ):
        found = trained(data, {"kind": "averaged", "images": 128, "inner": inner}, **chosen).kept["1"].tensors
        net = build("resnet18:2", data.shape, 3).train()
        net.load_state_dict(found)
        for part in net.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.reset_running_stats()
                part.momentum = 1.0
        net(data.train.x)  # all of it in one batch
        for name, value in net.named_buffers():
            if "running" in name:
                assert value.allclose(found[name], rtol=2e-2, atol=2e-3), (inner, name)


def test_statistics_are_estimated_for_each_run_of_a_stack(make_blobs: Blobs) -> None:
    data = make_blobs()
    strategy = {"kind": "averaged", "images": 60}
    runs = [recipe(strategy, model="resnet18:2", epochs=1, seed=seed) for seed in range(2)]
    for one, together in zip(runs, train(runs, data), strict=True):
        alone = train([one], data)[0].kept["1"].tensors
        assert all(v.allclose(together.kept["1"].tensors[k], rtol=1e-2, atol=1e-3) for k, v in alone.items())


NESTED = {
    "kind": "averaged",
    "decay": 0.8,
    "inner": {
        "kind": "awp",
        "inner": {
            "kind": "temporal",
            "start": "0.2",
            "inner": {"kind": "adversarial", "attack": {"kind": "pgd", "eps": 0.1, "steps": 2}, "augment": "weak"},
        },
    },
}


@pytest.mark.parametrize("runs", [1, 2])
def test_interrupted_equals_uninterrupted_with_everything_remembered(
    make_blobs: Blobs, tmp_path: Path, runs: int
) -> None:
    data = make_blobs()
    recipes = [recipe(NESTED, epochs=4, keep=("best", "0.5", "1"), seed=seed) for seed in range(runs)]
    whole = train(recipes, data)

    class Killed(Exception):
        pass

    def tell(share: float, history: object) -> None:
        if share > 0.6:
            raise Killed

    with pytest.raises(Killed):
        train(recipes, data, checkpoint=tmp_path / "state", every=0, tell=tell)
    for one, other in zip(whole, train(recipes, data, checkpoint=tmp_path / "state"), strict=True):
        assert one.history == other.history and list(one.kept) == list(other.kept) == ["best", "0.5", "1"]
        for moment, kept in one.kept.items():
            assert all(value.equal(other.kept[moment].tensors[name]) for name, value in kept.tensors.items())


def test_wrappers_fit_round_contrastive_training_where_examples_do_not_matter(make_blobs: Blobs) -> None:
    strategy = {"kind": "averaged", "inner": {"kind": "sam", "inner": {"kind": "contrastive"}}}
    assert trained(make_blobs(), strategy, model="mlp:6+projector:5-4").status == "finished"


def test_a_strategy_taken_up_in_mid_training_is_settled_and_begins_afresh(make_blobs: Blobs) -> None:
    swap = {"kind": "hot_swap", "at": "0.5", "strategy": NESTED}
    found = trained(make_blobs(), {"kind": "standard"}, interventions=[swap], epochs=4)
    assert found.status == "finished" and "val_robust_accuracy" in found.history[-1]
