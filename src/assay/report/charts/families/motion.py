"""How far a stress moves a model from its unstressed twin, over training."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.families.place import colours, labels
from assay.report.folder import Condition, Folder, Frame
from assay.report.words import say_in


def trajectories(folder: Folder) -> Figure | None:
    """Distance to the unstressed twin over training: one panel a kind of stress, every seed thin, the mean thick."""
    say = say_in(folder.lang)
    moments = at_primary(folder)
    if moments.empty:
        return None
    spans = ((0.0, 100.0), kit.domain(moments.from_twin, zero=True))
    forks = [c.name for c in folder.conditions if c.stress == "fork"]
    panels = []
    for kind in dict.fromkeys((c.stress, c.kind) for c in folder.conditions if c.stress != "none"):
        here = [c for c in folder.conditions if (c.stress, c.kind) == kind and (moments.condition == c.name).any()]
        if here:
            panels.append(Panel(_trajectory(folder, moments, here, forks, spans), _stem(here)))
    if not panels:
        return None
    return Figure(
        name="trajectories",
        title=say("Distance to the unstressed twin", "ストレスのない双子との距離"),
        panels=tuple(panels),
        alt=_trajectory_text(folder, moments, forks),
        caption=say(
            "A stressed model and its twin are the same until the swap (dotted line). Thin lines are single models, "
            "the thick line is their mean; the ring is the moment just before the swap, the dot just after. Grey: "
            "models in which nothing but chance is other from then on.",
            "ストレスを受けたモデルと双子は交換 (点線) まで同一。細線は各モデル、太線は平均、"
            "輪は交換直前、点は直後。灰色はその時点から偶然だけを変えたモデル。",
        ),
        narrowest=250,
    )


def at_primary(folder: Folder) -> Frame:
    """The rows of ``moments.csv`` at the primary layer in the order of time, with hue, order and time of the swap."""
    moments = folder.table("moments")
    if moments.empty or "from_twin" not in moments:
        return pd.DataFrame()
    layer = folder.study.get("primary_layer")
    if layer and (moments.layer == layer).any():
        moments = moments[moments.layer == layer]
    moments = moments[moments.from_twin.notna()]
    at = {c.name: c.at for c in folder.conditions}
    stress = {c.name: c.stress for c in folder.conditions}
    # Two rows share a time at the swap: "0.25-" comes before "0.25".
    after = (~moments.moment.str.endswith("-")).astype(int)
    return moments.assign(
        hue=moments.condition.map(stress),
        order=moments.share + after * 1e-6,
        percent=100 * moments.share,
        swap=[at.get(name) for name in moments.condition],
    ).sort_values(["condition", "run", "order"], kind="stable")


def _stem(conditions: list[Condition]) -> str:
    """What the conditions of one panel have in common: their label without the time."""
    stems = [without_time(c.label) for c in conditions]
    return stems[0] if len(set(stems)) == 1 else conditions[0].kind or conditions[0].stress


def without_time(label: str) -> str:
    """A condition's label without the share of training in it.

    >>> without_time("activation to tanh at 25%"), without_time("25%で損失を変更")
    ('activation to tanh', '損失を変更')
    """
    return re.sub(r"\s*(?:\bat|\bfrom|[(（])?\s*\d+(?:\.\d+)?\s?%\s*(?:から|で|[)）])?", "", label).strip()


def _mean_path(frame: Frame) -> Frame:
    keys = ["condition", "moment", "share", "percent", "order", "hue", "swap"]
    mean = frame.groupby(keys, sort=False, dropna=False).from_twin.mean().reset_index()
    # Before the first look a twin is a twin: a path that begins at zero began there.
    first = mean.sort_values("order").drop_duplicates("condition")
    start = first[(first.from_twin == 0) & (first.share > 0)].assign(moment="", share=0.0, percent=0.0, order=0.0)
    return pd.concat([start, mean]).sort_values(["condition", "order"], kind="stable")


def _trajectory(
    folder: Folder, moments: Frame, here: list[Condition], forks: list[str], spans: tuple[kit.Domain, kit.Domain]
) -> Any:
    say = say_in(folder.lang)
    titles = (say("training done, %", "学習の進み (%)"), "")
    columns = ["run", "condition", "percent", "from_twin", "order", "hue"]
    own = moments[moments.condition.isin([c.name for c in here])]
    times = {c.at for c in here}
    grey = moments[moments.condition.isin(forks) & moments.swap.isin(times)]
    common: dict[str, Any] = {
        "x": "percent",
        "y": "from_twin",
        "colours": colours(folder),
        "spans": spans,
        "titles": titles,
        "ticks": (0, 25, 50, 75, 100),
    }
    mean, mean_grey = _mean_path(own), _mean_path(grey)
    named = labels(folder)
    tip = kit.tips(run=say("run", "学習"), condition=say("condition", "条件"), from_twin_=say("distance", "距離"))
    swaps = pd.DataFrame({"percent": sorted(100 * t for t in times if t is not None)})
    edge = mean[mean.share == mean.swap].assign(label=lambda f: f.condition.map(named))
    layers = [
        alt.Chart(kit.data(swaps)).mark_rule(strokeDash=[1, 3], color="@muted").encode(x="percent:Q"),
        kit.lines(own[columns], group="run", width=0.7, opacity=0.28, tooltip=tip, **common),
        kit.lines(mean_grey, group="condition", width=2.0, opacity=0.9, **common),
        kit.lines(mean, group="condition", width=2.6, opacity=1.0, tooltip=tip[1:], **common),
        _ends(edge[edge.moment.str.endswith("-")], folder, hollow=True),
        _ends(edge[~edge.moment.str.endswith("-")], folder, hollow=False),
    ]
    return alt.layer(*layers).properties(height=190)


def _ends(frame: Frame, folder: Folder, *, hollow: bool) -> alt.Chart:
    fill: dict[str, Any] = {"fill": "@ground"} if hollow else {}
    chart = alt.Chart(kit.data(frame)).mark_point(size=34, opacity=1, filled=not hollow, strokeWidth=1.6, **fill)
    return chart.encode(x="percent:Q", y="from_twin:Q", color=kit.hue("hue", colours(folder)))


def _trajectory_text(folder: Folder, moments: Frame, forks: list[str]) -> str:
    say = say_in(folder.lang)
    named = labels(folder)
    last = moments[moments.share == moments.share.max()].groupby("condition", sort=False).from_twin.mean()
    chance = last[last.index.isin(forks)].mean()
    stressed = last[~last.index.isin(forks)]
    if stressed.empty:
        return say("No stressed run was observed.", "ストレスを受けた学習の観測はない。")
    top, least = str(stressed.idxmax()), str(stressed.idxmin())
    grey = "" if chance != chance else say(f"; chance alone gives {chance:.2f}", f"、偶然のみでは {chance:.2f}")
    return say(
        "Lines of distance over training. At its end the mean distance to the twin is largest for "
        f"{named.get(top, top)} ({stressed.max():.2f}) and smallest for "
        f"{named.get(least, least)} ({stressed.min():.2f}){grey}.",
        f"学習を通じた距離の折れ線。終了時の双子との平均距離は最大が {named.get(top, top)} ({stressed.max():.2f})、"
        f"最小が {named.get(least, least)} ({stressed.min():.2f}){grey}。",
    )
