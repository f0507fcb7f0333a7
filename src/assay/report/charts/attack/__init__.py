"""The page of an attack: level and figure first, then the curve, the classes, what broke, and the checks."""

from __future__ import annotations

from typing import Any

from assay.core.files import read_json
from assay.report.blocks import Block, Section, Story
from assay.report.charts.attack import figures, tables
from assay.report.charts.attack.gallery import gallery
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in

# A level as a mark that every page knows: a tick, an open circle, a cross.
MARKS = {"A": "supported", "B": "undecided", "C": "undecided", "X": "refuted"}


def story(folder: Folder) -> Story:
    """Everything that the page of an attack shows."""
    say, found = say_in(folder.lang), read_json(folder.path / "result.json")
    parts: list[tuple[str, str, str, list[Block | None]]] = [
        ("claim-robust", say("Which attack broke how many", "攻撃ごとの結果"), "evidence", [tables.attacks(folder)]),
        (
            "by-class",
            say("Class by class", "クラスごと"),
            "evidence",
            [figures.classes(folder), tables.classes(folder)],
        ),
        ("broken", say("What broke", "破られた例"), "evidence", [gallery(folder), tables.examples(folder)]),
        (
            "claim-level",
            say("The checks behind the level", "水準の根拠となる検査"),
            "controls",
            [tables.checks(folder)],
        ),
    ]
    sections = [
        Section(name, title, tuple(block for block in blocks if block), part=part)
        for name, title, part, blocks in parts
        if any(blocks)
    ]
    return Story(
        hero=figures.curve(folder, found),
        sections=tuple(sections),
        cards=(_figure(folder, found), _level(folder, found), _worst(folder, found)),
        terms=tables.terms(folder, found),
    )


def _figure(folder: Folder, found: dict[str, Any]) -> dict[str, Any]:
    say, n = say_in(folder.lang), found["n_examples"]
    low, high = (100 * end for end in found["interval"])
    robust, clean = 100 * found["robust_acc"], 100 * found["clean_acc"]
    text = say(
        f"Level {found['level']}: right on {robust:.1f} % when attacked",
        f"水準 {found['level']}: 攻撃下の正解率 {robust:.1f} %",
    )
    sentence = say(
        f"{robust:.1f} % of examples ({low:.1f} to {high:.1f} %) withstand every attack; {clean:.1f} % are right "
        "when nothing is changed.",
        f"{robust:.1f} % ({low:.1f}〜{high:.1f} %) の例がすべての攻撃に耐えた。変更なしでは {clean:.1f} % が正解。",
    )
    meaning = say(
        f"Of a thousand inputs, {1000 * found['robust_acc']:.0f} cannot be turned by these attacks.",
        f"千件のうち {1000 * found['robust_acc']:.0f} 件は、これらの攻撃では誤らせることができない。",
    )
    sure = say(f"{n} examples, 95 % interval", f"{n} 例、95 % 区間")
    return _card(folder, found, "robust", text, sentence, meaning, sure)


def _level(folder: Folder, found: dict[str, Any]) -> dict[str, Any]:
    say = say_in(folder.lang)
    done = sum(check["passed"] != "not done" for check in found["checks"])
    failed = sum(check["passed"] == "no" for check in found["checks"])
    text = {
        "A": say("The figure can be believed", "この数値は信頼できる"),
        "B": say("The figure can be believed within its limits", "この数値は限定付きで信頼できる"),
        "C": say("The figure is an upper bound and no more", "この数値は上限にすぎない"),
        "X": say("Do not use this figure", "この数値を使ってはならない"),
    }[found["level"]]
    sentence = say(
        f"{done} checks for figures that only look robust; {failed} failed.",
        f"見かけの頑健性の検査 {done} 件、不合格 {failed} 件。",
    )
    return _card(folder, found, "level", text, sentence, "; ".join(found["reasons"]), "")


def _worst(folder: Folder, found: dict[str, Any]) -> dict[str, Any]:
    say = say_in(folder.lang)
    row = next(row for row in found["per_class"] if row["name"] == found["worst_class"])
    low, high, robust, clean = (100 * row[name] for name in ("low", "high", "robust", "clean"))
    text = say(f"Worst class: {row['name']}", f"最も弱いクラス: {row['name']}")
    sentence = say(
        f"{robust:.0f} % of its examples ({low:.0f} to {high:.0f} %) withstand; {clean:.0f} % are right unperturbed.",
        f"{robust:.0f} % ({low:.0f}〜{high:.0f} %) が耐えた。変更なしでは {clean:.0f} %。",
    )
    other = row["turns_into"]
    meaning = say(f"Most often it is turned into {other}.", f"最も多くは {other} に変わる。") if other else ""
    sure = say(f"{number(row['n'], 0)} examples", f"{number(row['n'], 0)} 例")
    return _card(folder, found, "worst", text, sentence, meaning, sure)


def _card(
    folder: Folder, found: dict[str, Any], name: str, text: str, sentence: str, meaning: str, sure: str
) -> dict[str, Any]:
    word = say_in(folder.lang)(f"Level {found['level']}", f"水準 {found['level']}")
    card = {"name": name, "text": text, "sentence": sentence, "meaning": meaning, "sure": sure, "next": ""}
    return {**card, "word": MARKS[found["level"]], "word_text": word, "verdict": {"claim": name}}
