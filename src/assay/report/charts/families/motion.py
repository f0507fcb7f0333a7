"""How far a stress moves a model: the way over training, and what it has to do with errors on shifted data."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import numpy as np
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


def movement_errors(folder: Folder) -> Figure | None:
    """Movement against errors on shifted data, both less what the condition and test accuracy explain."""
    say = say_in(folder.lang)
    frame = residuals(folder.table("runs"))
    if len(frame) < 4:
        return None
    what = false_detection_words(folder)
    frame = frame.assign(errors=1000 * frame.errors, label=frame.condition.map(labels(folder)))
    slope = float(np.polyfit(frame.movement, frame.errors, 1)[0]) if frame.movement.std() > 0 else 0.0
    x, y = kit.domain(frame.movement), kit.domain(frame.errors)
    line = pd.DataFrame({"movement": list(x), "errors": [slope * end for end in x]})
    dots = (
        alt.Chart(kit.data(frame[["run", "label", "stress", "movement", "errors"]]))
        .mark_point(filled=True, size=34, opacity=0.7)
        .encode(
            x=kit.quantity(
                "movement",
                say("moved further →", "移動の超過 →"),
                x,
            ),
            y=kit.quantity_up(
                "errors",
                say("more false detections, per thousand ↑", "誤検出の超過 (千件あたり) ↑"),
                y,
            ),
            color=kit.hue("stress", colours(folder)),
            tooltip=kit.tips(
                run=say("run", "学習"),
                label=say("condition", "条件"),
                movement_=say("movement", "移動"),
                errors_=say("per thousand", "千件あたり"),
            ),
        )
    )
    zero = alt.Chart(kit.data(pd.DataFrame({"zero": [0.0]})))
    chart = alt.layer(
        zero.mark_rule(color="@faint").encode(x="zero:Q"),
        zero.mark_rule(color="@faint").encode(y="zero:Q"),
        dots,
        alt.Chart(kit.data(line))
        .mark_line(color="@ink", strokeWidth=1.6, clip=True)
        .encode(x="movement:Q", y="errors:Q"),
    ).properties(height=340)
    r = float(np.corrcoef(frame.movement, frame.errors)[0, 1]) if frame.movement.std() and frame.errors.std() else 0.0
    return Figure(
        name="movement-errors",
        title=say(f"Movement and {what}, at equal accuracy", f"正解率をそろえた移動と{what}"),
        panels=(Panel(chart),),
        alt=say(
            f"Scatter of {len(frame)} stressed models. With condition and test accuracy taken out, movement and "
            f"{what} correlate at {r:.2f}; the fitted line changes by {slope * 0.1:.1f} in a thousand items for a "
            "movement of 0.1 more.",
            f"{len(frame)} モデルの散布図。条件と正解率を除いた移動と{what}の相関は {r:.2f}。"
            f"移動 0.1 あたり千件中 {slope * 0.1:.1f} 件の変化。",
        ),
        caption=say(
            "Every dot is a stressed model; zero is what its condition and its test accuracy let expect. A line that "
            "rises to the right would mean that movement warns of errors that accuracy does not show.",
            "点はモデル。ゼロは条件と正解率から予想される値。右上がりなら、移動は正解率に表れない誤りを知らせる。",
        ),
        keys=("stressed",),
    )


def false_detections(runs: Frame) -> pd.Series:
    """The mean of false-reject and escape rates over shifts; where a study knows neither, the share of errors."""
    if {"shift_false_reject", "shift_escape"} <= set(runs.columns) and runs.shift_escape.notna().any():
        return (runs.shift_false_reject + runs.shift_escape) / 2
    return 1 - runs.shift_accuracy if "shift_accuracy" in runs else pd.Series(np.nan, index=runs.index)


def false_detection_words(folder: Folder) -> str:
    """What `false_detections` counts, in words."""
    say, runs = say_in(folder.lang), folder.table("runs")
    known = "shift_escape" in runs and runs.shift_escape.notna().any()
    if known:
        return say("false detections on changed data", "変化したデータの誤検出")
    return say("errors on changed data", "変化したデータの誤り")


def residuals(runs: Frame) -> Frame:
    """Movement and false detections of stressed runs, less what their condition and a line in test accuracy explain.

    Columns run, condition, stress, movement, errors; the index is that of ``runs``.
    """
    needed = ["run", "condition", "stress", "movement", "test_accuracy"]
    if runs.empty or not set(needed) <= set(runs.columns):
        return pd.DataFrame(columns=[*needed, "errors"])
    frame = runs[needed].assign(errors=false_detections(runs)).dropna()
    frame = frame[~frame.stress.isin(["none", "fork"])]
    if frame.empty:
        return frame
    values = frame[["movement", "errors", "test_accuracy"]].astype(float)
    within = values - values.groupby(frame.condition).transform("mean")
    accuracy = within.test_accuracy.to_numpy()
    power = float(accuracy @ accuracy)
    for name in ("movement", "errors"):
        left = within[name].to_numpy()
        frame[name] = left - (accuracy @ left / power if power > 0 else 0.0) * accuracy
    return frame
