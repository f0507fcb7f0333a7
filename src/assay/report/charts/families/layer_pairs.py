"""Which layer of another model is most like a layer: all pairs of layers, under both primary measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assay.report.blocks import Block, Cell, Column, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.families import cost
from assay.report.charts.families.place import numbered
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import say_in
from assay.studies.families.agree import PRIMARY


def layer_pairs(folder: Folder) -> list[Block]:
    """A heat map a measure, and the numbers behind it; nothing for one layer and in studies from before this."""
    frame = _means(folder)
    if frame.empty:
        return []
    return [_heat(folder, frame), _table(folder, frame)]


def _means(folder: Folder) -> Frame:
    """Layers a and b, each two once and in their order, with means over the pairs of models of all conditions."""
    frame = folder.table("layer_pairs")
    if frame.empty:
        return frame
    order = list(dict.fromkeys(frame.layer_a))
    known = frame[frame.pairs > 0]
    alive = set(known[known.layer_a == known.layer_b].layer_a)
    here = [layer for layer in order if layer in alive]
    rows = []
    for i, a in enumerate(here):
        for b in here[i:]:
            part = known[(known.layer_a == a) & (known.layer_b == b)]
            if part.empty:  # each is alive in conditions of its own
                continue
            row = {"a": a, "b": b, "pairs": int(part.pairs.sum()), "kept": float(part.kept.min())}
            for measure in PRIMARY:
                row[measure.name] = float(np.average(part[measure.name], weights=part.pairs))
                row[f"error_{measure.name}"] = float(part[f"error_{measure.name}"].max())
            rows.append(row)
    return pd.DataFrame(rows if len(here) > 1 else [])


def nearest(frame: Frame, layers: Sequence[str]) -> list[str]:
    """The layers that are nearest to the same layer of another model, under each measure."""
    both = _both(frame)
    return [
        layer
        for layer in layers
        if all(both[both.a == layer].set_index("b")[measure.name].idxmin() == layer for measure in PRIMARY)
    ]


def _both(frame: Frame) -> Frame:
    """Every two layers in both orders: a mean over models both ways is the same in both."""
    other = frame[frame.a != frame.b].rename(columns={"a": "b", "b": "a"})
    return pd.concat([frame, other], ignore_index=True)


def _heat(folder: Folder, frame: Frame) -> Figure:
    say, both = say_in(folder.lang), _both(frame)
    layers = list(dict.fromkeys(frame.a))
    shown, number_of = numbered({name: name for name in layers}), {name: str(i) for i, name in enumerate(layers, 1)}
    span = kit.domain(*(frame[measure.name] for measure in PRIMARY), pad=0)
    tip = kit.tips(a=say("layer", "層"), b=say("of another model", "他モデルの層"), value_=say("distance", "距離"))
    panels, said, errors = [], [], []
    for measure in PRIMARY:
        part = both.assign(row=both.a.map(shown), column=both.b.map(number_of), value=both[measure.name])
        chart = kit.heat(
            part[["row", "column", "a", "b", "value"]],
            rows=list(shown.values()),
            columns=list(number_of.values()),
            span=span,
            title=say("mean distance", "平均距離"),
            tooltip=tip,
        )
        name = folder.text(measure.said)
        panels.append(Panel(chart, name))
        same, other = frame[frame.a == frame.b][measure.name].mean(), frame[frame.a != frame.b][measure.name].mean()
        said.append(say(f"{name}: {same:.2f} and {other:.2f}", f"{name}: {same:.2f} と {other:.2f}"))
        errors.append(f"{name} {number(frame[f'error_{measure.name}'].max(), 3)}")
    means = "; ".join(said)
    kept = f"{100 * float(frame.kept.min()):.1f}"
    return Figure(
        name="layer-pairs",
        title=_title(folder, nearest(frame, layers), len(layers)),
        panels=tuple(panels),
        alt=say(
            f"Heat maps of {len(layers)} by {len(layers)} layers. Mean distance of the same layer in two models, and "
            f"of different layers: {means}.",
            f"{len(layers)} 層のヒートマップ。二つのモデルの同じ層どうし、異なる層どうしの平均距離: {means}。",
        ),
        caption=say(
            "Mean distance between a layer of one model (rows) and a layer of another model of its condition (columns, "
            f"numbered as the rows): dark is alike. Layers were reduced to principal components that keep {kept} % of "
            f"their variance or more; no distance is further from the whole one than: {', '.join(errors)}.",
            "同条件の二つのモデルについて、一方の層（行）と他方の層（列、番号は行と同じ）の平均距離。暗いほど似ている。"
            f"各層は分散の {kept} % 以上を保つ主成分に縮約。縮約による誤差の上限: {'、'.join(errors)}。",
        ),
        narrowest=300,
        shared=True,
    )


def _title(folder: Folder, found: Sequence[str], layers: int) -> str:
    say = say_in(folder.lang)
    if len(found) == layers:
        return say(
            "Every layer is most like the corresponding layer of another model",
            "どの層も、他モデルの対応する層に最も似ている",
        )
    if not found:
        return say(
            "No layer is, under both measures, most like the corresponding layer of another model",
            "両指標で他モデルの対応する層に最も似ている層はない",
        )
    return say(
        f"{len(found)} of {layers} layers are most like the corresponding layer of another model, under both measures",
        f"{layers} 層中 {len(found)} 層が、両指標で他モデルの対応する層に最も似ている",
    )


def _table(folder: Folder, frame: Frame) -> Table:
    """A row for each two layers; how far off the reduction can be stands under a distance."""
    say, paid = say_in(folder.lang), cost.costs(folder, "layer_pairs")
    rows = []
    for i, row in enumerate(frame.to_dict("records")):
        distances = (
            Cell(number(row[m.name], 3), row[m.name], note=f"± {number(row[f'error_{m.name}'], 3)}") for m in PRIMARY
        )
        rows.append((Cell(row["a"], i), Cell(row["b"]), *distances, Cell(str(row["pairs"]), row["pairs"])))
    columns = (
        Column(say("layer", "層")),
        Column(say("of another model", "他モデルの層")),
        *(Column(folder.text(measure.said), number=True) for measure in PRIMARY),
        Column(say("pairs", "対"), number=True),
    )
    caption = say(
        "mean distance between layers of two models of one condition, and how far off the reduction can be",
        "同条件の二モデルの層間平均距離（±は縮約誤差の上限）",
    )
    if paid:
        each = ", ".join(f"{folder.text(m.said)} {cost.cells(paid[m.name])[0].text}" for m in PRIMARY if m.name in paid)
        caption += say(f"; ms a pair: {each}", f"。ミリ秒/対: {each}")
    folded = say(f"The numbers behind it: {caption}", f"元の数値: {caption}")
    return Table("layer-pairs-table", caption, columns, tuple(rows), folded=folded, sortable=True)
