"""`assay tune`: search for a recipe that does well on several goals at once."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.commands.common import (
    DataOption,
    DeviceOption,
    JsonOption,
    LabOption,
    LangOption,
    OnOption,
    SetOption,
    ThreadsOption,
    command,
    duration,
    known_language,
    plain,
    print_end,
    progress,
    reported,
    stdout,
    warn,
)


def tune(
    data: DataOption,
    goal: Annotated[str, typer.Option("--goal", help="figures on val with a sign: 'val_accuracy, -sensitivity'")] = "",
    wish: Annotated[
        list[str] | None, typer.Option("--wish", help="in your words: 'too many false alarms' (becomes goals)")
    ] = None,
    constraint: Annotated[
        list[str] | None, typer.Option("--constraint", help="a bound on a figure: 'flip_rate<=0.02'")
    ] = None,
    budget: Annotated[str | None, typer.Option("--budget", help="time in all: 90s, 20m, 2h (default 20m)")] = None,
    trials: Annotated[int | None, typer.Option("--trials", min=1, help="how many settings to try in all")] = None,
    warm_from: Annotated[
        Path | None, typer.Option("--warm-from", help="an earlier study's or search's folder, to start from its best")
    ] = None,
    settings: SetOption = None,
    regroup: Annotated[bool, typer.Option("--regroup", help="split anew, keeping groups and copies together")] = False,
    lab: LabOption = Path("lab"),
    on: OnOption = "auto",
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    lang: LangOption = "en",
    json_: JsonOption = False,
) -> None:
    """Search for settings that do well on several goals; go on where it was when repeated."""
    known_language(lang)
    seconds = duration(budget) if budget is not None else None if trials is not None else 1200.0
    from assay.lab import Lab, choose_device
    from assay.lab.execute import executor
    from assay.studies.means import Means
    from assay.studies.tune import configure_tune
    from assay.studies.tune import tune as search
    from assay.studies.tune.warm import read_warm

    if on != "auto":
        executor(on)
    means = Means(on, None, threads, choose_device(device))
    warm = read_warm(warm_from) if warm_from is not None else None
    with redirect_stdout(sys.stderr):  # whatever a user's code prints is not part of the answer
        spec, dataset = configure_tune(
            data, goal=goal, wishes=wish or (), constraints=constraint or (), settings=settings or (), regroup=regroup
        )
        warn(dataset.warnings)  # before the time is spent
        with progress() as tell:
            folder = search(
                spec, dataset, Lab(lab), means, budget=seconds, trials=trials, warm=warm, command=command(), tell=tell
            )
    finish(folder, lang, json_)


def finish(folder: Path, lang: str, json_: bool) -> None:
    """Write the report of a search and say what was found."""
    from assay.core.errors import BadInput
    from assay.core.files import read_json

    if not (folder / "result.json").is_file():
        raise BadInput(f"asked for the report of {folder}; the search has not ended; repeat its command to finish it")
    found: dict[str, Any] = read_json(folder / "result.json")
    page = reported(folder, found, lang, json_)
    if page:
        for line in found["text"]:
            stdout().print(plain(line), soft_wrap=True)
        print_end((f"kept in {folder}", f"report: {page}"), found["next"])
