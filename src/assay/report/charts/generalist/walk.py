"""The steps of the slider: mixtures by their weight at the end, each with the rivals tuned to its clean accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.generalist.arms import Arms, judged, weight
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import say_in
from assay.studies.generalist.matched import KINDS, family, front, match


@dataclass(frozen=True)
class Rival:
    """A rival on the straight line between two arms: its clean and robust accuracy on test in percent, and whether
    it is as clean as the mixture on val, or less so.
    """

    x: float
    y: float
    fair: bool


def steps(folder: Folder, found: Arms) -> list[dict[str, Any]]:
    """One row a mixture, the cleanest rule (least adversarial weight) first: means on test in percent, and rivals."""
    runs = judged(folder)
    if runs.empty:
        return []
    used = ["clean", "robust", "val_clean", "val_robust"]
    by = runs.groupby("condition")[used].mean() if set(used) <= set(runs) else None
    if by is None:
        return []
    rows = []
    for arm in found.arms:
        at = weight(folder, arm.name)
        if at is not None and arm.name in by.index:
            own = by.loc[arm.name]
            rivals = {kind: rival(by, kind, float(own.val_clean)) for kind in KINDS}
            rows.append({"condition": arm.name, "weight": at, "x": 100 * own.clean, "y": 100 * own.robust,
                         "rivals": rivals})  # fmt: skip
    return sorted(rows, key=lambda row: row["weight"])


def rival(by: Frame, kind: str, clean: float) -> Rival | None:
    """What a family gives at this clean accuracy on val; means over seeds, as the study matches them."""
    names = family(list(by.index), kind)
    found = match(front(by.val_clean.reindex(names), by.val_robust.reindex(names)), clean)
    if found is None:
        return None
    low, high = by.loc[found.low], by.loc[found.high]
    x, y = ((1 - found.share) * low[name] + found.share * high[name] for name in ("clean", "robust"))
    return Rival(100 * float(x), 100 * float(y), found.fair)


def table(folder: Folder, found: Arms, rows: list[dict[str, Any]]) -> Table:
    """What the slider walks through."""
    say = say_in(folder.lang)
    kinds = [kind for kind in KINDS if any(row["rivals"][kind] for row in rows)]
    called = {
        "adversarial": say("averaged adversarial training as clean, robust %", "同じ通常の正解率の敵対的学習: 頑健 %"),
        "trades": say("TRADES as clean, robust %", "同じ通常の正解率の TRADES: 頑健 %"),
    }
    columns = (
        Column(say("weight of the adversarial learner", "敵対側の重み"), number=True),
        Column(say("clean, %", "通常 %"), number=True),
        Column(say("robust, %", "頑健 %"), number=True),
        *(Column(called[kind], number=True) for kind in kinds),
    )
    made = tuple(
        (
            Cell(f"{row['weight']:g}", row["weight"]),
            Cell(number(row["x"], 1), row["x"]),
            Cell(number(row["y"], 1), row["y"]),
            *(_cell(row["rivals"][kind], say("cleaner", "より高い通常正解率")) for kind in kinds),
        )
        for row in rows
    )
    caption = say(
        "Steps of the slider: means over seeds on test; rivals tuned to the same clean accuracy on val",
        "スライダーの各位置: テストの平均。比較対象は検証データで同じ通常の正解率に調整",
    )
    return Table("walk", caption, columns, made)


def _cell(rival: Rival | None, cleaner: str) -> Cell:
    if rival is None:
        return Cell("–")
    return Cell(number(rival.y, 1), rival.y, note="" if rival.fair else cleaner)
