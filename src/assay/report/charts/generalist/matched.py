"""The generalist beside rivals tuned to the same clean accuracy on validation images."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Cell, Column, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.generalist.arms import HUES, Arms, judged
from assay.report.charts.generalist.walk import rival
from assay.report.charts.measure import signed
from assay.report.charts.scatter import axis, channels, cloud
from assay.report.folder import Folder, Frame
from assay.report.numbers import between, decimals, mean_interval, number
from assay.report.words import say_in
from assay.studies.generalist.design import HERO
from assay.studies.generalist.matched import KINDS, family

HEIGHT = 300
MATCHED = {"tuned-adversarial": "adversarial", "tuned-trades": "trades"}  # claims and the families they are about


def table(folder: Folder, found: Arms | None) -> Table | None:
    """One row a family: where the rival lies, how clean both are, how robust, and the difference seed by seed."""
    frame, say = folder.table("matched"), say_in(folder.lang)
    if found is None or frame.empty or "rival_robust" not in frame:
        return None
    rows = []
    for kind, part in frame.groupby("family", sort=False):
        row = part.iloc[0]
        apart = mean_interval(100 * (part.hero_robust - part.rival_robust), folder.level)
        places = min(1, decimals(apart.low, apart.high)) if apart.n > 1 else 1
        rows.append(
            (
                Cell(_between(found, str(row.low), str(row.high), float(row.share), folder.lang), str(kind)),
                Cell(number(100 * row.hero_val_clean, 1), row.hero_val_clean),
                Cell(number(100 * row.rival_val_clean, 1), row.rival_val_clean),
                Cell(number(100 * part.hero_robust.mean(), 1), part.hero_robust.mean()),
                Cell(number(100 * part.rival_robust.mean(), 1), part.rival_robust.mean()),
                Cell(
                    signed(number(apart.mean, places)),
                    apart.mean,
                    note=between(apart.low, apart.high, places, folder.lang) if apart.n > 1 else "",
                ),
                Cell(str(apart.n), apart.n),
            )
        )
    columns = (
        Column(say("rival", "比較対象")),
        Column(say("generalist clean on val, %", "混合: 通常 (val) %"), True),
        Column(say("rival clean on val, %", "対象: 通常 (val) %"), True),
        Column(say("generalist robust, %", "混合: 頑健 %"), True),
        Column(say("rival robust, %", "対象: 頑健 %"), True),
        Column(say("difference, points", "差 ポイント"), True, say("with the same seed", "同じシードでの差")),
        Column("n", True, say("seeds", "シード")),
    )
    caption = say(
        "At the same clean accuracy: the generalist and rivals tuned by validation images alone",
        "同じ通常の正解率での比較: 検証画像だけで調整した比較対象",
    )
    return Table("matched", caption, columns, tuple(rows))


def _between(found: Arms, low: str, high: str, share: float, lang: str) -> str:
    names = [arm.label if (arm := found.of(name)) else name for name in (low, high)]
    say = say_in(lang)
    if low == high:
        return say(f"{names[0]} (the nearest)", f"{names[0]}（最も近い）")
    return say(
        f"{100 * share:.0f} % of the way from {names[0]} to {names[1]}",
        f"{names[0]}から{names[1]}へ {100 * share:.0f} %",
    )


def figure(folder: Folder, found: Arms | None, claim: str) -> Figure | None:
    """Robust accuracy on test against clean accuracy on val: one family, the generalist, and the rival between."""
    kind = MATCHED.get(claim)
    runs = judged(folder, "val_clean") if kind else pd.DataFrame()
    if found is None or kind is None or runs.empty:
        return None
    group = family([arm.name for arm in found.there(runs)], kind)
    if not group or HERO not in set(runs.condition):
        return None
    say = say_in(folder.lang)
    only = found.only(found.named(HERO, *group))
    dots = runs[runs.condition.isin([HERO, *group])].assign(x=lambda f: 100 * f.val_clean, y=lambda f: 100 * f.robust)
    means = dots.groupby("condition", sort=False)[["x", "y"]].mean().reset_index()
    by: Frame = runs.groupby("condition")[["clean", "robust", "val_clean", "val_robust"]].mean()
    own, other = by.loc[HERO], rival(by, kind, by.val_clean[HERO])
    axes = (
        axis(say("clean accuracy on val, % →", "検証データの通常の正解率 (%) →"), dots.x),
        axis(say("robust accuracy on test, % ↑", "テストの頑健正解率 (%) ↑"), dots.y),
    )
    x, y = channels(axes)
    line = means[means.condition != HERO].sort_values("x", kind="stable")
    hue = HUES[KINDS[kind][0]]
    below = [alt.Chart(kit.data(line)).mark_line(color=hue, strokeWidth=1.8).encode(x=x, y=y, order="x:Q")]
    if other is not None and other.fair:
        below += _gap(line, 100 * own.val_clean, 100 * own.robust, other.y, axes)
    tip = kit.tips(full=say("arm", "条件"), x_=say("clean on val, %", "通常 (val) %"), y_=say("robust, %", "頑健 %"))
    chart = cloud(
        only, means, dots[["condition", "x", "y"]], axes, tooltip=tip, height=HEIGHT, least="half", below=below
    )
    drawn = only.drawn(means)
    each = [f"{r.full} {number(r.x, 1)} / {number(r.y, 1)}" for r in drawn.itertuples()]
    return Figure(
        name=f"family-{claim}",
        title=say("At the same clean accuracy", "同じ通常の正解率での比較"),
        panels=(Panel(chart),),
        alt=say("Clean on val / robust on test, %: ", "通常 (val)/頑健 (test) %: ") + "; ".join(each) + ".",
        caption=say(
            "The line joins the means of neighbours; small dots are seeds. The upright bar is what the claim is about: "
            "from the rival on the line to the generalist, where both are as clean on validation images. Without a bar "
            "there is no such rival.",
            "線は隣り合う条件の平均を結ぶ。小さな点はシード。縦の帯が主張の差 "
            "(検証画像で同じ通常の正解率となる線上の比較対象とジェネラリスト)。帯がなければ該当なし。",
        ),
    )


def _gap(line: Frame, clean: float, own: float, other: float, axes: Any) -> list[Any]:
    """The upright bar from the rival to the generalist; where all arms are on one side, from the nearest arm."""
    at = min(max(clean, float(line.x.min())), float(line.x.max()))
    frame = pd.DataFrame({"x": [at], "y": [other], "top": [own]})
    (x, y), source = channels(axes), alt.Chart(kit.data(frame))
    bar = source.mark_rule(color="@vermillion", strokeWidth=7, opacity=0.28).encode(x=x, y=y, y2="top:Q")
    return [bar, source.mark_point(size=110, color="@ink", strokeWidth=1.7).encode(x=x, y=y)]
