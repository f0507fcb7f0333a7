"""Samplers: what is in a batch, what an epoch covers, and that a fork changes nothing before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.train import Balanced, Batch, Fork, Recipe, Sampler, Shuffled, Standard, train
from assay.train.draws import Draws, order
from assay.train.learner import Net
from assay.train.strategies.base import Memory

Blobs = Callable[..., Dataset]

SKEWED = torch.tensor([0] * 37 + [2] * 11 + [5] * 3)[torch.randperm(51, generator=torch.Generator().manual_seed(0))]
MEMBERS = [
    Shuffled(),
    Balanced(),
    Balanced(classes=2),
    Balanced(per_class=2),
    Balanced(classes=2, per_class=4),
]


@pytest.mark.parametrize("forks", [(), (2,), (2, 5)])
@pytest.mark.parametrize("n", [51, 49, 6])
def test_shuffled_is_the_plain_order_bit_for_bit(n: int, forks: tuple[int, ...]) -> None:
    for epoch in range(3):
        found = Shuffled().order(3, epoch, SKEWED[:n], 12, forks)
        assert found.equal(order(3, epoch, n, *Shuffled().sizes(SKEWED[:n], 12), forks))


@pytest.mark.parametrize("sampler", MEMBERS)
def test_orders_are_addressed(sampler: Sampler) -> None:
    plain = sampler.order(0, 1, SKEWED, 12)
    torch.rand(1)
    assert plain.equal(sampler.order(0, 1, SKEWED, 12))
    assert not plain.equal(sampler.order(1, 1, SKEWED, 12))
    assert not plain.equal(sampler.order(0, 2, SKEWED, 12))


@pytest.mark.parametrize("sampler", MEMBERS)
def test_a_fork_changes_every_later_batch_and_none_before(sampler: Sampler) -> None:
    size, steps = sampler.sizes(SKEWED, 12)
    plain, forked = (sampler.order(0, 1, SKEWED, 12, forks) for forks in ((), (steps + 2,)))
    assert plain[: 2 * size].equal(forked[: 2 * size]) and not plain[2 * size :].equal(forked[2 * size :])
    assert sampler.order(0, 0, SKEWED, 12).equal(sampler.order(0, 0, SKEWED, 12, (steps + 2,)))
    assert not sampler.order(0, 1, SKEWED, 12).equal(sampler.order(0, 1, SKEWED, 12, (steps,)))
    twice = sampler.order(0, 1, SKEWED, 12, (steps + 2, steps + 3))
    assert twice[: 3 * size].equal(forked[: 3 * size]) and not twice.equal(forked)


@pytest.mark.parametrize("forks", [(), (1,), (1, 3)])
@pytest.mark.parametrize("sampler", MEMBERS[1:])
def test_every_balanced_batch_holds_the_same_number_of_each_of_its_classes(
    sampler: Balanced, forks: tuple[int, ...]
) -> None:
    classes, per_class = sampler.shares(SKEWED, 12)
    size, steps = sampler.sizes(SKEWED, 12)
    for epoch in range(4):
        found = sampler.order(0, epoch, SKEWED, 12, forks)
        assert len(found) == size * steps == sampler.covers(SKEWED, 12)
        for batch in found.split(size):
            present, counts = SKEWED[batch].unique(return_counts=True)
            assert len(present) == classes and (counts == per_class).all()
            for label in present:
                images = batch[SKEWED[batch] == label]
                assert len(images.unique()) == min(per_class, SKEWED.eq(label).sum())


def test_a_rare_class_is_gone_through_in_whole_passes() -> None:
    labels = torch.tensor([0] * 40 + [1] * 8)
    sampler = Balanced(per_class=4)
    found = sampler.order(0, 0, labels, 8)
    rare, frequent = found[labels[found] == 1], found[labels[found] == 0]
    assert all(sorted(part.tolist()) == list(range(40, 48)) for part in rare.split(8)), "six batches are three passes"
    assert len(frequent.unique()) == 24
    assert sampler.meetings(labels, 8).tolist() == pytest.approx([24 / 40, 3])
    met = torch.stack([torch.bincount(sampler.order(s, 0, labels, 8), minlength=48) for s in range(200)]).double()
    # 40 shares of 200 seeds, each within five binomial standard deviations of 0.6
    assert (met[:, :40].mean(0) - 0.6).abs().max() < 5 * (0.6 * 0.4 / 200) ** 0.5


def test_a_balanced_data_set_is_met_once_an_epoch_also_around_a_fork() -> None:
    labels = torch.arange(60) % 5
    for forks in ((), (1,), (1, 2), (3,)):
        for epoch in range(2):
            assert sorted(Balanced().order(0, epoch, labels, 20, forks).tolist()) == list(range(60))


def test_drawn_classes_take_turns() -> None:
    labels = torch.arange(120) % 6
    found = labels[Balanced(classes=2).order(0, 0, labels, 4)].view(30, 4)
    assert torch.bincount(found.flatten()).tolist() == [20] * 6


@pytest.mark.parametrize(
    ("sampler", "batch", "words"),
    [
        (Balanced(), 2, "balanced batches of 2; found that 3 classes do not fit"),
        (Balanced(classes=4), 12, "asked for 4 classes in a batch; found 3"),
        (Balanced(per_class=13), 12, "found that 13 images a class do not fit"),
    ],
)
def test_what_does_not_fit_is_said(sampler: Balanced, batch: int, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        sampler.sizes(SKEWED, batch)


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(BadInput, match="per_class"):
        Recipe.parse({"data": "digits", "sampler": {"kind": "balanced", "per_class": 0}})


@pytest.mark.parametrize("sampler", MEMBERS)
def test_the_loop_trains_on_what_the_sampler_says(
    make_blobs: Blobs, sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[torch.Tensor] = []

    def watch(self: Standard, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        met.append(batch.index)
        return batch

    monkeypatch.setattr(Standard, "prepare", watch)
    data = make_blobs()
    recipe = Recipe(data="x", model="mlp:6", batch=12, epochs=2, sampler=sampler, interventions=[Fork(at="0.75")])
    for seeds in ((0,), (0, 1)):
        met.clear()
        train([recipe.with_(seed=seed) for seed in seeds], data)
        size, steps = sampler.sizes(data.train.y, 12)
        assert len(met) == 2 * steps and met[0].numel() == len(seeds) * size
        for run, seed in enumerate(seeds):
            orders = [sampler.order(seed, epoch, data.train.y, 12, (round(1.5 * steps),)) for epoch in range(2)]
            assert torch.cat([batch.view(len(seeds), -1)[run] for batch in met]).equal(torch.cat(orders))
