"""`assay look`: what does this model make of its samples, and where would a small change hurt it? No training."""

from __future__ import annotations

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
    ProductionOption,
    RegroupOption,
    ThreadsOption,
    TrainedOnOption,
    WeightsOption,
    command,
    known_language,
    print_answer,
    print_end,
    progress,
    reported,
    stdout,
)


def look(
    place: PlaceArgument,
    model: ModelOption = None,
    data: TrainedOnOption = None,
    weights: WeightsOption = None,
    production: ProductionOption = None,
    layers: Annotated[
        list[str] | None,
        typer.Option("--layers", help="layers by name, '*' for any text: 'features.*' (default: chosen, at most 8)"),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=20, help="how many items of each set are looked at")] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of samples and of t-SNE")] = 0,
    regroup: RegroupOption = False,
    lab: LabOption = Path("lab"),
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    json_: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Samples as the model sees them: maps by layer, what wrong ones look like, what small shifts do."""
    from assay.lab import Lab, choose_device
    from assay.lab.threads import limited
    from assay.studies.attack.subject import network
    from assay.studies.look import Ask, Subject, examined, planned, split_of

    known_language(lang)
    globs = tuple(glob for each in layers or () for glob in each.split(",") if glob)
    ask, where, shelves = Ask(layers=globs, n=n, seed=seed), choose_device(device), Lab(lab)
    with redirect_stdout(sys.stderr), limited(threads):  # what a user's code prints is not part of the answer
        found = network(place, model, data, weights, regroup, production, "look at")
        plan = planned(ask, Subject(*found, production, *split_of(weights or place, regroup)), where)
        with progress() as tell:
            folder = examined(plan, shelves, threads=threads, command=command(), tell=tell)
    finish(folder, lang, json_)


def finish(folder: Path, lang: str, json_: bool) -> None:
    """Work the answer out from the tables, write the report and say what was found."""
    from assay.studies.look import answered

    found = answered(folder)
    page = reported(folder, found, lang, json_)
    if page:
        _print(found, folder, page)


def _print(found: dict[str, Any], folder: Path, page: Path) -> None:
    """What was found in a few lines, where it is kept, what to do next."""
    stdout().print()
    print_answer(found["text"])
    print_end((f"kept in {folder}", f"report: {page}"), found["next"])
