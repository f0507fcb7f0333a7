"""Closer looks: similarity by layer."""

from __future__ import annotations

import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.families.place import labels, numbered
from assay.report.folder import Folder, Frame
from assay.report.words import say_in


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
