"""The cards of a search's first screen: what was chosen, and goal by goal whether it beats the default."""

from __future__ import annotations

from typing import Any

from assay.report.folder import Folder
from assay.report.numbers import between, decimals, number, short
from assay.report.words import Say, say_in
from assay.studies.tune.words import spread

MARKS = {"better": "supported", "worse": "refuted", "undecided": "undecided"}


def cards(folder: Folder, found: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """One card for the choice, one for each goal that was compared on test."""
    say = say_in(folder.lang)
    return (_chosen(found, say), *(_goal(row, folder, say) for row in found["comparison"]))


def _chosen(found: dict[str, Any], say: Say) -> dict[str, Any]:
    chosen = found["chosen"]
    if chosen is None:
        text = say("No trial finished", "完了した試行なし")
        sentence = say("There is nothing to choose from.", "選べる設定がありません。")
        meaning = say("Give more time (--budget) or more trials (--trials).", "--budget または --trials を増やす。")
        return _card(text, sentence, meaning, "", "refuted", say("Nothing", "なし"))
    figures = ", ".join(f"{name} {short(value)}" for name, value in chosen["figures"].items())
    sure = say(f"one seed, on val; run {chosen['run']}", f"シード一つ、val; run {chosen['run']}")
    if not found["satisfied"]:
        text = say("No trial keeps every bound", "制約を満たす試行なし")
        sentence = say(f"Nearest: trial {chosen['trial']}: {figures}.", f"最も近い試行 {chosen['trial']}: {figures}。")
        meaning = say(f"Asked for: {', '.join(found['constraints'])}.", f"制約: {', '.join(found['constraints'])}。")
        return _card(text, sentence, meaning, sure, "refuted", say("Out of bounds", "制約違反"))
    if chosen["is_default"]:
        text = say("The default stays", "既定のままでよい")
        sentence = say(
            f"No setting that was tried is a better compromise: {figures}.", f"より良い妥協点なし: {figures}。"
        )
        meaning = say("More trials may find one.", "試行を増やせば見つかる可能性はある。")
        return _card(text, sentence, meaning, sure, "undecided", say("Default", "既定"))
    settings = ", ".join(f"{name} {_short(value)}" for name, value in chosen["values"].items())
    text = say(f"Chosen: trial {chosen['trial']}", f"選択: 試行 {chosen['trial']}")
    sentence = say(f"On val: {figures}.", f"val: {figures}。")
    return _card(text, sentence, settings, sure, "undecided", say("Chosen", "選択"))


def _goal(row: dict[str, Any], folder: Folder, say: Say) -> dict[str, Any]:
    name = row["figure"].removeprefix("test_")
    interval = row["interval"]
    places = decimals(*interval) if interval else 3
    span = f" ({between(interval[0], interval[1], places, folder.lang)})" if interval else ""
    said = {
        "better": say("Better", "改善"), "worse": say("Worse", "悪化"), "undecided": say("Undecided", "未判定"),
    }[row["word"]]  # fmt: skip
    text = say(f"{name}: the chosen settings against the default", f"{name}: 選んだ設定と既定の比較")
    sentence = say(
        f"On test {short(row['chosen'])} against {short(row['default'])}: {number(row['effect'], places)}{span}.",
        f"test で {short(row['chosen'])}、既定は {short(row['default'])}: 差 {number(row['effect'], places)}{span}。",
    )
    meaning = {
        "better": say("The gain is not the choice of test items.", "test 項目の偶然ではない差。")
        if row["seeds"] == 1
        else say("The gain holds over seeds and test items.", "シードと test 項目を考慮しても改善。"),
        "worse": say("That is what the choice costs.", "選択の代償。"),
        "undecided": say("No difference that can be told.", "差は判別できない。"),
    }[row["word"]]
    if row.get("unsteady"):
        meaning += say(
            f" It is unsteady from seed to seed ({spread(row, 'chosen')}; the default's {spread(row, 'default')}): it "
            "may have been chosen for one good run.",
            f" シードによる差が大きい ({spread(row, 'chosen')}、既定は {spread(row, 'default')})。"
            "一回の良い学習で選ばれた可能性がある。",
        )
    sure = say(
        f"{row['seeds']} seed{'s' * (row['seeds'] > 1)} each, {row['items']} test items",
        f"シード各 {row['seeds']}、test {row['items']} 件",
    )
    if row["seeds"] == 1:
        sure += say(" (the luck of training is not in the interval)", "（学習の偶然は区間に含まれない）")
    return _card(text, sentence, meaning, sure, MARKS[row["word"]], said, name=row["goal"])


def _short(value: Any) -> str:
    return short(value) if isinstance(value, float) else str(value)


def _card(
    text: str, sentence: str, meaning: str, sure: str, word: str, said: str, name: str = "chosen"
) -> dict[str, Any]:
    card = {"name": name, "text": text, "sentence": sentence, "meaning": meaning, "sure": sure, "next": ""}
    return {**card, "word": word, "word_text": said, "verdict": {"claim": name}}
