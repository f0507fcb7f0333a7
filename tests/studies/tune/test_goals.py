"""Goals, constraints, wishes and the search space: what may be asked for, and one line for what may not."""

from __future__ import annotations

import pytest

from assay.core.errors import BadInput
from assay.studies.tune import RULES, configure_tune
from assay.studies.tune.choose import compromise, front, in_words, nearest
from assay.studies.tune.figures import FIGURES, figure
from assay.studies.tune.goals import Goal, feasible, parse_constraint, parse_goals
from assay.studies.tune.rules import understand
from assay.studies.tune.space import Space
from assay.train import Optimiser, Recipe

BASE = Recipe(data="digits", model="mlp:128-64", epochs=20, activation="relu")


def test_a_sign_is_taken_and_a_missing_one_comes_from_the_figure() -> None:
    goals = parse_goals("accuracy, flip_rate, +complexity, -margin_sensitivity")
    assert [str(goal) for goal in goals] == ["+val_accuracy", "-flip_rate", "+complexity", "-margin_sensitivity"]
    assert [goal.oriented(2.0) for goal in goals] == [2, -2, 2, -2]
    assert parse_goals("gap, gap") == (Goal(figure="gap", sign="-"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("val_acuracy", "did you mean 'val_accuracy'"),
        ("", "name at least one"),
        ("sensitivity", "write -sensitivity for less or \\+sensitivity for more"),
        ("+gap, -gap", "goals cannot contradict"),
        ("linear_cka", "no goal is called 'linear_cka'"),
    ],
)
def test_goals_that_cannot_be_meant(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_goals(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flip_rate", "write a figure, <= or >=, and a number"),
        ("flip_rate<=x", "write a figure"),
        ("flip_rat<=0.1", "did you mean 'flip_rate'"),
        ("flip_rate<=-0.1", "no model can keep it"),
        ("val_accuracy>=1.5", "no model can keep it"),
    ],
)
def test_constraints_that_cannot_be_meant(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_constraint(text)


def test_constraints_are_kept_up_to_their_bound() -> None:
    both = (parse_constraint("flip_rate<=0.02"), parse_constraint("val_accuracy>=0.9"))
    assert feasible(both, {"flip_rate": 0.02, "val_accuracy": 0.9})
    assert not feasible(both, {"flip_rate": 0.021, "val_accuracy": 0.9})
    rows = [{"flip_rate": 0.04, "val_accuracy": 0.9}, {"flip_rate": 0.02, "val_accuracy": 0.8}]
    assert nearest(rows, both) == 1  # an eighth too low is less than twice too high


def test_every_figure_has_a_direction_or_asks_for_one() -> None:
    for name in FIGURES:
        assert figure(name).better in ("higher", "lower", "context") and figure(name).range[0] < figure(name).range[1]


def test_the_front_and_the_choice() -> None:
    points = [(0.9, -5.0), (0.89, -1.0), (0.5, -0.1), (0.85, -2.0)]
    assert front(points) == [True, True, True, False]
    assert compromise(points, slack=0.02) == 1 and compromise(points, slack=0.0) == 0
    assert compromise([(p[0],) for p in points], slack=0.5) == 0
    goals = parse_goals("val_accuracy, -sensitivity")
    rows = [{"val_accuracy": a, "sensitivity": -s} for a, s in points[:3]]
    first, second = in_words(goals, rows, ["a", "b", "c"], 1)
    assert first == "a has the best val_accuracy: 0.9; the chosen b has 0.89, 0.01 less"
    assert second == "c has the best sensitivity: 0.1; the chosen b has 1, 0.9 more"


@pytest.mark.parametrize("model", ["mlp:128-64", "mlp:64", "mlp:32-32-32", "cnn", "cnn:8-16-32", "resnet18:16"])
def test_settings_and_recipes_are_the_same_thing_said_twice(model: str) -> None:
    base = BASE.with_(model=model)
    values = Space().values(base, base)
    assert values is not None and Space().recipe(base, values) == base
    other = {**values, "lr": 0.05, "optimiser": "sgd", "epochs": 0.5, "activation": "tanh", "batch": 32}
    recipe = Space().recipe(base, other)
    assert (recipe.optimiser.lr, recipe.optimiser.name, recipe.epochs, recipe.activation) == (0.05, "sgd", 10, "tanh")
    assert Space().values(recipe, base) == other


def test_recipes_outside_the_space_have_no_settings() -> None:
    for outside in (
        BASE.with_(optimiser=Optimiser(lr=0.5)),
        BASE.with_(model="mlp:128-17"),
        BASE.with_(batch=48),
        BASE.with_(model="cnn"),
    ):
        assert Space().values(outside, BASE) is None
    own = BASE.with_(model="/x/own.py:net")
    assert set(Space().axes(own)) == {"lr", "activation", "weight_decay", "batch", "optimiser", "epochs"}


def test_the_space_is_changed_by_settings() -> None:
    settings = ("space.lr=[1e-4,1e-2]", "space.activation=[tanh]", "epochs=3", "tune.seed=4")
    spec, _ = configure_tune("digits", goal="val_accuracy", settings=settings)
    assert spec.space.axes(spec.recipe)["lr"] == {"low": 1e-4, "high": 1e-2}
    assert (spec.space.activation, spec.recipe.epochs, spec.seed) == (("tanh",), 3, 4)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("space.lr=[1e-1,1e-4]", "from a smaller to a larger"),
        ("space.activation=[tanhh]", "did you mean 'tanh'"),
        ("space.lrr=[1,2]", "did you mean 'lr'"),
        ("space.batch=[]", "at least one"),
        ("rules.misses.goal=x", "did you mean 'goals'"),
        ("optimiser.lrr=1", "did you mean 'lr'"),
    ],
)
def test_spaces_that_cannot_be_meant(setting: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        configure_tune("digits", goal="val_accuracy", settings=(setting,))


def test_wishes_become_goals_and_the_table_can_be_changed() -> None:
    assert understand("We must not MISS rare events", RULES) == "misses"
    spec, _ = configure_tune("digits", goal="-seconds", wishes=["too many false alarms"])
    assert [str(g) for g in spec.goals] == ["-seconds", "+val_accuracy", "-false_reject", "-sensitivity"]
    changed = ("rules.false_alarms.goals='val_accuracy, -gap'",)
    spec, _ = configure_tune("digits", wishes=["false_alarms"], settings=changed)
    assert [str(g) for g in spec.goals] == ["+val_accuracy", "-gap"]
    with pytest.raises(BadInput, match=r"no rule knows it; .*Known: too many false alarms"):
        understand("make it pretty", RULES)
