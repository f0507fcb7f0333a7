"""The generalist: bitwise an average of weights with one learner, and loops written out by hand with two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assay.data import Dataset
from assay.models import build
from assay.train import Recipe, train
from assay.train.draws import order
from assay.train.loop import _step
from assay.train.passes import passes_of
from assay.train.state import State
from assay.train.strategies import Batch, averaged

from .toy import Step, ascent, by_hand, draw, random_start, recipe, trained

Blobs = Callable[..., Dataset]
EPS, STEPS = 0.1, 2
ATTACK = {"kind": "pgd", "eps": EPS, "steps": STEPS}
ROBUST = {"kind": "adversarial", "attack": ATTACK}
L2 = {**ATTACK, "norm": "L2", "eps": 0.5}
OWN = """
from torch import nn
class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU()
        self.second, self.again, self.head = nn.Linear(48, 6), nn.BatchNorm1d(6), nn.Linear(6, classes)
    def forward(self, x):
        x = self.act(self.norm(self.conv(x.double()))).flatten(1)
        return self.head(self.act(self.again(self.second(x))))
def net(shape, classes):
    return Net(classes).double()
"""


def generalist(**fields: Any) -> dict[str, Any]:
    both = [{"strategy": ROBUST}, {"strategy": "standard"}]
    return {"kind": "generalist", "learners": both, "hand_back": None, "ramp": "mean", **fields}


@pytest.mark.parametrize("start", ["0", "1/2"])
@pytest.mark.parametrize(("model", "norm"), [
    ("mlp:12", "average"), ("cnn:4", "estimate"), ("resnet18:2", "estimate"), ("preresnet:2", "separate"),
])  # fmt: skip
def test_one_learner_is_an_average_of_weights_bit_for_bit(make_blobs: Blobs, model: str, norm: str, start: str) -> None:
    data = make_blobs(n=64)
    fields = {"model": model, "epochs": 4, "keep": ["0", "1/4", "1/2", "best", "1"], "record": ["train"]}
    fields["optimiser"] = {"name": "sgd", "lr": 0.05, "schedule": [[0, 1], [1, 0.1]]}
    alone = generalist(learners=[{"strategy": ROBUST}], global_decay=0, start=start, norm=norm)
    one = trained(data, {**alone, "decay": 0.9, "select": {"clean_weight": 0}}, **fields)
    plain = trained(data, {"kind": "averaged", "inner": ROBUST, "decay": 0.9, "start": start}, **fields)
    assert list(one.kept) == [m + part for m in ("0", "1/4", "1/2", "best", "1") for part in ("", "+adversarial")]
    for moment, kept in plain.kept.items():
        for name, value in kept.tensors.items():
            assert value.equal(one.kept[moment].tensors[name]), (moment, name)
    shared = [{key: row[key] for key in other} for row, other in zip(one.history, plain.history, strict=True)]
    assert shared == plain.history and len(shared[0]) >= 8


def means(values: Iterator[tuple[Tensor, Tensor]], keep: float) -> None:
    """average <- keep average + (1 - keep) value."""
    for average, value in values:
        average.copy_(keep * average + (1 - keep) * value if average.is_floating_point() else value)


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, keep: float, buffers: bool) -> None:
    means(zip(average.parameters(), net.parameters(), strict=True), keep)
    if buffers:
        means(zip(average.buffers(), net.buffers(), strict=True), keep)


def copied(target: nn.Module, source: nn.Module, norm: str) -> None:
    """target <- source, but for what batch norm keeps to itself."""
    for name, value in source.state_dict().items():
        own = {"average": (), "estimate": ("running", "num_b"), "separate": ("norm.", "again.", "running", "num_b")}[
            norm
        ]
        if not any(part in name for part in own):
            target.state_dict()[name].copy_(value)


def transcribed(
    data: Dataset, model: str, epochs: int, when: str, norm: str, ramp: str, moment: int
) -> tuple[dict[str, nn.Module], list[float]]:
    """Wang and Wang's loop, line by line: separate optimisers, averages, copies; of the engine only its draws."""
    r = build(model, data.shape, 3, seed=0)
    n = deepcopy(r)
    R, N, G = deepcopy(r), deepcopy(n), deepcopy(n)
    r_sgd = torch.optim.SGD(r.parameters(), lr=1, momentum=0.9, weight_decay=3.5e-3)
    n_opt = torch.optim.Adam(n.parameters(), lr=1, weight_decay=5e-4)
    buffers, t, steps = norm == "average", 0, 4
    for e in range(1, epochs + 1):
        gamma = float(np.interp(e, [0, epochs * 2 / 3, epochs], [1, 1, 0.4]))
        for number, chunk in enumerate(order(0, e - 1, len(data.train), 32, steps).split(32)):
            x, y, share = data.train.x[chunk], data.train.y[chunk], t / (epochs * steps)
            r_sgd.param_groups[0]["lr"] = 0.05 * float(np.interp(share, [0, 1 / 3, 2 / 3, 1], [1, 1, 0.1, 0.01]))
            n_opt.param_groups[0]["lr"] = 0.01
            for net, inputs, optimiser in ((r, attacked(r, x, y, t), r_sgd), (n, x, n_opt)):
                net.train()
                optimiser.zero_grad()
                F.cross_entropy(net(inputs), y).backward()
                optimiser.step()
            d = min(0.9, (t + 1) / (t + 10)) if ramp == "released" else min(0.9, 1 - 1 / (t + 1))
            follow(R, r, d, buffers)
            follow(N, n, d, buffers)
            M = deepcopy(R)
            follow(M, N, gamma, buffers)
            follow(G, M, d, buffers)
            if e >= epochs * 5 / 8 and e % 2 == 0 and (when == "step" or number == steps - 1):
                copied(r, G, norm)
                copied(n, G, norm)
            t += 1
        if e == moment:
            break
    if not buffers:  # what attacks on the global model meet before its statistics are known
        for own, a, b in zip(G.buffers(), r.buffers(), n.buffers(), strict=True):
            own.copy_(gamma * a + (1 - gamma) * b if own.is_floating_point() else a)
    return {"": G, "+adversarial": R, "+standard": N}, [gamma, 1 - gamma]


