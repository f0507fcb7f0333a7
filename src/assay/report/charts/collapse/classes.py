"""Class by class: foretold against measured, and classes of unequal size."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Block, Cell, Column, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.collapse.arms import EVENED, IMBALANCED, Arm, Arms
from assay.report.charts.collapse.tables import by_class, class_of, measures
from assay.report.charts.means import means_of
from assay.report.charts.scatter import axis, channels, diagonal
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval, number
from assay.report.words import Say, say_in


def _classes(folder: Folder) -> Frame:
    """The table of classes with what was measured; empty where a column is missing."""
    classes = folder.table("classes")
    if classes.empty or not {"run", "condition", "label", "predicted", "within_train"} <= set(classes.columns):
        return pd.DataFrame()
    return classes.dropna(subset=["within_train"])


def classes(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Every class of every setting that the theory speaks about: foretold against measured."""
    dots = _classes(folder)
    if found is None or dots.empty:
        return ()
    told = dots.dropna(subset=["predicted"])
    return (_class_figure(folder, found, told) if len(told) else None), by_class(folder, found)


def _class_figure(folder: Folder, found: Arms, told: Frame) -> Figure | None:
    say = say_in(folder.lang)
    middle = told.groupby(["condition", "label"], sort=False).agg(
        x=("predicted", "mean"), y=("within_train", "mean"), low=("within_train", "min"), high=("within_train", "max")
    )
    middle = middle.reset_index()
    middle = middle.assign(name=[class_of(folder, told[told.label == label], label) for label in middle.label])
    middle = found.drawn(middle)
    if middle.empty:
        return None
    across = axis(say("foretold for the class →", "クラスの予測値 →"), middle.x, [0.0])
    up = axis(say("measured in the class ↑", "クラスの実測値 ↑"), middle.low, middle.high, [0.0])
    x, y = channels((across, up))
    source = alt.Chart(kit.data(middle)).encode(x=x, color=kit.hue("hue", found.hues))
    tip = kit.tips(
        full=say("setting", "設定"), name=say("class", "クラス"), x_=say("foretold", "予測"), y_=say("measured", "実測")
    )
    marks = source.mark_point(filled=True, size=44, opacity=0.75).encode(
        y=y, shape=kit.shape("form", found.shapes), tooltip=tip
    )
    ends = source.mark_rule(opacity=0.3).encode(y=channels((across, up), "x", "low")[1], y2="high:Q")
    most = middle.assign(off=middle.y - middle.x).sort_values("off", key=abs).iloc[-1]
    return Figure(
        name="class-scatter",
        title=say("Foretold and measured, class by class", "クラスごとの予測と実測"),
        panels=(Panel(alt.layer(*diagonal((across, up)), ends, marks).properties(height=320)),),
        alt=say(
            f"Scatter of {len(middle)} classes of {middle.condition.nunique()} settings. Farthest from the forecast is "
            f"class {most['name']} of {most.full}: foretold {most.x:.2f}, measured {most.y:.2f}.",
            f"{middle.condition.nunique()} 設定の {len(middle)} クラスの散布図。予測から最も遠いのは {most.full} の "
            f"{most['name']}: 予測 {most.x:.2f}、実測 {most.y:.2f}。",
        ),
        caption=say(
            "Each mark is a class of a setting, the mean over seeds; the thin line reaches from the lowest seed to the "
            "highest. Hover to see which class it is.",
            "印は設定ごとのクラスの平均。細い線はシードの最小から最大。重ねるとクラス名が出る。",
        ),
        keys=("arm",),
    )


