"""Copies: in two splits (a leak), under two labels (a conflict), or again and again in one class."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.maths.statistics import wilson
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.view import View
from assay.studies.quality.words import count, rate, span

BEARABLE = 3  # near pairs that chance and likeness give in a clean set
MUCH = 0.01


def duplicates(view: View) -> list[Finding]:
    """Three findings: ``leaks``, ``conflicts`` and ``repeats``."""
    pairs = view.pairs
    names = list(view.splits)
    home = np.repeat(np.arange(len(names)), [len(view.splits[name]) for name in names])
    labels = np.concatenate([split.labels for split in view.splits.values()])
    a, b = pairs.ends.T
    across, differ = home[a] != home[b], labels[a] != labels[b]
    return [_leaks(view, home, names), _conflicts(view, home, differ), _repeats(view, home, ~across & ~differ)]


def _leaks(view: View, home: np.ndarray, names: list[str]) -> Finding:
    """Items of val, test or a later split that have a copy in train; the worst split gives the figure."""
    unit, equal = view.pairs.unit, _equal_units(view)
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        if name != "train":
            here = home == place
            rows.append(
                {
                    "split": name,
                    "n": int(here.sum()),
                    "copies": int(np.isin(unit[here], unit[home == 0]).sum()),
                    "equal": int(np.isin(equal[here], equal[home == 0]).sum()),
                }
            )
    worst = max(rows, key=lambda row: row["copies"] / max(row["n"], 1))
    low, high = wilson(worst["copies"], worst["n"])
    ends, gap = view.pairs.ends, view.pairs.gap
    chosen = np.flatnonzero((home[ends] == 0).any(1) & (home[ends] != 0).any(1))
    equals = sum(row["equal"] for row in rows)
    total = sum(row["copies"] for row in rows)
    severity: Severity = "problem" if equals or low > MUCH else "look" if total >= BEARABLE else "fine"
    share = worst["copies"] / max(worst["n"], 1)
    have = "has" if worst["copies"] == 1 else "have"
    said = f"{worst['copies']:,} of {worst['n']:,} {worst['split']} {view.noun}s {have} a copy in train"
    if not total:
        said = f"No {view.noun} outside of train has a copy in train"
    kinds = f", {worst['equal']:,} of them equal in every value" if worst["equal"] else ""
    lifted = f" That can lift results there by up to {rate(share)}." if severity != "fine" else ""
    return Finding(
        "leaks",
        "Copies across splits",
        severity,
        f"{said} ({rate(share)}, {span((low, high))}){kinds}.{lifted}",
        ""
        if severity == "fine"
        else ("split anew with --regroup, which keeps equal ones together; " if equals else "look at the pairs; ")
        + "those left are out of train with weights.csv (weight 0)",
        share,
        "share of the split",
        (low, high),
        worst["n"],
        _listed(view, home, chosen[np.argsort(gap[chosen], kind="stable")]),
        {"splits": rows, "bar": view.pairs.bar, "dimension": view.pairs.dimension},
    )


def _conflicts(view: View, home: np.ndarray, differ: np.ndarray) -> Finding:
    """Copies under different labels: one of them is wrong, or the difference is too small to be seen here."""
    chosen = np.flatnonzero(differ)
    equal = int((view.pairs.gap[chosen] == 0).sum())
    involved = len(np.unique(view.pairs.ends[chosen]))
    share, n = involved / len(home), len(home)
    severity: Severity = "problem" if equal else "look" if len(chosen) else "fine"
    if not len(chosen):
        said = f"No {view.noun} has a copy under another label."
    elif equal:
        said = f"{count(equal, 'pair')} of equal {view.noun}s stand under two labels; one of the two is wrong."
    else:
        said = (
            f"{count(len(chosen), 'pair')} of nearly equal {view.noun}s stand under two labels: a wrong label, or a "
            "difference too small to be seen in this simple view."
        )
    return Finding(
        "conflicts",
        "Copies under two labels",
        severity,
        said,
        "look at the pairs and correct or drop one of each" if len(chosen) else "",
        share,
        f"share of {view.noun}s",
        wilson(involved, n),
        n,
        _listed(view, home, chosen[np.argsort(view.pairs.gap[chosen], kind="stable")]),
    )


def _repeats(view: View, home: np.ndarray, same: np.ndarray) -> Finding:
    """Training items that are further copies of another training item of their class."""
    ends = view.pairs.ends
    chosen = np.flatnonzero(same & (home[ends[:, 0]] == 0))
    n = int((home == 0).sum())
    involved = np.unique(ends[chosen])
    more = len(involved) - len(np.unique(view.pairs.unit[involved]))
    low, high = wilson(more, n)
    severity: Severity = "look" if low > MUCH else "fine"
    largest = int(np.bincount(view.pairs.unit[involved]).max()) if len(involved) else 1
    said = f"{count(more, f'training {view.noun} repeats', f'training {view.noun}s repeat')} another of the same class"
    tail = f", the most repeated {largest} times in all" if largest > 2 else ""
    return Finding(
        "repeats",
        "Copies within a class",
        severity,
        f"{said} ({rate(more / n)}, {span((low, high))}){tail}.",
        f"count the data as {n - more:,} different {view.noun}s; weights.csv shares one weight among copies"
        if severity != "fine"
        else "",
        more / n,
        "share of train",
        (low, high),
        n,
        _listed(view, home, chosen[np.argsort(view.pairs.gap[chosen], kind="stable")]),
    )


def _equal_units(view: View) -> np.ndarray:
    from assay.data.copies import pixel_keys

    keys = np.concatenate([pixel_keys(split.images) for split in view.splits.values()])
    return np.unique(keys, return_inverse=True)[1]


def _listed(view: View, home: np.ndarray, chosen: np.ndarray) -> list[dict[str, Any]]:
    """Both ends of each pair, one after the other, with a number that joins them."""
    names, first = list(view.splits), np.searchsorted(home, np.arange(home.max() + 1))
    found = []
    for number, place in enumerate(chosen):
        gap = float(view.pairs.gap[place])
        for end in view.pairs.ends[place]:
            split = names[home[end]]
            note = f"pair {number + 1}, {'equal' if gap == 0 else 'near'}"
            found.append(view.item(split, int(end - first[home[end]]), gap, note, pair=number + 1))
    return found
