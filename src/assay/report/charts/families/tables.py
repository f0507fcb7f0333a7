"""The tables behind the claims: one row a condition, means with their intervals."""

from __future__ import annotations

import pandas as pd

from assay.core.errors import BadInput
from assay.report.blocks import Cell, Column, Table
from assay.report.charts.families.motion import at_primary
from assay.report.charts.families.movers import false_detections, residuals
from assay.report.charts.families.place import colours
from assay.report.charts.families.space import Space
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, number, with_interval
from assay.report.words import say_in
from assay.studies.families.judging import kinds_seen


def mean_cell(values: Frame, folder: Folder, scale: float = 1.0) -> Cell:
    """A mean with its interval as a cell that sorts by the mean."""
    found: Mean = mean_interval(values, folder.level)
    text, interval = with_interval(found, scale, folder.lang)
    return Cell(text, found.mean, note=interval)


def _table(folder: Folder, name: str, caption: str, titles: list[str], rows: dict[str, list[Cell]]) -> Table | None:
    """Rows by condition in the fixed order, the label in front; folded, because the picture says it first."""
    if not rows:
        return None
    say, hue = say_in(folder.lang), colours(folder)
    cells = tuple(
        (Cell(c.label, i, hue=hue[c.stress]), *rows[c.name]) for i, c in enumerate(folder.conditions) if c.name in rows
    )
    columns = (Column(say("condition", "条件")), *(Column(title, number=True) for title in titles))
    folded = say(f"The numbers behind it: {caption}", f"元の数値: {caption}")
    return Table(name, caption, columns, cells, folded=folded, sortable=True)


def movement(folder: Folder) -> Table | None:
    """Distance to the twin just before the swap, just after it, and at the end."""
    say, moments = say_in(folder.lang), at_primary(folder)
    rows = {}
    for c in folder.conditions:
        part = moments[moments.condition == c.name] if len(moments) else moments
        if part.empty or c.at is None:
            continue
        at, before = part.share == c.at, part.moment.str.endswith("-")
        times = (part[at & before], part[at & ~before], part[part.share == part.share.max()])
        rows[c.name] = [
            *(mean_cell(time.from_twin, folder) for time in times),
            Cell(str(part.run.nunique()), part.run.nunique()),
        ]
    titles = [say("just before", "直前"), say("just after", "直後"), say("at the end", "終了時"), "n"]
    return _table(
        folder, "movement", say("distance to the unstressed twin", "ストレスのない双子との距離"), titles, rows
    )


def places(folder: Folder, models: Space) -> Table | None:
    """How far models of a condition lie from one another and from the unstressed ones."""
    say = say_in(folder.lang)
    found = models.between_conditions([c.name for c in folder.conditions]) if not models.empty else pd.DataFrame()
    if found.empty:
        return None
    value = found.set_index(["row", "column"]).value
    reference = next((c.name for c in folder.conditions if c.stress == "none"), None)
    rows = {}
    for c in folder.conditions:
        if (c.name, c.name) in value.index:
            own = float(value[(c.name, c.name)])
            far = float(value.get((c.name, reference), float("nan"))) if reference else float("nan")
            n = int((models.models.condition == c.name).sum())
            rows[c.name] = [Cell(number(own, 2), own), Cell(number(far, 2), far), Cell(str(n), n)]
    titles = [say("among themselves", "条件内"), say("to the unstressed", "ストレスなしまで"), "n"]
    return _table(folder, "places", say("mean distance between models", "モデル間の平均距離"), titles, rows)


