"""Further axes by path, the usual ones of a generalist, and robustness as a goal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

pytest.importorskip("optuna", reason="optuna is not installed: pip install 'assay[tune]'")

from assay.attacks import PGD
from assay.core.errors import BadInput
from assay.core.files import write_json
from assay.data import Dataset, Split
from assay.lab import Lab
from assay.lab.observe import load_model
from assay.studies import Means
from assay.studies.overfitting.look import Ball
from assay.studies.tune import configure_tune, tune
from assay.studies.tune.also import label
from assay.studies.tune.attempts import known_figures, view_of
from assay.studies.tune.figures import Seen, figure, take
from assay.studies.tune.space import Space
from assay.studies.tune.warm import best_settings, read_warm
from assay.train import Generalist, Recipe

TEAM: dict[str, Any] = {
    "kind": "generalist",
    "learners": [
        {"name": "robust", "strategy": {"kind": "adversarial", "attack": {"kind": "pgd", "eps": 0.1, "steps": 2}}},
        {"name": "natural", "strategy": "standard", "optimiser": {"weight_decay": 5e-4}},
    ],
}
BASE = Recipe.parse({"data": "digits", "model": "mlp:16", "epochs": 8, "activation": "relu", "strategy": TEAM})
FIRST, SECOND = "strategy.learners.0.optimiser", "strategy.learners.1.optimiser"
MIX = "strategy.mix.weights"


def space(**also: Any) -> Space:
    return Space.parse({"also": also})


def test_a_path_is_an_axis_and_its_values_reach_the_recipe() -> None:
    given_ = {f"{FIRST}.weight_decay": [0, 3.5e-3], MIX: [[0.4, 0.6], [0.7, 0.3]], "strategy.global_decay": [None, 0.5]}
    own = space(**given_, **{"strategy.learners.0.strategy.attack.eps": {"low": "8/255", "high": 0.2}})
    own.check(BASE)
    axes = own.axes(BASE)
    assert axes[f"{FIRST}.weight_decay"] == {"choices": [0, 3.5e-3]} and axes[MIX]["choices"][1] == "[0.7, 0.3]"
    assert axes["strategy.learners.0.strategy.attack.eps"] == {"low": 8 / 255, "high": 0.2}
    values = own.values(BASE, BASE)
    assert values is not None and values[f"{FIRST}.weight_decay"] == 0 and values[MIX] == "[0.4, 0.6]"  # left unsaid
    assert values["strategy.global_decay"] == "null" and own.recipe(BASE, values) == BASE
    other = {**values, f"{FIRST}.weight_decay": 3.5e-3, MIX: "[0.7, 0.3]", "strategy.global_decay": 0.5}
    found = own.recipe(BASE, other)
    assert isinstance(found.strategy, Generalist) and found.strategy.mix.weights == (0.7, 0.3)
    assert found.strategy.learners[0].optimiser.weight_decay == 3.5e-3 and found.strategy.global_decay == 0.5
    assert found.strategy.learners[1] == BASE.strategy.learners[1]  # type: ignore[attr-defined]
    assert own.values(found, BASE) == other


def test_any_strategy_has_further_axes_and_whole_ends_are_whole_numbers() -> None:
    base = BASE.with_(strategy={"kind": "trades"})
    own = space(**{"strategy.beta": {"low": 0.5, "high": 12}, "strategy.attack.steps": {"low": 2, "high": 10}})
    values = own.values(base, base)
    assert values is not None and (values["strategy.beta"], values["strategy.attack.steps"]) == (6, 10)
    assert own.axes(base)["strategy.attack.steps"] == {"low": 2, "high": 10}
    assert isinstance(own.axes(base)["strategy.attack.steps"]["low"], int)
    assert Space().axes(base) == space().axes(base)  # no usual ones


def test_the_usual_axes_of_a_generalist_have_what_it_has() -> None:
    axes = Space().axes(BASE)
    own = [f"{one}.{name}" for one in (FIRST, SECOND) for name in ("lr", "weight_decay")]
    assert set(axes) == {"width", "depth", "taper", "activation", "batch", "optimiser", "epochs", *own, MIX}
    assert axes[f"{FIRST}.lr"] == {"low": 1e-4, "high": 1e-1}
    assert axes[f"{SECOND}.weight_decay"]["choices"] == [0, 1e-4, 5e-4, 1e-2]
    values = Space().values(BASE, BASE)
    assert values is not None and Space().recipe(BASE, values) == BASE
    assert (values[f"{FIRST}.lr"], values[f"{SECOND}.weight_decay"], values[MIX]) == (1e-3, 5e-4, "[0.4, 0.6]")
    three = BASE.with_(strategy={"kind": "generalist", "learners": ["adversarial", "standard", "trades"]})
    assert MIX not in Space().axes(three) and "strategy.learners.2.optimiser.lr" in Space().axes(three)


def test_what_every_learner_has_of_its_own_is_not_searched_for_all() -> None:
    assert {"lr", "weight_decay"} <= set(space().axes(BASE))  # switched off; the first learner listens to both
    assert not [path for path in space().axes(BASE) if "." in path]
    assert "weight_decay" not in space(**{f"{FIRST}.weight_decay": [0, 1]}).axes(BASE)
    assert "lr" in space(**{f"{FIRST}.lr": [0.1, 1]}).axes(BASE)


@given(st.data())
def test_values_and_recipes_are_the_same_thing_said_twice(data: st.DataObject) -> None:
    own = Space()
    usual = own.values(BASE, BASE)
    assert usual is not None
    values = {
        name: data.draw(st.sampled_from(axis["choices"] if "choices" in axis else [axis["low"], axis["high"]]))
        for name, axis in own.axes(BASE).items()
    }
    values |= {"depth": 1, "taper": "even"}  # of one layer either taper is the same
    assert own.values(own.recipe(BASE, values), BASE) == values


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ("{strategy.learner.0.optimiser.lr: [1]}", "did you mean 'learners'"),
        ("{strategy.learners.7.optimiser.lr: [1]}", "check the path"),
        ("{strategy.learners.0.optimiser.lrr: [1]}", "did you mean 'lr'"),
        ("{strategy.mix.weights: [[0.4,0.7]]}", "add up to 1"),
        ("{strategy.decay: {low: 0.9, high: 1.5}}", "less than 1"),
        ("{strategy.decay: {low: 0, high: 0.9}}", "from a smaller to a larger"),
        ("{strategy.decay: {low: 0.9}}", "high: is needed"),
        ("{strategy.decay: 0.9}", "write choices"),
        ("{strategy.decay: []}", "at least one"),
        ("{strategy.decay: [0.5, 0.5]}", "different choices"),
        ("{strategy.hand_back.every: [5, 50]}", "never comes"),
        ("{optimiser.lr: [0.1]}", "change space.lr"),
        ("{seed: [0, 1]}", "is not searched"),
        ("{strategy.mix: [null], strategy.mix.start: [0.5]}", "give one of the two"),
        ("3", "valid dictionary"),
    ],
)
def test_axes_that_cannot_be_meant_are_one_line_before_any_training(also: str, words: str) -> None:
    settings = ("model=mlp:8", "epochs=8", f"strategy={json.dumps(TEAM)}", f"space.also={also}")
    with pytest.raises(BadInput, match=words) as error:
        configure_tune("digits", goal="val_accuracy", settings=settings)
    assert "space.also" in str(error.value) and "\n" not in str(error.value)


def test_axes_are_part_of_what_a_search_is() -> None:
    specs = [
        configure_tune("digits", goal="val_accuracy", settings=("strategy=generalist", *more))[0]
        for more in ((), ("space.also={}",), ("space.also={strategy.decay: [0.9, 0.99]}",))
    ]
    assert len({spec.fingerprint() for spec in specs}) == 3
    assert type(specs[2]).parse(specs[2].plain()) == specs[2]


LITTLE = ("epochs=8", "model=mlp:8", "batch=32", "space.width=[4,16]", "space.depth=[1,1]", "space.batch=[32]")
SEARCHED = (*LITTLE, "space.epochs=[0.25,1]", "space.taper=[even]", "tune.pruning=false", "optimiser.lr=0.01")


def search(parts: Path, lab: Path, trials: int, *settings: str, goal: str = "val_accuracy, robust_accuracy") -> Path:
    spec, data = configure_tune(str(parts), goal=goal, settings=(*SEARCHED, f"strategy={json.dumps(TEAM)}", *settings))
    return tune(spec, data, Lab(lab), Means("inline"), trials=trials)


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "trials.csv", keep_default_na=False, na_values=[""])


def test_a_search_over_learners_can_be_stopped_and_begin_warm(parts: Path, tmp_path: Path) -> None:
    search(parts, tmp_path / "lab", 3)
    folder = search(parts, tmp_path / "lab", 6)
    whole = search(parts, tmp_path / "whole", 6)
    assert (folder / "trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()
    rows, found = table(folder), json.loads((folder / "result.json").read_text())
    assert set(rows["status"]) == {"finished"} and rows["start"][0] == "default"
    assert (rows["robust_accuracy"] <= rows["val_accuracy"]).all()  # all of this val are attacked
    assert (rows["epochs"] == 0.25).any()  # two epochs, of which none is a fifth
    for run, share, weights in zip(rows["run"], rows["epochs"], rows[MIX], strict=True):
        strategy = Recipe.read(tmp_path / "lab" / "runs" / run / "recipe.json").strategy
        assert isinstance(strategy, Generalist) and strategy.hand_back is not None
        assert strategy.hand_back.every == (2 if share == 0.25 else 5)
        assert json.loads(weights) == list(strategy.mix.ends(2))
    assert any("trust level C" in line and "upper bound" in line for line in found["text"])
    spec, dataset = configure_tune(
        str(parts), goal="val_accuracy", settings=(*SEARCHED, f"strategy={json.dumps(TEAM)}", "tune.seed=1")
    )
    starts, said = best_settings(read_warm(folder), spec.goals, spec.space, spec.recipe, dataset)
    assert said.startswith(f"{len(starts)} best of 6") and len(starts) == 5
    earlier = {rows.loc[n, "run"] for n in rows.index}
    assert all(spec.space.recipe(spec.recipe, values).run_id(dataset.learned) in earlier for values in starts)


def test_every_trial_is_attacked_alike_and_values_that_do_not_go_together_are_rows(parts: Path, tmp_path: Path) -> None:
    eps = "strategy.learners.0.strategy.attack.eps"
    starts = "strategy.hand_back.start: [0.4, 0.6], strategy.start: [0, 0.5]"  # 0.4 lies before 0.5
    fixed = ("space.activation=[relu]", "space.optimiser=[adam]", "space.epochs=[1]", "space.width=[8,8]")
    folder = search(parts, tmp_path / "lab", 8, f"space.also={{{eps}: [0.1, 0.001], {starts}}}", *fixed)
    rows = table(folder)
    wrong = (rows["strategy.hand_back.start"] == 0.4) & (rows["strategy.start"] == 0.5)
    assert wrong.any() and (rows["status"] == "failed").equals(wrong)
    assert rows[wrong]["reason"].str.contains("lies before the averages begin").all()
    spec, data = configure_tune(
        str(parts), goal="robust_accuracy", settings=(*SEARCHED, f"strategy={json.dumps(TEAM)}")
    )
    assert spec.ball == Ball("Linf", 0.1)
    weak = rows[(rows[eps] == 0.001) & ~wrong]
    assert len(weak)
    for run, told in zip(weak["run"], weak["robust_accuracy"], strict=True):
        net = load_model(Lab(tmp_path / "lab").weights(run, "1"), "mlp:8", data)
        found = take(["robust_accuracy"], Seen(net, data, "val", ball=spec.ball))
        assert found["robust_accuracy"] == pytest.approx(told, abs=1e-6)  # seven digits in a table


def linear(n: int) -> tuple[Dataset, nn.Linear]:
    draw = np.random.default_rng(0)
    x = draw.uniform(0.3, 0.7, (n, 6)).astype(np.float32)
    labels = (x @ np.array([1.0, -1.0, 0.5, 0.0, 0.3, -0.8]) > 0).astype(np.int64)
    split = Split(x, labels)
    net = nn.Linear(6, 2)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[-0.5, 0.4, -0.2, 0.0, -0.1, 0.4], [0.5, -0.5, 0.2, 0.1, 0.1, -0.4]]))
        net.bias.zero_()
    return Dataset("rows", {"train": split, "val": split, "test": split}, ("a", "b"), "table"), net


def test_robust_accuracy_is_what_geometry_says_of_a_linear_network() -> None:
    data, net = linear(700)
    seen = Seen(net, data, "val", ball=Ball("Linf", 0.05))
    x, y = seen.x[:512].double().numpy(), seen.labels[:512]
    w = (net.weight[1] - net.weight[0]).detach().double().numpy()
    margin = (2 * y - 1) * (x @ w)  # and |w|_1 eps is the most that the ball takes off it, far from 0 and 1
    asked = figure("robust_accuracy")
    found = asked.of(seen, seen.every)
    assert 0.2 < found < 0.8 and found == np.mean(margin > 0.05 * np.abs(w).sum())
    moved = PGD(norm="Linf", eps=0.05, steps=10).attack(net, seen.x[:512], torch.from_numpy(y))
    assert found == np.mean(net(moved).argmax(1).numpy() == y)
    assert asked.on("test") == "test_robust_accuracy" and "trust level C" in asked.what
    with pytest.raises(BadInput, match="no attack"):
        asked.of(Seen(net, data, "val"), seen.every)


@pytest.mark.parametrize(
    "asked", [{"goal": "robust_accuracy"}, {"goal": "gap", "constraints": ["robust_accuracy>=0.3"]}]
)
def test_robustness_needs_an_attack(asked: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"strategy 'standard' has no attack.*--set strategy=adversarial"):
        configure_tune("digits", **asked)
    assert configure_tune("digits", settings=("strategy=trades",), **asked)[0].ball is not None
    assert configure_tune("digits", goal="gap", settings=("strategy=trades",))[0].ball is None


def test_figures_of_another_ball_are_not_taken_for_those_of_this_one(tmp_path: Path) -> None:
    lab, views = Lab(tmp_path), [view_of("d", ball) for ball in (None, Ball("Linf", 0.1), Ball("L2", 0.1))]
    write_json(lab.measures("r", "tune"), {"view": views[1], "val": {"robust_accuracy": 0.5}})
    assert [known_figures(lab, "r", "val", view) for view in views] == [{}, {"robust_accuracy": 0.5}, {}]


def test_labels_tell_choices_apart() -> None:
    choices: list[Any] = [1, 0.5, "a", True, None, [0.4, 0.6], {"b": 1, "a": 2}]
    assert len({label(choice) for choice in choices}) == len(choices)
