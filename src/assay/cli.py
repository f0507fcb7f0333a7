"""The command line. It imports nothing heavy until a command runs, so that ``--help`` is instant."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assay.studies.means import Tell

app = typer.Typer(
    name="assay",
    help="A laboratory for image classifiers: what accuracy alone does not show, with evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

DataOption = Annotated[
    str, typer.Option("--data", help="digits, cells, NAME in $ASSAY_DATA, an .npz, or a folder of class folders")
]
ProductionOption = Annotated[
    str | None, typer.Option("--production", help="a later or shifted set of the same classes to be judged on")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="a.b=c: a recipe field, or grid.FIELD=[...] for a study's axis")
]
LabOption = Annotated[Path, typer.Option("--lab", help="where runs and studies are kept")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda")]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=1, help="threads of each job; part of the result for convolutions")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object and nothing else on standard output")]
LangOption = Annotated[str, typer.Option("--lang", help="language of the report's first screen: en or ja")]


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="which study: see `assay list studies`")],
    data: DataOption,
    production: ProductionOption = None,
    settings: SetOption = None,
    seeds: Annotated[int | None, typer.Option("--seeds", help="how many seeds (default 12)")] = None,
    preset: Annotated[str, typer.Option("--preset", help="smoke, default or evidence")] = "default",
    regroup: Annotated[bool, typer.Option("--regroup", help="split anew, keeping groups and copies together")] = False,
    lab: LabOption = Path("lab"),
    on: Annotated[str, typer.Option("--on", help="auto, inline, or processes:N")] = "auto",
    fleet: Annotated[
        int | None, typer.Option("--fleet", min=1, help="most runs trained as one stack (1: none)")
    ] = None,
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be done and what it costs; do nothing")
    ] = False,
    json_: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Train, look and judge: a question answered with verdicts and a report."""
    from assay.lab import Lab, choose_device
    from assay.lab.execute import executor
    from assay.studies import Means, conduct, configure

    _known_language(lang)
    if on != "auto":
        executor(on)  # a wrong name is told before anything is loaded
    means = Means(on, fleet, threads, choose_device(device))
    chosen, dataset = configure(
        name, data, production=production, preset=preset, seeds=seeds, regroup=regroup, settings=settings or ()
    )
    if dry_run:
        from assay.studies.cost import estimate

        _print_plan(estimate(chosen, dataset, Lab(lab), means), json_)
        return
    if not json_:
        for warning in dataset.warnings:
            _stderr().print(f"[bold yellow]warning:[/] {_plain(warning)}")
    with _progress() as tell:
        folder = conduct(chosen, dataset, Lab(lab), means, command=_command(), tell=tell)
    _finish(folder, lang, json_)


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="a recipe as YAML or JSON")],
    settings: SetOption = None,
    lab: LabOption = Path("lab"),
    device: DeviceOption = "auto",
    threads: ThreadsOption = 1,
    json_: JsonOption = False,
) -> None:
    """Carry out one recipe: train a model and keep it."""
    from assay.lab import Lab, choose_device
    from assay.studies.single import train_one

    with _progress() as tell:
        found = train_one(recipe, tuple(settings or ()), Lab(lab), choose_device(device), threads, tell)
    if json_:
        _print_json(found)
        return
    console = _stdout()
    console.print(f"[bold]{found['status']}[/]  run {found['run']}  ({found['steps']} steps, {found['seconds']:.1f} s)")
    for key, label in (
        ("train_loss", "training loss"),
        ("val_loss", "validation loss"),
        ("val_accuracy", "validation accuracy"),
    ):
        if found.get(key) is not None:
            console.print(f"  {label:20} {found[key]:.4f}")
    console.print(f"  kept in {_plain(found['folder'])}")
    console.print(f"next: assay study families --data {shlex.quote(found['data'])}", soft_wrap=True)


@app.command("list")
def list_(
    what: Annotated[
        str, typer.Argument(help="metrics, models, data, strategies, interventions, losses, activations or studies")
    ],
    json_: JsonOption = False,
) -> None:
    """What there is to choose from."""
    from assay.catalogue import catalogue

    rows = catalogue(what)
    if json_:
        _print_json({what: rows})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in rows[0] if rows else ("name",):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(str(value)) for value in row.values()))
    _stdout().print(table)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="a study's folder")],
    lang: LangOption = "en",
    json_: JsonOption = False,
) -> None:
    """Judge a study anew from its tables and write its report; needs no weights."""
    from assay.core.errors import BadInput
    from assay.studies import rebuild

    _known_language(lang)
    if not (folder / "study.json").is_file():
        raise BadInput(
            f"asked for the report of {folder}; found no study.json there; give a study's folder, lab/studies/..."
        )
    _finish(rebuild(folder), lang, json_)


def _finish(folder: Path, lang: str, json_: bool) -> None:
    """Write the report and say what was found."""
    from assay.core.files import read_json
    from assay.report import render, terminal

    page = render(folder, lang)
    if not json_:
        terminal(folder, _stdout(), lang)
        return
    keys = ("claim", "word", "direction", "effect", "interval", "p", "n")
    found = read_json(folder / "verdicts.json")
    _print_json(
        {
            "study": found["study"],
            "folder": str(folder),
            "report": str(page),
            "verdicts": [{key: verdict[key] for key in keys} for verdict in found["verdicts"]],
        }
    )


def _known_language(lang: str) -> None:
    from assay.core.errors import unknown

    if lang not in ("en", "ja"):
        raise unknown("language", lang, ("en", "ja"))


def _print_plan(plan: dict[str, Any], json_: bool) -> None:
    if json_:
        _print_json(plan)
        return
    console = _stdout()
    for line in plan["text"]:
        console.print(_plain(line))


def _command() -> str:
    return shlex.join(["assay", *(word for word in sys.argv[1:] if word != "--json")])


def _print_json(value: Any) -> None:
    from assay.core.files import to_json

    sys.stdout.write(to_json(value, indent=1) + "\n")


def _plain(value: str) -> str:
    from rich.markup import escape

    return escape(value)


def _stdout() -> Any:
    from rich.console import Console

    return Console(highlight=False)


def _stderr() -> Any:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar a phase on standard error, with what is left to wait for and what was finished last."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[last]}"),
    )
    with Progress(*columns, console=_stderr()) as progress:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, of: int, last: str) -> None:
            if of and what not in tasks:
                tasks[what] = progress.add_task(what, total=of, last="")
            if what in tasks:
                progress.update(tasks[what], completed=done, total=of, last=_plain(last))

        yield tell


def main() -> None:
    """Run a command; errors that assay raises on purpose become one line and an exit code."""
    from assay.core.errors import AssayError

    try:
        app()
    except AssayError as error:
        _stderr().print(f"[bold red]error:[/] {_plain(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _stderr().print("stopped; repeat the same command to go on where it was")
        sys.exit(130)
