"""Whether two figures go together over settings: as they are, and as ranks, which is what the test sees."""

from __future__ import annotations

from typing import Any

import pandas as pd

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts import kit
from assay.report.charts.means import means
from assay.report.charts.scatter import axis, cloud
from assay.report.charts.simplicity.grid import Grid, finished
from assay.report.charts.simplicity.tables import settings_table
from assay.report.folder import Folder, Frame
from assay.report.words import say_in

# claim: the two figures, and what the second is multiplied by to be read
PAIRS: dict[str, tuple[str, str, float]] = {
    "complexity-and-gap": ("complexity", "gap", 100),
    "complexity-and-shift": ("complexity", "shift_accuracy", 100),
    "complexity-and-alarms": ("complexity", "shift_wrong", 1000),
    "sensitivity-and-weakness": ("sensitivity", "robust_accuracy", 100),
    "sensitivity-and-shift": ("sensitivity", "shift_accuracy", 100),
    "sensitivity-and-alarms": ("sensitivity", "shift_wrong", 1000),
}


def relation(folder: Folder, grid: Grid | None, claim: str) -> tuple[Block | None, ...]:
    """The scatter of one relation and the table behind it."""
    a, b, scale = PAIRS[claim]
    runs = finished(folder, a, b)
    if grid is None or runs.empty:
        return ()
    found = means(runs.assign(**{b: scale * runs[b]}), (a, b), folder.level).dropna(subset=[a, b])
    found = found[found.condition.isin([s.name for s in grid.settings])]
    if len(found) < 3:
        return ()
    table = settings_table(folder, grid, f"{claim}-settings", [s.name for s in grid.settings], (a, b))
    return _figure(folder, grid, found, claim), table


def titles(folder: Folder) -> dict[str, str]:
    """What the figures are called on an axis."""
    say = say_in(folder.lang)
    return {
        "complexity": say("complexity, bits", "複雑さ (ビット)"),
        "sensitivity": say("sensitivity", "感度"),
        "gap": say("accuracy on training less test data, points", "学習とテストの正解率の差 (ポイント)"),
        "shift_accuracy": say("accuracy on changed data, %", "変化したデータの正解率 (%)"),
        "robust_accuracy": say("accuracy under a short attack, %", "短い攻撃の下での正解率 (%)"),
        "shift_wrong": say("false detections on changed data, per thousand", "変化したデータの誤検出 (千件あたり)"),
    }


def names(folder: Folder) -> dict[str, str]:
    """What the figures are called in a sentence."""
    say = say_in(folder.lang)
    return {
        "complexity": say("complexity", "複雑さ"),
        "sensitivity": say("sensitivity", "感度"),
        "gap": say("gap", "学習とテストの差"),
        "shift_accuracy": say("accuracy on changed data", "変化したデータの正解率"),
        "robust_accuracy": say("accuracy under a short attack", "短い攻撃の下での正解率"),
        "shift_wrong": say("false detections on changed data", "変化したデータの誤検出"),
    }


def _figure(folder: Folder, grid: Grid, found: Frame, claim: str) -> Figure:
    say, named, called = say_in(folder.lang), titles(folder), names(folder)
    a, b, _ = PAIRS[claim]
    points = pd.DataFrame({"condition": found.condition, "x": found[a], "y": found[b]})
    for x, name in (("x", a), ("y", b)):
        for end in ("low", "high"):
            points[f"{x}_{end}"] = found[f"{name}_{end}"].fillna(found[name])
    log = a == "sensitivity" and bool((points.x > 0).all())
    points["x_low"] = points.x_low.clip(lower=float(points.x.min()) / 2) if log else points.x_low
    tip = kit.tips(label=say("setting", "設定"), x_=named[a], y_=named[b])
    axes = axis(f"{named[a]} →", points.x, log=log), axis(f"{named[b]} ↑", points.y)
    ranks = points[["condition"]].assign(x=points.x.rank(), y=points.y.rank())
    flat = (
        axis(say(f"rank of {called[a]} →", f"{called[a]}の順位 →"), ranks.x),
        axis(say(f"rank of {called[b]} ↑", f"{called[b]}の順位 ↑"), ranks.y),
    )
    tip_ranks = kit.tips(label=say("setting", "設定"), x_=say("rank", "順位"), y_=say("rank", "順位"))
    rho = float(ranks.x.corr(ranks.y))
    values: Any = cloud(grid, points, None, axes, tooltip=tip, height=330, least="half", named=[], crosses=True)
    ordered = cloud(grid, ranks, None, flat, tooltip=tip_ranks, height=330, least="half")
    top, low = (grid.drawn(points).loc[points.y.idxmax()], grid.drawn(points).loc[points.y.idxmin()])
    return Figure(
        name=f"relation-{claim}",
        title=say(f"{called[a].capitalize()} and {called[b]}", f"{called[a]}と{called[b]}"),
        panels=(Panel(values, say("As measured", "測定値")), Panel(ordered, say("As ranks", "順位"))),
        alt=say(
            f"Scatter of {len(points)} settings; {called[a]} and {called[b]} have a rank correlation of {rho:.2f}. The "
            f"second is highest for {top.label} ({top.y:.3g}) and lowest for {low.label} ({low.y:.3g}).",
            f"{len(points)} 設定の散布図。{called[a]}と{called[b]}の順位相関は {rho:.2f}。"
            f"後者の最大は {top.label} ({top.y:.3g})、最小は {low.label} ({low.y:.3g})。",
        ),
        caption=say(
            "One mark a setting: left the means over seeds with their intervals, right their order among the settings, "
            "which is all that a rank correlation sees.",
            "印は設定ごと。左は平均と区間、右は設定間の順位 (順位相関はこれだけを見る)。",
        ),
        keys=("activation", "depth"),
        narrowest=420,
    )  # fmt: skip
