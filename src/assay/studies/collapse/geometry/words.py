"""From figures to words: which classes have collapsed, whether the rarest fares worst, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

# Conventions, not tests of significance: shares of the spread that the untrained network has inside a class.
COLLAPSED = 0.05
SPREAD = 0.2
BALANCED = 1.5  # no class is called rare unless the largest is this many times larger
NO_CONTRAST = "No contrastive loss acted here (training moved no projector): judged by features before the head."
RULE = (
    f"share of variance within the class, as a part of the untrained network's: under {COLLAPSED:g} collapsed, "
    f"over {SPREAD:g} spread, else partly; a convention, not a significance test"
)


def word(kept: float | None) -> str:
    """What a class is called.

    >>> word(0.01), word(0.1), word(0.9), word(None)
    ('collapsed', 'partly', 'spread', 'unknown')
    """
    if kept is None:
        return "unknown"
    return "collapsed" if kept < COLLAPSED else "spread" if kept > SPREAD else "partly"


def verdict(words: Sequence[str]) -> str:
    """The model's word: that of its classes where they agree, else partly.

    >>> verdict(["spread", "spread"]), verdict(["spread", "collapsed"])
    ('spread', 'partly')
    """
    known = {each for each in words if each != "unknown"}
    return known.pop() if len(known) == 1 else "partly" if known else "unknown"


def sentences(classes: Sequence[dict[str, Any]]) -> list[str]:
    """The answer first, then the classes by name."""
    groups = {
        each: [row for row in classes if row["word"] == each] for each in ("collapsed", "partly", "spread", "unknown")
    }
    n = sum(len(rows) for name, rows in groups.items() if name != "unknown")
    answers = {
        "collapsed": f"Yes, collapsed: all {n} classes have lost nearly all their spread.",
        "spread": f"No, not collapsed: all {n} classes keep a good part of their spread.",
        "unknown": "Not known: no class has two train items that could differ.",
    }
    whole = verdict([row["word"] for row in classes])
    in_part = f"In part: {len(groups['collapsed'])} of {n} classes have collapsed."
    if not groups["collapsed"]:
        in_part = f"Not collapsed, but {len(groups['partly'])} of {n} classes have lost most of their spread."
    lines = [answers.get(whole, in_part)]
    says = {
        "collapsed": "collapsed, their items are nearly one point",
        "partly": "partly collapsed",
        "spread": "spread",
        "unknown": "unknown, too few items or nothing to compare with",
    }
    for name, rows in groups.items():
        if rows:
            lines.append(f"  {says[name]}: {', '.join(_named(row) for row in rows)}")
    return lines


def rarest(classes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Whether the class with the fewest train items keeps least; None where classes are of about one size."""
    known = [row for row in classes if row["kept"] is not None]
    if not known or max(row["items"] for row in classes) < BALANCED * min(row["items"] for row in classes):
        return None
    rare = min(classes, key=lambda row: row["items"])
    least = min(known, key=lambda row: row["kept"])
    about = f"The rarest class, {rare['name']} ({rare['items']} train items),"
    if rare["kept"] is None:
        text = f"{about} has too few items to say."
    elif rare is least:
        others = [row["kept"] for row in known if row is not rare]
        beside = f"; the others keep {_percent(min(others))} to {_percent(max(others))}" if others else ""
        text = f"{about} is the most collapsed: it keeps {_percent(rare['kept'])} of its spread{beside}."
    else:
        text = (
            f"{about} is not the most collapsed: it keeps {_percent(rare['kept'])} of its spread, "
            f"{least['name']} {_percent(least['kept'])}."
        )
    return {"name": rare["name"], "items": rare["items"], "most_collapsed": rare is least, "text": text}


def at_projector(embedding: dict[str, Any]) -> str:
    """Where the answer was looked for, and the figure that the theory knows."""
    train, test = embedding["within_variance"]["train"], embedding["within_variance"]["test"]
    return (
        f"Looked at where the contrastive loss acts, at the projector: variance within classes {train:.3g} on train, "
        f"{test:.3g} on test (the x that `assay forecast` foretells)."
    )


def beside(forecast: dict[str, Any], embedding: dict[str, Any]) -> str:
    """What was foretold for the recipe, beside what the network keeps.

    >>> beside({"alpha": 0.5, "temperature": 0.1, "mean": 0.3}, {"within_variance": {"train": 0.1}})
    'For its recipe (weight 0.5, temperature 0.1) a variance of 0.3 was foretold; the network keeps 0.1.'
    """
    return (
        f"For its recipe (weight {forecast['alpha']:.3g}, temperature {forecast['temperature']:g}) a variance of "
        f"{forecast['mean']:.3g} was foretold; the network keeps {embedding['within_variance']['train']:.3g}."
    )


def in_features(classes: Sequence[dict[str, Any]]) -> str:
    """What the features before the head have kept, in one line; the table is about them."""
    known = [row["kept"] for row in classes if row["kept"] is not None]
    if not known:
        return "In the features before the head: not known."
    names = [row["name"] for row in classes if row["word"] == "collapsed"]
    gone = f", and {', '.join(names)} collapsed there, too" if names else ""
    return (
        f"In the features before the head, of which the table tells, classes keep {_percent(min(known))} to "
        f"{_percent(max(known))} of their spread{gone}."
    )


def following(whole: str, data: str) -> str:
    """The command to go on with."""
    quoted = shlex.quote(data)
    if whole in ("spread", "unknown"):
        return f"assay study collapse --data {quoted}"
    return f"assay forecast --data {quoted} --want-within 0.3"


def _named(row: dict[str, Any]) -> str:
    return row["name"] if row["kept"] is None else f"{row['name']} (keeps {_percent(row['kept'])})"


def _percent(share: float) -> str:
    """A share for people.

    >>> _percent(0.004), _percent(0.314)
    ('0.4 %', '31 %')
    """
    return f"{100 * share:.1f} %" if share < 0.095 else f"{100 * share:.0f} %"
