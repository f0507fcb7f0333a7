"""The pictures of the overfitting study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from assay.report.blocks import Block, Figure, Section, Story
from assay.report.charts.arms import finished
from assay.report.charts.curves import curves
from assay.report.charts.overfitting import amounts, classes, factors, fall, features, gaps, hero, rows
from assay.report.charts.overfitting.arms import Arms, arms, keys
from assay.report.charts.overfitting.controls import controls
from assay.report.charts.overfitting.deployment import deployment
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import Say, say_in

Drawing = Callable[[Folder, Arms | None], Iterable[Block | None]]

# What shows a claim: its picture first, then the table behind it.
EVIDENCE: Mapping[str, Drawing] = {
    "occurs": fall.occurs,
    "natural-data": factors.natural_data,
    "not-perturbation": factors.not_perturbation,
    "perturbation-features": gaps.gaps,
    "gap-with-drop": gaps.together,
    "less-data": amounts.less_data,
    "wrong-labels": amounts.wrong_labels,
    "narrow": amounts.narrow,
}


def story(folder: Folder) -> Story:
    """The curve first, then what it means before deployment, a section a claim, features, classes, learning curves."""
    found, say = arms(folder), say_in(folder.lang)
    designs = {
        "paired": say(", seed by seed: runs of one seed differ only in the arm", " (シードごと、条件だけが異なる)"),
        "family": say(", where an arm counts once with the mean of its seeds", " (条件ごとにシードの平均を 1 つ)"),
    }
    first = deployment(folder, found)
    sections = [first] if first else []
    for claim in folder.study.get("claims") or []:
        name = str(claim.get("name"))
        blocks = _there(EVIDENCE[name](folder, found)) if name in EVIDENCE else ()
        sections.append(claim_section(folder, claim, blocks, designs))
    moments = [(word, "", rows.SHAPES[name]) for name, word in rows.moments(say).items()]
    return Story(
        hero=hero.curve(folder),
        sections=(*sections, *_looks(folder, found, say)),
        controls=controls(folder, found),
        keys={**(keys(found, say) if found else {}), "moment": moments},
    )


def _looks(folder: Folder, found: Arms | None, say: Say) -> list[Section]:
    parts: list[tuple[str, str, Iterable[Block | None]]] = [
        ("features-section", say("What features can still do", "特徴の有効性"), features.more(folder, found)),
        ("classes-section", say("Class by class", "クラスごと"), classes.classes(folder, found)),
        ("learning", say("How they learned", "学習のようす"), [_curves(folder, found, say)]),
    ]
    sections = [Section(name, title, _there(blocks), part="more") for name, title, blocks in parts]
    return [section for section in sections if section.blocks]


def _curves(folder: Folder, found: Arms | None, say: Say) -> Figure | None:
    """Learning curves, a panel for each arm that is compared and one for each role of the others."""
    if found is None or finished(folder).empty:
        return None
    others = {"data": say("fewer or worse images", "少ない、または質の悪い画像"), "control": say("controls", "対照")}
    panels = {arm.name: others.get(arm.hue, arm.label) for arm in found.arms}
    return curves(folder, panels, {arm.name: arm.hue for arm in found.arms}, found.hues)


def _there(blocks: Iterable[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)
