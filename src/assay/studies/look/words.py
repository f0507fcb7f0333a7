"""What is said of a look, in sentences that need no statistics."""

from __future__ import annotations

import shlex
from typing import Any

from assay.studies.look.reading import Reading
from assay.studies.quality.words import called, capital, count, rate, span
from assay.studies.study import Text, text

CITED = (
    ("Bonett and Wright 2000", "D. G. Bonett, T. A. Wright: Sample size requirements for estimating Pearson, Kendall "
     "and Spearman correlations. Psychometrika 65."),
    ("van der Maaten and Hinton 2008", "L. van der Maaten, G. Hinton: Visualizing data using t-SNE. JMLR 9."),
    ("Wilson 1927", "E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22."),
)  # fmt: skip


def title() -> dict[str, str]:
    """The name of the page."""
    return {"en": "A look at a model", "ja": "モデルを見る"}


def question(production: bool) -> dict[str, str]:
    """The question as a sentence."""
    more = " and on production data" if production else ""
    return {
        "en": f"What does this model make of the samples on test{more}, and where would a small change hurt it?",
        "ja": f"このモデルはテスト{'と製造現場の' if production else ''}データをどう見ており、"
        "わずかな変化にどこが弱いか？",
    }


def rated(row: dict[str, Any], ok: int | None = None) -> str:
    """The rates of one set in a sentence; without an ``ok`` class they are means over the classes.

    >>> row = {"set": "test", "n": 200, "accuracy": 0.9, "low": 0.85, "high": 0.93}
    >>> row |= {"false_reject": 0.04, "false_reject_low": 0.02, "false_reject_high": 0.08, "escape": None}
    >>> rated(row, 0).replace("\\N{NO-BREAK SPACE}", " ")
    'test: 90 % of 200 items right (85 % to 93 %); false rejects 4 % (2 % to 8 %); no faulty item to escape'
    """
    said = f"{row['set']}: {rate(row['accuracy'])} of {row['n']:,} items right ({span((row['low'], row['high']))})"
    for name, words, none in (
        ("false_reject", "false rejects", "no ok item to reject"),
        ("escape", "escapes", "no faulty item to escape"),
    ):
        if row[name] is None:
            said += f"; {none}"
        else:
            each = "" if ok is not None else "by class, "
            said += f"; {words} {each}{rate(row[name])} ({span((row[f'{name}_low'], row[f'{name}_high']))})"
    return said


def confused(found: dict[str, Any]) -> str:
    """Whose samples the wrong ones look like.

    >>> confused({"all": 4, "among_other": 3, "among_own": 1})
    '4 items went wrong: 3 look like another class to the model, 1 like their own'
    >>> confused({"all": 0, "among_other": 0, "among_own": 0})
    'nothing went wrong among the items that were looked at'
    """
    if not found["all"]:
        return "nothing went wrong among the items that were looked at"
    other, own = found["among_other"], found["among_own"]
    return (
        f"{count(found['all'], 'item')} went wrong: {other} look like another class to the model, {own} like their own"
    )


def weakest(row: dict[str, Any] | None) -> str:
    """The class that small shifts move most.

    >>> weakest({"name": "3", "nearest": "5", "moved": 0.234, "low": 0.21, "high": 0.25, "loss": 0.13})[:71]
    'small shifts move class 3 most: by 23 % (21 to 25 %) of the distance to'
    """
    if row is None:
        return "small shifts: too few items of any class to say how far they move it"
    known = row["low"] is not None and row["low"] == row["low"]
    between = f" ({100 * row['low']:.0f} to {100 * row['high']:.0f} %)" if known else ""
    return (
        f"small shifts move {called(row['name'])} most: by {100 * row['moved']:.0f} %{between} of the distance to "
        f"{called(row['nearest'])}; under the whole shifts it loses {100 * row['loss']:.0f} points of accuracy"
    )


def foretold(rows: list[dict[str, Any]]) -> str:
    """How well the early-warning figure did here, all relations in one sentence."""
    return "early warning: " + "; ".join(relation(row) for row in rows)


