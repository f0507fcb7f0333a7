"""Shortcuts: does a trivial rule do as well as neighbours in all pixels?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import wilson
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.neighbours import by_neighbours
from assay.studies.quality.rules import ASIDE, rules
from assay.studies.quality.view import View
from assay.studies.quality.words import called, capital, rate, span

K = 15
SOME, MUCH = 0.7, 0.9  # of the way from guessing to neighbours in all pixels
TELLS = 0.8  # share of a class found less share of others taken for it (lower limit), where no class should show
FEWEST = 8  # test items of a class
COLUMNS_TRIED = 60


def shortcuts(view: View) -> list[Finding]:
    """One finding: the trivial rule that does best on test, against the commonest class and neighbours in all pixels.

    A rule takes the majority of the 15 nearest training items in its few numbers. Of a table's columns the best on
    train (each half judged by the other) is the one judged on test.
    """
    train, test = view.splits["train"], view.splits["test"]
    classes, n = len(view.dataset.classes), len(test)
    most = int(np.bincount(train.labels, minlength=classes).argmax())
    guess, whole = float((test.labels == most).mean()), float(view.accuracy.mean())
    tried = rules(view)
    if view.dataset.kind == "table":
        tried = _best_column(tried, train.labels, classes)
    rows: list[dict[str, Any]] = []
    marked: list[tuple[str, int, float]] = []
    for name, numbers in tried.items():
        told = _told(numbers["train"], train.labels, numbers["test"], classes)
        right = told == test.labels
        low, high = wilson(int(right.sum()), n)
        way = (low - guess) / max(whole - guess, 1e-9)
        rows.append({"name": name, "value": float(right.mean()), "low": low, "high": high, "way": way, "kind": "rule"})
        marked += [(name, *each) for each in _tells(told, test.labels, classes)] if name in ASIDE else []
    rows.sort(key=lambda row: -row["value"])
    known = wilson(int(view.accuracy.sum()), n)[0] > guess
    severity, said, advice = _judge(view, rows, marked, guess, whole, known)
    best = rows[0]
    ends = [
        ("all pixels" if view.dataset.kind == "image" else "all columns", whole, "whole"),
        ("commonest class", guess, "guess"),
    ]
    table = pd.DataFrame(rows + [_reference(name, value, n, kind) for name, value, kind in ends])
    detail = {
        "rules": {row["name"]: row["value"] for row in rows},
        "commonest_class": guess,
        "neighbours": whole,
        "classes": [{"rule": r, "class": view.dataset.classes[c], "told": t} for r, c, t in marked],
    }
    return [
        Finding(
            "shortcuts", "Shortcuts", severity, said, advice, best["value"], f"accuracy of {best['name']} alone",
            (best["low"], best["high"]), n, detail=detail, table=table,
        )
    ]  # fmt: skip


def _judge(
    view: View, rows: list[dict[str, Any]], marked: list[Any], guess: float, whole: float, known: bool
) -> tuple[Severity, str, str]:
    best = rows[0]
    every = "neighbours in all pixels" if view.dataset.kind == "image" else "neighbours in all columns"
    figures = (
        f"{best['name']} alone gives {rate(best['value'])} of test ({span((best['low'], best['high']))}); "
        f"the commonest class {rate(guess)}, {every} {rate(whole)}"
    )
    advice = (
        f"if {best['name']} is not what makes the class, even it out: augment it, or collect so that it does not differ"
    )
    if known and best["way"] >= SOME:
        severity: Severity = "problem" if best["way"] >= MUCH and view.dataset.kind == "image" else "look"
        return severity, f"A trivial rule does nearly as well as comparing all of an item: {figures}.", advice
    if marked:
        rule, label, told = max(marked, key=lambda each: each[2])
        name = called(view.dataset.classes[label])
        said = (
            f"The {rule} alone gives {name} away (found less mistaken {rate(told)}), though it should say nothing. "
            f"{capital(figures)}."
        )
        return "problem", said, f"find out why the {rule} of {name} differs, and even it out"
    return "fine", f"No trivial rule does as well as comparing all of an item: {figures}.", ""


def _told(train: np.ndarray, labels: np.ndarray, test: np.ndarray, classes: int) -> np.ndarray:
    centre, spread = train.mean(0), np.maximum(train.std(0), 1e-9)
    a, b = (((part - centre) / spread).astype(np.float32) for part in (train, test))
    return by_neighbours(a, labels, b, classes, K)


def _tells(told: np.ndarray, labels: np.ndarray, classes: int) -> list[tuple[int, float]]:
    """Classes that a rule finds without mistaking others, with the lower limit of found less mistaken."""
    found = []
    for label in range(classes):
        own = labels == label
        if own.sum() >= FEWEST and (~own).any():
            hits = wilson(int((told[own] == label).sum()), int(own.sum()))[0]
            slips = wilson(int((told[~own] == label).sum()), int((~own).sum()))[1]
            if hits - slips >= TELLS:
                found.append((label, hits - slips))
    return found


def _best_column(tried: dict[str, Any], labels: np.ndarray, classes: int) -> dict[str, Any]:
    """The column that is best when each half of train is judged by the other."""
    odd = np.arange(len(labels)) % 2 == 1

    def score(name: str) -> float:
        x = tried[name]["train"]
        halves = [(odd, ~odd), (~odd, odd)]
        return float(np.mean([(_told(x[a], labels[a], x[b], classes) == labels[b]).mean() for a, b in halves]))

    best = max(list(tried)[:COLUMNS_TRIED], key=score)
    return {best: tried[best]}


def _reference(name: str, value: float, n: int, kind: str) -> dict[str, Any]:
    low, high = wilson(round(value * n), n)
    return {"name": name, "value": value, "low": low, "high": high, "way": np.nan, "kind": kind}
