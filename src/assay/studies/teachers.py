"""Teachers in a recipe: which there are, and others in their place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.train import Anchored, Distilled, Recipe, Strategy, Teacher
from assay.train.strategies import Wrapper


def taught(student: Recipe, by: Mapping[str, Teacher]) -> Recipe:
    """A recipe in which teachers (also the run that is begun with) stand in place of names or of runs."""

    def of(one: Teacher | None) -> Teacher | None:
        return None if one is None else by.get(Path(one.run).name, one)

    def known(strategy: Strategy) -> Strategy:
        changes: dict[str, Any] = {}
        if isinstance(strategy, Wrapper):
            changes["inner"] = known(strategy.inner)
        if isinstance(strategy, Distilled):
            changes |= {"natural": of(strategy.natural), "robust": of(strategy.robust)}
        if isinstance(strategy, Anchored):
            changes["teacher"] = of(strategy.teacher)
        return strategy.with_(**changes) if changes else strategy

    return student.with_(strategy=known(student.strategy), start=of(student.start))


def teachers_of(strategy: Strategy) -> tuple[Teacher, ...]:
    """The teachers that a strategy or one inside it learns from."""
    own: tuple[Teacher | None, ...] = ()
    if isinstance(strategy, Distilled):
        own = strategy.natural, strategy.robust
    if isinstance(strategy, Anchored):
        own = (strategy.teacher,)
    inner = teachers_of(strategy.inner) if isinstance(strategy, Wrapper) else ()
    return (*(one for one in own if one is not None), *inner)
