"""Further axes: any setting of a recipe by its path, such as ``strategy.learners.0.optimiser.lr``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from pydantic import model_validator

from assay.core.errors import BadInput
from assay.core.spec import Number, Spec
from assay.train import Generalist, Recipe

OWN = {  # searched by an axis of the space itself
    "optimiser": "lr, weight_decay and optimiser",
    "optimiser.name": "optimiser",
    "optimiser.lr": "lr",
    "optimiser.weight_decay": "weight_decay",
    "model": "width, depth and taper",
    "activation": "activation",
    "batch": "batch",
    "epochs": "epochs",
}
FIXED = ("uses", "data", "regroup", "split_seed", "seed", "keep", "start")  # what a search may not choose by
ENDS = ((0.2, 0.8), (0.4, 0.6), (0.6, 0.4), (0.8, 0.2))  # weights of two learners in the mixture at the end


class Range(Spec):
    """Numbers on a log scale, both ends included; where both ends are whole, whole numbers."""

    low: Number
    high: Number

    @model_validator(mode="after")
    def _sound(self) -> Range:
        if not 0 < self.low <= self.high:
            raise ValueError("a range goes from a smaller to a larger number, both above 0: {low: 1e-4, high: 1e-1}")
        return self

    def ends(self) -> dict[str, Any]:
        """Both ends; whole numbers where both are.

        >>> Range(low=1, high=4).ends(), Range(low=1, high=4.5).ends()
        ({'low': 1, 'high': 4}, {'low': 1.0, 'high': 4.5})
        """
        whole = self.low.is_integer() and self.high.is_integer()
        return {"low": int(self.low), "high": int(self.high)} if whole else {"low": self.low, "high": self.high}


Also = Mapping[str, Range | tuple[Any, ...]]


def readable(value: Any) -> Any:
    """Plain data as axes, or ValueError in one line; what is no mapping is left to the field's own check."""
    if not isinstance(value, Mapping):
        return value
    found = {str(path): _axis(str(path), axis) for path, axis in value.items()}
    for path in found:
        if path in OWN:
            raise ValueError(f"{path}: the space has that already; change space.{OWN[path]}")
        if path.partition(".")[0] in FIXED:
            raise ValueError(f"{path}: is not searched: set it for all trials, with --set {path}=...")
    for one, other in permutations(found, 2):
        if other.startswith(f"{one}."):
            raise ValueError(f"{one} holds {other}; give one of the two")
    return found


def _axis(path: str, value: Any) -> Range | tuple[Any, ...]:
    if isinstance(value, Mapping):
        try:
            return Range.parse(dict(value))
        except BadInput as error:
            raise ValueError(f"{path}: {error}") from None
    if isinstance(value, Range):
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(f"{path}: write choices [a, b], or a range on a log scale {{low: 1e-4, high: 1e-1}}")
    if not value or len({label(choice) for choice in value}) < len(value):
        raise ValueError(f"{path}: give different choices, at least one")
    return tuple(value)


def axis_of(also: Range | Sequence[Any]) -> dict[str, Any]:
    """An axis as the search knows it: ``low`` and ``high``, or ``choices`` by their labels."""
    return also.ends() if isinstance(also, Range) else {"choices": [label(choice) for choice in also]}


def label(choice: Any) -> Any:
    """A choice as a table and a sampler hold it: numbers and words as they are, everything else as JSON text.

    >>> label(0.5), label("pgd"), label([0.4, 0.6]), label(None)
    (0.5, 'pgd', '[0.4, 0.6]', 'null')
    """
    plain = isinstance(choice, int | float | str) and not isinstance(choice, bool)
    return choice if plain else json.dumps(choice, sort_keys=True)


def put(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with settings by path, as ``--set`` would put them; `BadInput` where it has no such setting."""
    try:
        return recipe.override(*(f"{path}={json.dumps(value)}" for path, value in values.items()))
    except BadInput as error:
        raise BadInput(f"space.also: {error}") from None


def chosen(also: Also, values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by path from values of the axes: what a label stands for, and numbers as they are."""
    return {
        path: values[path]
        if isinstance(axis, Range)
        else next(choice for choice in axis if label(choice) == values[path])
        for path, axis in also.items()
    }


def held(also: Also, recipe: Recipe, base: Recipe) -> dict[str, Any]:
    """The values of the axes that a recipe has; None where a list of choices does not have what it has."""
    plain = said(recipe).plain()
    found: dict[str, Any] = {}
    for path, axis in also.items():
        value = at(plain, path)
        if isinstance(axis, Range):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            found[path] = value if number else None
        else:
            same = (choice for choice in axis if at(said(put(base, {path: choice})).plain(), path) == value)
            found[path] = next((label(choice) for choice in same), None)
    return found


def check(also: Also, base: Recipe) -> None:
    """`BadInput` in one line for a path that the recipe does not have, and for a value that it cannot have there."""
    for path, axis in also.items():
        for value in axis.ends().values() if isinstance(axis, Range) else axis:
            put(base, {path: value})


def at(plain: Any, path: str) -> Any:
    """What lies at a path of plain data; None where nothing does.

    >>> at({"a": [{"b": 1}, {"b": 2}]}, "a.1.b"), at({"a": None}, "a.b")
    (2, None)
    """
    for step in path.split("."):
        if isinstance(plain, list):
            plain = plain[int(step)] if step.isdigit() and int(step) < len(plain) else None
        else:
            plain = plain.get(step) if isinstance(plain, dict) else None
    return plain


def said(recipe: Recipe) -> Recipe:
    """The same recipe with what its learners leave to it said: their optimisers in full, and the weights at the end."""
    team = recipe.strategy
    if not isinstance(team, Generalist):
        return recipe
    full = [base.optimiser.over(recipe.optimiser) for base in team.learners]
    learners = tuple(
        base.with_(optimiser={name: getattr(own, name) for name in type(own).model_fields})
        for base, own in zip(team.learners, full, strict=True)
    )
    mix = team.mix.with_(weights=team.mix.ends(len(learners)))
    return recipe.with_(strategy=team.with_(learners=learners, mix=mix))


def usual(base: Recipe, lr: tuple[float, float], decays: Sequence[float]) -> dict[str, Range | tuple[Any, ...]]:
    """The axes of a generalist: learning rate and weight decay of each learner, and how much the first of two counts.

    Choices have what the recipe has. Other strategies have none.
    """
    team = said(base).strategy
    if not isinstance(team, Generalist):
        return {}
    found: dict[str, Range | tuple[Any, ...]] = {}
    for number, learner in enumerate(team.learners):
        place, own = f"strategy.learners.{number}.optimiser", learner.optimiser.weight_decay
        found[f"{place}.lr"] = Range(low=float(lr[0]), high=float(lr[1]))
        found[f"{place}.weight_decay"] = tuple(sorted({*decays, float(own or 0.0)}))
    if len(team.learners) == 2:
        found["strategy.mix.weights"] = tuple(map(list, sorted({*ENDS, tuple(map(float, team.mix.weights))})))
    return found


def heard(setting: str, base: Recipe, also: Also) -> bool:
    """Whether the recipe's own ``lr``, ``weight_decay`` or ``name`` of the optimiser reaches any learner: not where
    every learner has one of its own, in the recipe or as an axis.
    """
    team = base.strategy
    if not isinstance(team, Generalist):
        return True
    return any(
        getattr(learner.optimiser, setting) is None and f"strategy.learners.{number}.optimiser.{setting}" not in also
        for number, learner in enumerate(team.learners)
    )
