"""Maps of the samples: at the last layer, layer by layer, and coloured by error, group and set."""

from __future__ import annotations

from typing import Any

import altair as alt

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.look.samples import FORMS, LABELLED, OUTCOMES, SETS, Samples, framed
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import Say, say_in

ASPECT = 0.8


def hero(folder: Folder, found: Samples) -> Figure:
    """The last layer in two flat maps: PCA and t-SNE."""
    say, last = say_in(folder.lang), found.last
    shares = _shares(folder, found.layers[last])
    panels = [_panel(found, last, "pca", say, f"PCA · {shares}" if shares else "PCA", names=True)]
    if found.has_tsne(last):
        panels.append(_panel(found, last, "tsne", say, "t-SNE", names=True))
    wrong = int((found.frame.outcome != "right").sum())
    return Figure(
        name="map",
        title=say(f"The samples at layer {found.layers[last]}", f"層 {found.layers[last]} でのサンプル"),
        panels=tuple(panels),
        alt=say(
            f"Maps of {len(found.frame)} samples, {wrong} of them wrong, at the last layer before the answer.",
            f"最後の層での {len(found.frame)} サンプル (うち誤り {wrong}) の地図。",
        ),
        caption=say(
            "Near means alike to the model. Hover to see a sample. PCA shows the two directions in which samples "
            "differ most; in t-SNE only who is whose neighbour means something. A random part of each set, and wrong "
            "samples beside it.",
            "近いほどモデルには似て見える。重ねるとサンプルが出る。"
            "PCA は差の最も大きい 2 方向、t-SNE は近傍のみ意味を持つ。各セットの無作為な一部と、誤ったサンプル。",
        ),
        keys=(*(("class",) if "class" in found.keys(folder) else ()), "outcome"),
        narrowest=360,
    )


def by_layer(folder: Folder, found: Samples, kind: str) -> Figure | None:
    """One small map for each layer, in the order in which they run. ``kind``: pca or tsne."""
    say = say_in(folder.lang)
    there = [i for i in range(len(found.layers)) if kind == "pca" or found.has_tsne(i)]
    if len(there) < 2:
        return None
    panels = []
    for i in there:
        share = _shares(folder, found.layers[i]) if kind == "pca" else ""
        panels.append(_panel(found, i, kind, say, " · ".join(text for text in (found.layers[i], share) if text)))
    return Figure(
        name=f"layers-{kind}",
        title=say(f"Layer by layer, {_method(kind)}", f"層ごと、{_method(kind)}"),
        panels=tuple(panels),
        alt=say(
            f"{len(there)} maps of the same samples, from layer {found.layers[there[0]]} to {found.layers[there[-1]]}.",
            f"同じサンプルの地図 {len(there)} 枚、層 {found.layers[there[0]]} から {found.layers[there[-1]]} まで。",
        ),
        caption=say(
            "The same samples as they pass through the network. Each map has directions of its own.",
            "ネットワークを通る同じサンプル。方向は地図ごとに異なる。",
        ),
        keys=(*(("class",) if "class" in found.keys(folder) else ()), "outcome"),
        narrowest=230,
    )


def coloured(folder: Folder, found: Samples) -> list[Figure]:
    """The map of the last layer coloured by error, and by group and set where there are several."""
    say, last = say_in(folder.lang), found.last
    kind = "tsne" if found.has_tsne(last) else "pca"
    ways = [("error", say("by error", "誤り別"), "outcome", OUTCOMES)]
    if found.groups:
        ways.append(("group", say("by group", "グループ別"), "shown_group", found.groups))
    if found.frame.set.nunique() > 1:
        ways.append(("set", say("test and production", "テストと製造"), "set", SETS))
    figures = []
    for key, title, field, colours in ways:
        panel = _panel(found, last, kind, say, "", field, colours, aspect=0.5)
        figures.append(
            Figure(
                name=f"map-{key}",
                title=f"{_method(kind)}, {title}",
                panels=(panel,),
                alt=say(f"The map of the last layer, {title}.", f"最後の層の地図、{title}。"),
                caption=say(
                    "Where colours lie apart, the model treats them as different.",
                    "色が分かれる所では、モデルはそれらを別物として扱っている。",
                ),
                keys=(key,),
            )
        )
    return figures


def _panel(
    found: Samples, layer: int, kind: str, say: Say, title: str, field: str = "class",
    colours: dict[str, str] | None = None, names: bool = False, aspect: float = ASPECT,
) -> Panel:  # fmt: skip
    across, up = (f"{name}{layer}" for name in ("xy" if kind == "pca" else "uv"))
    spans = framed(found.frame[across], found.frame[up], aspect)
    axis = alt.Axis(labels=False, tickCount=4, title=None)
    scale = [alt.Scale(domain=list(span), nice=False, zero=False) for span in spans]
    x, y = alt.X(f"{across}:Q", scale=scale[0], axis=axis), alt.Y(f"{up}:Q", scale=scale[1], axis=axis)
    wrong = "datum.outcome !== 'right'"
    points = (
        alt.Chart(kit.data(found.frame))
        .mark_point(filled=True, strokeWidth=0.8)
        .encode(
            x=x,
            y=y,
            color=kit.hue(field, colours or found.hues),
            shape=kit.shape("outcome", FORMS),
            size=alt.condition(wrong, alt.value(72 if names else 40), alt.value(30 if names else 14)),
            opacity=alt.condition(wrong, alt.value(1), alt.value(0.55)),
            stroke=alt.condition(wrong, alt.value("@ink"), alt.value("transparent")),
            tooltip=_tips(found, say),
        )
    )
    layers: list[Any] = [points]
    if names and len(found.hues) <= LABELLED:
        layers.append(_names(found, across, up, x, y))
    return Panel(alt.layer(*layers), title, aspect=aspect)


def _names(found: Samples, across: str, up: str, x: alt.X, y: alt.Y) -> Any:
    """Each class's name in the middle of its right samples, where there are any."""
    good = found.frame[(found.frame.outcome == "right") & (found.frame.set == "test")]
    middle = (good if len(good) else found.frame).groupby("class", sort=False)[[across, up]].median().reset_index()
    text = alt.Chart(kit.data(middle)).encode(x=x, y=y, text=alt.Text("class:N"))
    halo = text.mark_text(fontSize=12, fontWeight=600, limit=120, stroke="@ground", strokeWidth=3, strokeJoin="round")
    return alt.layer(halo, text.mark_text(fontSize=12, fontWeight=600, limit=120))


def _tips(found: Samples, say: Say) -> list[alt.Tooltip]:
    image = [alt.Tooltip("image:N", title="image")] if found.frame.image.astype(bool).any() else []
    group = {"group": say("group", "グループ")} if found.groups else {}
    named = {
        "class": say("class", "クラス"), "predicted": say("predicted", "予測"), "outcome": say("outcome", "結果"),
        "confidence_": say("confidence", "確信度"), **group, "set": say("set", "セット"), "name": say("name", "名前"),
    }  # fmt: skip
    return [*image, *kit.tips(**named)]


def _shares(folder: Folder, layer: str) -> str:
    table = folder.table("layers")
    row = table[(table.layer == layer) & (table.label < 0)]
    if row.empty:
        return ""
    return f"{number(100 * (float(row.pca_1.iloc[0]) + float(row.pca_2.iloc[0])), 0)} %"


def _method(kind: str) -> str:
    return "t-SNE" if kind == "tsne" else "PCA"
