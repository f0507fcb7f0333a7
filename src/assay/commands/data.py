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
    from assay.report import render
    from assay.studies.quality import examined

    with redirect_stdout(sys.stderr), limited(threads):
        dataset = load_data(source, production=production, regroup=regroup)
        root = Path(source).expanduser()
        with progress() as tell:
            found = examined(dataset, Lab(lab), root=root if root.is_dir() else None, command=command(), tell=tell)
        render(Path(found["folder"]))
    if json_:
        print_json(found)
        return
    warn(found["warnings"])
    _print(found, source, production)


def _print(found: dict[str, Any], source: str, production: str | None) -> None:
    """The worst finding first, one sentence each; then where everything is and what to do next."""
    console = stdout()
    console.print()
    for finding in found["findings"]:
        colour = COLOURS[finding["severity"]]
        word = "-" if finding["severity"] == "none" else finding["severity"]
        console.print(f"[{colour}]{word:8}[/][bold]{plain(finding['title'])}[/]  {plain(finding['sentence'])}")
        if finding["next"] and finding["severity"] in ("problem", "look"):
            console.print(f"        [dim]→ {plain(finding['next'])}[/]")
    if found["part"]:
        console.print(plain(found["part"]))
    console.print(f"\nreport: {plain(found['report'])}\nweights: {plain(found['weights'])}", soft_wrap=True)
    console.print(f"next: {plain(_next(found, source, production))}", soft_wrap=True)


def _next(found: dict[str, Any], source: str, production: str | None) -> str:
    """The command most worth running now."""
    loud = {finding["name"] for finding in found["findings"] if finding["severity"] == "problem"}
    if loud & {"leaks", "groups"} and "--regroup" not in command():
        return f"{command()} --regroup"
    more = f" --production {shlex.quote(production)}" if production else ""
    return f"assay study families --data {shlex.quote(source)}{more}"
