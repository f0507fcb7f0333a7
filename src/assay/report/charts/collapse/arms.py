"""The settings of the study as its charts see them: a hue for what is compared, a shape for a role, a short name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in

SUPCON, FORECAST, INSTANCES = "SupCon", "forecast", "instances only"
NOISY, IMBALANCED, EVENED = "label noise", "imbalanced", "imbalanced, balanced batches"
COMPARED = (SUPCON, FORECAST, INSTANCES)
HUES = {
    SUPCON: "@vermillion",
    FORECAST: "@blue",
    INSTANCES: "@orange",
    "grid": "@ink",
    "remedy": "@green",
    "control": "@purple",
}
SHAPES = {"grid": "circle", "remedy": "square", "control": "triangle-up"}


@dataclass(frozen=True)
class Arm:
    """One setting: its name in the tables, what people call it, what is foretold of it, and how it is drawn."""

    name: str
    label: str
    short: str
    role: str
    hue: str
    alpha: float | None
    temperature: float | None
    phase: str
    edge: float | None  # the weight at which collapse ends at this temperature
    within: tuple[float, ...] | None  # foretold, class by class

    @property
    def foretold(self) -> float | None:
        """The mean over classes of what is foretold."""
        return float(np.mean(self.within)) if self.within else None


@dataclass(frozen=True)
class Arms:
    """All settings in their fixed order."""

    arms: tuple[Arm, ...]
    base: Arm | None  # what the controls differ from

    @cached_property
    def hues(self) -> dict[str, str]:
        """Names of hues to colour tokens: the three that are compared, and the roles."""
        there = {arm.hue for arm in self.arms}
        return {name: token for name, token in HUES.items() if name in there}

    @cached_property
    def shapes(self) -> dict[str, str]:
        """Roles to shapes."""
        return {role: form for role, form in SHAPES.items() if any(arm.role == role for arm in self.arms)}

    def of(self, name: str) -> Arm | None:
        """The setting of this name."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def named(self, *names: str) -> list[Arm]:
        """The settings of these names that there are, in this order."""
        return [arm for arm in map(self.of, names) if arm]

    def drawn(self, frame: Frame) -> Frame:
        """A table with a column ``condition``, with the columns by which its rows are drawn: label, full, hue, form."""
        known = frame[frame.condition.isin([arm.name for arm in self.arms])]
        values = {"label": "short", "full": "label", "hue": "hue", "form": "role"}
        columns = {to: {arm.name: getattr(arm, of) for arm in self.arms} for to, of in values.items()}
        return known.assign(**{name: known.condition.map(each) for name, each in columns.items()})

    def keys(self, say: Say) -> dict[str, list[tuple[str, str, str]]]:
        """What hue and shape mean, for the page."""
        words = {
            SUPCON: "SupCon",
            FORECAST: say("weight from the forecast", "予測による重み"),
            INSTANCES: say("images only", "画像のみ"),
            "grid": say("other weights and temperatures", "他の重みと温度"),
            "remedy": say("remedies", "対策"),
            "control": say("controls", "対照"),
        }
        return {"arm": [(words[name], token, SHAPES.get(name, "circle")) for name, token in self.hues.items()]}


def arms(folder: Folder) -> Arms | None:
    """The settings that ``study.json`` names with a role; nothing where it names none."""
    say = say_in(folder.lang)
    found = [_arm(folder, c, say) for c in folder.study.get("conditions") or [] if c.get("role") in SHAPES]
    if not found:
        return None
    base = next((arm for arm in found if arm.name == folder.study.get("base_arm")), None)
    return Arms(tuple(found), base)


def _arm(folder: Folder, told: dict[str, Any], say: Say) -> Arm:
    name, role = str(told["name"]), str(told["role"])
    label, alpha, temperature = folder.text(told.get("label")) or name, told.get("alpha"), told.get("temperature")
    short = {SUPCON: "SupCon", FORECAST: say("forecast", "予測"), INSTANCES: say("images only", "画像のみ")}.get(name)
    if short is None:
        place = role == "grid" and alpha is not None and temperature is not None
        short = say(f"{alpha:g} at {temperature:g}", f"{alpha:g}、{temperature:g}") if place else label
    within = told.get("within")
    return Arm(
        name,
        label,
        short,
        role,
        name if name in COMPARED else role,
        alpha,
        temperature,
        str(told.get("phase") or ""),
        told.get("alpha_c"),
        tuple(map(float, within)) if within else None,
    )


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


def there(found: Arms, frame: Frame, names: Sequence[str] | None = None) -> list[Arm]:
    """The settings, all or some, that a table has rows of, in their fixed order."""
    seen = set(frame.condition) if len(frame) else set()
    return [arm for arm in found.arms if arm.name in seen and (names is None or arm.name in names)]
