"""The page of a data check: what stands out first, then every check with its picture, its items and what to do."""

from __future__ import annotations

import shlex
from typing import Any

from assay.core.files import read_json
from assay.report.blocks import Block, Section, Story, Terms, Text
from assay.report.charts.quality import figures, items
from assay.report.folder import Folder

# A severity as a mark that every page knows: a cross, an open circle, a tick.
MARKS = {"problem": "refuted", "look": "undecided", "fine": "supported", "none": "undecided"}
WORDS = {"problem": "Problem", "look": "Look", "fine": "Fine", "none": "Not asked"}


def story(folder: Folder) -> Story:
    """Everything that the page of a data check shows."""
    found = read_json(folder.path / "findings.json")
    findings: list[dict[str, Any]] = found["findings"]
    drawn = {finding["name"]: figures.figure(folder, finding) for finding in findings}
    hero = next((drawn[f["name"]] for f in findings if drawn[f["name"]]), None)
    sections = []
    for finding in findings:
        own = drawn[finding["name"]]
        blocks: list[Block | None] = [own if own is not hero else None, *items.blocks(folder, finding)]
        lead = " ".join(text for text in (finding["sentence"], _then(finding["next"])) if text)
        if finding["severity"] != "none":
            kept = tuple(block for block in blocks if block) or (Text(_figure(finding)),)
            sections.append(Section(f"claim-{finding['name']}", finding["title"], kept, lead))
    sections.append(Section("weights", "Into training", _use(folder), items.weighed(folder), part="more"))
    silent = [finding for finding in findings if finding["severity"] == "none"]
    if silent:
        terms = Terms(tuple((f["title"], (f["sentence"], _then(f["next"]))) for f in silent))
        sections.append(Section("silent", "What could not be asked", (terms,), part="more"))
    there = (folder.study.get("data") or {}).get("sizes") or figures.HUES
    keys = {"split": [(name, token, "circle") for name, token in figures.HUES.items() if name in there]}
    return Story(hero, tuple(sections), keys=keys, cards=_cards(findings), terms=_terms())


def _use(folder: Folder) -> tuple[Block, ...]:
    """The recipe that uses the weights, and the command for it."""
    recipe = folder.path / "recipe.yaml"
    if not recipe.exists():
        return ()
    return (Text(f"assay train {shlex.quote(str(recipe))}\n\n{recipe.read_text(encoding='utf-8')}", code=True),)


def _cards(findings: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """A card for each finding that stands out; one card where none does."""
    loud = [_card(finding) for finding in findings if finding["severity"] in ("problem", "look")]
    asked = sum(finding["severity"] == "fine" for finding in findings)
    quiet = {
        **{"name": "quiet", "title": "Nothing stands out", "severity": "fine", "next": "", "figure": None},
        **{"sentence": f"{asked} checks found nothing to act on.", "n": 0},
    }
    return tuple(loud) or (_card(quiet),)


def _card(finding: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": finding["name"],
        "word": MARKS[finding["severity"]],
        "word_text": WORDS[finding["severity"]],
        "text": finding["title"],
        "sentence": finding["sentence"],
        "meaning": "",
        "next": _then(finding["next"]),
        "sure": _figure(finding) if finding["figure"] is not None else "",
        "verdict": {"claim": finding["name"]},
    }


def _then(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _figure(finding: dict[str, Any]) -> str:
    """Figure, interval and number of items in one line.

    >>> _figure({"figure": 0.02, "interval": [0.01, 0.03], "unit": "share of train", "n": 200})
    'share of train: 0.02 (0.01 to 0.03), n = 200'
    """
    if finding["figure"] is None:
        return ""
    low, high = finding["interval"] or (None, None)
    span = f" ({low:.3g} to {high:.3g})" if low is not None else ""
    return f"{finding['unit']}: {finding['figure']:.3g}{span}, n = {finding['n']:,}"


def _terms() -> tuple[tuple[str, tuple[str, ...]], ...]:
    said = (
        ("interval", "The range that holds the true value in 95 % of such data sets (Wilson's for shares)."),
        ("copy", "Equal in every value, or so much nearer than an item's 30th neighbour that chance would give half "
         "such a pair in the whole data set."),
        ("simple view", "16 x 16 pixels, colour statistics and directions of edges, on at most 64 principal axes. "
         "What a trained network sees may differ."),
        ("chance to tell apart", "The area under the ROC curve of a ridge regression between the two sets, on items "
         "it was not fitted to. 0.5: alike, 1: never mistaken."),
        ("wrong label", "Estimated from how many of the ten nearest other training items share the label, compared "
         "with how many would share a random other one."),
    )  # fmt: skip
    return tuple((term, (text,)) for term, text in said)
