"""`assay frontier`: how much clean accuracy is to be had, and what does it cost in robustness? No training."""

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
    ProductionOption,
    RegroupOption,
    ThreadsOption,
    command,
    known_language,
    plain,
    print_answer,
    print_end,
    progress,
    reported,
    stdout,
)

COLUMNS = (("test clean", "test_clean"), ("test robust", "test_robust"), ("production", "production_clean"))
RATES = (("false rej. ‰", "false_reject"), ("escape ‰", "escape"),
         ("prod. false rej. ‰", "production_false_reject"), ("prod. escape ‰", "production_escape"))  # fmt: skip
WIDTH = 67  # of the curve with its scale


def frontier(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...", help="a run of the strategy generalist, or runs of one architecture: lab/runs/ID"
        ),
    ],
    data: Annotated[
        str | None, typer.Option("--data", help="on whose val is chosen and whose test is shown (default: the run's)")
    ] = None,
    production: ProductionOption = None,
    moment: Annotated[str, typer.Option("--moment", help="which kept weights: 1, best, 0.5")] = "1",
    steps: Annotated[int, typer.Option("--steps", help="weights along each side, both ends counted")] = 11,
    norm: Annotated[str | None, typer.Option("--norm", help="Linf, L2 or L1 (default: as in training)")] = None,
    eps: Annotated[str | None, typer.Option("--eps", help="largest perturbation (default: as in training)")] = None,
    attack: Annotated[str, typer.Option("--attack", help="pgd (level C) or autoattack")] = "pgd",
    images: Annotated[int, typer.Option("--images", help="how many of val and of test are attacked")] = 500,
    want_clean: Annotated[
        float | None, typer.Option("--want-clean", help="clean accuracy on val to be reached at least cost: 0.9")
    ] = None,
    clean_weight: Annotated[
        float, typer.Option("--clean-weight", help="otherwise: what clean accuracy counts, robust the rest")
    ] = 0.5,
    save: Annotated[
        Path | None, typer.Option("--save", help="keep the chosen network there, too: FILE.safetensors")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="of the images drawn and of starts")] = 0,
    regroup: RegroupOption = False,
    lab: LabOption = Path("lab"),
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    json_: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Choose clean accuracy, see robust accuracy: blends of networks that were trained already."""
    from assay.core.errors import unknown
    from assay.lab import Lab, choose_device
    from assay.lab.threads import limited
    from assay.studies.frontier import Ask, ball, ends_of, walked

    known_language(lang)
    if attack not in ("pgd", "autoattack"):
        raise unknown("attack", attack, ("pgd", "autoattack"))
    where, shelves = choose_device(device), Lab(lab)
    with redirect_stdout(sys.stderr), limited(threads):  # what a user's code prints is not part of the answer
        ends = ends_of(runs, data, moment, regroup, production)
        name, reach = ball(norm, eps, ends.trained)
        wish = {"want_clean": want_clean, "clean_weight": clean_weight, "seed": seed}
        how = {"moment": moment, "steps": steps, "norm": name, "eps": reach, "attack": attack, "images": images}
        ask = Ask.parse({**how, **wish}, "assay frontier")
        with progress() as tell:
            ways: dict[str, Any] = {"threads": threads, "device": where, "command": command(), "tell": tell}
            folder = walked(ask, ends, shelves, save=save, **ways)
    finish(folder, lang, json_)


def finish(folder: Path, lang: str, json_: bool) -> None:
    """Work the answer out from the table, write the report and say what was found."""
    from assay.studies.frontier import answered

    found = answered(folder)
    page = reported(folder, found, lang, json_)
    if page:
        _print(found, folder, page)


def _print(found: dict[str, Any], folder: Path, page: Path) -> None:
    """The curve, the table behind it, the answer in sentences, where it is kept, what to do next."""
    from assay.commands.curve import draw

    console = stdout()
    walk = [found["points"][number] for number in found["slide"]]
    two = len(found["names"]) == 2
    at = [row["weights"][1] if two else float(i) for i, row in enumerate(walk)]
    console.print()
    if len(at) > 1:
        console.print("accuracy on test: o unchanged, . under attack, X chosen")
        clean, robust = ([row[f"test_{key}"] for row in walk] for key in ("clean", "robust"))
        for line in draw(at, clean, robust, _mark(found, walk, at)):
            console.print(plain(line))
        what = f"share of {found['names'][1]}" if two else "blends that none beats on val, the most robust first"
        console.print(plain(f"{what:>{WIDTH}}"))
        console.print()
    rows = [*walk, *(row for row in found["points"] if row["kind"] != "blend")]
    if found["chosen"] not in rows:
        rows.append(found["chosen"])
    if not two:
        console.print(plain(f"weights: {'/'.join(found['names'])}"), soft_wrap=True)
    console.print(_table(rows, found["chosen"]["point"], found["names"]))
    console.print()
    print_answer(found["text"])
    print_end((f"kept in {folder}", f"network: {found['weights']}", f"report: {page}"), found["next"])


def _mark(found: dict[str, Any], walk: list[dict[str, Any]], at: list[float]) -> float:
    """Where the chosen network stands on the axis: its share of the second, or the nearest blend."""
    chosen = found["chosen"]
    if len(found["names"]) == 2:
        return float(chosen["weights"][1])
    apart = [sum(abs(a - b) for a, b in zip(row["weights"], chosen["weights"], strict=True)) for row in walk]
    return at[apart.index(min(apart))]


def _table(rows: list[dict[str, Any]], chosen: int, names: list[str]) -> Any:
    """One row a network: its weights, accuracies in % on val and, with 95 % intervals, on test."""
    from rich.table import Table

    columns, rates = ([each for each in some if rows[0][each[1]] is not None] for some in (COLUMNS, RATES))
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    share = plain(names[1]) if len(names) == 2 else "weights"
    for title in (share, "val clean", "val robust", *(title for title, _ in columns)):
        table.add_column(title, justify="right", no_wrap=True)
    for title, _ in rates:
        table.add_column(title, justify="right")
    for row in rows:
        weights = [f"{weight:.3g}" for weight in row["weights"]]
        share = weights[1] if len(names) == 2 else "/".join(weights)  # of two, one share tells both
        figures = [f"{100 * row[key]:.1f}" for key in ("val_clean", "val_robust")]
        figures += [_figure(row, key) for _, key in columns]
        figures += ["-" if row[key] is None else f"{1000 * row[key]:.0f}" for _, key in rates]
        name = {"blend": "", "global": "global"}.get(row["kind"], f"{row['name']}, as kept")
        here = row["point"] == chosen
        said = " ".join(each for each in ("X" if here else "", plain(name)) if each)
        table.add_row(said, share if row["kind"] == "blend" else "", *figures, style="bold" if here else "")
    return table


def _figure(row: dict[str, Any], key: str) -> str:
    """A share in % with its interval.

    >>> _figure({"a": 0.5, "a_low": 0.4, "a_high": 0.6}, "a")
    '50.0 (40-60)'
    """
    return f"{100 * row[key]:.1f} ({100 * row[f'{key}_low']:.0f}-{100 * row[f'{key}_high']:.0f})"
