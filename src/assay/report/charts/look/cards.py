"""The first screen: how often it is wrong, what wrong samples look like, the early warning and its worth."""

from __future__ import annotations

from typing import Any

from assay.report.folder import Folder
from assay.report.numbers import between, number, per_thousand
from assay.report.words import Say, say_in

MARKS = {"fine": "supported", "look": "undecided", "problem": "refuted"}
WORDS = {"fine": ("Fine", "問題なし"), "look": ("Look", "要確認"), "problem": ("Problem", "問題")}
BELIEF = {"supported": ("It warns", "警告になる"), "refuted": ("It does not warn", "警告にならない")}


def cards(folder: Folder, found: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The cards in the order of the page."""
    say, rates = say_in(folder.lang), found["rates"]
    made = [_rates(rates[0], folder, say)]
    made += [_production(row, rates[0], folder, say) for row in rates[1:]]
    made.append(_alike(found["wrong"], say))
    if found["classes"]:
        made.append(_warning(found["classes"][0], say, folder))
    made.append(_foretold(found["relations"], say, folder))
    return tuple(made)


def _card(name: str, word: str, word_text: str, text: str, sentence: str, meaning: str = "", sure: str = "") -> Any:
    said = {"name": name, "word": word, "word_text": word_text, "text": text, "sentence": sentence}
    return {**said, "meaning": meaning, "sure": sure, "next": "", "verdict": {"claim": name}}


def _percent(row: dict[str, Any], name: str, folder: Folder) -> str:
    low, high = ("low", "high") if name == "accuracy" else (f"{name}_low", f"{name}_high")
    span = between(100 * row[low], 100 * row[high], 1, folder.lang)
    return f"{number(100 * row[name], 1)} % ({span} %)"


def _rated(row: dict[str, Any], folder: Folder, say: Say) -> str:
    """False rejects and escapes of one set."""
    parts = []
    for name, english, japanese in (("false_reject", "false rejects", "過検出"), ("escape", "escapes", "見逃し")):
        if row[name] is None:
            parts.append(say(f"{english}: nothing to show it", f"{japanese}: 該当なし"))
        else:
            parts.append(f"{say(english, japanese)} {_percent(row, name, folder)}")
    mean = "" if folder.study["data"].get("ok") is not None else say(", means over the classes", " (クラス平均)")
    return ", ".join(parts) + mean


def _rates(row: dict[str, Any], folder: Folder, say: Say) -> Any:
    severity = "fine" if row["right"] == row["n"] else "look"
    counted = [per_thousand(row[name]) if row[name] is not None else "–" for name in ("false_reject", "escape")]
    right = number(100 * row["accuracy"], 1)
    return _card(
        "rates", MARKS[severity], say(*WORDS[severity]),
        say(f"Right on {right} % of test", f"テストの正解率 {right} %"),
        say(f"{_percent(row, 'accuracy', folder)} right; {_rated(row, folder, say)}.",
            f"正解率 {_percent(row, 'accuracy', folder)}、{_rated(row, folder, say)}。"),
        say(f"Of a thousand good items {counted[0]} are turned away; of a thousand faulty ones {counted[1]} pass.",
            f"良品千件のうち {counted[0]} 件を不良とし、不良品千件のうち {counted[1]} 件を通す。"),
        say(f"{row['n']:,} items, 95 % intervals, thresholds from val",
            f"{row['n']:,} 件、95 % 区間、しきい値は検証データから"),
    )  # fmt: skip


def _production(row: dict[str, Any], test: dict[str, Any], folder: Folder, say: Say) -> Any:
    worse = row["high"] < test["low"]
    points = number(100 * (test["accuracy"] - row["accuracy"]), 1)
    severity = "problem" if worse else "fine"
    right = _percent(row, "accuracy", folder)
    fewer = say("Surely fewer right on production", "製造データでは確かに低下")
    return _card(
        "production", MARKS[severity], say(*WORDS[severity]),
        fewer if worse else say("No sure loss on production", "製造データでの確かな低下はない"),
        say(f"{right} right, test less production {points} points; {_rated(row, folder, say)}.",
            f"正解率 {right}、テストとの差 {points} ポイント。{_rated(row, folder, say)}。"),
        "" if worse else say("The intervals of test and production overlap: few items hide much.",
                             "テストと製造の区間は重なる。件数が少なければ差は見えない。"),
        say(f"{row['n']:,} items, the thresholds of test", f"{row['n']:,} 件、しきい値はテストと同じ"),
    )  # fmt: skip


def _alike(wrong: dict[str, Any], say: Say) -> Any:
    total, other = (sum(found[name] for found in wrong.values()) for name in ("all", "among_other"))
    if not total:
        return _card("alike", "supported", say(*WORDS["fine"]), say("Nothing went wrong", "誤りなし"),
                     say("Every item that was looked at is right.", "見たサンプルはすべて正しい。"))  # fmt: skip
    return _card(
        "alike", "undecided", say(*WORDS["look"]),
        say(f"{other} of {total} wrong items look like another class inside",
            f"誤り {total} 件のうち {other} 件は内部で別クラスに似る"),
        say(f"Most of the ten training items nearest to them are of another class; the other {total - other} lie among "
            "their own class.",
            f"最も近い学習サンプル 10 件の多くが別クラス。残り {total - other} 件は自分のクラスの中にある。"),
        say("Among another class: look at label and picture. Among its own: the head or the threshold is at fault.",
            "別クラスの中: ラベルと画像を確認。自分のクラスの中: 出力層かしきい値の問題。"),
    )  # fmt: skip


def _warning(row: dict[str, Any], say: Say, folder: Folder) -> Any:
    moved, known = number(100 * row["moved"], 0), row["low"] is not None
    span = f" ({between(100 * row['low'], 100 * row['high'], 0, folder.lang)} %)" if known else ""
    loss = number(100 * row["loss"], 0)
    return _card(
        "warning", "undecided", say(*WORDS["look"]),
        say(f"Small shifts move {row['name']} most", f"小さな変化で最も動くのは {row['name']}"),
        say(f"A third of the usual shifts moves it by {moved} %{span} of the distance to {row['nearest']}, whatever "
            "the direction.",
            f"通常の 1/3 の変化で、{row['nearest']} までの距離の {moved} %{span} だけ動く（向きは問わない）。"),
        say(f"Under the whole shifts it loses {loss} points of accuracy.",
            f"変化全体では正解率が {loss} ポイント下がる。"),
        say(f"{row['n']} items", f"{row['n']} 件"),
    )  # fmt: skip


def _foretold(rows: list[dict[str, Any]], say: Say, folder: Folder) -> Any:
    """Whether the figure foretells losses; the first relation leads, the others follow."""
    lead = rows[0]
    word = lead["word"] if lead["word"] in BELIEF else "undecided"
    head = {
        "supported": say("The movement foretells which class loses", "移動は低下するクラスを予告する"),
        "refuted": say("The movement does not foretell which class loses", "移動は低下するクラスを予告しない"),
    }.get(word, say("Whether the movement foretells a loss is open", "移動が低下を予告するかは不明"))
    return _card(
        "foretold", word, say(*BELIEF.get(word, ("Cannot tell", "不明"))), head,
        " ".join(said(row, say, folder) for row in rows),
        say("A warning that was not confirmed on data like yours is a place to look, not an alarm.",
            "同様のデータで確かめられていない警告は、見るべき場所であって警報ではない。"),
        say("movement and loss from different items, p by Holm", "移動と低下は別サンプル、p は Holm 補正"),
    )  # fmt: skip


def said(row: dict[str, Any], say: Say, folder: Folder) -> str:
    """One relation as a sentence."""
    what = {
        "shift": say("Which class loses under shift", "変化で低下するクラス"),
        "shifts": say("Which shift costs a class most", "クラスに最も響く変化"),
        "production": say("Which class loses on production", "製造で低下するクラス"),
    }[row["against"]]
    n = row["n"]
    unit = say(f"{n} shifts", f"変化 {n} 種") if row["against"] == "shifts" else say(f"{n} classes", f"{n} クラス")
    if row["word"] == "too few":
        return say(f"{what}: too few to tell ({unit}).", f"{what}: 少なすぎて不明 ({unit})。")
    if row["word"] == "no loss":
        return say(f"{what}: all figures are alike ({unit}).", f"{what}: 差がない ({unit})。")
    span = between(row["low"], row["high"], 2, folder.lang)
    figure = f"{number(row['effect'], 2)} ({span})"
    return say(f"{what}: rank correlation {figure}, {unit}.", f"{what}: 順位相関 {figure}、{unit}。")
