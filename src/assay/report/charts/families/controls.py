"""What else could have made the pictures, and what the tables say about it."""

from __future__ import annotations

from assay.report.blocks import Block, Cell, Column, Table
from assay.report.charts.families.space import Space
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, with_interval
from assay.report.words import Say, say_in

Row = tuple[str, str, str]


def controls(folder: Folder, models: Space) -> tuple[Block, ...]:
    """One table: the control, what it rules out, what was found."""
    say = say_in(folder.lang)
    rows = [
        row
        for row in (
            _twins(folder, say),
            _fork(folder, say),
            _mixture(models, say),
            _stopped(folder, say),
            *_reach(folder, say),
        )
        if row
    ]
    if not rows:
        return ()
    columns = (
        Column(say("control", "対照")),
        Column(say("what it rules out", "排除するもの")),
        Column(say("found", "結果")),
    )
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return (Table("control-table", say("Controls", "対照"), columns, cells),)


def _twins(folder: Folder, say: Say) -> Row | None:
    moments = folder.table("moments")
    if moments.empty or "side" not in moments:
        return None
    before = moments[(moments.side == "before") & moments.from_twin.notna()]
    if before.empty:
        return None
    most = f"{float(before.from_twin.max()):.1g}"
    return (
        say("Twins are identical until the swap", "交換までは双子が同一"),
        say("differences that were there before the stress", "ストレス以前からあった差"),
        say(
            f"largest distance before the swap: {most} in {len(before)} measurements",
            f"交換前の最大距離: {most} ({len(before)} 回の測定)",
        ),
    )


def _fork(folder: Folder, say: Say) -> Row | None:
    runs = folder.table("runs")
    if runs.empty or "movement" not in runs:
        return None
    moved = runs[runs.movement.notna()]
    fork, stressed = moved[moved.stress == "fork"], moved[~moved.stress.isin(["fork", "none"])]
    if fork.empty or stressed.empty:
        return None
    return (
        say(
            "Fork: the same training, only chance is other (a new order of samples)",
            "分岐: 偶然 (サンプルの順序) だけを変えた学習",
        ),
        say("taking chance for an effect of stress", "偶然をストレスの効果と取り違えること"),
        say(
            f"movement {_interval(fork, folder)} by a fork, {_interval(stressed, folder)} by a stress",
            f"移動: 分岐 {_interval(fork, folder)}、ストレス {_interval(stressed, folder)}",
        ),
    )


def _interval(frame: Frame, folder: Folder) -> str:
    """The mean movement with its interval over seeds, which repeat: the conditions of one seed are averaged."""
    found: Mean = mean_interval(frame.groupby("seed").movement.mean(), folder.level)
    text, interval = with_interval(found, lang=folder.lang)
    return f"{text} ({interval})" if interval else text


def _mixture(models: Space, say: Say) -> Row | None:
    if models.empty or "condition" not in models.models:
        return None
    within = models.to_centre(["condition"]).mean()
    mixed = _pooled(models)
    return (
        say("Spread is taken within a condition", "広がりは条件の中で測る"),
        say("a mixture of conditions, which is wide by construction", "条件の混合 (当然広い)"),
        say(
            f"mean distance to the centre {within:.2f} within, {mixed:.2f} over all models together",
            f"中心からの平均距離: 条件内 {within:.2f}、全体 {mixed:.2f}",
        ),
    )


def _pooled(models: Space) -> float:
    everyone = Space(models.models.assign(all="all"), models.distances)
    return float(everyone.to_centre(["all"]).mean())


def _stopped(folder: Folder, say: Say) -> Row | None:
    runs = folder.table("runs")
    if runs.empty or "status" not in runs:
        return None
    stopped = runs[runs.status != "finished"]
    where = ", ".join(dict.fromkeys(stopped.condition))
    return (
        say("Runs that stopped are counted, not replaced", "中断した学習は数え、置き換えない"),
        say("showing only what went well", "うまくいったものだけを示すこと"),
        say(
            f"{len(stopped)} of {len(runs)} stopped{': ' + where if where else ''}",
            f"{len(runs)} 件中 {len(stopped)} 件が中断{': ' + where if where else ''}",
        ),
    )


def _reach(folder: Folder, say: Say) -> list[Row]:
    plan = folder.study.get("plan") or {}
    smallest = plan.get("smallest_p") or {}
    if not isinstance(smallest, dict) or not smallest:
        return []
    names = {"paired": say("paired", "対"), "family": say("families", "系統")}
    text = ", ".join(
        f"{names.get(name, name)} {value:.1g}" for name, value in smallest.items() if isinstance(value, int | float)
    )
    return [(
        say("The smallest p-value that the design can reach", "この計画で到達しうる最小の p 値"),
        say("asking more of the data than it can say", "データが答えられないことを問うこと"),
        text,
    )]  # fmt: skip
