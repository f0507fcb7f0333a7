"""The report as text: verdicts, warnings, where the page is, and the next command worth trying."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from assay.report.claims import cards
from assay.report.folder import Folder, pick
from assay.report.notes import notes
from assay.report.words import chrome

MARKS = {"supported": ("●", "green"), "refuted": ("◆", "red"), "undecided": ("○", "yellow")}


def terminal(folder: Path, console: Console, lang: str = "en") -> None:
    """Print the verdict cards of a study folder, notes, warnings, the report's path and a command to copy."""
    seen, words = Folder(Path(folder), lang), chrome(lang)
    console.print()
    console.print(Text(seen.text(seen.study.get("question")), style="bold"))
    for card in cards(seen):
        mark, colour = MARKS[card["word"]]
        console.print()
        console.print(Text.assemble((f"{mark} {card['word_text']}", f"bold {colour}"), "  ", (card["text"], "bold")))
        lines = [(card["sentence"], ""), (card["sure"], "dim"), (card["meaning"], "")]
        if card["next"]:
            lines.append((card["next"], "italic"))
        for text, style in lines:
            for line in Text(text, style=style).wrap(console, max(20, console.width - 2)) if text else ():
                line.rstrip()
                console.print(Text("  ").append_text(line))
    if not seen.verdicts:
        console.print(Text(words["no_verdicts"], style="dim"))
    for text in notes(seen):
        console.print()
        console.print(Text.assemble(("→ ", "bold"), text))
    for text in seen.warnings:
        console.print()
        console.print(Text.assemble(("! ", "bold yellow"), text))
    console.print()
    # Paths and commands are printed without wrapping, so that they can be copied whole.
    report = Path(folder) / "report.html"
    if report.exists():
        console.print(Text(f"{words['report']}: {report}"), soft_wrap=True)
    command = next_command(seen)
    if command:
        console.print(Text(f"{words['try_next']}:", style="dim"))
        console.print(Text(f"  {command}", style="cyan"), soft_wrap=True)


def next_command(folder: Folder) -> str:
    """The command most worth running next: what would decide an open claim, else data from production, else more.

    What would decide a claim is said by its verdict, either as an option or as a number of seeds.
    """
    command, seeds = str(folder.study.get("command") or ""), folder.study.get("seeds")
    if not command:
        return ""
    for verdict in folder.verdicts:
        said = pick(verdict.get("next"), "en") if verdict.get("word") == "undecided" else ""
        if option := re.search(r"(?<!without )(--[a-z]+) (?!\S*NAME)('[^']*'|[^\s()]*[^\s(),.])", said):
            name, value = option[1], option[2].strip("'")
            return with_option(command, name, value) if name != "--set" else f"{command} --set '{value}'"
        if (more := re.search(r"(\d+) more seeds?\b", said)) and isinstance(seeds, int):
            return with_option(command, "--seeds", str(seeds + int(more[1])))
    if "--production" not in command:
        return f"{command} --production FOLDER"
    return with_option(command, "--preset", "evidence") if folder.study.get("preset") != "evidence" else ""


def with_option(command: str, name: str, value: str) -> str:
    """A command line with an option set, whether it was there or not.

    >>> with_option("assay study families --seeds 6 --data digits", "--seeds", "12")
    'assay study families --seeds 12 --data digits'
    >>> with_option("assay study families", "--seeds", "12")
    'assay study families --seeds 12'
    """
    pattern = re.compile(rf"{re.escape(name)}[ =]\S+")
    return pattern.sub(f"{name} {value}", command, count=1) if pattern.search(command) else f"{command} {name} {value}"
