"""The loop: equal to a hand-written one, to itself in a stack, and to itself after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.lab import Lab
from assay.models import build
from assay.train import Recipe, Result, train
from assay.train.draws import order

Blobs = Callable[..., Dataset]
OWN = """
from torch import nn
from torch.nn import functional as F
class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.first, self.act, self.gate = nn.Linear(36, 8), nn.GELU(), nn.Sigmoid()
        self.head = nn.Linear(8, classes)
    def forward(self, x):
        x = self.act(self.first(x.flatten(1)))
        return self.head(F.dropout(x, 0.5, self.training) * self.gate(x))
def net(shape, classes):
    return Net(classes)
"""

SWAP = {"kind": "hot_swap", "at": 0.5, "activation": "tanh", "loss": "focal"}


def recipe(**fields: object) -> Recipe:
    plain = {"data": "blobs", "model": "mlp:16-8", "epochs": 4, "batch": 32, "keep": ["0.5-", "0.5", "1"]}
    return Recipe.parse({**plain, **fields})


def same(a: Result, b: Result, tolerance: float = 0.0, moments: Sequence[str] = ()) -> bool:
    return all(
        (a.kept[m].tensors[k] - b.kept[m].tensors[k]).abs().max() <= tolerance
        for m in moments or a.kept
        for k in a.kept[m].tensors
    )


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_equals_a_hand_written_loop(make_blobs: Blobs, name: str) -> None:
    data = make_blobs()
    chosen = recipe(optimiser={"name": name, "lr": 0.01, "weight_decay": 0.01})
    net = build("mlp:16-8", data.shape, 3, seed=0, activation="relu")
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    extra = {"momentum": 0.9} if name == "sgd" else {}
    optimiser = kinds[name](net.parameters(), lr=0.01, weight_decay=0.01, **extra)
    for epoch in range(4):
        indices = order(0, epoch, 120, 32, 4)
        for chunk in indices.split(32):
            optimiser.zero_grad()
            F.cross_entropy(net(data.train.x[chunk]), data.train.y[chunk]).backward()
            optimiser.step()
    found = train([chosen], data)[0]
    for key, value in net.state_dict().items():
        assert found.kept["1"].tensors[key].allclose(value, atol=1e-5), key
    logits = net(data.val.x)
    assert found.history[-1]["val_loss"] == pytest.approx(F.cross_entropy(logits, data.val.y).item(), abs=1e-5)
    assert found.history[-1]["val_accuracy"] == pytest.approx((logits.argmax(1) == data.val.y).double().mean().item())


def test_learns(make_blobs: Blobs) -> None:
    assert train([recipe(epochs=30, optimiser={"lr": 0.01})], make_blobs())[0].history[-1]["val_accuracy"] > 0.9


@pytest.mark.parametrize("model", ["mlp:16-8", "cnn:4", "resnet18:2"])
def test_a_run_in_a_stack_is_the_run_alone(make_blobs: Blobs, model: str) -> None:
    data = make_blobs()
    recipes = [recipe(model=model, seed=s, interventions=[SWAP], epochs=2) for s in range(3)]
    together = train(recipes, data)
    for one, stacked in zip(recipes, together, strict=True):
        alone = train([one], data)[0]
        assert same(alone, stacked, 2e-4 if model.startswith("resnet") else 2e-6)
        assert [row.get("event") for row in alone.history] == [row.get("event") for row in stacked.history]
        assert alone.kept["1"].activations == stacked.kept["1"].activations


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize(("runs", "model"), [(1, "mlp:16-8"), (3, "mlp:16-8"), (1, "cnn:4-8"), (1, "resnet18:2")])
def test_interrupted_equals_uninterrupted_bit_for_bit(
    make_blobs: Blobs, tmp_path: Path, runs: int, model: str, optimiser: str
) -> None:
    data = make_blobs()
    swap_back = {**SWAP, "at": 0.3, "until": 0.8, "optimiser": "reset"}
    stress = [swap_back, {"kind": "fork", "at": 0.4}]
    fields = {"model": model, "optimiser": {"name": optimiser, "lr": 0.01}, "interventions": stress}
    recipes = [recipe(seed=s, **fields) for s in range(runs)]
    whole = train(recipes, data)
    for stop_after in (0.25, 0.5, 0.75):
        checkpoint = tmp_path / f"{stop_after}.safetensors"

        class Killed(Exception):
            pass

        def tell(share: float, history: object, at: float = stop_after) -> None:
            if share > at:
                raise Killed

        with pytest.raises(Killed):
            train(recipes, data, checkpoint=checkpoint, every=0, tell=tell)
        assert checkpoint.exists()
        resumed = train(recipes, data, checkpoint=checkpoint)
        for a, b in zip(whole, resumed, strict=True):
            assert same(a, b) and a.history == b.history and list(a.kept) == list(b.kept)


def test_a_stressed_run_is_its_twin_until_the_stress_fires(make_blobs: Blobs) -> None:
    data = make_blobs()
    plain, forked, stressed, to_itself = (
        train([recipe(interventions=i)], data)[0]
        for i in ([], [{"kind": "fork", "at": 0.5}], [SWAP], [{"kind": "hot_swap", "at": 0.5, "activation": "relu"}])
    )
    assert same(plain, stressed, moments=["0.5-"]) and same(plain, forked, moments=["0.5-", "0.5"])
    assert stressed.kept["0.5"].activations != plain.kept["0.5"].activations
    assert same(stressed, plain, moments=["0.5"])  # the swap changes functions, not weights
    assert not same(plain, forked, moments=["1"]) and not same(plain, stressed, moments=["1"])
    assert same(plain, to_itself)  # a swap to the same thing, optimiser kept, is nothing


def test_optimiser_reset_differs_from_kept(make_blobs: Blobs) -> None:
    data = make_blobs()
    kept, reset = (train([recipe(interventions=[{**SWAP, "optimiser": o}])], data)[0] for o in ("keep", "reset"))
    assert same(kept, reset, moments=["0.5"]) and not same(kept, reset, moments=["1"])


def test_a_diverging_run_is_a_result_and_leaves_its_neighbours_alone(make_blobs: Blobs) -> None:
    data = make_blobs()
    wild = recipe(optimiser={"name": "sgd", "lr": 1e8})
    found = train([wild, wild.with_(seed=1)], data)
    assert all(run.status.startswith("stopped: loss not finite at step") for run in found)
    assert "1" not in found[0].kept
    # one run's trouble: poison one run of a stack and compare the other with itself alone
    from assay.train.state import State

    begin = State.begin

    def poisoned(recipes: Sequence[Recipe], *rest: object) -> State:
        state = begin(recipes, *rest)
        if len(recipes) > 1:
            with torch.no_grad():
                state.learner.params["fc1.weight"][0] = float("inf")
        return state

    healthy = recipe(seed=1)
    alone = train([healthy], data)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "begin", staticmethod(poisoned))
        sick, well = train([recipe(seed=0), healthy], data)
    assert sick.status.startswith("stopped") and well.status == "finished"
    assert same(alone, well, 2e-6)


def test_every_firing_is_in_the_history(make_blobs: Blobs) -> None:
    interventions = [{**SWAP, "at": 0.25, "until": 0.75}, {"kind": "fork", "at": 0.5}]
    history = train([recipe(interventions=interventions)], make_blobs())[0].history
    events = [(row["event"], row["share"]) for row in history if "event" in row]
    assert events == [("hot swap", 0.25), ("fork", 0.5), ("swap back", 0.75)]


def test_orders_meet_every_example_once_an_epoch_also_around_a_fork() -> None:
    for forks in ((), (2,), (2, 6), (4,)):
        for epoch in range(3):
            found = order(0, epoch, 10, 3, 4, forks)
            assert sorted(found.tolist()) == list(range(10))
    assert order(0, 0, 10, 3, 4)[:6].equal(order(0, 0, 10, 3, 4, (2,))[:6])
    assert not order(0, 1, 10, 3, 4).equal(order(0, 1, 10, 3, 4, (2,)))
    assert not order(0, 0, 10, 3, 4).equal(order(1, 0, 10, 3, 4))


def test_dropout_draws_have_addresses_too(make_blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from torch import nn\n"
        "def net(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, classes))\n"
    )
    chosen = recipe(model=f"{tmp_path}/own.py:net")
    first = train([chosen], make_blobs())[0]
    torch.rand(7)
    assert same(first, train([chosen], make_blobs())[0])


def test_the_users_own_model_keeps_its_activations_and_gets_them_back(make_blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "gelu.py").write_text(OWN)
    swap = {"kind": "hot_swap", "at": 0.25, "until": 0.75, "activation": "tanh", "layers": "act"}
    chosen = recipe(model=f"{tmp_path}/gelu.py:net", interventions=[swap], keep=["0", "0.5", "1"])
    first, again = train([chosen], make_blobs())[0], train([chosen], make_blobs())[0]
    kinds = [first.kept[moment].activations for moment in ("0", "0.5", "1")]
    assert kinds == [{"act": "gelu", "gate": "sigmoid"}, {"act": "tanh", "gate": "sigmoid"}, kinds[0]]
    assert same(first, again)  # also what the forward draws by itself


def test_a_run_may_start_from_another(make_blobs: Blobs, tmp_path: Path) -> None:
    """It begins with those weights, whatever its seed; a projector is added fresh; another model is refused."""
    data = make_blobs()
    (first,) = train([recipe(keep=["1"])], data)
    Lab(tmp_path).put("run", recipe().plain(), first, {})
    start = {"run": str(tmp_path / "runs" / "run")}
    begun = train([recipe(start=start, keep=["0"], seed=seed, epochs=1) for seed in (5, 6)], data)
    for run in begun:
        assert all(value.equal(first.kept["1"].tensors[name]) for name, value in run.kept["0"].tensors.items())
    (wider,) = train([recipe(model="mlp:16-8+projector:4", start=start, keep=["0"], epochs=1)], data)
    (fresh,) = train([recipe(model="mlp:16-8+projector:4", keep=["0"], epochs=1)], data)
    own, drawn = wider.kept["0"].tensors, fresh.kept["0"].tensors
    taken = {name for name in own if not own[name].equal(drawn[name])}
    assert taken == {name for name in own if not name.startswith("projector")}
    assert own["head.weight"].equal(first.kept["1"].tensors["head.weight"])
    with pytest.raises(BadInput, match="weights of another model"):
        train([recipe(model="mlp:16", start=start)], data)
    with pytest.raises(BadInput, match=r"no recipe\.json"):
        train([recipe(start={"run": str(tmp_path / "nowhere")})], data)
