"""Similarity of models along width, training images and epochs, against references, with intervals over models."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import say_in
from assay.studies.limit.design import RANDOM, UNTRAINED
from assay.studies.limit.tables import curve

HEIGHT = 230
HUES = {"happy": "@green", RANDOM: "@vermillion", UNTRAINED: "@ink"}
APART = 0.012  # of the whole axis by which kinds stand beside one another, so that intervals are seen


def kinds(folder: Folder) -> dict[str, str]:
    """What each kind of model is called."""
    say = say_in(folder.lang)
    return {
        "happy": say("generalise best", "よく汎化するモデル"),
        RANDOM: say("learned random labels", "無作為ラベルを学習"),
        UNTRAINED: say("learned nothing", "未学習"),
    }


def titles(folder: Folder) -> dict[str, str]:
    """What each axis is called."""
    say = say_in(folder.lang)
    return {
        "width": say("width", "幅"),
        "images": say("training images", "学習画像の枚数"),
        "epochs": say("epochs", "エポック"),
    }


def keys(folder: Folder) -> dict[str, list[tuple[str, str, str]]]:
    """What the hues mean, for the page."""
    return {"arm": [(name, HUES[kind], "circle") for kind, name in kinds(folder).items()]}


def seen(folder: Folder) -> Frame:
    """The curve as a table: axis, hue, label, step, value, low, high, n."""
    tables = {name: folder.table(name) for name in ("runs", "pairs")}
    needed = {"condition", "labels", "layer", "run_a", "run_b", "debiased_cka"}
    if not needed <= set(tables["pairs"].columns) or "family" not in tables["runs"] or not folder.study.get("axes"):
        return pd.DataFrame()
    called = kinds(folder)
    rows = [
        {"axis": axis, "hue": kind, "label": called[kind], "step": step, "n": one.n}
        | {"value": one.effect, "low": one.low, "high": one.high}
        for (axis, kind), steps in curve(folder.study, tables, 1 - folder.level).items()
        for step, one in steps
        if one.known
    ]
    return pd.DataFrame(rows)


def hero(folder: Folder) -> Figure | None:
    """A panel an axis: models that generalise, models that learned random labels, networks that learned nothing."""
    say, table = say_in(folder.lang), seen(folder)
    if table.empty:
        return None
    span = kit.domain(table.value, table.low.clip(-0.2, 1), table.high.clip(-0.2, 1))
    span = (max(span[0], -0.25), min(span[1], 1.02))
    called = titles(folder)
    axes = [axis for axis in called if (table.axis == axis).any()]
    panels = tuple(Panel(_lines(folder, table[table.axis == axis], called[axis], span), called[axis]) for axis in axes)
    said = [f"{called[axis]}: {_said(table[table.axis == axis])}" for axis in axes]
    return Figure(
        name="along-limit",
        title=say("Similarity (debiased CKA) along each axis", "各軸に沿った類似度 (偏りを補正した CKA)"),
        panels=panels,
        alt=say("Similarity from the lowest to the highest level. ", "最低から最高の水準までの類似度。")
        + "; ".join(said)
        + ".",
        caption=say(
            "Means over pairs of models of one condition at the last hidden layer, with intervals over models; kinds "
            "stand a little beside one another. Levels are on a logarithmic scale. Only width changes networks that "
            "learned nothing.",
            "同じ条件のモデルの対の平均 (最後の隠れ層) とモデル間の区間。重ならないよう左右にずらして示す。"
            "横軸は対数目盛。未学習のネットワークは幅だけで変わる。",
        ),
        keys=("arm",),
        narrowest=300,
    )


def _lines(folder: Folder, part: Frame, title: str, span: kit.Domain) -> Any:
    say, steps = say_in(folder.lang), sorted(set(part.step))
    ratio = steps[-1] / steps[0]
    places = {kind: ratio ** (APART * (i - 1)) for i, kind in enumerate(HUES)}
    frame = part.assign(
        x=part.step * part.hue.map(places), order=part.step, low=part.low.clip(*span), high=part.high.clip(*span)
    )
    across = (steps[0] * ratio**-0.06, steps[-1] * ratio**0.06)
    tip = kit.tips(
        label=say("models", "モデル"),
        step_=title,
        value_="CKA",
        low_=say("from", "下限"),
        high_=say("to", "上限"),
        n_=say("models", "モデル数"),
    )
    x = kit.quantity("x", title, across, steps, log=True)
    marks = alt.Chart(kit.data(frame)).encode(x=x, color=kit.hue("hue", HUES), tooltip=tip)
    bars = marks.mark_rule(strokeWidth=4, opacity=0.3, clip=True).encode(
        y=kit.quantity_up("low", "", span), y2="high:Q"
    )
    lines = marks.mark_line(strokeWidth=2, clip=True).encode(
        y=kit.quantity_up("value", "", span), detail="label:N", order="order:Q"
    )
    dots = marks.mark_point(filled=True, size=42, opacity=1).encode(y=kit.quantity_up("value", "", span))
    return alt.layer(bars, lines, dots).properties(height=HEIGHT)


def _said(part: Frame) -> str:
    ends = [part[part.step == step].set_index("label").value for step in (part.step.min(), part.step.max())]
    names = dict.fromkeys(part.label)
    return ", ".join(f"{name} {number(ends[0].get(name), 2)} → {number(ends[1].get(name), 2)}" for name in names)