def attacked(net: nn.Module, x: Tensor, y: Tensor, step: int) -> Tensor:
    begin = random_start(x, draw("attack", step), EPS)
    return ascent(net, x, begin, lambda z: F.cross_entropy(z, y, reduction="sum"), EPS, 2.5 * EPS / STEPS, STEPS)


def estimated(whole: nn.Module, shares: list[float], data: Dataset, step: int, size: int) -> None:
    """Batch norm's statistics of a mixture of attacked and clean images, from means over batches of each."""
    found = []
    for robust, share in zip((True, False), shares, strict=True):
        net = deepcopy(whole)
        for part in net.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.momentum = None  # equal parts
                part.num_batches_tracked.zero_()  # type: ignore[union-attr]
        images = torch.randperm(len(data.train), generator=draw("statistics", step))
        for chunk in images.split(size)[: len(images) // size]:
            x, y = data.train.x[chunk], data.train.y[chunk]
            x = attacked(net, x, y, step) if robust else x
            net.train()
            with torch.no_grad():
                net(x)
        found.append((share, dict(net.named_buffers())))
    for name, value in whole.named_buffers():
        if name.endswith("mean"):
            mean = torch.stack([share * one[name] for share, one in found]).sum(0)
            square = name.replace("mean", "var")
            second = torch.stack([share * (one[square] + one[name] ** 2) for share, one in found]).sum(0)
            value.copy_(mean)
            whole.get_buffer(square).copy_(second - mean**2)


@pytest.mark.parametrize(("when", "norm", "ramp", "moment"), [
    ("once", "average", "released", 6), ("step", "average", "released", 6), ("step", "average", "mean", 5),
    ("once", "estimate", "released", 6), ("step", "estimate", "mean", 4), ("once", "separate", "mean", 6),
    ("step", "separate", "released", 5),
])  # fmt: skip
def test_the_loop_of_the_paper_by_hand(
    make_blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, norm: str, ramp: str, moment: int
) -> None:
    """In float64: two learners, two optimisers, averages with either beginning, both readings of the hand-back."""
    monkeypatch.setattr(averaged, "SIZE", 40)
    (tmp_path / "own.py").write_text(OWN)
    data, model, epochs = make_blobs(), f"{tmp_path}/own.py:net", 6
    falling = [[0, 1], ["1/3", 1], ["2/3", 0.1], [1, 0.01]]
    learners = [
        {"strategy": ROBUST, "optimiser": {"name": "sgd", "lr": 0.05, "weight_decay": 3.5e-3, "schedule": falling}},
        {"strategy": "standard", "optimiser": {"weight_decay": 5e-4}},
    ]
    fields = {"model": model, "epochs": epochs, "keep": [f"{moment}/6"], "optimiser": {"name": "adam", "lr": 0.01}}
    strategy = generalist(learners=learners, hand_back={"every": 2, "when": when}, decay=0.9, ramp=ramp, norm=norm)
    run = trained(data, strategy, **fields)
    by_hand, shares = transcribed(data, model, epochs, when, norm, ramp, moment)
    if norm != "average":
        estimated(by_hand[""], shares, data, 4 * moment, 40)
    for part, net in by_hand.items():
        kept = run.kept[f"{moment}/6{part}"].tensors
        for name, value in net.state_dict().items():
            if "num_b" not in name and (norm == "average" or not part or "running" not in name):
                far = 1e-6 if "running" in name and norm != "average" else 1e-11  # estimates divide in float32
                assert torch.allclose(kept[name], value, rtol=far, atol=far), (part, name)


def test_the_two_readings_of_a_hand_back_differ(make_blobs: Blobs) -> None:
    once, step, never = (
        trained(make_blobs(), generalist(hand_back=given))
        for given in ({"every": 2}, {"every": 2, "when": "step"}, None)
    )
    assert distance_of(once, step) > 1e-6 and distance_of(never, step) > 1e-6
    assert distance_of(once, never) == 0  # the last step's hand-back is followed by nothing


def distance_of(a: Any, b: Any) -> float:
    return max(float((a.kept["1"].tensors[name] - value).abs().max()) for name, value in b.kept["1"].tensors.items())


THREE: list[dict[str, Any]] = [
    {"strategy": ROBUST, "name": "linf"}, {"strategy": {"kind": "adversarial", "attack": L2}, "name": "l2"},
    {"strategy": "standard"},
]  # fmt: skip


def test_work_is_the_sum_of_the_learners(make_blobs: Blobs) -> None:
    data = make_blobs()
    whole = passes_of(recipe(generalist(learners=THREE)), data)
    parts = [passes_of(recipe(one["strategy"] if isinstance(one["strategy"], dict) else {"kind": "standard"}), data)
             for one in THREE]  # fmt: skip
    assert whole.forward == sum(part.forward for part in parts) == 2 * (STEPS + 1) + 1
    assert whole.backward == sum(part.backward for part in parts)


@pytest.mark.parametrize("norm", ["average", "estimate", "separate"])
def test_weight_memory_is_at_most_two_copies_a_learner_and_one(make_blobs: Blobs, norm: str) -> None:
    data = make_blobs()
    chosen: Recipe = recipe(generalist(learners=THREE, norm=norm), model="resnet18:2")
    state = State.begin([chosen], data, "cpu")
    whole = {name: value.shape for name, value in state.learner.tensors().items()}
    for number in range(2):
        rows = torch.arange(20)
        _step(state, Batch(data.train.x[:20], data.train.y[:20], rows, number / 8, epochs=2))
    places: dict[str, set[int]] = {name: set() for name in whole}
    for learner in state.learners:
        for name, value in learner.tensors().items():
            places[name].add(value.data_ptr())
    for key, value in state.memory.items():
        if (name := key.partition("/")[2]) in whole:
            places[name].add(value.data_ptr())
    assert {len(found) for name, found in places.items() if name in state.learner.params} == {2 * 3 + 1}
    assert max(map(len, places.values())) == 7
    held = sum(value.nbytes for value in state.memory.values()) + sum(
        value.nbytes for learner in state.learners for value in learner.tensors().values()
    )
    assert held <= 7 * sum(value.nbytes for value in state.learner.tensors().values()) + 8 * (1 + 3)


def test_shares_of_three_learners_end_where_they_should(make_blobs: Blobs) -> None:
    """Without averaging, the global model is the mixture of the learners as they are."""
    fields = generalist(learners=THREE, mix={"weights": [0.5, 0.2, 0.3]}, decay=0, global_decay=0)
    run = trained(make_blobs(), fields, keep=["1/2", "1"])
    for moment, shares in (("1/2", (1, 0, 0)), ("1", (0.5, 0.2, 0.3))):
        for name, value in run.kept[moment].tensors.items():
            parts = [run.kept[f"{moment}+{one}"].tensors[name] for one in ("linf", "l2", "standard")]
            assert torch.allclose(
                value, torch.tensordot(torch.tensor(shares).float(), torch.stack(parts), 1), atol=1e-6
            )
    lone = trained(make_blobs(), ROBUST)  # the learners do not know of each other
    assert all(value.equal(run.kept["1+linf"].tensors[name]) for name, value in lone.kept["1"].tensors.items())
    assert train([recipe(ROBUST)], make_blobs())[0].history[-1]["train_loss"] == run.history[-1]["linf_train_loss"]


def test_learners_with_augmentations_of_their_own_are_three_plain_loops_and_a_weighted_sum(make_blobs: Blobs) -> None:
    """One sees the images attacked, one with noise, one with noise and then attacked; none sees another's."""
    noise = {"augment": [{"kind": "noise", "sigma": 0.2}]}
    learners = [
        {"strategy": ROBUST, "name": "linf"},
        {"strategy": {"kind": "standard", **noise}, "name": "noisy"},
        {"strategy": {**ROBUST, **noise}, "name": "both"},
    ]
    data, weights = make_blobs(), (0.5, 0.2, 0.3)
    fields = generalist(learners=learners, mix={"weights": weights}, decay=0, global_decay=0)
    run = trained(data, fields)

    def noisy(x: Tensor, number: int) -> Tensor:
        return (x + 0.2 * torch.randn(x.shape, generator=draw("augment", number))).clamp(0, 1)

    def step(rough: bool, robust: bool) -> Step:
        def loss(net: nn.Module, x: Tensor, y: Tensor, index: Tensor, number: int) -> Tensor:
            x = noisy(x, number) if rough else x
            return F.cross_entropy(net(attacked(net, x, y, number) if robust else x), y)

        return loss

    nets = {
        name: by_hand(data, step(rough, robust))
        for name, rough, robust in (("linf", False, True), ("noisy", True, False), ("both", True, True))
    }
    states = [net.state_dict() for net in nets.values()]
    for name, state in zip(nets, states, strict=True):
        assert all(torch.allclose(run.kept[f"1+{name}"].tensors[key], value, atol=1e-6) for key, value in state.items())
    for key, value in run.kept["1"].tensors.items():
        assert torch.allclose(value, sum(w * state[key] for w, state in zip(weights, states, strict=True)), atol=1e-6)
    plain = by_hand(data, step(False, False)).state_dict()
    assert max(float((plain[key] - value).abs().max()) for key, value in states[1].items()) > 1e-4  # noise matters


def test_what_learners_report_stands_under_their_names() -> None:
    contrastive = {"kind": "contrastive", "alpha": 0.0, "augment": []}
    learners = [{"name": "own", "strategy": contrastive}, {"strategy": "standard"}]
    made = Recipe(data="digits", model="mlp:8+projector:4", strategy=generalist(learners=learners))
    told = made.strategy.reported(torch.arange(40) % 2)
    assert told["own alpha"] == 0.0 and [note[:9] for note in told["notes"]] == ["own: alph"]
    plain = Recipe(data="digits", strategy=generalist())
    assert plain.strategy.reported(torch.arange(4)) == {}
