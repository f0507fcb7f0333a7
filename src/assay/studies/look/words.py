"""What is said of a look, in sentences that need no statistics."""

from __future__ import annotations

import shlex
from typing import Any

from assay.studies.quality.words import called, capital, count, rate, span

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


def following(about: dict[str, Any]) -> str:
    """Stage two for the same data: a small trial of stress, with the same model where it can be named.

    >>> following({"source": "parts/", "model": "resnet18", "production": None})
    'assay study families --data parts/ --set model=resnet18 --dry-run'
    """
    words = ["assay", "study", "families", "--data", about["source"]]
    if about.get("production"):
        words += ["--production", about["production"]]
    return shlex.join([*words, "--set", f"model={about['model']}", "--dry-run"])


def sentence(text: str) -> str:
    """Text as a sentence."""
    return f"{capital(text)}."
