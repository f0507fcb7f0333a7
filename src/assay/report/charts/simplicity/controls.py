"""What else could have made the pictures, and what the tables say about it."""

from __future__ import annotations

from assay.report.blocks import Block, Cell, Column, Table
from assay.report.charts.simplicity.grid import Grid, answers, finished
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import Say, say_in

Row = tuple[str, str, str]


def controls(folder: Folder, grid: Grid | None) -> tuple[Block, ...]:
    """One table: the control, what it rules out, what was found."""
    say = say_in(folder.lang)
    found = (_references(folder, say), _scale(folder, say), _stopped(folder, say), _same(folder, grid, say),
             _reach(folder, say))  # fmt: skip
    rows = [row for row in found if row]
    if not rows:
        return ()
    heads = (say("control", "対照"), say("what it rules out", "排除するもの"), say("found", "結果"))
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return (Table("control-table", say("Controls", "対照"), tuple(map(Column, heads)), cells),)


def _references(folder: Folder, say: Say) -> Row | None:
    at = answers(folder)
    if not at:
        return None
    return (
        say("Complexity of answers that need no model", "モデルなしの答えの複雑さ"),
        say("reading complexity as quality: shuffled labels are as complex as true ones",
            "複雑さを良さと取り違えること (並べ替えたラベルも同じ複雑さ)"),
        say(", ", "、").join(f"{name} {value:.0f}" for name, value in at) + say(" bits", " ビット"),
    )  # fmt: skip


def _scale(folder: Folder, say: Say) -> Row | None:
    runs = finished(folder, "sensitivity", "sensitivity_margin", "flip_rate")
    if runs.empty:
        return None
    mean = runs.groupby("condition")[["sensitivity", "sensitivity_margin", "flip_rate"]].mean().dropna()
    if len(mean) < 3:
        return None
    ranks = mean.rank().corr()["sensitivity"]
    return (
        say("Sensitivity divided by the margin, and answers that flip", "マージンで割った感度と、反転する答え"),
        say("the mere size of the logits, which grows with training and learning rate",
            "学習や学習率とともに大きくなるロジットの尺度"),
        say(f"rank correlation with sensitivity over {len(mean)} settings: {number(ranks['sensitivity_margin'], 2)} "
            f"by margin, {number(ranks['flip_rate'], 2)} for flips",
            f"{len(mean)} 設定での感度との順位相関: マージン比 {number(ranks['sensitivity_margin'], 2)}、"
            f"反転 {number(ranks['flip_rate'], 2)}"),
    )  # fmt: skip


def _stopped(folder: Folder, say: Say) -> Row | None:
    runs = folder.table("runs")
    if runs.empty or "status" not in runs:
        return None
    stopped = runs[runs.status != "finished"]
    where = f": {', '.join(dict.fromkeys(stopped.condition))}" if len(stopped) else ""
    return (
        say("Runs that stopped are counted, not replaced", "中断した学習は数え、置き換えない"),
        say("showing only what went well", "うまくいったものだけを示すこと"),
        say(f"{len(stopped)} of {len(runs)} stopped{where}", f"{len(runs)} 件中 {len(stopped)} 件が中断{where}"),
    )


def _same(folder: Folder, grid: Grid | None, say: Say) -> Row | None:
    runs = finished(folder, "predicted_classes")
    if grid is None or runs.empty:
        return None
    dead = grid.drawn(runs[runs.predicted_classes == 1])
    where = ", ".join(f"{name} ({count})" for name, count in dead.groupby("label", sort=False).size().items())
    return (
        say("Models that give every item the same class", "すべてに同じクラスと答えるモデル"),
        say("taking a model that learned nothing for a simple, steady one", "何も学ばないモデルを単純とみなすこと"),
        where or say("none", "なし"),
    )  # fmt: skip


def _reach(folder: Folder, say: Say) -> Row | None:
    smallest = (folder.study.get("plan") or {}).get("smallest_p") or {}
    values = [v for v in smallest.values() if isinstance(v, int | float)] if isinstance(smallest, dict) else []
    if not values:
        return None
    return (
        say("The smallest p-value that this many seeds can reach", "このシード数で到達しうる最小の p 値"),
        say("asking more of the data than it can say", "データが答えられないことを問うこと"),
        f"{max(values):.1g}",
    )