def rare(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Classes in the order of their size, most first: foretold and measured, with equal classes and without."""
    dots = _classes(folder)
    if found is None or dots.empty or "train_count" not in dots:
        return ()
    shown = [
        arm for arm in (found.base, *found.named(IMBALANCED, EVENED)) if arm and (dots.condition == arm.name).any()
    ]
    counted = dots[dots.condition == IMBALANCED]
    if len(shown) < 2 or counted.empty:
        return ()
    say = say_in(folder.lang)
    count = counted.groupby("label").train_count.first().sort_values(ascending=False, kind="stable")
    rows = {
        label: f"{class_of(folder, counted[counted.label == label], label)} · {n:.0f}" for label, n in count.items()
    }
    dots = dots[dots.label.isin(list(rows))].assign(row=lambda f: f.label.map(rows), value=lambda f: f.within_train)
    parts = {arm: dots[dots.condition == arm.name].assign(hue=arm.hue) for arm in shown}
    middle = {arm: means_of(part, ["row", "hue"], folder.level) for arm, part in parts.items()}
    middle = {arm: means.assign(low=means.low.clip(lower=0.0)) for arm, means in middle.items()}
    span = kit.domain(
        dots[dots.condition.isin([a.name for a in shown])].value,
        dots.predicted.dropna(),
        *(m.high for m in middle.values()),
        zero=True,
    )
    title = say("variance within the class", "クラス内分散")
    panels = [
        _class_rows(found, arm, part, middle[arm], list(rows.values()), span, title, say) for arm, part in parts.items()
    ]
    said = [
        say(f"{arm.label}: {_ends(middle[arm], rows)}", f"{arm.label}: {_ends(middle[arm], rows)}") for arm in shown
    ]
    figure = Figure(
        name="rare-classes",
        title=say("Classes by size, most items first", "クラスの件数順"),
        panels=tuple(panels),
        alt=say("Measured variance of the commonest class and the rarest. ", "最多と最少のクラスの実測値。")
        + "; ".join(said)
        + ".",
        caption=say(
            "The number after a class is how many items it has in the unequal settings. Dots are seeds, the large mark "
            "their mean with its interval, the upright stroke what was foretold.",
            "クラス名の後の数は不均衡な設定での件数。点はシード、大きな印は平均と区間、縦線は予測。",
        ),
        narrowest=250,
        shared=True,
    )
    return figure, _rare_table(folder, parts, rows, count, say)


def _class_rows(
    found: Arms, arm: Arm, part: Frame, middle: Frame, rows: list[str], span: kit.Domain, title: str, say: Say
) -> Panel:
    tip = kit.tips(row=say("class", "クラス"), value_=title, run=say("run", "学習"))
    chart = kit.dots_in_rows(
        part[["row", "hue", "value", "run"]],
        middle,
        rows=rows,
        title=title,
        colours=found.hues,
        span=span,
        tooltip=tip,
        step=26,
    )
    told = part.dropna(subset=["predicted"]).groupby("row", sort=False).predicted.mean().reset_index()
    if len(told):
        tick = alt.Chart(kit.data(told)).mark_tick(orient="vertical", thickness=2.2, size=17, color="@ink", opacity=0.9)
        y = alt.Y("row:N", sort=None, title=None, scale=alt.Scale(domain=rows, paddingOuter=0))
        tip = kit.tips(row=say("class", "クラス"), predicted_=say("foretold", "予測"))
        chart = (chart + tick.encode(x=alt.X("predicted:Q", title=title), y=y, tooltip=tip)).properties(
            height=26 * len(rows)
        )
    return Panel(chart, arm.label)


def _ends(middle: Frame, rows: dict[Any, str]) -> str:
    of, names = middle.set_index("row").value, list(rows.values())
    return " → ".join(f"{name} {number(float(of.get(name, float('nan'))), 2)}" for name in (names[0], names[-1]))


def _rare_table(folder: Folder, parts: dict[Arm, Frame], rows: dict[Any, str], count: Any, say: Say) -> Table:
    body, within = [], measures(folder)["within_train"]
    for label, name in rows.items():
        cells = [Cell(name.rpartition(" · ")[0]), Cell(f"{count[label]:.0f}", float(count[label]))]
        for part in parts.values():
            here = part[part.label == label]
            mean, told = within.inside(mean_interval(here.value, folder.level)), float(here.predicted.mean())
            text, interval = within.written(mean, folder.lang)
            cells += [Cell(number(told, 2), told), Cell(text if mean.n else "–", mean.mean, note=interval)]
        body.append(tuple(cells))
    heads = [Column(say("class", "クラス")), Column(say("items", "件数"), number=True)]
    for arm in parts:
        heads += [
            Column(say(f"foretold, {arm.label}", f"予測、{arm.label}"), number=True),
            Column(say("measured", "実測"), number=True),
        ]
    folded = say(f"The numbers behind it: {len(body)} classes", f"元の数値: {len(body)} クラス")
    return Table(
        "rare-table", say("Classes by size", "クラスの件数順"), tuple(heads), tuple(body), folded=folded, sortable=True
    )
