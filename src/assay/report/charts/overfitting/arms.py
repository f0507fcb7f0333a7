"""The arms of the study as its charts see them: a hue for what is compared and for a role, a shape for a role."""

from __future__ import annotations

from assay.report.charts import arms as charts
from assay.report.charts.arms import Arm
from assay.report.folder import Folder
from assay.report.words import Say
from assay.studies.overfitting.design import BASELINE, CLEAN, DROP, PERTURBATION

Arms = charts.Arms[Arm]

# What is compared has a hue of its own; the others have that of their role.
HUES = {
    BASELINE: "@ink",
    DROP: "@blue",
    PERTURBATION: "@vermillion",
    CLEAN: "@green",
    "data": "@orange",
    "control": "@purple",
}
SHAPES = {"base": "circle", "factor": "circle", "reference": "circle", "data": "square", "control": "triangle-up"}
CONTROL = "control"


def arms(folder: Folder) -> Arms | None:
    """The arms that ``study.json`` names with a role; nothing where it names none."""
    found = []
    for told in folder.study.get("conditions") or []:
        name, role = str(told["name"]), str(told.get("role"))
        if role in SHAPES:
            label = folder.text(told.get("label")) or name
            hue = name if name in HUES else role if role in HUES else CONTROL
            found.append(Arm(name, label, label, role, hue))
    if not found:
        return None
    return Arms(tuple(found), next((arm for arm in found if arm.name == BASELINE), None), HUES, SHAPES)


def keys(found: Arms, say: Say) -> dict[str, list[tuple[str, str, str]]]:
    """What hue and shape mean, for the page."""
    words = {
        "data": say("fewer or worse images", "少ない、または質の悪い画像"),
        "control": say("controls", "対照"),
        **{arm.hue: arm.label for arm in found.arms if arm.hue == arm.name},
    }
    each = {name: (words[name], token, SHAPES.get(name, "circle")) for name, token in found.hues.items()}
    kinds = {"arm": found.arms, "later": later(found), "earlier": earlier(found)}
    return {key: [each[hue] for hue in found.only(arms).hues] for key, arms in kinds.items()}


def later(found: Arms) -> list[Arm]:
    """The baseline and what differs from it only from the onset on."""
    return [arm for arm in found.arms if arm.role in ("base", "factor", "control")]


def earlier(found: Arms) -> list[Arm]:
    """The baseline and what learns from fewer or worse images."""
    return [arm for arm in found.arms if arm.role in ("base", "data")]
