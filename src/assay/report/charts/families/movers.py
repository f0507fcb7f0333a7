"""Whether models that moved further make more false detections on changed data, at equal accuracy."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.families.place import colours, labels
from assay.report.folder import Folder, Frame
from assay.report.words import say_in


def movement_errors(folder: Folder) -> Figure | None:
    """Movement against errors on shifted data, both less what the condition and test accuracy explain."""
    say = say_in(folder.lang)
    frame = residuals(folder.table("runs"))
    if len(frame) < 4:
        return None
    what = false_detection_words(folder)
    frame = frame.assign(errors=1000 * frame.errors, label=frame.condition.map(labels(folder)))
    slope = float(np.polyfit(frame.movement, frame.errors, 1)[0]) if frame.movement.std() > 0 else 0.0
    chart = _cloud(folder, frame, slope)
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


def _cloud(folder: Folder, frame: Frame, slope: float) -> Any:
    """Dots around zero with the fitted line through it."""
    say = say_in(folder.lang)
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
    return alt.layer(
        zero.mark_rule(color="@faint").encode(x="zero:Q"),
        zero.mark_rule(color="@faint").encode(y="zero:Q"),
        dots,
        alt.Chart(kit.data(line))
        .mark_line(color="@ink", strokeWidth=1.6, clip=True)
        .encode(x="movement:Q", y="errors:Q"),
    ).properties(height=340)


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