def relation(row: dict[str, Any]) -> str:
    """One relation in words.

    >>> relation({"against": "shift", "n": 2, "word": "too few", "effect": None})
    'whether this movement foretells which class loses under shift cannot be told from 2 classes'
    >>> relation({"against": "shift", "n": 9, "word": "supported", "effect": 0.81, "low": 0.3, "high": 0.96})
    'this movement foretells which class loses under shift (rank correlation 0.81, 0.30 to 0.96, 9 classes)'
    """
    what = {
        "shift": "which class loses under shift",
        "shifts": "which shift costs a class most",
        "production": "which class loses on production",
    }[row["against"]]
    unit = count(
        row["n"], "shift" if row["against"] == "shifts" else "class", "" if row["against"] == "shifts" else "classes"
    )
    if row["word"] == "too few":
        return f"whether this movement foretells {what} cannot be told from {unit}"
    if row["word"] == "no loss":
        return f"whether this movement foretells {what} cannot be told: all figures are alike"
    figure = f"(rank correlation {row['effect']:.2f}, {row['low']:.2f} to {row['high']:.2f}, {unit})"
    verb = {"supported": "foretells", "refuted": "does not foretell"}.get(row["word"])
    return (
        f"this movement {verb} {what} {figure}"
        if verb
        else f"whether this movement foretells {what} is not clear {figure}"
    )


def taken(reading: Reading, second: str) -> list[Text]:
    """What was assumed of answers that are not one logit a class: whose they are, what they are, and what says so.

    >>> [said["en"] for said in taken(Reading(False, False, "range", False, 9), "crack")]
    []
    """
    of, n, who = called(second), f"{reading.n:,}", f"「{second}」"
    said: list[Text] = []
    if reading.single:
        said.append(text(
            f"the model answers by one number, which is taken to speak for {second}, the second class; training "
            "studies need a model with one logit a class",
            f"このモデルは一つの数で答える。それを2番目のクラス{who}に対する値とみなした。学習を伴う実験には、"
            "クラスごとに一つのロジットを返すモデルが必要である",
        ))  # fmt: skip
    elif reading.ready:
        said.append(text(
            f"the model returns probabilities, not logits: its answers to {n} val inputs all lie in 0 to 1 and add up "
            "to 1; they are taken as they are",
            f"このモデルはロジットではなく確率を返す。検証データの入力{n}個への答えはすべて0から1の間にあり、"
            "和が1である。そのまま確率として用いた",
        ))  # fmt: skip
    if not reading.single:
        return said
    if reading.by == "sigmoid":
        said.append(text(
            f"the model returns probabilities, not logits: a sigmoid gives its answers, so they are taken as "
            f"probabilities of {of}",
            f"このモデルはロジットではなく確率を返す。答えはシグモイドの出力であり、{who}の確率とみなした",
        ))  # fmt: skip
    elif reading.ready:
        said.append(text(
            f"it is assumed that the model returns probabilities, not logits: its answers to {n} val inputs all lie in "
            f"0 to 1, so they are taken as probabilities of {of}; neither a sigmoid nor a linear layer is seen to give "
            "them, and if they are logits, the rates here are wrong: let a linear layer give the answer",
            f"このモデルはロジットではなく確率を返すと仮定した。検証データの入力{n}個への答えがすべて0から1の間にある"
            f"ため、{who}の確率とみなした。答えがシグモイドの出力か線形層の出力かは確認できない。ロジットであれば、"
            "ここに示す率は誤りである。その場合は、線形層の出力をそのまま答えにする",
        ))  # fmt: skip
    elif reading.within:
        said.append(text(
            f"it is assumed that the model returns a logit: a linear layer gives its answers, although those to {n} "
            "val inputs all lie in 0 to 1; if they are probabilities, the rates here are wrong: end the model with a "
            "sigmoid over a logit",
            f"このモデルはロジットを返すと仮定した。検証データの入力{n}個への答えはすべて0から1の間にあるが、"
            "線形層の出力である。確率であれば、ここに示す率は誤りである。その場合は、ロジットのシグモイドを答えにする",
        ))  # fmt: skip
    return said


def following(about: dict[str, Any]) -> str:
    """Stage two for the same data: a small trial of stress, with the same model where it can be named and trained.

    >>> following({"source": "parts/", "model": "resnet18", "production": None, "regroup": True})
    'assay study families --data parts/ --regroup --set model=resnet18 --dry-run'
    >>> following({"source": "parts/", "model": "n.py:make", "single": True})
    'assay study families --data parts/ --dry-run  # on a model that suits the data; n.py:make needs one logit a class'
    """
    words = ["assay", "study", "families", "--data", about["source"]]
    if about.get("production"):
        words += ["--production", about["production"]]
    if about.get("regroup"):
        words.append("--regroup")
    if about.get("split_seed"):
        words += ["--set", f"grid.split_seed={about['split_seed']}"]
    if about.get("single"):
        why = f"on a model that suits the data; {about['model']} needs one logit a class"
        return f"{shlex.join([*words, '--dry-run'])}  # {why}"
    return shlex.join([*words, "--set", f"model={about['model']}", "--dry-run"])


def sentence(text: str) -> str:
    """Text as a sentence."""
    return f"{capital(text)}."
