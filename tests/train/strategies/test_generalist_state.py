"""A generalist as state: in a stack, interrupted, swapped, forked, begun from a run, kept and stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from assay.data import Dataset
from assay.lab import Lab
from assay.lab.execute import executor
from assay.lab.jobs import Source, carry_out, plan
from assay.lab.store import unpack
from assay.train import Recipe, Result, train

from .toy import recipe

Blobs = Callable[..., Dataset]
ROBUST = {"kind": "adversarial", "attack": {"kind": "pgd", "eps": 0.1, "steps": 1}}
SGD = {"name": "sgd", "lr": 0.05, "weight_decay": 1e-3, "schedule": [[0, 1], [1, 0.1]]}
PLAIN = {
    "kind": "generalist",
    "learners": [{"strategy": ROBUST, "optimiser": SGD}, {"strategy": "standard", "optimiser": {"name": "adam"}}],
    "hand_back": {"every": 2, "start": "1/4"},
    "mix": {"start": "1/4"},
    "decay": 0.9,
    "ramp": "mean",  # as an average alone begins
}
INNER = {  # learners that remember something of their own
    **PLAIN,
    "learners": [
        {"strategy": {"kind": "averaged", "inner": ROBUST, "decay": 0.5}, "optimiser": SGD},
        {"strategy": {"kind": "temporal", "inner": ROBUST}, "optimiser": {"name": "adam"}},
        {"strategy": {"kind": "small_loss", "inner": ROBUST, "treatment": {"kind": "stale"}, "threshold": 2}},
    ],
}
STRESS = [
    {"kind": "hot_swap", "at": 0.3, "until": 0.8, "activation": "tanh"}, {"kind": "fork", "at": 0.4},
]  # fmt: skip
TO_AND_FRO = [{"kind": "hot_swap", "at": 0.3, "until": 0.6, "strategy": PLAIN}]


def chosen(strategy: Any = PLAIN, **fields: Any) -> Recipe:
    plain = {"epochs": 5, "optimiser": {"name": "adam", "lr": 0.01}, "keep": ["best", "1/2", "1"]}
    return recipe(strategy, **{**plain, **fields})


def same(a: Result, b: Result, tolerance: float = 0.0) -> bool:
    return list(a.kept) == list(b.kept) and all(
        (value - b.kept[moment].tensors[name]).abs().max() <= tolerance
        for moment, kept in a.kept.items()
        for name, value in kept.tensors.items()
    )


@pytest.mark.parametrize(("strategy", "model", "norm"), [
    (PLAIN, "mlp:12", "estimate"), (PLAIN, "cnn:4", "estimate"), (PLAIN, "resnet18:2", "average"),
    (PLAIN, "resnet18:2", "separate"), (PLAIN, "preresnet:2", "estimate"), (INNER, "mlp:12", "estimate"),
])  # fmt: skip
def test_a_run_in_a_stack_is_the_run_alone(make_blobs: Blobs, strategy: Any, model: str, norm: str) -> None:
    data, epochs = make_blobs(n=64), 2
    recipes = [chosen({**strategy, "norm": norm}, model=model, epochs=epochs, seed=seed) for seed in range(2)]
    for one, stacked in zip(recipes, train(recipes, data), strict=True):
        (alone,) = train([one], data)
        assert same(alone, stacked, 1e-5 if "res" not in model else 1e-3)
        assert [set(row) for row in alone.history] == [set(row) for row in stacked.history]


class Killed(Exception):
    pass


@pytest.mark.parametrize(("strategy", "fields", "runs"), [
    (PLAIN, {"interventions": STRESS}, 2), (PLAIN, {"model": "cnn:4", "interventions": STRESS}, 1),
    (PLAIN, {"model": "resnet18:2"}, 1), (INNER, {"interventions": STRESS}, 1), (INNER, {"model": "cnn:4"}, 1),
    ("standard", {"interventions": TO_AND_FRO}, 1),
])  # fmt: skip
def test_interrupted_equals_uninterrupted_bit_for_bit(
    make_blobs: Blobs, tmp_path: Path, strategy: Any, fields: dict[str, Any], runs: int
) -> None:
    data = make_blobs(n=64)
    plain = {"kind": strategy} if isinstance(strategy, str) else strategy
    recipes = [chosen(plain, seed=seed, **fields) for seed in range(runs)]
    whole = train(recipes, data)
    for stop_after in (0.25, 0.5, 0.75):
        checkpoint = tmp_path / f"{stop_after}.safetensors"

        def tell(share: float, history: object, at: float = stop_after) -> None:
            if share > at:
                raise Killed

        with pytest.raises(Killed):
            train(recipes, data, checkpoint=checkpoint, every=0, tell=tell)
        for a, b in zip(whole, train(recipes, data, checkpoint=checkpoint), strict=True):
            assert same(a, b) and a.history == b.history


def test_what_a_learner_averages_itself_is_not_what_is_averaged_of_it(make_blobs: Blobs) -> None:
    """A learner whose strategy keeps an average of its own trains as it would without it, and so does its average."""
    data, runs = make_blobs(), []
    for strategy in (ROBUST, {"kind": "averaged", "inner": ROBUST, "decay": 0.5}):
        both = [{"strategy": strategy, "name": "robust"}, {"strategy": "standard"}]
        runs.append(train([chosen({**PLAIN, "learners": both})], data)[0])
    assert same(runs[0], runs[1]) and runs[0].history == runs[1].history


def test_an_activation_is_swapped_in_every_learner(make_blobs: Blobs) -> None:
    swap = {"kind": "hot_swap", "at": 0.5, "activation": "tanh"}
    data, lone = make_blobs(), {**PLAIN, "hand_back": None}
    (run,) = train([chosen(lone, interventions=[swap], keep=["1/2-", "1/2", "1"])], data)
    for part, strategy, optimiser in (
        ("+adversarial", ROBUST, SGD),
        ("+standard", {"kind": "standard"}, {"name": "adam"}),
    ):
        usual = {**{"name": "adam", "lr": 0.01}, **optimiser}
        average = {"kind": "averaged", "inner": strategy, "decay": 0.9}
        (alone,) = train([chosen(average, interventions=[swap], optimiser=usual, keep=["1/2-", "1/2", "1"])], data)
        for moment in ("1/2-", "1/2", "1"):
            kept = run.kept[moment + part]
            assert kept.activations == alone.kept[moment].activations
            assert all(value.equal(kept.tensors[name]) for name, value in alone.kept[moment].tensors.items())
    assert set(run.kept["1/2-"].activations.values()) == {"relu"} and set(run.kept["1"].activations.values()) == {
        "tanh"
    }


def test_swaps_to_and_from_a_generalist_begin_where_the_network_is(make_blobs: Blobs) -> None:
    data, moments = make_blobs(), ["1/2-", "1/2", "3/4-", "3/4", "1"]
    there = {"kind": "hot_swap", "at": 0.5, "until": 0.75, "strategy": PLAIN}
    (run,) = train([chosen({"kind": "standard"}, interventions=[there], keep=moments, epochs=4)], data)
    begun = run.kept["1/2"].tensors
    for part in ("1/2-", "1/2+adversarial", "1/2+standard"):
        assert all(value.equal(begun[name]) for name, value in run.kept[part].tensors.items())
    ended = run.kept["3/4-"].tensors
    assert all(value.equal(ended[name]) for name, value in run.kept["3/4"].tensors.items())
    assert not same_tensors(ended, begun)
    assert "3/4-+standard" in run.kept and "3/4+standard" not in run.kept and "1+standard" not in run.kept
    assert ["adversarial_train_loss" in row for row in run.history if "epoch" in row] == [False, False, True, False]


def same_tensors(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(value.equal(b[name]) for name, value in a.items())


def test_a_fork_changes_only_what_follows(make_blobs: Blobs) -> None:
    fork = {"kind": "fork", "at": 0.5}
    plain, forked = (train([chosen(interventions=one)], make_blobs())[0] for one in ([], [fork]))
    for part in ("", "+adversarial", "+standard"):
        assert same_tensors(plain.kept[f"1/2{part}"].tensors, forked.kept[f"1/2{part}"].tensors)
        assert not same_tensors(plain.kept[f"1{part}"].tensors, forked.kept[f"1{part}"].tensors)


def test_best_is_the_epoch_of_the_highest_score_and_its_parts_are_of_that_epoch(make_blobs: Blobs) -> None:
    moments = [f"{epoch}/5" for epoch in range(1, 6)]
    fields = {**PLAIN, "select": {"clean_weight": 0.3}}
    (run,) = train([chosen(fields, keep=["best", *moments], record=["train", "test"])], make_blobs())
    rows = [row for row in run.history if "epoch" in row]
    for row in rows:
        assert row["val_selection"] == pytest.approx(0.3 * row["val_accuracy"] + 0.7 * row["val_robust_accuracy"])
        assert row["train_loss"] == pytest.approx((row["adversarial_train_loss"] + row["standard_train_loss"]) / 2)
    at = max(range(5), key=lambda epoch: rows[epoch]["val_selection"])
    for part in ("", "+adversarial", "+standard"):
        assert same_tensors(run.kept[f"best{part}"].tensors, run.kept[moments[at] + part].tensors)


def test_a_lab_gives_parts_back_and_another_run_begins_with_the_global_model(make_blobs: Blobs, tmp_path: Path) -> None:
    data, lab = make_blobs(), Lab(tmp_path)
    begun = chosen(keep=["best", "1"])
    (run,) = train([begun], data)
    lab.put("first", begun.plain(), run, {})
    assert lab.record("first")["moments"] == [
        m + part for m in ("best", "1") for part in ("", "+adversarial", "+standard")
    ]
    for moment in lab.record("first")["moments"]:
        tensors, activations = unpack(lab.weights("first", moment))
        assert same_tensors(run.kept[moment].tensors, tensors) and activations == run.kept[moment].activations
    (next_run,) = train([chosen(start=str(lab.run("first")), keep=["0"], seed=7)], data)
    for part in ("0", "0+adversarial", "0+standard"):  # all of it: learners and their averages
        assert same_tensors(next_run.kept[part].tensors, run.kept["1"].tensors)
    from_part = {"run": str(lab.run("first")), "moment": "1+standard"}
    (other,) = train([chosen({"kind": "standard"}, start=from_part, keep=["0"], epochs=1)], data)
    assert same_tensors(other.kept["0"].tensors, run.kept["1+standard"].tensors)


def test_the_example_is_a_recipe_and_trains(make_blobs: Blobs) -> None:
    example = Recipe.read(Path(__file__).parents[3] / "examples" / "generalist.yaml")
    short = example.with_(model="mlp:6", epochs=5)
    (run,) = train([short], make_blobs(n=64))
    assert run.status == "finished"
    assert list(run.kept) == [moment + part for moment in ("best", "1") for part in ("", "+natural", "+robust")]


@pytest.mark.parametrize("strategy", [{"kind": "averaged"}, {**PLAIN, "hand_back": None}])
def test_estimates_draw_dropout_from_addresses(make_blobs: Blobs, tmp_path: Path, strategy: dict[str, Any]) -> None:
    (tmp_path / "own.py").write_text(
        "from torch import nn\n"
        "def net(shape, classes):\n"
        "    first = [nn.Flatten(), nn.Linear(36, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.ReLU()]\n"
        "    return nn.Sequential(*first, nn.Linear(8, classes))\n"
    )
    one, data = chosen(strategy, model=f"{tmp_path}/own.py:net", epochs=4, keep=["1/2", "1"]), make_blobs(n=64)
    (whole,) = train([one], data)

    def tell(share: float, history: object) -> None:
        if share > 0.5:
            raise Killed

    with pytest.raises(Killed):
        train([one], data, checkpoint=tmp_path / "c.safetensors", every=0, tell=tell)
    torch.rand(7)
    assert same(whole, train([one], data, checkpoint=tmp_path / "c.safetensors")[0])


@pytest.mark.parametrize("on", ["inline", "processes:2"])
def test_executors_bring_the_parts_home(tmp_path: Path, on: str) -> None:
    recipes = [chosen(model="mlp:4", data="digits", epochs=2, batch=256, seed=seed, keep=["1"]) for seed in range(2)]
    source, lab = Source("digits"), Lab(tmp_path)
    runs = {one.run_id(source.load().learned): one for one in recipes}
    jobs = plan(runs, source, lab, stack=1, threads=1, device="cpu")
    for number, outcome in executor(on)(carry_out, jobs):
        lab.put(jobs[number].runs[0], jobs[number].recipes[0], outcome.results[0], outcome.about)
    for run, one in runs.items():
        (alone,) = train([one], source.load())
        assert list(alone.kept) == ["1", "1+adversarial", "1+standard"] == lab.record(run)["moments"]
        for moment, kept in alone.kept.items():
            assert same_tensors(kept.tensors, unpack(lab.weights(run, moment))[0])
