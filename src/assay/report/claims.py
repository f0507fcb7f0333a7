"""A claim and its verdict, for any study: the card on the first screen and the head of the section with its evidence."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Block, Section
from assay.report.folder import Folder
from assay.report.numbers import probability
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
            "text": folder.text(claim.get("text")) or str(verdict.get("claim")),
            "sure": _how_sure(folder, verdict),
        })  # fmt: skip
    return found


def _how_sure(folder: Folder, verdict: dict[str, Any]) -> str:
    say = say_in(folder.lang)
    claims, corrected = len(folder.verdicts), verdict.get("p_corrected")
    after = say(f"after correction for {claims} claims", f"({claims} 件の主張で補正後)")
    p = verdict.get("p") if corrected is None else corrected
    chance = f"p {probability(p)}" if isinstance(p, int | float) else ""
    if chance and corrected is not None and claims > 1:
        chance = f"{chance} {after}"
    return ", ".join(part for part in (folder.text(verdict.get("n_text")), chance) if part)


def claim_section(folder: Folder, claim: dict[str, Any], blocks: tuple[Block, ...]) -> Section:
    """The section with the evidence for one claim: its outcome, the pictures and tables, the test in one sentence."""
    name = str(claim.get("name"))
    verdict = next((v for v in folder.verdicts if v.get("claim") == name), {"claim": name})
    title = folder.text(claim.get("text")) or name
    return Section(f"claim-{name}", title, blocks, verdict=verdict, tested=_test(folder, claim))


def _test(folder: Folder, claim: dict[str, Any]) -> str:
    say = say_in(folder.lang)
    design = {
        "paired": say(
            ", in pairs that share a seed and differ only in the stress", " (同じシードでストレスだけが異なる対)"
        ),
        "family": say(", in models that each have a seed of their own", " (シードがすべて異なるモデル)"),
    }.get(str(claim.get("design")), "")
    side = {"above": say("above", "より大きい"), "below": say("below", "より小さい")}.get(str(claim.get("claimed")), "")
    held, margin = claim.get("threshold"), claim.get("margin") or []
    if not claim.get("measure") or held is None:
        return ""
    band = ""
    if len(margin) == 2:
        band = say(
            f"; {margin[0]:g} to {margin[1]:g} counts as no effect",
            f"。{margin[0]:g}〜{margin[1]:g} は効果なしとみなす",
        )
    measure = folder.text(claim["measure"])
    return say(
        f"The test: {measure}{design}. The claim says {side} {held:g}{band}. Both were fixed before the first run.",
        f"検定: {measure}{design}。主張は {held:g} {side}こと{band}。いずれも最初の学習の前に決めた。",
    )
