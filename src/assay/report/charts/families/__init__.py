"""The pictures of the families study, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable

from assay.report.blocks import Block, Figure, Section, Story
from assay.report.charts.families import detail, motion, place, rates, spread
from assay.report.charts.families.controls import controls
from assay.report.charts.families.space import Space, space
from assay.report.claims import claim_section
from assay.report.folder import Folder
from assay.report.words import say_in

Drawing = Callable[[Folder, Space], Figure | None]

# A claim is evidenced by the drawing whose words its name contains; a drawing that no claim asks for stands by itself.
EVIDENCE: tuple[tuple[tuple[str, ...], Drawing], ...] = (
    (("accuracy-spread", "spread-accuracy", "spread-with"), spread.spread_accuracy),
    (("error", "detection", "warn", "shifted"), lambda folder, _: motion.movement_errors(folder)),
    (("spread", "dispersion", "vary", "unhappy"), spread.happy_unhappy),
    (("family", "place", "apart", "separate"), place.distance_heat),
    (("move", "stress", "twin"), lambda folder, _: motion.trajectories(folder)),
)


def story(folder: Folder) -> Story:
    """The map first, then a section a claim, then what users of a model notice, then closer looks."""
    models = space(folder)
    left = list(range(len(EVIDENCE)))
    claims = []
    for claim in folder.study.get("claims") or []:
        name = str(claim.get("name"))
        found = next((i for i in left if any(word in name for word in EVIDENCE[i][0])), None)
        figure = None
        if found is not None:
            left.remove(found)
            figure = EVIDENCE[found][1](folder, models)
        claims.append(claim_section(folder, claim, (figure,) if figure else ()))
    rest = [EVIDENCE[i][1](folder, models) for i in reversed(left)]
    return Story(
        hero=place.model_map(folder, models),
        sections=(*claims, *_alone(folder, rest), *_looks(folder)),
        controls=controls(folder, models),
    )


def _alone(folder: Folder, figures: list[Figure | None]) -> list[Section]:
    return [Section(f"see-{figure.name}", figure.title, (figure,), part="more") for figure in figures if figure]


def _looks(folder: Folder) -> list[Section]:
    say = say_in(folder.lang)
    pictures, table = detail.gallery(folder)
    parts: list[tuple[str, str, list[Block | None]]] = [
        ("by-condition", say("What each condition does to accuracy", "条件が正解率に与える影響"), [rates.by_condition(folder), rates.condition_table(folder)]),
        ("on-shifted", say("False detections on shifted data", "ずれたデータでの誤検出"), [rates.false_detections(folder), rates.shift_table(folder)]),
        ("by-layer", say("Where in the network models differ", "ネットワークのどこで異なるか"), [detail.layers(folder)]),
        ("samples-moved", say("Which classes and samples moved", "どのクラスとサンプルが動いたか"), [detail.classes(folder), pictures, table]),
        ("learning", say("How they learned", "学習のようす"), [detail.curves(folder)]),
    ]  # fmt: skip
    sections = []
    for name, title, blocks in parts:
        there = tuple(block for block in blocks if block)
        sections.append(Section(name, title, there, part="more"))
    return sections
