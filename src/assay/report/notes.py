"""What a study's tables say beside its verdicts, in one line each, for the terminal and the page."""

from __future__ import annotations

from assay.report.folder import Folder, Frame
from assay.studies.families.agree import PRIMARY
from assay.studies.families.rule import rules
from assay.studies.families.rule_words import sentence

FIGURES = [measure.movement for measure in PRIMARY]
NEEDED = {"design", "status", "stress", "seed", "condition", "shift_false_reject", "shift_escape"}


def notes(folder: Folder) -> list[str]:
    """The operating rule of the families study, or that none is justified; nothing for other studies."""
    table = ruled(folder) if folder.study.get("study") == "families" else None
    return [] if table is None else [folder.text(sentence(table))]


def ruled(folder: Folder) -> Frame | None:
    """The rules of a families study; None where the table of runs does not hold what they are made of."""
    runs = folder.table("runs")
    if not set(runs.columns) >= NEEDED or not set(FIGURES) & set(runs.columns):
        return None
    return rules(runs, FIGURES, 1 - folder.level)
