"""Early warning class by class, what it foretold, movement by layer and shift, density and correlation by layer."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.families.samples import class_name
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in

ROWS = 40  # classes that are drawn; the table has all
HUES = {"shift": "@blue", "production": "@vermillion"}
FORMS = {"shift": "circle", "production": "triangle-up"}


def warning(folder: Folder, found: dict[str, Any]) -> Figure | None:
    """How far small shifts move each class, beside what it loses under the whole shifts and on production."""
    say, rows = say_in(folder.lang), found["classes"][:ROWS]
    if not rows:
        return None
    names = [row["name"] for row in rows]
    frame = pd.DataFrame([
        {"row": row["name"], "value": 100 * row["moved"], "low": 100 * (row["low"] or row["moved"]),
         "high": 100 * (row["high"] or row["moved"]), "nearest": row["nearest"], "n": row["n"]}
        for row in rows
    ])  # fmt: skip
    losses = pd.DataFrame([
        {"row": row["name"], "value": 100 * row[key], "hue": hue, "n": row[n]}
        for row in rows
        for hue, key, n in (("shift", "loss", "n"), ("production", "production_loss", "n_production"))
        if row[key] is not None
    ])  # fmt: skip
    y = alt.Y("row:N", sort=None, title=None, scale=alt.Scale(domain=names), axis=alt.Axis(labelColor="@ink"))
    base = alt.Chart(kit.data(frame)).encode(y=y)
    title = say("of the distance to the nearest class, %", "最寄りクラスまでの距離に対して %")
    across = kit.quantity("value", title, kit.domain(frame.low, frame.high, zero=True))
    tip = kit.tips(
        row=say("class", "クラス"), value_=say("moved, %", "移動 %"), low_=say("from", "下限"), high_=say("to", "上限"),
        nearest=say("towards", "最寄り"), n=say("items", "件数"),
    )  # fmt: skip
    bar = base.mark_rule(strokeWidth=8, opacity=0.24, color="@blue").encode(x=alt.X("low:Q", title=title), x2="high:Q")
    dot = base.mark_point(filled=True, size=72, color="@blue", opacity=1).encode(x=across, tooltip=tip)
    lost = kit.quantity(
        "value", say("accuracy lost, points", "正解率の低下 (ポイント)"), kit.domain(losses.value, zero=True)
    )
    marks = alt.Chart(kit.data(losses)).encode(
        y=y, x=lost, color=kit.hue("hue", HUES), shape=kit.shape("hue", FORMS),
        tooltip=kit.tips(row=say("class", "クラス"), hue=say("under", "条件"), value_=say("points", "ポイント"), n="n"),
    )  # fmt: skip
    tall = max(60, 25 * len(names))
    top = rows[0]
    return Figure(
        name="warning",
        title=say(
            "What small shifts move, and what the whole shifts cost", "小さな変化による移動と、変化全体による低下"
        ),
        panels=(
            Panel(alt.layer(bar, dot).properties(height=tall), say("moved by small shifts", "小さな変化での移動")),
            Panel(
                alt.layer(marks.mark_point(filled=True, size=72, opacity=1)).properties(height=tall),
                say("accuracy lost", "正解率の低下"),
            ),
        ),
        alt=say(
            f"{top['name']} moves most, {100 * top['moved']:.0f} % of the distance to {top['nearest']}.",
            f"{top['name']} が最も動く ({top['nearest']} までの {100 * top['moved']:.0f} %)。",
        ),
        caption=say(
            "Left: mean movement under a third of every shift, with its 95 % interval, in shares of the distance to "
            "the nearest other class. Right: accuracy lost under the whole shifts, and from test to production.",
            "左: 各変化の 1/3 での平均移動 (95 % 区間)、最寄りクラスまでの距離に対する割合。"
            "右: 変化全体での正解率の低下と、テストから製造への低下。",
        ),
        keys=("under",),
        narrowest=300,
        shared=True,
    )


def foretold(folder: Folder, found: dict[str, Any]) -> Figure | None:
    """Movement of each class against what it lost."""
    say = say_in(folder.lang)
    rows = [
        {"name": row["name"], "x": 100 * row["moved"], "y": 100 * row[key], "hue": hue}
        for row in found["classes"]
        for hue, key in (("shift", "loss"), ("production", "production_loss"))
        if row[key] is not None
    ]
    if len(rows) < 3:
        return None
    frame = pd.DataFrame(rows)
    spans = kit.domain(frame.x, zero=True, pad=0.1), kit.domain(frame.y, zero=True, pad=0.1)
    base = alt.Chart(kit.data(frame)).encode(
        x=kit.quantity("x", say("moved by small shifts, %", "小さな変化での移動 %"), spans[0]),
        y=kit.quantity_up("y", say("accuracy lost, points", "正解率の低下 (ポイント)"), spans[1]),
        color=kit.hue("hue", HUES),
    )
    tip = kit.tips(
        name=say("class", "クラス"),
        hue=say("under", "条件"),
        x_=say("moved, %", "移動 %"),
        y_=say("points", "ポイント"),
    )
    form = kit.shape("hue", FORMS)
    points = base.mark_point(filled=True, size=72, opacity=0.9).encode(shape=form, tooltip=tip)
    text = base.mark_text(align="left", dx=7, fontSize=11, limit=110).encode(text="name:N")
    return Figure(
        name="foretold",
        title=say("Does what moves also lose?", "動くクラスは低下もするか"),
        panels=(Panel(alt.layer(points, *([text] if len(frame) <= 24 else [])).properties(height=300)),),
        alt="; ".join(_relation(row, say) for row in found["relations"]),
        caption=say(
            "One point a class. A warning worth having rises from left to right. The rank correlations below take "
            "movement and loss from different items.",
            "点はクラス。役に立つ警告なら右上がりになる。下の順位相関では、移動と低下は別のサンプルから求める。",
        ),
        keys=("under",),
    )


def _relation(row: dict[str, Any], say: Any) -> str:
    effect = number(row["effect"], 2) if row["effect"] is not None else "–"
    return say(f"{row['against']}: rank correlation {effect}", f"{row['against']}: 順位相関 {effect}")


def moves(folder: Folder) -> Figure | None:
    """Mean movement by layer and small shift."""
    say, table = say_in(folder.lang), folder.table("moves")
    if table.empty:
        return None
    table = table[(table.label < 0) & table.moved.notna()]
    if table.empty:
        return None
    frame = pd.DataFrame({
        "row": table.layer.astype(str), "column": [str(name).replace("_", " ") for name in table["shift"]],
        "value": 100 * table.moved,
    })  # fmt: skip
    rows, columns = (list(dict.fromkeys(frame[name])) for name in ("row", "column"))
    top = frame.iloc[int(frame.value.to_numpy().argmax())]
    chart = kit.heat(
        frame, rows=rows, columns=columns, span=kit.domain(frame.value, pad=0), form=".0f", angle=-40,
        title=say("moved, % of the distance to the nearest class", "移動、最寄りクラスまでの距離に対して %"),
        tooltip=kit.tips(row=say("layer", "層"), column=say("shift", "変化"), value_=say("moved, %", "移動 %")),
    )  # fmt: skip
    return Figure(
        name="moves",
        title=say("Which small shift moves which layer", "どの小さな変化がどの層を動かすか"),
        panels=(Panel(chart),),
        alt=say(
            f"Largest: {top['row']} under {top['column']}, {top['value']:.0f} %.",
            f"最大: {top['column']} での {top['row']}、{top['value']:.0f} %。",
        ),
        caption=say(
            "Mean over classes, a third of each shift, layers in the order in which they run.",
            "クラスの平均、各変化の 1/3、層は実行順。",
        ),
    )


def crowd(folder: Folder, column: str) -> Figure | None:
    """Density or correlation by class and layer."""
    say, table = say_in(folder.lang), folder.table("layers")
    if table.empty or column not in table:
        return None
    table = table.assign(value=pd.to_numeric(table[column], errors="coerce").replace([np.inf], np.nan))
    table = table[table.value.notna() & (table.label >= 0)]
    if table.empty:
        return None
    classes = [str(name) for name in folder.study["data"]["classes"]]
    frame = pd.DataFrame({
        "row": [class_name(label, classes) for label in table.label],
        "column": table.layer.astype(str), "value": table.value, "n": table.n,
    })  # fmt: skip
    there = set(frame.row)
    rows = [name for name in classes if name in there][:ROWS]
    frame = frame[frame.row.isin(rows)]
    titles = {
        "density": (
            say("Density", "密度"),
            say("how much closer the k-th neighbour is than any", "k 番目の近傍の近さ"),
        ),
        "correlation": (say("Correlation", "相関"), say("mean correlation of two samples", "2 サンプルの平均相関")),
    }
    chart = kit.heat(
        frame, rows=rows, columns=list(dict.fromkeys(frame.column)), span=kit.domain(frame.value, pad=0), angle=-40,
        title=titles[column][1],
        tooltip=kit.tips(
            row=say("class", "クラス"), column=say("layer", "層"), value_=titles[column][0], n=say("samples", "件数"),
        ),
    )  # fmt: skip
    top = frame.iloc[int(frame.value.to_numpy().argmax())]
    return Figure(
        name=f"layers-{column}",
        title=say(f"{titles[column][0]} by class and layer", f"クラスと層ごとの{titles[column][0]}"),
        panels=(Panel(chart),),
        alt=say(
            f"Highest: {top['row']} at {top['column']}, {top['value']:.2f}.",
            f"最大: {top['column']} の {top['row']}、{top['value']:.2f}。",
        ),
        caption=say(
            "Every class from as many samples, so that classes can be compared. Classes of fewer than 12 samples are "
            "left out.",
            "クラス間で比べられるよう同じ件数から求める。12 件未満のクラスは省く。",
        ),
    )
