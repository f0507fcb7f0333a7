"""The pictures of the stream study, in the order in which they are told."""

from __future__ import annotations

from assay.report.blocks import Section, Story
from assay.report.charts.stream import along, tables
from assay.report.charts.stream.arms import arms, keys
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """Accuracy along the stream, then where every arm ends, a section a claim, and what updates cost."""
    found, say = arms(folder), say_in(folder.lang)
    designs = {
        "paired": say(
            ", seed by seed: runs of one seed differ only in the update", " (シードごと、更新方法だけが異なる)"
        )
    }
    ended, costs = tables.ended(folder, found), tables.costs(folder, found)
    first = Section("end", say("At the end of the stream", "最後の時点"), (ended,)) if ended else None
    claims = [claim_section(folder, claim, (), designs) for claim in folder.study.get("claims") or []]
    return Story(
        hero=along.hero(folder, found),
        sections=(*([first] if first else []), *claims),
        controls=(costs,) if costs else (),
        keys=keys(found) if found else {},
    )
