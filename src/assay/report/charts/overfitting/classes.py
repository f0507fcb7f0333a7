"""Class by class: what adversarial training can still do at its best look and at the end."""

from __future__ import annotations

from assay.report.blocks import Block, Cell, Column, Figure, Panel, Table
from assay.report.charts.arms import finished
from assay.report.charts.overfitting.arms import Arms
from assay.report.charts.overfitting.rows import lanes, moments, said, strip
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval, with_interval
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE

SHOWN = 24  # classes that are drawn: those that lose most; the table has all
NEEDED = {"run", "condition", "label", "moment", "inputs", "gap", "robust"}


def _classes(folder: Folder, say: Say) -> Frame:
    """One row a class, run and moment of the baseline, with the class's name and lane."""
    frame = folder.table("classes")
    if frame.empty or not set(frame.columns) >= NEEDED:
        return finished(folder, "no such column")
    named = frame["class"].astype(str) if "class" in frame else frame.label.astype(int).astype(str)
    frame = frame.assign(row=named, hue=BASELINE, lane=frame.moment.map(moments(say)))
    return frame[(frame.condition == BASELINE) & frame.lane.notna()]


def classes(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Robust accuracy and feature gap by class, those first that lose most robustness from the best look to the end."""
    say = say_in(folder.lang)
    frame = _classes(folder, say)
    if found is None or frame.empty:
        return ()
    order = _order(frame, say)
    rows, panels, told = order[:SHOWN], [], []
    attacked, drawn = frame[frame.inputs == "attacked"], frame[frame.row.isin(rows)]
    pairs = (
        (
            say("Robust accuracy, %", "頑健正解率 (%)"),
            drawn[drawn.inputs == "attacked"].dropna(subset=["robust"]),
            "robust",
        ),
        (
            say("Feature gap under attack, points", "攻撃下の特徴の差 (ポイント)"),
            drawn[drawn.inputs == "attacked"].dropna(subset=["gap"]),
            "gap",
        ),
    )
    for title, part, column in pairs:
        if len(part):
            dots = part.assign(value=100 * part[column])
            unit = "% →" if column == "robust" else say("points →", "ポイント →")
            chart, middle = strip(
                folder, dots, rows, unit, found.hues, zero=column == "gap", shapes=lanes(say), step=30
            )
            panels.append(Panel(chart, title))
            told.append(said(middle.assign(row=middle.row + " · " + middle.lane), title, say))
    if not panels:
        return ()
    most = say(
        f" Shown are the {len(rows)} that lose most of {len(order)}.",
        f" 全 {len(order)} 中、低下の大きい {len(rows)}。",
    )
    figure = Figure(
        name="classes-of-baseline",
        title=say("Adversarial training, class by class", "敵対的学習: クラスごと"),
        panels=tuple(panels),
        alt=say("Classes in rows. ", "クラスを行ごとに表示。") + "; ".join(told) + ".",
        caption=say(
            "Classes that lose most robustness from the best look to the end come first. Small marks are seeds, large "
            "ones means with intervals.",
            "最良の時点から終了までの低下が大きいクラスから順に並べる。小さな印はシード、大きな印は平均と区間。",
        )
        + (most if len(order) > len(rows) else ""),
        keys=("moment",),
        narrowest=330,
        shared=True,
    )
    return figure, _table(folder, frame, attacked, order, say)


def _order(frame: Frame, say: Say) -> list[str]:
    """Classes by how much robust accuracy they lose, most first; ties as the data set has them."""
    both = frame[frame.inputs == "attacked"].pivot_table(
        index="row", columns="moment", values="robust", sort=False, dropna=False
    )
    if not {"best", "last"} <= set(both):
        return list(dict.fromkeys(frame.row))
    return [str(row) for row in (both.last - both.best).sort_values(kind="stable").index]


def _table(folder: Folder, frame: Frame, attacked: Frame, order: list[str], say: Say) -> Table:
    words, body = moments(say), []
    for row in order:
        here = frame[frame.row == row]
        cells = [Cell(row)]
        for column, kind in (("robust", "attacked"), ("gap", "clean"), ("gap", "attacked")):
            for moment in words:
                part = here[(here.inputs == kind) & (here.moment == moment)]
                mean = mean_interval(part[column], folder.level)
                text, note = with_interval(mean, 100, folder.lang)
                cells.append(Cell(text if mean.n else "–", mean.mean, note=note))
        body.append(tuple(cells))
    heads = [Column(say("class", "クラス"))]
    for title in (
        say("robust, %", "頑健 %"),
        say("gap, clean, points", "差、通常"),
        say("gap, attacked, points", "差、攻撃下"),
    ):
        heads += [Column(f"{title}: {word}", number=True) for word in words.values()]
    folded = say(f"The numbers behind it: {len(body)} classes", f"元の数値: {len(body)} クラス")
    return Table(
        "classes-table",
        say("Classes of the baseline", "基準のクラス"),
        tuple(heads),
        tuple(body),
        folded=folded,
        sortable=True,
    )
