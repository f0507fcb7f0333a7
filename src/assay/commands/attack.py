"""`assay attack`: how robust is this model, and how far can the figure be believed?"""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.commands.common import (
    DeviceOption,
    JsonOption,
    LabOption,
    LangOption,
    ModelOption,
    PlaceArgument,
    RegroupOption,
    ThreadsOption,
    WeightsOption,
    command,
    known_language,
    plain,
    print_end,
    print_json,
    progress,
    stderr,
    stdout,
    warn,
)

COLOURS = {"A": "green", "B": "cyan", "C": "yellow", "X": "red"}


def attack(
    place: PlaceArgument,
    model: ModelOption = None,
    data: Annotated[
        str | None, typer.Option("--data", help="a name, an .npz or a folder of class folders; its test split is used")
    ] = None,
    weights: WeightsOption = None,
    norm: Annotated[str, typer.Option("--norm", help="Linf, L2 or L1")] = "Linf",
    eps: Annotated[str, typer.Option("--eps", help="largest perturbation, of pixels from 0 to 1: 8/255")] = "8/255",
    version: Annotated[str, typer.Option("--version", help="standard, plus, rand or custom")] = "standard",
    attacks: Annotated[
        str | None, typer.Option("--attacks", help="for custom: 'pgd, square' or '{kind: pgd, steps: 20}'")
    ] = None,
    n: Annotated[int | None, typer.Option("--n", min=1, help="how many examples (default: all of test)")] = None,
    until: Annotated[
        float | None, typer.Option("--until", help="as many as bring the 95 % interval to this half-width: 0.02")
    ] = None,
    surrogate: Annotated[
        str | None,
        typer.Option("--surrogate", help="a second model, from which perturbations are tried: weights or a run"),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            "--batch", min=1, help="examples at a time; changes no verdict of a network that does not answer at random"
        ),
    ] = 250,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of starts, windows and samples")] = 0,
    regroup: RegroupOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what it would cost; do nothing")] = False,
    lab: LabOption = Path("lab"),
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    json_: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """How often a model is still right when its inputs are changed on purpose, and whether to believe the figure."""
    from assay.core.errors import BadInput
    from assay.lab import Lab, choose_device
    from assay.lab.threads import limited
    from assay.studies.attack import Challenge, carry_out, cost, subject
    from assay.studies.attack import surrogate as second_model

    known_language(lang)
    if n is not None and until is not None:
        raise BadInput(f"asked for --n {n} and --until {until}; they exclude each other; give one")
    asked_for = Challenge.of(norm, eps, version, attacks, n=n, until=until, seed=seed, batch=batch)
    where, shelves = choose_device(device), Lab(lab)
    with redirect_stdout(sys.stderr), limited(threads):  # what a user's code prints is not part of the answer
        asked = subject(place, model=model, data=data, weights=weights, regroup=regroup, device=where)
        second = second_model(surrogate, asked, model, where) if surrogate else None
        warn(asked.warnings)
        price = cost(asked_for, asked, where, second)
        if not dry_run:
            stderr().print(plain(price.text), soft_wrap=True)
            with progress() as tell:
                ways: dict[str, Any] = {"threads": threads, "device": where, "command": command(), "tell": tell}
                folder = carry_out(asked_for, asked, shelves, second, base=_base(place, model, data, weights), **ways)
    if dry_run:
        _price(price, json_)
    else:
        finish(folder, lang, json_)


def finish(folder: Path, lang: str, json_: bool) -> None:
    """Write the report and say what was found."""
    from assay.core.files import read_json
    from assay.report import render

    page = render(folder, lang)
    found: dict[str, Any] = read_json(folder / "result.json")
    if json_:
        print_json(found | {"folder": str(folder), "report": str(page)})
        return
    _print(found, folder, page)


def _price(price: Any, json_: bool) -> None:
    if json_:
        suite = [name for name, _ in price.suite.attacks]
        print_json({"n_examples": price.examples, "seconds_at_most": price.seconds, "suite": suite, "text": price.text})
        return
    stdout().print(plain(price.text), soft_wrap=True)


def _print(found: dict[str, Any], folder: Path, page: Path) -> None:
    """Level and figure, reasons, what broke what, classes, where it is kept, what to do next."""
    from assay.studies.attack import eps_text, figure

    console = stdout()
    level = found["level"]
    console.print()
    console.print(f"[bold {COLOURS[level]}]Level {level}[/]  [bold]robust accuracy {figure(found)}[/]", soft_wrap=True)
    ball = f"{found['norm']}, eps {eps_text(found['eps'])}, {found['n_examples']} examples"
    console.print(f"  {ball}; unperturbed {100 * found['clean_acc']:.1f} %", soft_wrap=True)
    console.print(f"  {level}: {found['meaning']}", soft_wrap=True)
    for reason in found["reasons"]:
        console.print(f"  - {plain(reason)}", soft_wrap=True)
    console.print()
    console.print(_broke(found))
    console.print()
    console.print(_classes(found))
    console.print(f"worst class: {plain(found['worst_class'])}", soft_wrap=True)
    print_end((f"kept in {folder}", f"report: {page}"), found["next"])


def _broke(found: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("attack")
    for name in ("broke", "accuracy after it, %"):
        table.add_column(name, justify="right")
    n, left = found["n_examples"], round(found["clean_acc"] * found["n_examples"])
    table.add_row("none", "", f"{100 * found['clean_acc']:.1f}")
    for name, count in found["broken_by"].items():
        left -= count
        table.add_row(name, str(count), f"{100 * left / n:.1f}")
    return table


def _classes(found: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("class", overflow="fold")
    for name in ("examples", "clean, %", "robust, %", "95 % interval"):
        table.add_column(name, justify="right")
    table.add_column("turns into", overflow="fold")
    for row in found["per_class"]:
        interval = f"{100 * row['low']:.0f} to {100 * row['high']:.0f}"
        shares = (f"{100 * row[name]:.1f}" for name in ("clean", "robust"))
        table.add_row(plain(row["name"]), str(row["n"]), *shares, interval, plain(row["turns_into"]))
    return table


def _base(place: str, model: str | None, data: str | None, weights: str | None) -> str:
    """The command that names model and data alone."""
    options = (("--model", model), ("--data", data), ("--weights", weights))
    words = ["assay", "attack", place, *(word for name, value in options if value for word in (name, value))]
    return shlex.join(words)
