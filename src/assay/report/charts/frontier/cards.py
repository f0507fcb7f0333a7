"""The cards of a frontier's first screen: what is chosen, what it costs, whether the networks blend."""

from __future__ import annotations

from typing import Any

from assay.report.folder import Folder
from assay.report.numbers import MINUS
from assay.report.words import say_in

MARKS = {"A": "supported", "B": "undecided", "C": "undecided", "X": "refuted"}


def cards(folder: Folder, found: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """One card for the choice, one for its price, one for the path."""
    return (_chosen(folder, found), *_price(folder, found), _path(folder, found))


def _chosen(folder: Folder, found: dict[str, Any]) -> dict[str, Any]:
    say, row = say_in(folder.lang), found["chosen"]
    clean, robust = _thousand(row, "test_clean"), _thousand(row, "test_robust")
    text = say(f"Chosen: {row['called']}", f"選択: {row['called']}")
    sentence = say(
        f"Of a thousand unchanged items {clean} are right; of a thousand that are changed on purpose, {robust} stay "
        "right.",
        f"変更のない千件のうち {clean} 件が正解。意図的に変更された千件のうち {robust} 件が正解のまま。",
    )
    meaning = _errors(folder, row)
    if row["production_clean"] is not None:
        right = _thousand(row, "production_clean")
        meaning += say(
            f"On production {right} of a thousand are right. ", f"production では千件のうち {right} 件が正解。"
        )
    if row["level"] == "C":
        meaning += say(
            "The second figure is an upper bound: a stronger attack may find more.",
            "後者は上限であり、より強い攻撃はさらに見つけうる。",
        )
    sure = say(
        f"{row['test_n']} and {row['test_attacked']} test items, 95 % intervals",
        f"test {row['test_n']} 件と {row['test_attacked']} 件、95 % 区間",
    )
    word = say(f"Level {row['level']}", f"水準 {row['level']}")
    return _card("chosen", text, sentence, meaning, sure, MARKS[row["level"]], word)


def _price(folder: Folder, found: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """What the choice gains and loses against the most robust network; nothing where it is the same."""
    say, row, best = say_in(folder.lang), found["chosen"], found["most_robust"]
    if row["point"] == best["point"]:
        return ()
    gain, loss = (_change(found["price"][key]) for key in ("clean", "robust"))
    text = say(f"Against the most robust: {best['called']}", f"最も頑健なものとの比較: {best['called']}")
    sentence = say(
        f"Right of a thousand: {gain} unchanged, {loss} under attack.",
        f"千件あたりの正解の差: 変更なし {gain}、攻撃下 {loss}。",
    )
    meaning = say("The slider below shows every step between.", "下のスライダーで途中のすべてを見られる。")
    sure = say("95 % intervals that err on the wide side", "95 % 区間 (広めの側)")
    return (_card("chosen", text, sentence, meaning, sure, "undecided", say("Price", "代償")),)


def _path(folder: Folder, found: dict[str, Any]) -> dict[str, Any]:
    say = say_in(folder.lang)
    worst = max(found["barriers"], key=lambda edge: edge["clean"])
    a, b, points = worst["from"], worst["to"], 100 * worst["clean"]
    if worst["word"] == "unclear":
        text = say(f"{a} and {b} may not blend", f"{a} と {b} は混合できない可能性がある")
        sentence = say(
            f"On the way, accuracy falls {points:.1f} points below the straight line, which so few items may show by "
            "chance.",
            f"途中で正解率が直線より {points:.1f} ポイント下がるが、この件数では偶然でもありうる。",
        )
        return _card("barrier", text, sentence, "", "", "undecided", say("Unclear", "不明"))
    if worst["word"] == "yes":
        text = say(f"{a} and {b} do not blend", f"{a} と {b} は混合できない")
        sentence = say(
            f"On the way, accuracy falls {points:.1f} points below the straight line between them.",
            f"途中で正解率が両者を結ぶ直線より {points:.1f} ポイント下がる。",
        )
        meaning = say("Train one from the other, or both as a generalist.", "一方から他方を学習し直すこと。")
        return _card("barrier", text, sentence, meaning, "", "refuted", say("Barrier", "障壁あり"))
    text = say("The networks blend", "モデルは混合できる")
    sentence = say(
        f"Nowhere is a blend more than {points:.1f} points below the straight line between its ends.",
        f"混合の正解率は、両端を結ぶ直線より最大でも {points:.1f} ポイント下まで。",
    )
    if points < 0.05:
        sentence = say("No blend lies below the straight line between its ends.", "両端を結ぶ直線より下の混合はない。")
    meaning = say("Every step of the slider is a network to use.", "スライダーのどの位置も使えるモデルである。")
    return _card("barrier", text, sentence, meaning, "", "supported", say("No barrier", "障壁なし"))


def _errors(folder: Folder, row: dict[str, Any]) -> str:
    say = say_in(folder.lang)
    said = ""
    if row["false_reject"] is not None:
        of = _thousand(row, "false_reject")
        said += say(f"{of} of a thousand good items are turned away. ", f"良品千件のうち {of} 件を不良とする。")
    if row["escape"] is not None:
        of = _thousand(row, "escape")
        said += say(f"{of} of a thousand faulty items pass. ", f"不良品千件のうち {of} 件を見逃す。")
    return said


def _thousand(row: dict[str, Any], key: str) -> str:
    value, low, high = (1000 * row[name] for name in (key, f"{key}_low", f"{key}_high"))
    return f"{value:.0f} ({low:.0f}–{high:.0f})"


def _change(found: dict[str, float]) -> str:
    """A difference per thousand with its interval, with true minus signs."""
    value, low, high = (f"{round(1000 * found[name]):+d}".replace("-", MINUS) for name in ("value", "low", "high"))
    return f"{value} ({low} … {high})"


def _card(name: str, text: str, sentence: str, meaning: str, sure: str, word: str, said: str) -> dict[str, Any]:
    card = {"name": name, "text": text, "sentence": sentence, "meaning": meaning, "sure": sure, "next": ""}
    return {**card, "word": word, "word_text": said, "verdict": {"claim": name}}
