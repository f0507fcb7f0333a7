"""The page of a look: rates and the early warning first, then the samples as the model sees them, layer by layer."""

from __future__ import annotations

from typing import Any

from assay.core.files import read_json
from assay.report.blocks import Block, Section, Story, Text
from assay.report.charts.look import figures, maps, tables
from assay.report.charts.look.cards import cards
from assay.report.charts.look.gallery import gallery
from assay.report.charts.look.samples import samples
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """Everything that the page of a look shows."""
    say, found = say_in(folder.lang), read_json(folder.path / "result.json")
    seen = samples(folder)
    by_layer = [maps.by_layer(folder, seen, kind) for kind in ("pca", "tsne")] if seen else []
    coloured: list[Block | None] = list(maps.coloured(folder, seen)) if seen else []
    galleries: list[Block | None] = list(gallery(folder))
    made: list[tuple[str, str, str, list[Block | None]]] = [
        ("claim-rates", say("How often it is wrong", "誤りの頻度"), "evidence", [tables.rates(folder, found)]),
        ("claim-alike", say("What wrong samples look like to it", "誤ったサンプルの見え方"), "evidence",
         [*galleries, tables.wrong(folder)]),
        ("claim-warning", say("What small shifts do", "小さな変化の影響"), "evidence",
         [figures.warning(folder, found), figures.moves(folder), tables.classes(folder, found)]),
        ("claim-foretold", say("Whether the movement is a warning", "移動は警告になるか"), "evidence",
         [figures.foretold(folder, found), tables.relations(folder, found)]),
        ("coloured", say("The map by error, group and set", "誤り・グループ・セット別の地図"), "more", coloured),
        ("by-layer", say("Layer by layer", "層ごと"), "more", [*by_layer]),
        ("crowd", say("Density and correlation", "密度と相関"), "more",
         [tables.layers(folder), figures.crowd(folder, "density"), figures.crowd(folder, "correlation")]),
        ("next", say("Next", "次に"), "more", [Text(found["next"], code=True)]),
    ]  # fmt: skip
    sections = tuple(
        Section(name, title, tuple(block for block in blocks if block), part=part)
        for name, title, part, blocks in made
        if any(blocks)
    )
    under = [(say("under the whole shifts", "変化全体"), "@blue", "circle")]
    if len(found["rates"]) > 1:
        under.append((say("on production", "製造"), "@vermillion", "triangle-up"))
    keys = {**(seen.keys(folder) if seen else {}), "under": under}
    return Story(maps.hero(folder, seen) if seen else None, sections, keys=keys, cards=cards(folder, found),
                 terms=_terms(folder))  # fmt: skip


def _terms(folder: Folder) -> tuple[tuple[str, tuple[str, ...]], ...]:
    say = say_in(folder.lang)
    said: tuple[tuple[str, Any], ...] = (
        (say("false reject, escape", "過検出、見逃し"),
         say("A good item turned away; a faulty item let through, at the threshold on 1 - P(ok) that has the least sum "
             "of both rates on val. Where no class means 'nothing wrong', each class is the good one in turn, and the "
             "mean over classes is given.",
             "良品を不良とすること、不良品を通すこと。しきい値は検証データで両者の和が最小となる 1 - P(ok)。"
             "「異常なし」のクラスがなければ、各クラスを順に良品とみなした平均。")),
        (say("layer", "層"),
         say("The output of a module inside the network, a map averaged over positions, in evaluation mode.",
             "ネットワーク内のモジュールの出力。マップは位置で平均、評価モード。")),
        (say("moved", "移動"),
         say("Distance between a sample and its shifted self in the representation, over the distance of its class's "
             "mean to the nearest other class mean. 50 %: half the way.",
             "内部表現でのサンプルと変化後の距離 ÷ クラス平均から最寄りの別クラス平均への距離。")),
        (say("rank correlation", "順位相関"),
         say("1: the class that moves most loses most, and so on down; 0: no relation; below 0: the other way round.",
             "1: 動くクラスほど低下する。0: 関係なし。負: 逆。")),
        (say("density", "密度"),
         say("Mean distance of two samples over the mean distance to the k-th neighbour: high where samples clump.",
             "2 サンプルの平均距離 ÷ k 番目の近傍への平均距離。固まるほど高い。")),
        (say("correlation", "相関"),
         say("Mean correlation between the representations of two samples. 1: all point the same way.",
             "2 サンプルの内部表現の平均相関。1: すべて同じ向き。")),
    )  # fmt: skip
    return tuple((term, (text,)) for term, text in said)
