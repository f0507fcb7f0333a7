"""Closer looks: similarity by layer, learning curves."""

from __future__ import annotations

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.families.place import colours, labels, numbered
from assay.report.folder import Folder, Frame
from assay.report.words import chrome, say_in

POINTS = 24  # points of a learning curve that are drawn: enough for its form, and the page stays small


def layers(folder: Folder) -> Figure | None:
    """Similarity between conditions at each layer, conditions in their order."""
    say = say_in(folder.lang)
    frame = folder.table("layers")
    if frame.empty or "cka" not in frame:
        return None
    frame = mirrored(frame[frame.cka.notna()])
    named = {name: label for name, label in labels(folder).items() if (frame.condition_a == name).any()}
    shown, number_of = numbered(named), {name: str(i) for i, name in enumerate(named, 1)}
    order = [name for name in folder.study.get("layers") or dict.fromkeys(frame.layer) if (frame.layer == name).any()]
    span = kit.domain(frame.cka, pad=0)
    tip = kit.tips(a=say("models of", "条件"), b=say("and of", "と"), value_=say("similarity", "類似度"))
    panels, said = [], []
    for layer in order:
        part = frame[frame.layer == layer]
        part = part.assign(
            row=part.condition_a.map(shown),
            column=part.condition_b.map(number_of),
            a=part.condition_a.map(named),
            b=part.condition_b.map(named),
            value=part.cka,
        )[["row", "column", "a", "b", "value"]]
        mean = part[part.a != part.b].value.mean()
        said.append(say(f"layer {layer}: {mean:.2f}", f"層 {layer}: {mean:.2f}"))
        title = say("similarity (debiased CKA)", "類似度 (debiased CKA)")
        rows, columns = list(shown.values()), list(number_of.values())
        chart = kit.heat(part, rows=rows, columns=columns, span=span, title=title, tooltip=tip)
        panels.append(Panel(chart, say(f"Layer {layer}", f"層 {layer}")))
    if not panels:
        return None
    return Figure(
        name="layers",
        title=say("Mean similarity of models of two conditions", "2 条件のモデルの平均類似度"),
        panels=tuple(panels),
        alt=say("Heat maps, mean similarity between different conditions: ", "ヒートマップ。異なる条件間の平均類似度: ")
        + ", ".join(said),
        caption=say(
            "One is the same up to rotation and scale. Models that share a seed are never paired. Columns have the "
            "numbers of the rows.",
            "1 は回転と拡大を除いて同じ。同じシードのモデルは組にしない。列の番号は行の番号。",
        ),
        narrowest=440,
        shared=len(panels) <= 3,
    )


def mirrored(layers: Frame) -> Frame:
    """The similarities of conditions with both halves of the matrix, whether the table has one half or both."""
    other = layers.rename(columns={"condition_a": "condition_b", "condition_b": "condition_a"})
    return pd.concat([layers, other]).drop_duplicates(["condition_a", "condition_b", "layer"])


def curves(folder: Folder) -> Figure | None:
    """Learning curves: a panel a stress, every run a thin line; a run chosen in the table stands out."""
    say = say_in(folder.lang)
    frame = folder.table("curves")
    if frame.empty or "val_loss" not in frame:
        return None
    stress = {c.name: c.stress for c in folder.conditions}
    frame = frame.assign(hue=frame.condition.map(stress), label=frame.condition.map(labels(folder)))
    frame = frame[thinned(frame.epoch)].assign(order=lambda f: f.epoch)
    top = float(frame.val_loss.quantile(0.995))
    log = bool((frame.val_loss > 0).all())
    spans = (kit.domain(frame.epoch, pad=0), kit.domain(frame.val_loss.clip(upper=top), zero=not log, pad=0.0))
    chosen = alt.param(name="chosen", value="")
    lit = alt.condition("datum.run === chosen", alt.value(1), alt.value(0.22))
    tip = kit.tips(run=say("run", "学習"), label=say("condition", "条件"))
    words, panels = chrome(folder.lang), []
    slim = frame[["run", "label", "epoch", "val_loss", "order", "hue"]].assign(epoch=lambda f: f.epoch.astype(int))
    titles = (say("epoch", "エポック"), "")
    for name in dict.fromkeys(c.stress for c in folder.conditions):
        if not (slim.hue == name).any():
            continue
        line = kit.lines(
            slim[slim.hue == name], x="epoch", y="val_loss", colours=colours(folder), group="run", spans=spans,
            titles=titles, opacity=lit, tooltip=tip, width=0.9, log=log,
        )  # fmt: skip
        front = line.transform_filter("datum.run === chosen").mark_line(strokeWidth=3, clip=True)
        panels.append(Panel(alt.layer(line.add_params(chosen), front).properties(height=170), words.get(name, name)))
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
