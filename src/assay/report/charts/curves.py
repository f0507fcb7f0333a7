"""Learning curves of all runs: a panel a group of conditions, every run a thin line."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.folder import Folder, Frame
from assay.report.words import say_in

POINTS = 24  # points of a learning curve that are drawn: enough for its form, and the page stays small


def curves(
    folder: Folder, panel_of: Mapping[str, str], hue_of: Mapping[str, str], colours: Mapping[str, str]
) -> Figure | None:
    """Validation loss over epochs; a run chosen in the table of all runs stands out.

    ``panel_of`` and ``hue_of`` map the names of conditions to the title of their panel and to their hue's name.
    """
    say = say_in(folder.lang)
    frame = folder.table("curves")
    if frame.empty or "val_loss" not in frame:
        return None
    named = {c.name: c.label for c in folder.conditions}
    # Between looks there is no figure, and a line would break there; one look makes no line.
    frame = frame[frame.condition.isin(list(panel_of)) & frame.val_loss.notna()]
    if frame.epoch.nunique() < 2:
        return None
    frame = frame.assign(
        hue=frame.condition.map(hue_of), label=frame.condition.map(named), panel=frame.condition.map(panel_of)
    )
    frame = frame[thinned(frame.epoch)].assign(order=lambda f: f.epoch)
    top = float(frame.val_loss.quantile(0.995))
    log = bool((frame.val_loss > 0).all())
    spans = (kit.domain(frame.epoch, pad=0), kit.domain(frame.val_loss.clip(upper=top), zero=not log, pad=0.0))
    chosen = alt.param(name="chosen", value="")
    lit = alt.condition("datum.run === chosen", alt.value(1), alt.value(0.22))
    tip = kit.tips(run=say("run", "学習"), label=say("condition", "条件"))
    panels = []
    slim = frame[["run", "label", "epoch", "val_loss", "order", "hue", "panel"]].assign(
        epoch=lambda f: f.epoch.astype(int)
    )
    titles = (say("epoch", "エポック"), "")
    for name in dict.fromkeys(panel_of.values()):
        here = slim[slim.panel == name].drop(columns="panel")
        if here.empty:
            continue
        line = kit.lines(
            here, x="epoch", y="val_loss", colours=colours, group="run", spans=spans,
            titles=titles, opacity=lit, tooltip=tip, width=0.9, log=log,
        )  # fmt: skip
        front = line.transform_filter("datum.run === chosen").mark_line(strokeWidth=3, clip=True)
        panels.append(Panel(alt.layer(line.add_params(chosen), front).properties(height=170), name))
    last = frame[frame.epoch == frame.epoch.max()].groupby("label", sort=False).val_loss.mean()
    return Figure(
        name="curves",
        title=say("Loss on validation data", "検証データの損失"),
        panels=tuple(panels),
        alt=say(
            f"Validation loss of {frame.run.nunique()} runs over {frame.epoch.max():.0f} epochs. At the end it is "
            f"lowest for {last.idxmin()} ({last.min():.3f}) and highest for {last.idxmax()} ({last.max():.3f}).",
            f"{frame.run.nunique()} 件の検証損失。"
            f"最終値は {last.idxmin()} が最小 ({last.min():.3f})、{last.idxmax()} が最大 ({last.max():.3f})。",
        ),
        caption=say(
            "Every line is a run; one chosen in the table of all runs stands out.",
            "線は学習ごと。表で選んだ学習が強調される。",
        ),
        narrowest=250,
    )


def thinned(epochs: Frame, points: int = POINTS) -> pd.Series:
    """Which rows to draw so that about ``points`` epochs remain, the first and the last among them.

    >>> thinned(pd.Series([1, 2, 3, 4, 5]), 3).tolist()
    [True, False, True, False, True]
    """
    known = sorted(epochs.dropna().unique())
    step = max(1, -(-(len(known) - 1) // max(1, points - 1)))
    return epochs.isin({*known[::step], *known[-1:]})
