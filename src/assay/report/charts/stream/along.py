"""Accuracy and robust accuracy along the stream, an arm a line, with intervals over seeds."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.means import means_of
from assay.report.charts.stream.arms import Arms
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import say_in

HEIGHT = 230
APART = 0.045  # of the way to the next chunk by which arms stand beside one another, so that intervals are seen


def hero(folder: Folder, found: Arms | None) -> Figure | None:
    """After each chunk: accuracy and robust accuracy under the shift of the time, and both on original images."""
    say, stream = say_in(folder.lang), folder.table("stream")
    if found is None or not {"condition", "seed", "chunk", "level", "clean", "robust"} <= set(stream.columns):
        return None
    now, original = stream[stream.chunk == stream.level], stream[stream.level == 0]
    shown = (
        (now, "clean", say("Accuracy under the shift of the time, %", "その時点の条件での正解率 (%)")),
        (now, "robust", say("Robust accuracy under it, %", "同じく頑健正解率 (%)")),
        (original, "clean", say("Accuracy on the original images, %", "元の画像での正解率 (%)")),
        (original, "robust", say("Robust accuracy on them, %", "元の画像での頑健正解率 (%)")),
    )
    middles = [(_means(folder, found, part, column), title) for part, column, title in shown]
    middles = [(middle, title) for middle, title in middles if len(middle)]
    if not middles:
        return None
    span = kit.domain(*(middle[column] for middle, _ in middles for column in ("value", "low", "high")))
    span = (max(0.0, span[0]), min(100.0, span[1]))
    panels = tuple(Panel(_lines(folder, found, middle, span), title) for middle, title in middles)
    said = [f"{title}: {_said(middle)}" for middle, title in middles]
    return Figure(
        name="along-stream",
        title=say("Along the stream", "変化に沿って"),
        panels=panels,
        alt=say("At the end of the stream: ", "最後の時点: ") + "; ".join(said) + ".",
        caption=say(
            "After each chunk of the stream (0: as deployed): means over seeds with intervals; arms stand a little "
            "beside one another. Robust accuracy is by PGD on a sample of test images.",
            "各段階の更新後 (0 は運用開始時)。シードの平均と区間を、重ならないよう左右にずらして示す。"
            "頑健正解率はテスト画像の標本への PGD による。",
        ),
        keys=("arm",),
        narrowest=300,
    )


def _means(folder: Folder, found: Arms, part: Frame, column: str) -> Frame:
    """Means over seeds after each chunk, in percent, with intervals cut to what a share can be."""
    rows = part.dropna(subset=[column])
    rows = found.drawn(rows.assign(value=100 * rows[column]))
    if rows.empty:
        return pd.DataFrame()
    middle = means_of(rows, ["label", "hue", "chunk"], folder.level).sort_values("chunk", kind="stable")
    places = {arm.name: APART * (i - (len(found.arms) - 1) / 2) for i, arm in enumerate(found.arms)}
    ends = {end: middle[end].fillna(middle.value).clip(0, 100) for end in ("low", "high")}
    return middle.assign(x=middle.chunk + middle.hue.map(places), order=middle.chunk, **ends)


def _lines(folder: Folder, found: Arms, middle: Frame, span: kit.Domain) -> Any:
    say, last = say_in(folder.lang), int(middle.chunk.max())
    across, title = (-0.2, last + 0.2), say("chunk", "段階")
    ticks = list(range(last + 1))
    tip = kit.tips(
        label=say("arm", "条件"), chunk_=title, value_="%", low_=say("from", "下限"), high_=say("to", "上限")
    )
    how: dict[str, Any] = {
        "x": "x",
        "y": "value",
        "colours": found.hues,
        "spans": (across, span),
        "titles": (title, ""),
    }
    lines = kit.lines(middle, group="label", ticks=ticks, width=2.0, opacity=0.9, **how)
    marks = alt.Chart(kit.data(middle)).encode(
        x=kit.quantity("x", title, across, ticks), color=kit.hue("hue", found.hues), tooltip=tip
    )
    bars = marks.mark_rule(strokeWidth=4, opacity=0.3, clip=True).encode(
        y=kit.quantity_up("low", "", span), y2="high:Q"
    )
    dots = marks.mark_point(filled=True, size=42, opacity=1).encode(y=kit.quantity_up("value", "", span))
    return alt.layer(bars, lines, dots).properties(height=HEIGHT)


def _said(middle: Frame) -> str:
    return ", ".join(f"{r.label} {number(r.value, 1)}" for r in middle[middle.chunk == middle.chunk.max()].itertuples())
