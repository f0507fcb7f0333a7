"""The pictures of the generalist study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterable

from assay.report.blocks import Block, Section, Story
from assay.report.charts.generalist import (
    between,
    decisions,
    hard,
    learning,
    matched,
    pairs,
    plane,
    radii,
    tables,
)
from assay.report.charts.generalist.arms import Arms, arms, keys
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """The frontier first, then what is compared, a section a claim, and what explains the mixture."""
    found, say = arms(folder), say_in(folder.lang)
    picture = plane.hero(folder, found)
    designs = {
        "paired": say(", seed by seed: runs of one seed differ only in the arm", " (シードごと、条件だけが異なる)")
    }
    steps = [picture.slide.table] if picture and picture.slide else []
    compared = [matched.table(folder, found), tables.shipped(folder, found), tables.operation(folder, found)]
    claims = [
        claim_section(folder, claim, _there(_evidence(folder, found, str(claim.get("name")))), designs)
        for claim in folder.study.get("claims") or []
    ]
    return Story(
        hero=picture,
        sections=(
            *_section("compared", say("What every arm is worth", "各条件の成績"),
                      [*steps, *compared, tables.differences(folder, found)]),
            *claims,
            *_section("radii-section", say("Other radii", "他の半径"), [radii.figure(folder, found)], "more"),
            *_section("boundary", say("Near the boundary", "境界の近く"),
                      [hard.tenth(folder, found), hard.margins(folder, found), hard.classes(folder, found),
                       tables.worst(folder, found)], "more"),
            *_section("between", say("Between the two learners", "二つの学習器の間"),
                      [between.path(folder, found), between.barriers(folder, found), between.layers(folder, found)],
                      "more"),
            *_section("decisions", say("Single decisions", "個々の判断"),
                      [decisions.follows(folder, found), decisions.right(folder, found), *decisions.pictures(folder)],
                      "more"),
            *_section("learning", say("How they learned", "学習のようす"),
                      [learning.along(folder, found), learning.losses(folder, found)], "more"),
        ),
        controls=_there([tables.costs(folder, found)]),
        keys=keys(found, say) | decisions.keys(say) if found else {},
    )  # fmt: skip


def _evidence(folder: Folder, found: Arms | None, claim: str) -> Iterable[Block | None]:
    """The pictures behind a claim."""
    if claim == "learners":
        return [learning.risks(folder, found)]
    return [matched.figure(folder, found, claim), *pairs.pair(folder, found, claim)]


def _section(name: str, title: str, blocks: Iterable[Block | None], part: str = "evidence") -> list[Section]:
    there = _there(blocks)
    return [Section(name, title, there, part=part)] if there else []


def _there(blocks: Iterable[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)
