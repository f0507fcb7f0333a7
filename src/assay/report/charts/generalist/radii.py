"""Robust accuracy against the radius of the attack."""

from __future__ import annotations

import altair as alt

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.generalist.arms import MAIN, Arms
from assay.report.charts.means import means_of
from assay.report.charts.scatter import axis, flags, headroom
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in
from assay.studies.generalist.design import HERO

HEIGHT = 300
LEAST = 3  # seeds from which on an interval says something


def figure(folder: Folder, found: Arms | None) -> Figure | None:
    """One line an arm of each kind, the generalist thick and with intervals."""
    frame, say = folder.table("radii"), say_in(folder.lang)
    if found is None or not {"condition", "eps", "robust"} <= set(frame.columns):
        return None
    shown = found.only(found.named(*MAIN))
    dots = shown.drawn(frame.assign(value=100 * frame.robust).dropna(subset=["value"]))
    if dots.empty:
        return None
    middle = means_of(dots, ["full", "hue", "eps"], folder.level).sort_values("eps", kind="stable")
    trained = folder.study.get("eps")
    at = [(say("trained for", "学習時の半径"), float(trained))] if isinstance(trained, int | float) else []
    norm = folder.study.get("norm", "")
    across = axis(say(f"radius of the attack ({norm}) →", f"攻撃の半径 ({norm}) →"), middle.eps)
    up = axis(say("robust accuracy, % ↑", "頑健正解率 (%) ↑"), middle.value).raised(headroom(at, across.span, HEIGHT))
    middle = middle.assign(
        order=middle.eps,
        **{end: middle[end].where(middle.n >= LEAST, middle.value).clip(*up.span) for end in ("low", "high")},
    )
    tip = kit.tips(full=say("arm", "条件"), eps_=say("radius", "半径"), value_="%")
    spans, titles = (across.span, up.span), (across.title, up.title)
    own = middle[middle.full.isin([arm.label for arm in shown.named(HERO)])]
    x = kit.quantity("eps", across.title, across.span)
    bars = alt.Chart(kit.data(own)).mark_rule(strokeWidth=6, opacity=0.25).encode(
        x=x, y=kit.quantity_up("low", up.title, up.span), y2="high:Q", color=kit.hue("hue", found.hues)
    )  # fmt: skip
    layers = [
        *flags(at, across, HEIGHT),
        kit.lines(middle, x="eps", y="value", colours=found.hues, group="full", spans=spans, titles=titles, width=1.6,
                  opacity=0.9),
        bars,
        kit.lines(own, x="eps", y="value", colours=found.hues, group="full", spans=spans, titles=titles, width=3.2,
                  opacity=1.0),
        alt.Chart(kit.data(middle)).mark_point(filled=True, size=34, opacity=1).encode(
            x=x, y=kit.quantity_up("value", up.title, up.span), color=kit.hue("hue", found.hues), tooltip=tip),
    ]  # fmt: skip
    radius = min(middle.eps, key=lambda eps: abs(eps - (at[0][1] if at else middle.eps.max())))
    there = middle[middle.eps == radius]
    each = "; ".join(f"{r.full} {number(r.value, 1)}" for r in there.itertuples())
    return Figure(
        name="radii",
        title=say("Robust accuracy against the radius", "半径ごとの頑健正解率"),
        panels=(Panel(alt.layer(*layers).properties(height=HEIGHT)),),
        alt=say(f"Robust accuracy at radius {radius:g}, %: {each}.", f"半径 {radius:g} の頑健正解率 (%): {each}。"),
        caption=say(
            "Means over seeds under PGD of 20 steps, one arm of each kind; the thick line with intervals is the "
            "generalist. Whom a smaller radius broke counts as broken at every larger one.",
            "20 ステップの PGD でのシード平均、種類ごとに一条件。太線 (区間付き) がジェネラリスト。"
            "小さい半径で誤ったものは大きい半径でも誤りと数える。",
        ),
        keys=("arm",),
    )
