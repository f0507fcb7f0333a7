"""The settings of the study as its charts see them: a hue for what is compared, a shape for a role, a short name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.report.charts import arms as charts
from assay.report.folder import Folder
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
class Arm(charts.Arm):
    """One setting, with what is foretold of it."""

    alpha: float | None
    temperature: float | None
    phase: str
    edge: float | None  # the weight at which collapse ends at this temperature
    within: tuple[float, ...] | None  # foretold, class by class

    @property
    def foretold(self) -> float | None:
        """The mean over classes of what is foretold."""
        return float(np.mean(self.within)) if self.within else None


Arms = charts.Arms[Arm]


def keys(found: Arms, say: Say) -> dict[str, list[tuple[str, str, str]]]:
    """What hue and shape mean, for the page."""
    words = {
        SUPCON: "SupCon",
        FORECAST: say("weight from the forecast", "予測による重み"),
        INSTANCES: say("images only", "画像のみ"),
        "grid": say("other weights and temperatures", "他の重みと温度"),
        "remedy": say("remedies", "対策"),
        "control": say("controls", "対照"),
    }
    return {"arm": [(words[name], token, SHAPES.get(name, "circle")) for name, token in found.hues.items()]}


def arms(folder: Folder) -> Arms | None:
    """The settings that ``study.json`` names with a role; nothing where it names none."""
    say = say_in(folder.lang)
    found = [_arm(folder, c, say) for c in folder.study.get("conditions") or [] if c.get("role") in SHAPES]
    if not found:
        return None
    base = next((arm for arm in found if arm.name == folder.study.get("base_arm")), None)
    return Arms(tuple(found), base, HUES, SHAPES)


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
