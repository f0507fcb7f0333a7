"""The pictures of the collapse study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from assay.report.blocks import Block, Figure, Section, Story
from assay.report.charts.arms import finished
from assay.report.charts.collapse import classes, compared, hero, maps, relations, remedies, told
from assay.report.charts.collapse.arms import Arms, arms, keys
from assay.report.charts.collapse.controls import controls
from assay.report.charts.curves import curves
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import Say, say_in

Drawing = Callable[[Folder, Arms | None], Iterable[Block | None]]

# What shows a claim: its picture first, then the table behind it. A claim without an entry has its verdict alone.
EVIDENCE: Mapping[str, Drawing] = {
    "free-as-foretold": lambda f, _: told.free(f),
    "forecast-orders": told.settings,
    **{name: partial(compared.claim, name=name) for name in compared.FIGURES},
    "middle-is-best": relations.middle,
    "rare-first": classes.rare,
    "noise-moves": compared.noise,
    "loss-tells": relations.loss,
}


def story(folder: Folder) -> Story:
    """The phase diagram first, then a section a claim, then classes, maps, remedies and learning curves."""
    found, say = arms(folder), say_in(folder.lang)
    designs = {
        "paired": say(", seed by seed: runs of one seed differ only in the setting", " (シードごと、設定だけが異なる)"),
        "family": say(", where a setting counts once with the mean of its seeds", " (設定ごとにシードの平均を 1 つ)"),
    }
    free = {
        **designs,
        "paired": say(", one value a setting that was optimised freely", " (自由に最適化した設定ごとに 1 つ)"),
    }
    claims = []
    for claim in folder.study.get("claims") or []:
        name = str(claim.get("name"))
        blocks = _there(EVIDENCE[name](folder, found)) if name in EVIDENCE else ()
        claims.append(claim_section(folder, claim, blocks, free if name == "free-as-foretold" else designs))
    return Story(
        hero=hero.diagram(folder, found),
        sections=(*claims, *_looks(folder, found)),
        controls=controls(folder, found),
        keys=_keys(folder, found, say),
    )


def _keys(folder: Folder, found: Arms | None, say: Say) -> dict[str, list[tuple[str, str, str]]]:
    phases = told.phases(say)
    return {
        **(keys(found, say) if found else {}),
        "phase": [(phases[name], token, told.FORMS[name]) for name, token in told.PHASES.items()],
        "class": [(name, token, "circle") for name, token in maps.hues(folder).items()],
    }


def _looks(folder: Folder, found: Arms | None) -> list[Section]:
    say = say_in(folder.lang)
    parts: list[tuple[str, str, Iterable[Block | None]]] = [
        (
            "maps-section",
            say("A collapsed and a healthy run", "崩壊したモデルと健全なモデル"),
            [maps.maps(folder, found)],
        ),
        ("remedies-section", say("What prevents it", "崩壊を防ぐもの"), remedies.remedies(folder, found)),
        ("classes-section", say("Class by class", "クラスごと"), classes.classes(folder, found)),
        (
            "lie-section",
            say("How classes lie, and what NC1 does not see", "クラスの配置と NC1 の限界"),
            relations.nc1(folder, found),
        ),
        ("learning", say("How they learned", "学習のようす"), [_curves(folder, found, say)]),
    ]
    sections = [Section(name, title, _there(blocks), part="more") for name, title, blocks in parts]
    return [section for section in sections if section.blocks]


def _curves(folder: Folder, found: Arms | None, say: Say) -> Figure | None:
    """Learning curves, a panel for each of the settings that are compared, and one for each role of the others."""
    if found is None or finished(folder).empty:
        return None
    others = {
        "grid": say("other weights and temperatures", "他の重みと温度"),
        "remedy": say("remedies", "対策"),
        "control": say("controls", "対照"),
    }
    panels = {arm.name: others.get(arm.hue, arm.label) for arm in found.arms}
    return curves(folder, panels, {arm.name: arm.hue for arm in found.arms}, found.hues)


def _there(blocks: Iterable[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)
