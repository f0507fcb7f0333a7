"""The pictures of the families study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from assay.report.blocks import Block, Figure, Section, Story, Table
from assay.report.charts.curves import curves
from assay.report.charts.families import (
    beside,
    causes,
    cost,
    detail,
    geometry,
    layer_pairs,
    measures,
    motion,
    movers,
    place,
    rates,
    samples,
    spread,
    tables,
    times,
)
from assay.report.charts.families.controls import controls
from assay.report.charts.families.space import Space, space
from assay.report.charts.families.tested import control_tests
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import chrome, say_in
from assay.studies.families.geometry import FIGURES

Drawing = Callable[[Folder, Space], Block | None]

# What shows a claim: its picture first, then the table behind it. A claim without an entry has its verdict alone.
EVIDENCE: Mapping[str, tuple[Drawing, ...]] = {
    "stress-moves": (lambda f, _: motion.trajectories(f), lambda f, _: tables.movement(f)),
    "places-differ": (place.distance_heat, tables.places),
    "unhappy-vary-more": (spread.happy_unhappy, tables.spreads, lambda f, _: _geometry(f)),
    "worse-is-wider": (spread.spread_accuracy, lambda f, _: tables.kinds(f), tables.widths),
    "movers-misjudge": (lambda f, _: movers.movement_errors(f), lambda f, _: tables.movers(f)),
}


def story(folder: Folder) -> Story:
    """The map first, then a section a claim, then what users of a model notice, then closer looks."""
    models = space(folder)
    claims = [
        claim_section(
            folder,
            claim,
            _there(
                [
                    *(draw(folder, models) for draw in EVIDENCE.get(str(claim.get("name")), ())),
                    measures.by_measure(folder, str(claim.get("name"))),
                ]
            ),
        )
        for claim in folder.study.get("claims") or []
    ]
    return Story(
        hero=place.model_map(folder, models),
        sections=(*claims, *causes.sections(folder), *_looks(folder)),
        controls=_there([control_tests(folder), *controls(folder, models)]),
    )


def _looks(folder: Folder) -> list[Section]:
    say = say_in(folder.lang)
    pictures, table = samples.gallery(folder)
    parts: list[tuple[str, str, list[Block | None]]] = [
        (
            "by-condition",
            say("What each condition does to accuracy", "条件が正解率に与える影響"),
            [rates.by_condition(folder), rates.condition_table(folder), times.kind_by_time(folder)],
        ),
        (
            "on-shifted",
            say("False detections on changed data", "変化したデータでの誤検出"),
            [rates.false_detections(folder), rates.shift_table(folder)],
        ),
        (
            "by-layer",
            say("Similarity by layer", "層ごとの類似度"),
            [detail.layers(folder), *layer_pairs.layer_pairs(folder)],
        ),
        (
            "measures",
            say("Which measure can be trusted here", "ここで信頼できる指標"),
            [*beside.beside(folder), beside.answers(folder)],
        ),
        (
            "samples-moved",
            say("Which classes and samples moved most", "最も動いたクラスとサンプル"),
            [samples.classes(folder), pictures, table],
        ),
        ("learning", say("How they learned", "学習のようす"), [_curves(folder)]),
    ]
    return [Section(name, title, _there(blocks), part="more") for name, title, blocks in parts]


def _geometry(folder: Folder) -> Table | None:
    """Densities and dimension of both families, with what each figure costs a model."""
    found = cost.costs(folder, "runs")
    by_figure = {figure: found[measure] for figure, measure in FIGURES.items() if measure in found}
    return cost.priced(geometry.by_families(folder), folder, by_figure, "models")


def _curves(folder: Folder) -> Figure | None:
    """Learning curves, a panel a stress."""
    words = chrome(folder.lang)
    stress = {c.name: c.stress for c in folder.conditions}
    return curves(folder, {name: words.get(of, of) for name, of in stress.items()}, stress, place.colours(folder))


def _there(blocks: Sequence[Block | None]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)
