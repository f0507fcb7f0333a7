"""A collapsed and a healthy run as maps: test items in the plane, with thumbnails where there is room."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.collapse.arms import Arms
from assay.report.charts.families.samples import class_name, thumbnail
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in

SIZE = 430  # pixels of a map for which thumbnails are placed
TILE = 29  # pixels that a thumbnail takes at most
WEIGHT = 700_000  # characters of thumbnails that a page can carry
TOKENS = ("@blue", "@orange", "@green", "@purple", "@sky", "@vermillion", "@yellow", "@ink", "@muted", "@faint")
FORMS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def hues(folder: Folder) -> dict[str, str]:
    """Class names to colour tokens; with more classes than colours, colours come again."""
    classes = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    return {name: TOKENS[i % len(TOKENS)] for i, name in enumerate(dict.fromkeys(classes))}


def maps(folder: Folder, found: Arms | None) -> Figure | None:
    """One map a run, side by side on the same scales."""
    items = _items(folder)
    if found is None or items.empty:
        return None
    shown = [arm for arm in found.arms if (items.condition == arm.name).any()]
    items = items[items.condition.isin([arm.name for arm in shown])]
    if not shown:
        return None
    say, colours = say_in(folder.lang), hues(folder)
    spans = _spans(items)
    aspect = (spans[1][1] - spans[1][0]) / (spans[0][1] - spans[0][0])
    items = _carried(pd.concat([_placed(part, spans) for _, part in items.groupby("condition", sort=False)]))
    panels = [
        Panel(_map(items, arm.name, spans, colours, say), _title(folder, arm.label, arm.name, say), aspect=aspect)
        for arm in shown
    ]
    spread = [f"{arm.label}: {_apart(items[items.condition == arm.name])}" for arm in shown]
    fine = items.fine_name.astype(bool).any()
    return Figure(
        name="maps",
        title=say("Where the embedding puts test items", "埋め込みの中のテスト画像"),
        panels=tuple(panels),
        alt=say(
            f"Maps of {items['index'].nunique()} test items. Mean distance of items to the centre of their class over "
            "that of all items to the centre: ",
            f"テスト {items['index'].nunique()} 件の地図。クラス中心への平均距離 ÷ 全体の中心への平均距離: ",
        )
        + "; ".join(spread)
        + ".",
        caption=say(
            "Both maps have one scale; each shows the two directions in which its own items differ most, so only how "
            "items lie to one another can be compared. Colour is the class that was learned"
            + (", shape the finer label that was not" if fine else "")
            + "; frames have the colour of the class. Hover to see an item.",
            "2 つの地図の縮尺は同じ。方向はそれぞれで最も差の大きい 2 方向。色は学習したクラス"
            + ("、形は学習していない下位ラベル" if fine else "")
            + "、枠の色もクラス。重ねると画像が出る。",
        ),
        keys=("class",) if len(colours) <= len(TOKENS) else (),
        narrowest=360,
    )


def _items(folder: Folder) -> Frame:
    """The table of pictures with names of classes, forms of finer labels and thumbnails that are PNG images."""
    table = folder.table("pictures")
    if table.empty or not {"condition", "index", "label", "x", "y"} <= set(table.columns):
        return pd.DataFrame()
    table = table.dropna(subset=["x", "y", "label"])
    classes = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    names = [str(name) for name in folder.study.get("fine") or []]
    fine = table["fine"] if "fine" in table else pd.Series(np.nan, index=table.index)
    rank = fine.groupby(table.label).rank(method="dense").fillna(1).astype(int) - 1
    seen = table["thumbnail"] if "thumbnail" in table else pd.Series("", index=table.index)
    pictures = [thumbnail(str(text), TILE) for text in seen]
    return pd.DataFrame(
        {
            "condition": table.condition,
            "index": table["index"],
            "x": table.x.astype(float),
            "y": table.y.astype(float),
            "label": [class_name(v, classes) for v in table.label],
            "fine_name": [class_name(v, names) if v == v else "" for v in fine],
            "form": [FORMS[r % len(FORMS)] for r in rank],
            "image": [p[0] for p in pictures],
            "wide": [p[1] for p in pictures],
            "high": [p[2] for p in pictures],
        }
    )


def _spans(items: Frame) -> tuple[kit.Domain, kit.Domain]:
    """Axes that hold all items, with room for a thumbnail at the edge; never flatter than half as high as wide."""
    x, y = (kit.domain(items[name], pad=0.07) for name in ("x", "y"))
    short = 0.5 * (x[1] - x[0]) - (y[1] - y[0])
    return x, (y[0] - max(short, 0.0) / 2, y[1] + max(short, 0.0) / 2)


def _placed(part: Frame, spans: tuple[kit.Domain, kit.Domain]) -> Frame:
    """Which items are drawn as thumbnails: a greedy choice, so that none lies on another; rare classes first."""
    rarity = part.label.map(part.label.value_counts())
    zoom = SIZE / (spans[0][1] - spans[0][0])  # the same for both axes
    order = rarity.sort_values(kind="stable").index
    taken: list[tuple[float, float, float]] = []
    shown = set()
    for i in order:
        row = part.loc[i]
        x, y = zoom * row.x, zoom * row.y
        room = max(row.wide, row.high) + 6
        if row.image and room <= TILE * 3 and all(max(abs(x - a), abs(y - b)) >= (room + c) / 2 for a, b, c in taken):
            taken.append((x, y, room))
            shown.add(i)
    return part.assign(drawn=[i in shown for i in part.index])


def _carried(items: Frame) -> Frame:
    """Thumbnails within what a page can carry, those that are drawn first; the rest are points without an image."""
    weight, kept = 0, set()
    for image, _ in sorted(zip(items.image, ~items.drawn, strict=True), key=lambda pair: pair[1]):
        if image and image not in kept and weight + len(image) <= WEIGHT:
            kept.add(image)
            weight += len(image)
    here = items.image.isin(kept)
    return items.assign(image=items.image.where(here, ""), drawn=items.drawn & here)


def _map(items: Frame, name: str, spans: tuple[kit.Domain, kit.Domain], colours: dict[str, str], say: Say) -> Any:
    part = items[items.condition == name].drop(columns="condition")
    axis = alt.Axis(labels=False, tickCount=4, title=None)
    across, up = (alt.Scale(domain=list(span), nice=False, zero=False) for span in spans)
    x, y = alt.X("x:Q", scale=across, axis=axis), alt.Y("y:Q", scale=up, axis=axis)
    tip = [alt.Tooltip("image:N", title="image")] if part.image.astype(bool).any() else []
    tip += kit.tips(
        label=say("class", "クラス"),
        **({"fine_name": say("finer label", "下位ラベル")} if part.fine_name.any() else {}),
        index=say("item", "番号"),
    )
    colour = kit.hue("label", colours)
    shape = alt.Shape("form:N", scale=alt.Scale(domain=list(FORMS), range=list(FORMS)), legend=None)
    points = part[~part.drawn] if part.drawn.any() else part
    layers: list[Any] = [
        alt.Chart(kit.data(points))
        .mark_point(filled=True, size=30, opacity=0.6)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tip)
    ]
    pictures = part[part.drawn]
    for (wide, high), same in pictures.groupby(["wide", "high"]):
        source = alt.Chart(kit.data(same)).encode(x=x, y=y)
        frame = source.mark_point(shape="square", filled=True, size=(max(wide, high) + 4) ** 2, opacity=1)
        layers.append(frame.encode(color=colour))
        layers.append(source.mark_image(width=int(wide), height=int(high)).encode(url="image:N", tooltip=tip))
    return alt.layer(*layers)


def _title(folder: Folder, label: str, name: str, say: Say) -> str:
    """The setting, with the variance that was measured in its run."""
    runs, table = folder.table("runs"), folder.table("pictures")
    run = table[table.condition == name]["run"].iloc[0] if "run" in table else ""
    if runs.empty or "within" not in runs or not run or not (runs.run == run).any():
        return label
    value = number(float(runs[runs.run == run].within.iloc[0]), 2)
    return say(f"{label}: variance within classes {value}", f"{label}: クラス内分散 {value}")


def _apart(part: Frame) -> str:
    """Mean distance to the centre of the class over the mean distance to the centre of all."""
    points = part[["x", "y"]]
    own = points - points.groupby(part.label).transform("mean")
    whole = points - points.mean()
    far = np.hypot(whole.x, whole.y).mean()
    return number(float(np.hypot(own.x, own.y).mean() / far) if far > 0 else 0.0, 2)
