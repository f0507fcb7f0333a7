"""The settings of a study as its charts see them: a hue for what is compared, a shape for a role, a short name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, TypeVar

import pandas as pd

from assay.report.folder import Folder, Frame


@dataclass(frozen=True)
class Arm:
    """One setting: its name in the tables, what people call it, and how it is drawn."""

    name: str
    label: str
    short: str
    role: str
    hue: str


A = TypeVar("A", bound=Arm)


@dataclass(frozen=True)
class Arms(Generic[A]):
    """All settings in their fixed order, with the tokens of all hues and the forms of all roles."""

    arms: tuple[A, ...]
    base: A | None  # what the controls differ from
    tokens: Mapping[str, str]
    forms: Mapping[str, str]

    @cached_property
    def hues(self) -> dict[str, str]:
        """Names of hues to colour tokens, those that a setting has."""
        there = {arm.hue for arm in self.arms}
        return {name: token for name, token in self.tokens.items() if name in there}

    @cached_property
    def shapes(self) -> dict[str, str]:
        """Roles to shapes, those that a setting has."""
        return {role: form for role, form in self.forms.items() if any(arm.role == role for arm in self.arms)}

    def of(self, name: str) -> A | None:
        """The setting of this name."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def named(self, *names: str) -> list[A]:
        """The settings of these names that there are, in this order."""
        return [arm for arm in map(self.of, names) if arm]

    def only(self, arms: Sequence[A]) -> Arms[A]:
        """The same with some of the settings."""
        return replace(self, arms=tuple(arms))

    def there(self, frame: Frame, names: Sequence[str] | None = None) -> list[A]:
        """The settings, all or some, that a table has rows of, in their fixed order."""
        seen = set(frame.condition) if len(frame) else set()
        return [arm for arm in self.arms if arm.name in seen and (names is None or arm.name in names)]

    def drawn(self, frame: Frame) -> Frame:
        """A table with a column ``condition``, with the columns by which its rows are drawn: label, full, hue, form."""
        known = frame[frame.condition.isin([arm.name for arm in self.arms])]
        values = {"label": "short", "full": "label", "hue": "hue", "form": "role"}
        columns = {to: {arm.name: getattr(arm, of) for arm in self.arms} for to, of in values.items()}
        return known.assign(**{name: known.condition.map(each) for name, each in columns.items()})


def finished(folder: Folder, *columns: str) -> Frame:
    """The finished runs that have a value in each of these columns; an empty table where there are none."""
    runs = folder.table("runs")
    if runs.empty or not {"run", "condition", "seed", "status", *columns} <= set(runs.columns):
        return pd.DataFrame()
    return runs[runs.status == "finished"].dropna(subset=list(columns))


def against(runs: Frame, column: str, other: str, ratio: bool = False) -> Frame:
    """A figure less (or over) that of another setting with the same seed: run, condition, seed, value."""
    base = runs[runs.condition == other].set_index("seed")[column]
    partner = runs.seed.map(base[~base.index.duplicated()])
    value = runs[column] / partner.where(partner > 0) if ratio else runs[column] - partner
    frame = runs[["run", "condition", "seed"]].assign(value=value)
    return frame[(runs.condition != other) & value.notna()]
