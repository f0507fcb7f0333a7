"""The page of a frontier: the chosen network first, then the slider, the blends, the barriers, the next step."""

from __future__ import annotations

from typing import Any

from assay.core.files import read_json
from assay.report.blocks import Block, Section, Story, Text
from assay.report.charts.frontier import figures, tables
from assay.report.charts.frontier.cards import cards
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """Everything that the page of a frontier shows."""
    say, found = say_in(folder.lang), read_json(folder.path / "result.json")
    walk = tables.walk(folder, found)
    said: list[Block] = [Text(found["next"], code=True, title=say("attack the chosen network", "選んだモデルを攻撃"))]
    said.append(Text(found["weights"], code=True, title=say("the chosen network", "選んだモデル")))
    parts: list[tuple[str, str, str, str, list[Block | None]]] = [
        ("claim-chosen", say("Blend by blend", "混合ごと"), _rule(folder, found), "evidence",
         [walk, tables.others(folder, found)]),
        ("claim-barrier", say("Do they blend?", "混合できるか"), _line(folder, found), "evidence",
         [figures.losses(folder, found), tables.barriers(folder, found)]),
        ("next", say("The next step", "次の一手"), "", "more", [*said]),
    ]  # fmt: skip
    sections = [
        Section(name, title, tuple(block for block in blocks if block), lead, part=part)
        for name, title, lead, part, blocks in parts
    ]
    hero = figures.frontier(folder, found, walk)
    return Story(hero=hero, sections=tuple(sections), cards=cards(folder, found), terms=tables.terms(folder, found))


def _rule(folder: Folder, found: dict[str, Any]) -> str:
    english = f"Chosen on val alone: {found['rule']}. Test was looked at afterwards."
    return say_in(folder.lang)(english, "選択は val のみで行い、test は後から見た。")


def _line(folder: Folder, found: dict[str, Any]) -> str:
    return say_in(folder.lang)(
        "Weights of two networks can be averaged only where the loss stays low on the way. How far a blend falls below "
        "the straight line between the two is the barrier; up to 2 points of accuracy count as none.",
        "二つのモデルの重みは、途中で損失が上がらない場合にだけ平均できる。直線からの落ち込みを障壁と呼び、正解率 2 "
        "ポイントまでは無いとみなす。",
    )
