"""A claim and its verdict, for any study: its card on the first screen and the head of its section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.report.blocks import Block, Cell, Column, Section, Table
from assay.report.folder import Folder
from assay.report.numbers import probability, short
from assay.report.words import chrome, say_in

WORDS = ("supported", "refuted", "undecided")


def cards(folder: Folder) -> list[dict[str, Any]]:
    """One card a verdict, in the order of the claims, with every text in the page's language."""
    words = chrome(folder.lang)
    texts = {claim.get("name"): claim for claim in folder.study.get("claims") or []}
    found = []
    for verdict in folder.verdicts:
        word = verdict.get("word") if verdict.get("word") in WORDS else "undecided"
        claim = texts.get(verdict.get("claim"), {})
        card = {name: folder.text(verdict.get(name)) for name in ("sentence", "meaning", "next")}
        found.append({
            **card,
            "verdict": verdict,
            "name": str(verdict.get("claim")),
            "word": word,
            "word_text": words[str(word)],
            "text": heading(folder, claim) or str(verdict.get("claim")),
            "sure": _how_sure(folder, verdict),
        })  # fmt: skip
    return found


def heading(folder: Folder, claim: dict[str, Any]) -> str:
    """A claim in words, without the full stop that a heading does not have."""
    return folder.text(claim.get("text")).rstrip(".。")


def _how_sure(folder: Folder, verdict: dict[str, Any]) -> str:
    say = say_in(folder.lang)
    untested = folder.study.get("lacking") or {}  # they share in no correction, so their p says nothing
    claims = sum(each.get("claim") not in untested for each in folder.verdicts)
    corrected = verdict.get("p_corrected")
    after = say(f"after correction for {claims} claims", f"({claims} 件の主張で補正後)")
    p = verdict.get("p") if corrected is None else corrected
    tested = isinstance(p, int | float) and verdict.get("claim") not in untested
    chance = f"p\N{NO-BREAK SPACE}{probability(p)}" if tested else ""
    if chance and corrected is not None and claims > 1:
        chance = f"{chance} {after}"
    return say(", ", "、").join(part for part in (folder.text(verdict.get("n_text")), chance) if part)


def claim_section(
    folder: Folder, claim: dict[str, Any], blocks: tuple[Block, ...], designs: Mapping[str, str] | None = None
) -> Section:
    """The section with the evidence for one claim: its outcome, the pictures and tables, the test in one sentence.

    ``designs``: what a study says of its designs, where that is not what is said of twins and families.
    """
    name = str(claim.get("name"))
    verdict: dict[str, Any] = next((v for v in folder.verdicts if v.get("claim") == name), {"claim": name})
    title = heading(folder, claim) or name
    numbers = _detail(folder, name, verdict.get("detail") or {})
    blocks = (*blocks, *([numbers] if numbers else []))
    return Section(f"claim-{name}", title, blocks, verdict=verdict, tested=_test(folder, claim, designs or {}))


def _detail(folder: Folder, name: str, detail: dict[str, Any]) -> Table | None:
    """Every further number of the test, for those who check it."""
    say = say_in(folder.lang)
    rows = tuple((Cell(str(key)), Cell(short(value), value)) for key, value in detail.items() if _is_number(value))
    if not rows:
        return None
    columns = (Column(say("number", "項目")), Column(say("value", "値"), number=True))
    folded = say(f"Further numbers of the test: {len(rows)}", f"検定の他の数値: {len(rows)}")
    return Table(f"detail-{name}", say("Further numbers of the test", "検定の他の数値"), columns, rows, folded=folded)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value == value


def _test(folder: Folder, claim: dict[str, Any], designs: Mapping[str, str]) -> str:
    say = say_in(folder.lang)
    design = {
        "paired": say(
            ", in pairs that share a seed and differ only in the stress", " (同じシードでストレスだけが異なる対)"
        ),
        "family": say(", in models that each have a seed of their own", " (シードがすべて異なるモデル)"),
        **designs,
    }.get(str(claim.get("design")), "")
    side = {
        "above": say("above", "より大きい"),
        "below": say("below", "より小さい"),
        "apart": say("apart from", "とは異なる"),
    }.get(str(claim.get("claimed")), "")
    held, margin = claim.get("threshold"), claim.get("margin") or []
    if not claim.get("measure") or held is None:
        return ""
    band = ""
    if len(margin) == 2 and margin[0] < margin[1]:
        band = say(
            f"; {margin[0]:.3g} to {margin[1]:.3g} counts as no effect",
            f"。{margin[0]:.3g}〜{margin[1]:.3g} は効果なしとみなす",
        )
    measure, band = folder.text(claim["measure"]), band.replace("-", "\N{MINUS SIGN}")
    return say(
        f"The test: {measure}{design}. The claim says {side} {held:g}{band}. Both were fixed before the first run.",
        f"検定: {measure}{design}。主張は {held:g} {side}こと{band}。いずれも最初の学習の前に決めた。",
    )