def spreads(folder: Folder, models: Space) -> Table | None:
    """Spread of the models that generalise best and worst in each condition."""
    say = say_in(folder.lang)
    if models.empty:
        return None
    frame = models.models.assign(value=models.to_centre(["condition", "family"]))
    rows = {}
    for condition, part in frame[frame.value.notna()].groupby("condition", sort=False):
        best, worst = part[part.family == "happy"].value, part[part.family == "unhappy"].value
        if len(best) and len(worst):
            ratio = float(worst.mean() / best.mean()) if best.mean() > 0 else float("nan")
            counts = f"{len(best)} + {len(worst)}"
            rows[str(condition)] = [
                mean_cell(best, folder),
                mean_cell(worst, folder),
                Cell(number(ratio, 1), ratio),
                Cell(counts),
            ]
    titles = [say("generalises best", "汎化が良い"), say("generalises worst", "汎化が悪い"), say("ratio", "比"), "n"]
    return _table(folder, "spreads", say("distance to the centre of its kind", "同類の中心からの距離"), titles, rows)


def widths(folder: Folder, models: Space) -> Table | None:
    """Spread of each condition beside its errors on test data."""
    say = say_in(folder.lang)
    if models.empty:
        return None
    frame = models.models.assign(value=models.to_centre(["condition"]), errors=1 - models.models.test_accuracy)
    rows = {
        str(condition): [
            mean_cell(part.value, folder),
            mean_cell(part.errors, folder, 1000),
            Cell(str(len(part)), len(part)),
        ]
        for condition, part in frame[frame.value.notna()].groupby("condition", sort=False)
    }
    titles = [say("spread", "広がり"), say("errors per thousand", "千件あたりの誤り"), "n"]
    return _table(folder, "widths", say("spread and errors by condition", "条件ごとの広がりと誤り"), titles, rows)


def kinds(folder: Folder) -> Table | None:
    """What is compared over kinds of stress: mean accuracy of one design, mean spread of the other."""
    say, runs, pairs = say_in(folder.lang), folder.table("runs"), folder.table("pairs")
    if runs.empty or pairs.empty or not {"seeds", "conditions"} <= set(folder.study):
        return None
    try:
        seen = kinds_seen(folder.study, runs, pairs)
    except BadInput:  # distances are missing; the verdict says so
        return None
    rows = [
        (
            Cell(say("no stress", "ストレスなし") if kind == "none" else str(kind), i),
            Cell(number(1000 * (1 - row.accuracy), 1), 1000 * (1 - row.accuracy)),
            Cell(number(row.width, 3), row.width),
            Cell(str(int(row.conditions)), int(row.conditions)),
        )
        for i, (kind, row) in enumerate(seen.iterrows())
    ]
    if not rows:
        return None
    columns = (
        Column(say("kind of stress", "ストレスの種類")),
        Column(say("errors per thousand (paired models)", "千件あたりの誤り (対のモデル)"), number=True),
        Column(say("spread (models of their own seeds)", "広がり (独立シードのモデル)"), number=True),
        Column(say("conditions", "条件数"), number=True),
    )
    caption = say(
        "What the claim compares, by CKA distance: kinds of stress, their times averaged, two kinds at once left out",
        "主張が比べるもの (CKA 距離): ストレスの種類ごとの平均 (二つ同時は除く)",
    )
    return Table("kinds", caption, columns, tuple(rows), sortable=True)


def movers(folder: Folder) -> Table | None:
    """Movement and false detections of each condition, and how they go together within it."""
    say, runs = say_in(folder.lang), folder.table("runs")
    left = residuals(runs)
    if left.empty:
        return None
    wrong = false_detections(runs)
    rows = {}
    for condition, part in left.groupby("condition", sort=False):
        together = float(part.movement.rank().corr(part.errors.rank())) if len(part) > 2 else float("nan")
        raw = runs.loc[part.index]
        rows[str(condition)] = [
            mean_cell(raw.movement, folder),
            mean_cell(wrong[part.index], folder, 1000),
            Cell(number(together, 1), together),
            Cell(str(len(part)), len(part)),
        ]
    titles = [
        say("movement", "移動"),
        say("false detections per thousand", "千件あたりの誤検出"),
        say("rank correlation", "順位相関"),
        "n",
    ]
    return _table(
        folder, "movers", say("movement and false detections by condition", "条件ごとの移動と誤検出"), titles, rows
    )
