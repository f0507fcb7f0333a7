"""The pictures of the remedies study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterable

from assay.report.blocks import Block, Section, Story
from assay.report.charts.arms import finished
from assay.report.charts.curves import curves
from assay.report.charts.remedies import along, ranked, tables
from assay.report.charts.remedies.arms import Arms, arms, keys
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """The ranking first, then what it costs in clean accuracy, a section a remedy, gaps, costs and learning curves."""
    found, say = arms(folder), say_in(folder.lang)
    designs = {
        "paired": say(", seed by seed: runs of one seed differ only in the remedy", " (シードごと、対策だけが異なる)")
    }
    first = Section(
        "trade",
        say("What is gained, and what it costs", "効果と代償"),
        _there([tables.ranked(folder, found), ranked.plane(folder, found)]),
    )
    claims = [
        claim_section(folder, claim, _there([along.along(folder, found, str(claim.get("name")))]), designs)
        for claim in folder.study.get("claims") or []
    ]
    looks = [
        Section("gaps", say("Features", "特徴"), _there([ranked.gaps(folder, found)]), part="more"),
        Section("learning", say("How they learned", "学習のようす"), _there(_curves(folder, found)), part="more"),
    ]
    return Story(
        hero=ranked.hero(folder, found),
        sections=(*([first] if first.blocks else []), *claims, *(section for section in looks if section.blocks)),
        controls=_there([tables.costs(folder, found)]),
        keys=keys(found, say) if found else {},
    )


def _curves(folder: Folder, found: Arms | None) -> Iterable[Block | None]:
    if found is None or finished(folder).empty:
        return []
    return [curves(folder, {a.name: a.short for a in found.arms}, {a.name: a.hue for a in found.arms}, found.hues)]


def _there(blocks: Iterable[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)
