"""What commands share: options, and how they speak. Nothing heavy is imported until a command runs."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assay.studies.means import Tell

DataOption = Annotated[
    str, typer.Option("--data", help="digits, cells, NAME in $ASSAY_DATA, an .npz, or a folder of class folders")
]
ProductionOption = Annotated[
    str | None, typer.Option("--production", help="a later or shifted set of the same classes to be judged on")
]
PlaceArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="a file of weights, a run's folder lab/runs/ID, or file.py:function")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="what the weights belong to: resnet18, mlp:64, file.py:function")
]
WeightsOption = Annotated[
    str | None, typer.Option("--weights", help="weights for file.py:function: tensors only, .safetensors or .pt")
]
TrainedOnOption = Annotated[
    str | None, typer.Option("--data", help="what it was trained on: a name, an .npz or a folder of class folders")
]
RegroupOption = Annotated[bool, typer.Option("--regroup", help="split anew, as when the model was trained so")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="a.b=c: a recipe field, or grid.FIELD=[...] for a study's axis")
]
LabOption = Annotated[Path, typer.Option("--lab", help="where runs and studies are kept")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda")]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=1, help="threads of each job; part of the result for convolutions")
]
OnOption = Annotated[
    str, typer.Option("--on", help="auto, inline, processes:N, ray, ray:N (workers here) or ray:ADDRESS (a cluster)")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object and nothing else on standard output")]
LangOption = Annotated[str, typer.Option("--lang", help="language of the report's first screen: en or ja")]


UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def known_language(lang: str) -> None:
    """`BadInput` for a language that reports are not written in."""
    from assay.core.errors import unknown

    if lang not in ("en", "ja"):
        raise unknown("language", lang, ("en", "ja"))


def duration(text: str) -> float:
    """Seconds from text such as ``90s``, ``20m``, ``1.5h``.

    >>> duration("20m"), duration("90")
    (1200.0, 90.0)
    """
    from assay.core.errors import BadInput

    parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    if parts is None or float(parts[1]) == 0:
        raise BadInput(f"asked for --budget {text}; found no time; write for instance 90s, 20m or 2h")
    return float(parts[1]) * UNITS[parts[2]]


def warn(warnings: Iterable[str]) -> None:
    """Say on standard error what changes how results are to be read."""
    for warning in warnings:
        stderr().print(f"[bold yellow]warning:[/] {plain(warning)}", soft_wrap=True)


def print_plan(plan: dict[str, Any], json_: bool) -> None:
    """A plan as text, or as JSON."""
    if json_:
        print_json(plan)
        return
    console = stdout()
    for line in plan["text"]:
        console.print(plain(line))


def command() -> str:
    """The command line as it was typed, without `--json`."""
    return shlex.join(["assay", *(word for word in sys.argv[1:] if word != "--json")])


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    from assay.core.files import to_json

    sys.stdout.write(to_json(value, indent=1) + "\n")


def tell_all(lines: Iterable[str]) -> None:
    """Say on standard error what was decided."""
    for line in lines:
        stderr().print(plain(line), soft_wrap=True)


def print_answer(lines: Iterable[str]) -> None:
    """Sentences of an answer, what each is about (the words before its colon) in bold."""
    for line in lines:
        what, colon, rest = line.partition(":")
        stdout().print(f"[bold]{plain(what)}{colon}[/]{plain(rest)}", soft_wrap=True)


def print_end(places: Iterable[str], next_: str) -> None:
    """Where what was made lies, a line each, and what to type next."""
    for line in (*places, f"next: {next_}"):
        stdout().print(plain(line), soft_wrap=True)


def reported(folder: Path, found: dict[str, Any], lang: str, json_: bool) -> Path | None:
    """Write the report of a finished question. Its path where people read on; with ``json_`` the answer is printed."""
    from assay.report import render

    page = render(folder, lang)
    if json_:
        print_json(found | {"folder": str(folder), "report": str(page)})
        return None
    warn(found["warnings"])
    return page


def plain(value: str) -> str:
    """Text in which brackets are brackets, not markup."""
    from rich.markup import escape

    return escape(value)


def stdout() -> Any:
    """The terminal."""
    from rich.console import Console

    return Console(highlight=False)


def stderr() -> Any:
    """Standard error: progress, warnings, errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@contextmanager
def progress() -> Iterator[Tell]:
    """A bar a phase on standard error, with what is left to wait for and what was finished last."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[last]}"),
    )
    with Progress(*columns, console=stderr()) as progress:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, of: int, last: str) -> None:
            if of and what not in tasks:
                tasks[what] = progress.add_task(what, total=of, last="")
            if what in tasks:
                progress.update(tasks[what], completed=done, total=of, last=plain(last))

        try:
            yield tell
        except KeyboardInterrupt:
            progress.stop()
            stderr().print("stopped; repeat the same command to go on where it was")
            raise SystemExit(130) from None
