"""The pictures of the limit study, in the order in which they are told."""

from __future__ import annotations

from assay.report.blocks import Section, Story
from assay.report.charts.limit.along import hero, keys
from assay.report.charts.limit.tables import levels, rises
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """Similarity along every axis, how it rises beside the references, a section a claim."""
    say = say_in(folder.lang)
    found, each = rises(folder), levels(folder)
    first = Section("rises", say("How it rises", "どれだけ上がるか"), (found,)) if found else None
    last = Section("levels", say("Level by level", "水準ごと"), (each,), part="more") if each else None
    claims = [claim_section(folder, claim, ()) for claim in folder.study.get("claims") or []]
    return Story(
        hero=hero(folder),
        sections=(*([first] if first else []), *claims, *([last] if last else [])),
        keys=keys(folder),
    )
