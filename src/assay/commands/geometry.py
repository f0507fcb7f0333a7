"""`assay geometry`: is this model collapsed?"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.commands.common import (
    JsonOption,
    ModelOption,
    RegroupOption,
    ThreadsOption,
    TrainedOnOption,
    plain,
    print_end,
    print_json,
    stdout,
    warn,
)

WHOLE = (  # what is shown of a split, with the words for it
    ("accuracy", "accuracy of the head"),
    ("within_share", "share of variance within classes"),
    ("within_variance", "variance within classes"),
    ("between_variance", "variance between classes"),
    ("total_variance", "variance in all"),
    ("quotient", "quotient within / between"),
    ("cdnv", "CDNV"),
    ("directional_cdnv", "directional CDNV"),
    ("nc1", "NC1"),
    ("nc2_equinorm", "NC2 lengths"),
    ("nc2_equiangular", "NC2 angles"),
    ("nc3", "NC3 head against means"),
    ("nc4", "NC4 head against nearest mean"),
    ("effective_rank", "effective rank"),
    ("within_effective_rank", "effective rank within classes"),
)


def geometry(
    place: Annotated[Path, typer.Argument(metavar="WEIGHTS", help="a file of weights, or a run's folder lab/runs/ID")],
    model: ModelOption = None,
    data: TrainedOnOption = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="a module's path (default: the last activation before the head)")
    ] = None,
    regroup: RegroupOption = False,
    threads: ThreadsOption = 1,
    json_: JsonOption = False,
) -> None:
    """Is this model collapsed? How its features lie, class by class, in figures and in words."""
    from assay.lab.threads import limited
    from assay.studies.collapse.geometry import geometry as measured

    with redirect_stdout(sys.stderr), limited(threads):  # whatever a user's code prints is not part of the answer
        found = measured(place, model=model, data=data, layer=layer, regroup=regroup)
    if json_:
        print_json(found)
        return
    warn(found["warnings"])
    _print(found)


def _print(found: dict[str, Any]) -> None:
    """The answer, the classes, the whole, what to do next."""
    console = stdout()
    console.print(
        f"layer {plain(found['layer'])} ({found['width']} wide) of {plain(found['weights'])} on {plain(found['data'])}",
        soft_wrap=True,
    )
    for place, line in enumerate(found["text"]):
        console.print(f"[bold]{plain(line)}[/]" if not place else plain(line), soft_wrap=True)
    console.print()
    console.print(_classes(found["classes"]))
    console.print()
    console.print(_whole(found))
    console.print(f"\nrule: {found['rule']}", soft_wrap=True, style="dim")
    console.print("NC1 is near 0 at every optimum of a contrastive loss, collapsed or not", soft_wrap=True, style="dim")
    print_end((), found["next"])


def _classes(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("class", "items", "", "keeps", "share", "before", "test", "W/B", "CDNV", "rank", "k-NN"):
        table.add_column(name, justify="left" if name in ("class", "") else "right", overflow="fold")
    for row in rows:
        train = row["train"]
        figures = (
            *(row["kept"], train.get("within_share"), row["untrained_share"], row["test"].get("within_share")),
            *(train.get("quotient"), train.get("cdnv"), train.get("effective_rank"), row["knn"]),
        )
        table.add_row(plain(row["name"]), str(row["items"]), row["word"], *map(_figure, figures))
    return table


def _whole(found: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("all classes", overflow="fold")
    for name in ("train", "test"):
        table.add_column(name, justify="right")
    for key, words in WHOLE:
        table.add_row(words, *(_figure(found["splits"][name][key]) for name in ("train", "test")))
    table.add_row(f"k-NN (k = {found['knn']['k']}, chosen on val)", "", _figure(found["knn"]["accuracy"]))
    return table


def _figure(value: float | None) -> str:
    """Three digits; a dash where there is nothing to say.

    >>> _figure(0.01234), _figure(12.34), _figure(None)
    ('0.0123', '12.3', '-')
    """
    return "-" if value is None else f"{value:.3g}"
