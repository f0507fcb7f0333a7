"""The pictures of the simplicity study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from assay.report.blocks import Block, Figure, Section, Story
from assay.report.charts.curves import curves
from assay.report.charts.simplicity import contrasts, front, hero, learning, maps, relations, tables
from assay.report.charts.simplicity.controls import controls
from assay.report.charts.simplicity.grid import Grid, Setting, finished, grid
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import Say, say_in

Drawing = Callable[[Folder, Grid | None], Iterable[Block | None]]


def _behind(name: str, columns: tuple[str, ...], which: Callable[[Grid], Iterable[str]]) -> Drawing:
    """The table behind a picture: some columns of some settings."""
    return lambda folder, g: [tables.settings_table(folder, g, name, list(which(g)), columns)] if g else []


def _name(setting: Setting) -> str:
    return setting.name


# What shows a claim: its picture first, then the table behind it. A claim without an entry has its verdict alone.
EVIDENCE: Mapping[str, tuple[Drawing, ...]] = {
    "too-high-collapses": (
        lambda f, g: [learning.learning_rates(f, g)],
        _behind("rates", ("complexity", "sensitivity", "test_accuracy"), lambda g: map(_name, learning.ladder(g))),
    ),
    "otherwise-steady": (
        lambda f, g: [contrasts.steady_rows(f, g)],
        _behind("steadiness", ("complexity", "test_accuracy"), lambda g: map(_name, g.rows)),
    ),
    "relu-sensitive": (
        lambda f, g: [contrasts.by_activation(f, g)],
        _behind("sensed", tables.SENSITIVITIES, lambda g: map(_name, contrasts.square(g))),
    ),
    "depth-sensitive": (
        lambda f, g: [contrasts.by_depth(f, g)],
        _behind("deep", tables.SENSITIVITIES, lambda g: [s.name for s in g.rows if s.activation == g.base.activation]),
    ),
    **{name: (partial(relations.relation, claim=name),) for name in relations.PAIRS},
}  # fmt: skip


def story(folder: Folder) -> Story:
    """Complexity against sensitivity first, then a section a claim, then which setting to take, rows and maps."""
    found, say = grid(folder), say_in(folder.lang)
    designs = {
        "paired": say(", seed by seed: runs of one seed differ only in the setting", " (シードごと、設定だけが異なる)"),
        "family": say(", where a setting counts once with the mean of its seeds", " (設定ごとにシードの平均を 1 つ)"),
    }
    claims = [
        claim_section(folder, claim, _there(b for draw in EVIDENCE.get(str(claim.get("name")), ())
                                            for b in draw(folder, found)), designs)
        for claim in folder.study.get("claims") or []
    ]  # fmt: skip
    return Story(
        hero=hero.plane(folder, found),
        sections=(*claims, *_looks(folder, found)),
        controls=controls(folder, found),
        keys=found.keys(say) if found else {},
    )


def _looks(folder: Folder, found: Grid | None) -> list[Section]:
    say = say_in(folder.lang)
    parts: list[tuple[str, str, Iterable[Block | None]]] = [
        ("take", say("Which setting to take", "どの設定を選ぶか"), front.front(folder, found)),
        ("seven", say("The seven rows", "7 つの行"), (*tables.seven_rows(folder, found), tables.references(folder))),
        (
            "maps",
            say("Settings as maps", "設定の地図"),
            [maps.small_multiples(folder, found), maps.chooser(folder, found)],
        ),
        ("learning", say("How they learned", "学習のようす"), [_curves(folder, found, say)]),
    ]
    return [Section(name, title, _there(blocks), part="more") for name, title, blocks in parts]


def _curves(folder: Folder, found: Grid | None, say: Say) -> Figure | None:
    """Learning curves, a panel for each of the seven rows and one for all other settings."""
    if found is None or finished(folder).empty:
        return None
    others = say("all other settings", "その他の設定")
    panels = {s.name: s.label if s.row else others for s in found.settings}
    return curves(folder, panels, {s.name: s.hue for s in found.settings}, found.hues)


def _there(blocks: Iterable[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)
