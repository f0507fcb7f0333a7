"""How far a stress moves a model: the way over training, and what it has to do with errors on shifted data."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.families.place import colours, labels
from assay.report.folder import Condition, Folder
from assay.report.words import say_in


def trajectories(folder: Folder) -> Figure | None:
    """Distance to the unstressed twin over training: one panel a kind of stress, every seed thin, the mean thick."""
    say = say_in(folder.lang)
    moments = _at_primary(folder)
    if moments.empty:
        return None
    spans = ((0.0, 1.0), kit.domain(moments.from_twin, zero=True))
    forks = [c.name for c in folder.conditions if c.stress == "fork"]
    panels = []
    for kind in dict.fromkeys((c.stress, c.kind) for c in folder.conditions if c.stress not in ("none", "fork")):
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
            "A stressed model and its twin are the same until the swap (dotted line). Thin lines are single models, the "
            "thick line is their mean; the ring is the moment just before the swap, the dot just after. Grey: models "
            "whose training only went on in a new order, which is what chance does.",
            "ストレスを受けたモデルと双子は交換 (点線) まで同一。細線は各モデル、太線は平均、"
            "輪は交換直前、点は直後。灰色は順序だけを変えたモデル、すなわち偶然の大きさ。",
        ),
        narrowest=250,
    )


def _at_primary(folder: Folder) -> pd.DataFrame:
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
        order=moments.share * 2 + after * 1e-6,
        swap=[at.get(name) for name in moments.condition],
    ).sort_values(["condition", "run", "order"], kind="stable")


def _stem(conditions: list[Condition]) -> str:
    """The part of the labels that the conditions of one panel share: "relu → tanh" of "relu → tanh at 25 %"."""
    first, *others = [c.label for c in conditions]
    words = first.split(" ")
    while words and not all(label.startswith(" ".join(words)) for label in others):
        words.pop()
    if not others:
        return first
    while words and words[-1].lower() in {"at", "("}:
        words.pop()
    return " ".join(words).rstrip(" (・,") or conditions[0].kind


def _mean_path(frame: pd.DataFrame) -> pd.DataFrame:
    keys = ["condition", "moment", "share", "order", "hue", "swap"]
    return (
        frame.groupby(keys, sort=False, dropna=False).from_twin.mean().reset_index().sort_values(["condition", "order"])
    )


def _trajectory(
    folder: Folder, moments: pd.DataFrame, here: list[Condition], forks: list[str], spans: tuple[kit.Domain, kit.Domain]
) -> alt.LayerChart:
    say = say_in(folder.lang)
    titles = (say("share of training", "学習の進み"), say("distance", "距離"))
    columns = ["run", "condition", "share", "from_twin", "order", "hue"]
    own = moments[moments.condition.isin([c.name for c in here])]
    times = {c.at for c in here}
    grey = moments[moments.condition.isin(forks) & moments.swap.isin(times)]
    common = {
        "x": "share",
        "y": "from_twin",
        "colours": colours(folder),
        "spans": spans,
        "titles": titles,
        "forms": ("%", "~g"),
    }
    mean, mean_grey = _mean_path(own), _mean_path(grey)
    named = labels(folder)
    tip = kit.tips(run=say("run", "学習"), condition=say("condition", "条件"), from_twin_=say("distance", "距離"))
    swaps = pd.DataFrame({"share": sorted(t for t in times if t is not None)})
    edge = mean[mean.share == mean.swap].assign(label=lambda f: f.condition.map(named))
    layers = [
        alt.Chart(kit.data(swaps)).mark_rule(strokeDash=[1, 3], color="@muted").encode(x=alt.X("share:Q")),
        kit.lines(own[columns], group="run", width=0.7, opacity=0.28, tooltip=tip, **common),
        kit.lines(mean_grey, group="condition", width=2.0, opacity=0.9, **common),
        kit.lines(mean, group="condition", width=2.6, opacity=1.0, tooltip=tip[1:], **common),
        _ends(edge[edge.moment.str.endswith("-")], folder, hollow=True),
        _ends(edge[~edge.moment.str.endswith("-")], folder, hollow=False),
    ]
    return alt.layer(*layers).properties(height=190)


def _ends(frame: pd.DataFrame, folder: Folder, *, hollow: bool) -> alt.Chart:
    fill = {"fill": "@ground"} if hollow else {}
    chart = alt.Chart(kit.data(frame)).mark_point(size=34, opacity=1, filled=not hollow, strokeWidth=1.6, **fill)
    return chart.encode(x="share:Q", y="from_twin:Q", color=kit.hue("hue", colours(folder)))


def _trajectory_text(folder: Folder, moments: pd.DataFrame, forks: list[str]) -> str:
    say = say_in(folder.lang)
    named = labels(folder)
    last = moments[moments.share == moments.share.max()].groupby("condition", sort=False).from_twin.mean()
    chance = last[last.index.isin(forks)].mean()
    stressed = last[~last.index.isin(forks)]
    if stressed.empty:
        return say("No stressed run was observed.", "ストレスを受けた学習の観測はない。")
    top, least = str(stressed.idxmax()), str(stressed.idxmin())
    grey = (
        "" if chance != chance else say(f"; a new order alone gives {chance:.2f}", f"、順序変更のみでは {chance:.2f}")
    )
    return say(
        f"Lines of distance over training. At its end the mean distance to the twin is largest for {named.get(top, top)} "
        f"({stressed.max():.2f}) and smallest for {named.get(least, least)} ({stressed.min():.2f}){grey}.",
        f"学習を通じた距離の折れ線。終了時の双子との平均距離は最大が {named.get(top, top)} ({stressed.max():.2f})、"
        f"最小が {named.get(least, least)} ({stressed.min():.2f}){grey}。",
    )


def movement_errors(folder: Folder) -> Figure | None:
    """Movement against errors on shifted data, both less what the condition and test accuracy explain."""
    say = say_in(folder.lang)
    frame = residuals(folder.table("runs"))
    if len(frame) < 4:
        return None
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
                say("moved further than accuracy and condition explain →", "条件と正解率で説明できない移動 →"),
                x,
            ),
            y=kit.quantity_up(
                "errors",
                say(
                    "errors on shifted data, per thousand items, beyond the same",
                    "ずれたデータの誤り (千件あたり)、同上",
                ),
                y,
            ),
            color=kit.hue("stress", colours(folder)),
            tooltip=kit.tips(
                run=say("run", "学習"),
                label=say("condition", "条件"),
                movement_=say("movement", "移動"),
                errors_=say("errors", "誤り"),
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
        title=say("Movement and errors on shifted data, at equal accuracy", "正解率をそろえた移動と誤り"),
        panels=(Panel(chart),),
        alt=say(
            f"Scatter of {len(frame)} stressed models. With condition and test accuracy taken out, movement and errors "
            f"on shifted data correlate at {r:.2f}; the fitted line changes by {slope * 0.1:.1f} errors in a thousand items "
            "for a tenth more movement.",
            f"{len(frame)} モデルの散布図。条件と正解率を除いた移動と誤りの相関は {r:.2f}。"
            f"移動 0.1 あたり千件中 {slope * 0.1:.1f} 件の変化。",
        ),
        caption=say(
            "Every dot is a stressed model; zero is the average of its condition at its test accuracy. A line that rises "
            "to the right would mean that movement warns of errors that accuracy does not show.",
            "点はモデル。ゼロは同じ条件・同じ正解率での平均。右上がりなら、移動は正解率に表れない誤りを知らせる。",
        ),
        keys=("stress",),
    )


def residuals(runs: pd.DataFrame) -> pd.DataFrame:
    """Movement and errors on shifted data (columns movement, errors) within condition, test accuracy held by a line."""
    needed = ["run", "condition", "stress", "movement", "shift_accuracy", "test_accuracy"]
    if runs.empty or not set(needed) <= set(runs.columns):
        return pd.DataFrame(columns=[*needed, "errors"])
    frame = runs[needed].dropna().copy()
    if frame.empty:
        return frame.assign(errors=[])
    frame["errors"] = 1 - frame.shift_accuracy
    within = frame.groupby("condition")[["movement", "errors", "test_accuracy"]].transform(
        lambda column: column - column.mean()
    )
    accuracy = within.test_accuracy.to_numpy(float)
    power = float(accuracy @ accuracy)
    for name in ("movement", "errors"):
        values = within[name].to_numpy(float)
        frame[name] = values - (accuracy @ values / power if power > 0 else 0.0) * accuracy
    return frame
