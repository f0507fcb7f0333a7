"""Goals (figures with a direction) and constraints (figures with a bound)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Literal

from assay.core.errors import BadInput
from assay.core.spec import Spec
from assay.studies.tune.figures import figure

BETTER = {"higher": "+", "lower": "-"}


class Goal(Spec):
    """A figure and the direction in which it is better."""

    figure: str
    sign: Literal["+", "-"]

    def oriented(self, value: float) -> float:
        """The value, turned so that higher is better."""
        return value if self.sign == "+" else -value

    def __str__(self) -> str:
        return f"{self.sign}{self.figure}"


class Constraint(Spec):
    """A bound on a figure."""

    figure: str
    relation: Literal["<=", ">="]
    bound: float

    def excess(self, value: float) -> float:
        """By how much the bound is missed; at most 0 where it is kept."""
        return value - self.bound if self.relation == "<=" else self.bound - value

    def __str__(self) -> str:
        return f"{self.figure}{self.relation}{self.bound:g}"


def parse_goals(text: str) -> tuple[Goal, ...]:
    """Goals from text: names with a sign; without a sign the direction in which the figure is better.

    >>> [str(goal) for goal in parse_goals("val_accuracy, -sensitivity")]
    ['+val_accuracy', '-sensitivity']
    """
    goals: dict[str, Goal] = {}
    for part in (part.strip() for part in text.split(",")):
        if not part:
            continue
        sign, name = (part[0], part[1:].strip()) if part[0] in "+-" else ("", part)
        found = figure(name)
        sign = sign or BETTER.get(found.better, "")
        if sign not in ("+", "-"):
            raise BadInput(
                f"asked for the goal '{part}'; whether more or less of it is better depends on what you want; "
                f"write -{name} for less or +{name} for more"
            )
        if goals.get(found.name, Goal(figure=found.name, sign=sign)).sign != sign:
            raise BadInput(f"asked for more and for less {found.name}; goals cannot contradict; keep one of the two")
        goals[found.name] = Goal(figure=found.name, sign=sign)
    if not goals:
        raise BadInput("asked to tune for no goal; name at least one, such as --goal 'val_accuracy, -sensitivity'")
    return tuple(goals.values())


def parse_constraint(text: str) -> Constraint:
    """A constraint from text such as ``flip_rate<=0.02``; `BadInput` where no value of the figure could keep it.

    >>> str(parse_constraint("flip_rate <= 0.02"))
    'flip_rate<=0.02'
    """
    parts = re.fullmatch(r"\s*([\w]+)\s*(<=|>=|<|>)\s*([-+.\deE]+)\s*", text)
    try:
        bound = float(parts[3]) if parts else float("nan")
    except ValueError:
        bound = float("nan")
    if parts is None or not isfinite(bound):
        raise BadInput(f"asked for the constraint '{text}'; write a figure, <= or >=, and a number: flip_rate<=0.02")
    found, relation = figure(parts[1]), parts[2][0] + "="
    low, high = found.range
    if (relation == "<=" and bound < low) or (relation == ">=" and bound > high):
        raise BadInput(
            f"asked for {text.strip()}; {found.name} lies in [{low:g}, {high:g}], so no model can keep it; "
            "give a bound inside that range"
        )
    return Constraint(figure=found.name, relation=relation, bound=bound)


def feasible(constraints: tuple[Constraint, ...], figures: Mapping[str, float]) -> bool:
    """Whether every constraint is kept."""
    return all(constraint.excess(figures[constraint.figure]) <= 0 for constraint in constraints)
