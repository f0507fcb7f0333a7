"""`assay forecast`: will a supervised contrastive loss collapse classes, and which alpha prevents it? No training."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.commands.common import JsonOption, plain, print_json, stderr, stdout, warn

if TYPE_CHECKING:
    from assay.maths.ssem import AnySetting
    from assay.studies.collapse.forecast import Curve, Forecast

MOST_ROWS = 20


def forecast(
    data: Annotated[str | None, typer.Option("--data", help="count classes in this data set's train split")] = None,
    classes: Annotated[int | None, typer.Option("--classes", help="number of classes, where there is no data")] = None,
    per_class: Annotated[
        str | None, typer.Option("--per-class", help="items of a class in a batch: 50, or one a class: 4,8,30")
    ] = None,
    total: Annotated[
        str | None, typer.Option("--total", help="items of a class in the data set (default: as many as in a batch)")
    ] = None,
    batch: Annotated[int, typer.Option("--batch", help="items in a batch, with --data")] = 64,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="with --data: equally many items of each class in a batch")
    ] = False,
    views: Annotated[int, typer.Option("--views", help="augmented views of each item")] = 2,
    alpha: Annotated[float | None, typer.Option("--alpha", help="weight of the self-supervised part, 0 to 1")] = None,
    temperature: Annotated[float, typer.Option("--temperature", help="what similarities are divided by")] = 0.1,
    variant: Annotated[
        str, typer.Option("--variant", help="excl: an embedding is not its own positive (SupCon's way); incl: it is")
    ] = "excl",
    reduction: Annotated[
        str, typer.Option("--reduction", help="mean over anchors (anchor) or pairs (pair)")
    ] = "anchor",
    dimension: Annotated[int | None, typer.Option("--dimension", help="of the embeddings")] = None,
    want_within: Annotated[
        float | None, typer.Option("--want-within", help="within-class variance that should remain: gives the alpha")
    ] = None,
    of: Annotated[str, typer.Option("--of", help="--want-within is the mean over classes, or the least")] = "mean",
    out: Annotated[Path | None, typer.Option("--out", help="write both curves to this HTML file")] = None,
    json_: JsonOption = False,
) -> None:
    """Will classes collapse, how much variance remains in each, and which alpha leaves the wanted variance?"""
    from assay.core.errors import BadInput
    from assay.studies.collapse import forecast as study

    if out is not None and (out.suffix != ".html" or not out.absolute().parent.is_dir()):
        raise BadInput(f"asked for --out {out}; it is not an .html file in a folder that exists; give such a path")
    shape = {"views": views, "temperature": temperature, "variant": variant, "reduction": reduction}
    setting, names = _setting(data, classes, per_class, total, batch, balanced, dimension, alpha, want_within, shape)
    if alpha is None:
        setting = _with_alpha(setting, want_within, of)
    found = study.forecast(setting, names, within=want_within, of=of)  # type: ignore[arg-type]
    if json_:
        print_json(as_json(found))
    else:
        _print(found, [study.curve(setting, axis, 31) for axis in ("temperature", "alpha")], data)
    if out is not None:
        _write(out, found, [study.curve(setting, axis, 61) for axis in ("temperature", "alpha")])
        stderr().print(f"curves in {plain(str(out))}", soft_wrap=True)


def _setting(
    data: str | None, classes: int | None, per_class: str | None, total: str | None, batch: int, balanced: bool,
    dimension: int | None, alpha: float | None, want: float | None, shape: dict[str, Any],
) -> tuple[AnySetting, tuple[str, ...] | None]:  # fmt: skip
    """The setting asked for, and the names of its classes; an alpha that is to be found stands at 1."""
    from assay.core.errors import BadInput
    from assay.maths.ssem import setting_for
    from assay.studies.collapse.forecast import setting_of

    if alpha is None and want is None:
        raise BadInput(
            "asked for a forecast; found neither --alpha nor --want-within; give the alpha to judge, or the"
            " within-class variance from which to find it, for instance 0.3"
        )
    rest = {**shape, "alpha": 1.0 if alpha is None else alpha, "dimension": dimension}
    if data is None:
        if balanced:
            raise BadInput("asked for --balanced without --data; --per-class already says what a batch holds; leave it")
        n = numbers(per_class, "--per-class")
        N = numbers(total, "--total")
        return setting_of(classes, n, total=(N[0] if len(N) == 1 else tuple(N)) if N else None, **rest), None
    if classes is not None or per_class is not None or total is not None:
        raise BadInput("asked for --data and for --classes, --per-class or --total; the data says these; leave them")
    import numpy as np

    from assay.data import load_data

    dataset = load_data(data)
    warn(dataset.warnings)
    counts = np.bincount(dataset.train.labels, minlength=len(dataset.classes))
    return setting_for(counts.tolist(), batch, balanced=balanced, **rest), dataset.classes


def _with_alpha(setting: AnySetting, want: float | None, of: str) -> AnySetting:
    from dataclasses import replace

    from assay.core.errors import unknown
    from assay.maths.ssem import alpha_of

    if of not in ("mean", "least"):
        raise unknown("way to sum up classes", of, ("mean", "least"))
    assert want is not None
    return replace(setting, alpha=round(alpha_of(setting, want, of), 4))  # type: ignore[arg-type]


def numbers(text: str | None, option: str) -> list[int]:
    """Whole numbers from text such as ``50`` or ``4,8,30``.

    >>> numbers("4, 8,30", "--per-class"), numbers(None, "--per-class")
    ([4, 8, 30], [])
    """
    from assay.core.errors import BadInput

    if text is None:
        return []
    if re.fullmatch(r"\s*-?\d+\s*(,\s*-?\d+\s*)*", text) is None:
        raise BadInput(f"asked for {option} {text}; found no whole numbers; write for instance 50 or 4,8,30")
    return [int(part) for part in text.split(",")]


def as_json(found: Forecast) -> dict[str, Any]:
    """What `--json` prints."""
    p, s = found.prediction, found.setting
    return {
        "phase": p.phase,
        "within_variance": list(p.within_variance),
        "between_variance": p.between_variance,
        "loss": p.loss,
        "alpha_c": p.alpha_c,
        "tau_c": "inf" if p.tau_c == float("inf") else p.tau_c,
        "alpha_view": p.alpha_view,
        "alpha": s.alpha,
        "temperature": s.temperature,
        "views": s.views,
        "variant": s.variant,
        "reduction": s.reduction,
        "classes": s.classes,
        "names": list(found.names),
        "phases": list(p.phases),
        "view_variance": list(p.view_variance),
        "wanted_alpha": found.wanted_alpha,
        "upper_estimate": p.upper_estimate,
        "exact": p.exact,
        "changes": [{"what": c.what, "old": c.old, "new": c.new, "size": c.size} for c in found.changes],
        "sentence": " ".join(found.sentences),
    }


def _print(found: Forecast, curves: list[Curve], data: str | None) -> None:
    from rich.table import Table

    console = stdout()
    colour = {"spread": "green", "view-spread": "yellow", "collapse": "red"}[found.prediction.phase]
    console.print(f"[bold {colour}]{found.prediction.phase}[/]  {plain(found.sentences[0])}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("class", "variance within", "phase"):
        table.add_column(column, justify="right" if column == "variance within" else "left")
    for row in rows(found):
        table.add_row(*(plain(cell) for cell in row))
    console.print(table)
    for line in found.sentences[1:]:
        console.print(plain(line), soft_wrap=True)
    from assay.commands.curve import draw

    for along in curves:
        mark = getattr(found.setting, along.axis)
        console.print(
            f"\nvariance between items of a class against {along.axis} (o mean over classes, . least, X here)"
        )
        for line in draw(along.values, along.mean, along.least, mark, log=along.axis == "temperature"):
            console.print(plain(line), soft_wrap=True)
    source = shlex.quote(data) if data else "digits"
    console.print(f"next: assay study collapse --data {source}", soft_wrap=True)


def rows(found: Forecast) -> list[tuple[str, str, str]]:
    """Name, variance and phase of each class; classes that are alike in one row, the middle of a long list left out."""
    p = found.prediction
    cells = [(f"{x:.3f}", str(phase)) for x, phase in zip(p.within_variance, p.phases, strict=True)]
    if len(set(cells)) == 1:
        return [(f"all {len(cells)}", *cells[0])]
    order = sorted(range(len(cells)), key=lambda i: p.within_variance[i])
    table = [(found.names[i], *cells[i]) for i in order]
    if len(table) <= MOST_ROWS:
        return table
    return [*table[: MOST_ROWS - 5], ("...", f"{len(table) - MOST_ROWS} more", ""), *table[-5:]]


def _write(out: Path, found: Forecast, curves: list[Curve]) -> None:
    """Both curves as one page that loads nothing."""
    import io

    import altair as alt

    from assay.core.files import write_text

    parts = []
    for along in curves:
        table = [
            {along.axis: v, "variance between items": x, "classes": which}
            for which, xs in (("mean", along.mean), ("least", along.least))
            for v, x in zip(along.values, xs, strict=True)
        ]
        scale = alt.Scale(type="log" if along.axis == "temperature" else "linear")
        lines = alt.Chart(alt.Data(values=table), width=380, height=260).mark_line().encode(
            x=alt.X(f"{along.axis}:Q", scale=scale),
            y=alt.Y("variance between items:Q", scale=alt.Scale(domain=[0, 1])),
            strokeDash="classes:N",
        )  # fmt: skip
        here = alt.Chart(alt.Data(values=[{along.axis: getattr(found.setting, along.axis)}])).mark_rule(color="#c33")
        parts.append(lines + here.encode(x=f"{along.axis}:Q"))
    text = io.StringIO()
    alt.hconcat(*parts, title={"text": found.sentences[0], "anchor": "start"}).save(text, format="html", inline=True)
    write_text(out, text.getvalue())
