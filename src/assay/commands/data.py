"""`assay data`: is this data good enough to learn from and to be judged on? No training."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.commands.common import (
    JsonOption,
    LabOption,
    ProductionOption,
    ThreadsOption,
    command,
    plain,
    print_json,
    progress,
    stdout,
    warn,
)

COLOURS = {"problem": "red", "look": "yellow", "fine": "green", "none": "dim"}


def data(
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="digits, cells, NAME in $ASSAY_DATA, an .npz, or a folder")
    ],
    production: ProductionOption = None,
    regroup: Annotated[bool, typer.Option("--regroup", help="split anew, keeping groups and copies together")] = False,
    lab: LabOption = Path("lab"),
    threads: ThreadsOption = 1,
    json_: JsonOption = False,
) -> None:
    """Copies, leaks, doubtful labels, shortcuts, rare items, distances: the cheap check before any training."""
    from assay.data import load_data
    from assay.lab import Lab
    from assay.lab.threads import limited
    from assay.studies.quality import examined

    with redirect_stdout(sys.stderr), limited(threads):
        dataset = load_data(source, production=production, regroup=regroup)
        root = Path(source).expanduser()
        with progress() as tell:
            folder = examined(
                dataset, Lab(lab), root=root if root.is_dir() else None, source=source, command=command(), tell=tell
            )
    finish(folder, "en", json_)


def finish(folder: Path, lang: str, json_: bool) -> None:
    """Write the report and say what was found."""
    from assay.core.files import read_json
    from assay.report import render

    page = render(folder, lang)
    found: dict[str, Any] = read_json(folder / "findings.json")
    if json_:
        seconds = read_json(folder / "provenance.json")["seconds"]
        places = {"folder": folder, "report": page, "weights": folder / "weights.csv", "recipe": folder / "recipe.yaml"}
        print_json({**found, **{name: str(place) for name, place in places.items()}, "seconds": seconds})
        return
    warn(found["warnings"])
    _print(found, folder)


def _print(found: dict[str, Any], folder: Path) -> None:
    """The worst finding first, one sentence each; then where everything is and what to do next."""
    console = stdout()
    console.print()
    for finding in found["findings"]:
        colour = COLOURS[finding["severity"]]
        word = "-" if finding["severity"] == "none" else finding["severity"]
        console.print(
            f"[{colour}]{word:8}[/][bold]{plain(finding['title'])}[/]  {plain(finding['sentence'])}", soft_wrap=True
        )
        if finding["next"] and finding["severity"] in ("problem", "look"):
            console.print(f"        [dim]→ {plain(finding['next'])}[/]", soft_wrap=True)
    if found["part"]:
        console.print(plain(found["part"]), soft_wrap=True)
    console.print()
    for name, place in (("report", "report.html"), ("weights", "weights.csv")):
        console.print(f"{name}: {plain(str(folder / place))}", soft_wrap=True)
    recipe = plain(shlex.quote(str(folder / "recipe.yaml")))
    console.print(f"train with these weights: assay train {recipe}", soft_wrap=True)
    console.print(f"next: {plain(found['next'])}", soft_wrap=True)
