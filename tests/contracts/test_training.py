"""What every loss, strategy, intervention and model promises; a new one is tested the moment it is registered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from assay.data import Dataset
from assay.losses import Loss
from assay.models import MODELS, activations, build
from assay.train import Batch, Intervention, Recipe, Strategy, Teacher, train
from assay.train.draws import Draws
from assay.train.learner import Learner

Blobs = Callable[..., Dataset]

# A member that cannot be built from its kind alone says here how to build one.
BUILD: dict[str, dict[str, Any]] = {
    "hot_swap": {"activation": "tanh"},
    "anchored": {},
    "distilled": {},
    "generalist": {"hand_back": {"every": 1}},
    "targeted": {"name": "mark"},
}
START: dict[str, str] = {}  # the run that a strategy begins with, where it must begin with one


@pytest.fixture(autouse=True)
def beside(make_blobs: Blobs, tmp_path: Path) -> None:
    """A finished run in its folder, for those that learn from one, and a column of marks, every third example."""
    tensors = build("mlp:6", (1, 6, 6), 3).state_dict()
    save_file(tensors, tmp_path / "weights@1.safetensors")
    (tmp_path / "recipe.json").write_text('{"model": "mlp:6"}')
    BUILD["distilled"]["robust"] = BUILD["anchored"]["teacher"] = START["anchored"] = str(tmp_path)
    marks = "".join(f"{int(row % 3 == 0)}\n" for row in range(len(make_blobs().train)))
    (tmp_path / "marks.csv").write_text(f"mark\n{marks}")
    BUILD["targeted"]["file"] = str(tmp_path / "marks.csv")


def learner(runs: int, model: str = "mlp:6", start: str | None = None) -> Learner:
    weights = Teacher(run=start).network((1, 6, 6), 3, torch.device("cpu")).state_dict() if start else None
    return Learner([build(model, (1, 6, 6), 3, seed=s, weights=weights) for s in range(runs)], 3)


def model_for(strategy: Strategy) -> str:
    return "mlp:6+projector:5-4" if strategy.embeds else "mlp:6"


@pytest.mark.parametrize("kind", sorted(Loss.family))
def test_losses_are_finite_and_rank_a_right_answer_before_a_wrong_one(kind: str) -> None:
    loss = Loss.of(kind)
    right, wrong = (loss(torch.tensor([[3.0, 0.0, 0.0]]), torch.tensor([y])) for y in (0, 1))
    assert right.shape == (1,) and right.isfinite().all() and right < wrong


@pytest.mark.parametrize("kind", sorted(Strategy.family))
def test_strategies_give_one_number_an_example_for_one_run_and_for_a_stack(make_blobs: Blobs, kind: str) -> None:
    strategy = Strategy.of({"kind": kind, **BUILD.get(kind, {})}).settled(make_blobs(), 5, False)
    if strategy.team:  # its learners give them, each by a strategy of its own
        pytest.skip("has learners, which give them")
    for runs in (1, 3):
        shape = (5,) if runs == 1 else (runs, 5)
        batch = Batch(torch.rand(*shape, 1, 6, 6), torch.randint(3, shape), torch.zeros(shape, dtype=torch.long))
        model = learner(runs, model_for(strategy), START.get(kind))
        memory = strategy.init_state(model, make_blobs())
        draws = Draws(tuple(range(runs)), 0)
        prepared = strategy.prepare(model.net, batch, memory, draws)
        losses = strategy.losses(model.net, prepared, memory)
        assert losses.shape == prepared.y.shape and losses.isfinite().all()
        again = strategy.losses(model.net, strategy.prepare(model.net, batch, memory, draws), memory)
        assert losses.equal(again), "a step's losses are a function of its address"


@pytest.mark.parametrize("kind", sorted(Strategy.family))
def test_strategies_train_the_same_alone_and_stacked(make_blobs: Blobs, kind: str) -> None:
    plain = {"kind": kind, **BUILD.get(kind, {})}
    model = model_for(Strategy.of(plain))
    fields = {"data": "x", "model": model, "epochs": 2, "strategy": plain, "start": START.get(kind)}
    recipes = [Recipe(**fields, seed=s) for s in range(3)]
    stacked = train(recipes, make_blobs())
    for recipe, together in zip(recipes, stacked, strict=True):
        alone = train([recipe], make_blobs())[0]
        for name, value in alone.kept["1"].tensors.items():
            assert (value - together.kept["1"].tensors[name]).abs().max() < 1e-5


@pytest.mark.parametrize("kind", sorted(Intervention.family))
def test_interventions_fire_once_at_their_time_and_say_so(make_blobs: Blobs, kind: str) -> None:
    given = {"kind": kind, "at": "0.5", **BUILD.get(kind, {})}
    recipe = Recipe(data="x", model="mlp:6", epochs=2, batch=30, interventions=[given], keep=("0.5-", "0.5", "1"))
    plain, stressed = (train([r], make_blobs())[0] for r in (recipe.with_(interventions=()), recipe))
    events = [row for row in stressed.history if "event" in row]
    assert [event["share"] for event in events] == [0.5]
    for name, value in plain.kept["0.5-"].tensors.items():
        assert value.equal(stressed.kept["0.5-"].tensors[name]), "nothing happens before its time"


@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_take_images_or_say_why_not_and_every_activation_is_a_slot(name: str) -> None:
    net = build(name, (1, 12, 12), 4)
    assert net(torch.rand(3, 1, 12, 12)).shape == (3, 4)
    assert activations(net)
    kinds = {type(m) for m in net.modules()}
    assert not kinds & {torch.nn.ReLU, torch.nn.Tanh, torch.nn.GELU}
