"""The command line. It imports nothing heavy until a command runs, so that ``--help`` is instant."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from assay.commands.attack import attack
from assay.commands.common import (
    DataOption,
    DeviceOption,
    JsonOption,
    LabOption,
    LangOption,
    OnOption,
    ProductionOption,
    SetOption,
    ThreadsOption,
    command,
    duration,
    known_language,
    plain,
    print_json,
    print_plan,
    progress,
    stderr,
    stdout,
    tell_all,
    warn,
)
from assay.commands.data import data as data_command
from assay.commands.forecast import forecast
from assay.commands.frontier import frontier
from assay.commands.geometry import geometry
from assay.commands.look import look
from assay.commands.tune import tune

app = typer.Typer(
    name="assay",
    help="A laboratory for image classifiers: what accuracy alone does not show, with evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="which study: see `assay list studies`")],
    data: DataOption,
    production: ProductionOption = None,
    settings: SetOption = None,
    seeds: Annotated[int | None, typer.Option("--seeds", help="how many seeds (default 12)")] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", help="cut it down to a time: 20m, 2h (studies with an order to cut by)")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", help="smoke, default or evidence")] = "default",
    regroup: Annotated[bool, typer.Option("--regroup", help="split anew, keeping groups and copies together")] = False,
    lab: LabOption = Path("lab"),
    on: OnOption = "auto",
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

    known_language(lang)
    seconds = duration(budget) if budget is not None else None
    if on != "auto":
        executor(on)  # a wrong name is told before anything is loaded
    means = Means(on, fleet, threads, choose_device(device))
    with redirect_stdout(sys.stderr):  # whatever a user's code prints is not part of the answer
        chosen, dataset = configure(
            name, data, production=production, preset=preset, seeds=seeds, regroup=regroup, settings=settings or ()
        )
        warn(dataset.warnings)
        if seconds is not None:
            chosen, said = chosen.within(seconds, dataset, Lab(lab), means, keep=not dry_run)
            tell_all(said)
        if dry_run:
            from assay.studies.cost import estimate

            plan = estimate(chosen, dataset, Lab(lab), means)
        else:
            with progress() as tell:
                folder = conduct(chosen, dataset, Lab(lab), means, command=command(), preset=preset, tell=tell)
    if dry_run:
        print_plan(plan, json_)
    else:
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

    with redirect_stdout(sys.stderr), progress() as tell:
        found = train_one(recipe, tuple(settings or ()), Lab(lab), choose_device(device), threads, tell)
    warn(found["warnings"])
    if json_:
        print_json(found)
        return
    console = stdout()
    console.print(f"[bold]{found['status']}[/]  run {found['run']}  ({found['steps']} steps, {found['seconds']:.1f} s)")
    for key, label in (
        ("train_loss", "training loss"),
        ("val_loss", "validation loss"),
        ("val_accuracy", "validation accuracy"),
        ("alpha", "alpha"),
        ("effective_alpha", "alpha in effect"),
    ):
        if found.get(key) is not None:
            console.print(f"  {label:20} {found[key]:.4f}")
    console.print(f"  kept in {plain(found['folder'])}")
    console.print(f"next: {plain(found['next'])}", soft_wrap=True)


app.command()(tune)
app.command()(look)
app.command()(geometry)
app.command()(forecast)
app.command()(attack)
app.command()(frontier)
app.command("data")(data_command)


@app.command("list")
def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="metrics, models, data, strategies, treatments, weightings, interventions, losses, samplers, "
            "augmentations, biases, activations, studies, goals or wishes"
        ),
    ],
    json_: JsonOption = False,
) -> None:
    """What there is to choose from."""
    from assay.catalogue import catalogue

    rows = catalogue(what)
    if json_:
        print_json({what: rows})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in rows[0] if rows else ("name",):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(plain(str(value)) for value in row.values()))
    stdout().print(table)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="a study's folder")],
    lang: LangOption = "en",
    json_: JsonOption = False,
) -> None:
    """Judge a study anew from its tables and write its report; needs no weights."""
    from assay.commands.attack import finish as finish_attack
    from assay.commands.data import finish as finish_data
    from assay.commands.frontier import finish as finish_frontier
    from assay.commands.look import finish as finish_look
    from assay.commands.tune import finish as finish_tune
    from assay.core.errors import BadInput
    from assay.core.files import read_json
    from assay.studies import rebuild

    known_language(lang)
    if not (folder / "study.json").is_file():
        raise BadInput(
            f"asked for the report of {folder}; found no study.json there; give a study's folder, lab/studies/..."
        )
    own = {
        "attack": finish_attack,
        "data": finish_data,
        "frontier": finish_frontier,
        "look": finish_look,
        "tune": finish_tune,
    }.get(read_json(folder / "study.json").get("study"))
    if own:
        own(folder, lang, json_)
        return
    _finish(rebuild(folder), lang, json_)


def _finish(folder: Path, lang: str, json_: bool) -> None:
    """Write the report and say what was found."""
    from assay.core.files import read_json
    from assay.report import render, terminal

    page = render(folder, lang)
    if not json_:
        terminal(folder, stdout(), lang)
        return
    keys = ("claim", "word", "direction", "effect", "interval", "p", "n")
    found = read_json(folder / "verdicts.json")
    print_json(
        {
            "study": found["study"],
            "folder": str(folder),
            "report": str(page),
            "verdicts": [{key: verdict[key] for key in keys} for verdict in found["verdicts"]],
            "warnings": [warning["en"] for warning in found["warnings"]],
        }
    )


def main() -> None:
    """Run a command; errors that assay raises on purpose become one line and an exit code."""
    from assay.core.errors import AssayError

    try:
        app()
    except AssayError as error:
        stderr().print(f"[bold red]error:[/] {plain(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
