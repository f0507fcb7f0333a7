"""The arms of the stream study as its charts see them: a hue each."""

from __future__ import annotations

from assay.report.charts import arms as charts
from assay.report.charts.arms import Arm
from assay.report.folder import Folder
from assay.studies.stream.design import ADVERSARIAL, BRIEF, FINE, GENERALIST, NO_UPDATE, THROUGHOUT

Arms = charts.Arms[Arm]

HUES = {
    **{NO_UPDATE: "@ink", FINE: "@vermillion", BRIEF: "@orange"},
    **{ADVERSARIAL: "@blue", GENERALIST: "@green", THROUGHOUT: "@purple"},
}
SHAPES = {"base": "diamond", "update": "circle"}


def arms(folder: Folder) -> Arms | None:
    """No update and the updates, in the order of the tables; what is deployed is where they begin."""
    found = [
        Arm(name, label, label, str(told.get("role")), name)
        for told in folder.study.get("conditions") or []
        if (name := str(told["name"])) in HUES and (label := folder.text(told.get("label")) or name)
    ]
    if not found:
        return None
    return Arms(tuple(found), next((arm for arm in found if arm.name == NO_UPDATE), None), HUES, SHAPES)


def keys(found: Arms) -> dict[str, list[tuple[str, str, str]]]:
    """What the hues mean, for the page."""
    return {"arm": [(arm.short, HUES[arm.name], "circle") for arm in found.arms]}
