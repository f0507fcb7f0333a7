"""What each primary measure says about a claim by itself."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.folder import Folder
from assay.report.numbers import number, probability
from assay.report.words import chrome, say_in
from assay.studies.families.agree import PRIMARY


def by_measure(folder: Folder, claim: str) -> Table | None:
    """One row a measure: effect, interval, p before correction, and the word it would give alone."""
    say, words = say_in(folder.lang), chrome(folder.lang)
    verdict: dict[str, Any] = next((v for v in folder.verdicts if v.get("claim") == claim), {})
    found = verdict.get("by") or {}
    if not found:
        return None
    said = {measure.name: folder.text(measure.said) for measure in PRIMARY}
    rows = []
    for name, each in found.items():
        low, high = each["interval"]
        rows.append((
            Cell(said.get(name, name)),
            Cell(number(each["effect"], 2), each["effect"]),
            Cell(f"{number(low, 2)} – {number(high, 2)}", low),
            Cell(probability(each["p"]).removeprefix("= "), each["p"]),
            Cell(words.get(each["word"], each["word"])),
        ))  # fmt: skip
    columns = (
        Column(say("measure", "指標")),
        Column(say("effect", "効果"), number=True),
        Column(say("interval", "区間"), number=True),
        Column("p", number=True),
        Column(say("by itself", "単独の判定")),
    )
    caption = say("both measures must say the same", "二つの指標の一致が必要")
    return Table(f"measures-{claim}", caption, columns, tuple(rows))
