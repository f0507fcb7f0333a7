"""Accuracy against eps, and class by class, with intervals."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.folder import Folder
from assay.report.words import say_in

SHARE = (0.0, 100.0)


def curve(folder: Folder, found: dict[str, Any]) -> Figure | None:
    """Robust accuracy at several radii; the radius asked for stands out, with the figure of the whole evaluation."""
    say, frame = say_in(folder.lang), folder.table("curve")
    if frame.empty:
        return None
    frame = _percent(frame.sort_values("eps"))
    low, high = found["interval"]
    whole = pd.DataFrame([{
        "eps": found["eps"], "value": 100 * found["robust_acc"], "low": 100 * low, "high": 100 * high,
        "n": found["n_examples"],
    }])  # fmt: skip
    x = kit.quantity("eps", f"eps ({found['norm']})", (0.0, float(frame.eps.max()) * 1.02), list(frame.eps))
    x = x.axis(values=list(frame.eps), format=".3~g", labelOverlap=True)
    y = kit.quantity_up("value", say("robust accuracy, %", "頑健正解率 %"), SHARE)
    tip = kit.tips(
        eps_="eps", value_=say("accuracy, %", "正解率 %"), low_=say("from", "下限"), high_=say("to", "上限"), n="n"
    )
    base = alt.Chart(kit.data(frame)).encode(x=x)
    band = base.mark_area(opacity=0.16, color="@blue").encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = base.mark_line(color="@blue", strokeWidth=1.6).encode(y=y)
    dots = base.mark_point(filled=True, size=42, color="@blue", opacity=1).encode(y=y, tooltip=tip)
    at = alt.Chart(kit.data(whole)).encode(x=x)
    rule = at.mark_rule(color="@vermillion", strokeWidth=2).encode(y=alt.Y("low:Q"), y2="high:Q")
    mark = at.mark_point(filled=True, size=110, color="@vermillion", shape="diamond", opacity=1).encode(
        y=y, tooltip=tip
    )
    told = ", ".join(f"{row.value:.0f} % at {row.eps:.3g}" for row in frame.itertuples())
    return Figure(
        name="curve",
        title=say("Accuracy against eps", "eps に対する正解率"),
        panels=(Panel(alt.layer(band, line, dots, rule, mark).properties(height=260)),),
        alt=say(
            f"Robust accuracy: {told}. The whole evaluation: {whole.value[0]:.0f} % at {found['eps']:.3g}.",
            f"頑健正解率: {told}。全体の評価: {found['eps']:.3g} で {whole.value[0]:.0f} %。",
        ),
        caption=say(
            f"Diamond: the evaluation, on {found['n_examples']} examples. Line: a short suite on {frame.n.max():.0f} "
            "of them, with 95 % intervals; it must fall, and reach zero.",
            f"菱形: {found['n_examples']} 例での評価。線: うち {frame.n.max():.0f} 例での短い攻撃 (95 % 区間)。"
            "下がり続けて零に達するはずである。",
        ),
    )


def classes(folder: Folder) -> Figure | None:
    """Clean and robust accuracy of each class, weakest first."""
    say, frame = say_in(folder.lang), folder.table("classes")
    if frame.empty:
        return None
    frame = _percent(frame.rename(columns={"robust": "accuracy"})).assign(row=frame.name)
    frame = frame.assign(clean=100 * frame.clean).sort_values(["value", "clean"], kind="stable")
    y = alt.Y("row:N", sort=None, title=None, scale=alt.Scale(domain=list(frame.row)), axis=alt.Axis(labelColor="@ink"))
    x = kit.quantity("value", say("accuracy, %", "正解率 %"), SHARE)
    tip = kit.tips(
        row=say("class", "クラス"), value_=say("robust, %", "頑健 %"), clean_=say("clean, %", "変更なし %"), n="n"
    )
    base = alt.Chart(kit.data(frame[["row", "value", "clean", "low", "high", "n"]])).encode(y=y)
    bar = base.mark_rule(strokeWidth=8, opacity=0.24, color="@blue").encode(x=alt.X("low:Q", title=None), x2="high:Q")
    robust = base.mark_point(filled=True, size=72, color="@blue", opacity=1).encode(x=x, tooltip=tip)
    clean = base.mark_point(size=54, color="@muted", opacity=1).encode(x=alt.X("clean:Q", title=None), tooltip=tip)
    worst = frame.iloc[0]
    return Figure(
        name="classes-figure",
        title=say("Clean and robust accuracy by class", "クラスごとの正解率"),
        panels=(Panel(alt.layer(bar, clean, robust).properties(height=max(60, 25 * len(frame)))),),
        alt=say(
            f"Weakest class: {worst.row}, {worst.value:.0f} % robust. Strongest: {frame.iloc[-1].row}, "
            f"{frame.iloc[-1].value:.0f} %.",
            f"最も弱いクラス: {worst.row} ({worst.value:.0f} %)。最も強いクラス: {frame.iloc[-1].row} "
            f"({frame.iloc[-1].value:.0f} %)。",
        ),
        caption=say(
            "Filled: right under every attack, with its 95 % interval. Ring: right unperturbed. Weakest class first.",
            "塗り: すべての攻撃下で正解 (95 % 区間)。輪: 変更なしで正解。弱いクラスから順に。",
        ),
    )


def _percent(frame: Any) -> Any:
    return frame.assign(value=100 * frame.accuracy, low=100 * frame.low, high=100 * frame.high)
