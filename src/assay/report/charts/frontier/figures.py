"""Clean against robust accuracy, both along the blend, errors of inspection, and the loss on the way."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel, Slide, Table
from assay.report.charts import kit
from assay.report.folder import Folder
from assay.report.words import Say, say_in

HEIGHT = 240
TITLES = {"clean": ("unchanged", "変更なし"), "robust": ("under attack", "攻撃下")}
RATES = {"false_reject": ("false rejects", "過検出"), "escape": ("escapes", "見逃し")}
HUES = {"clean": "@blue", "robust": "@orange", "false_reject": "@purple", "escape": "@green"}


def frontier(folder: Folder, found: dict[str, Any], walk: Table) -> Figure:
    """What is to be had, and the same along the blend; a slider moves the mark in all panels."""
    say = say_in(folder.lang)
    steps = [found["points"][number] for number in found["slide"]]
    start = nearest(steps, found["chosen"])
    panels = [Panel(_plane(found, steps, start, say), say("What is to be had", "得られるもの"))]
    panels.append(Panel(_along(found, steps, start, ("clean", "robust"), say), say("Along the blend", "混合に沿って")))
    rates = tuple(key for key in RATES if steps[0][key] is not None)
    if rates:
        panels.append(Panel(_along(found, steps, start, rates, say), say("Errors of inspection", "検査の誤り")))
    first, last, row = steps[0], steps[-1], found["chosen"]
    told = [f"{each['called']}: {100 * each['test_clean']:.0f} % / {100 * each['test_robust']:.0f} %"
            for each in (first, last, row)]  # fmt: skip
    return Figure(
        name="frontier",
        title=say("Choose clean accuracy, see robust accuracy", "通常の正解率を選び、頑健正解率を見る"),
        panels=tuple(panels),
        alt=say(
            f"Right on test, unchanged / under attack. {told[0]}. {told[1]}. Chosen, {told[2]}.",
            f"test の正解率 (変更なし/攻撃下)。{told[0]}。{told[1]}。選択 {told[2]}。",
        ),
        caption=say(
            "Test figures with 95 % intervals; dashed: val, on which was chosen. Diamond: chosen. Square: the global "
            "model or runs as they were kept. Ring and rule: where the slider stands.",
            "test の値と 95 % 区間。破線: 選択に用いた val。菱形: 選択。四角: そのまま保存されたモデル。"
            "輪と縦線: スライダーの位置。",
        ),
        narrowest=300,
        slide=Slide(_axis(found, say), walk, start),
    )


def nearest(steps: list[dict[str, Any]], row: dict[str, Any]) -> int:
    """The place among the steps whose weights are nearest to those of a row."""
    apart = [sum(abs(a - b) for a, b in zip(each["weights"], row["weights"], strict=True)) for each in steps]
    return apart.index(min(apart))


def place(found: dict[str, Any], steps: list[dict[str, Any]], row: dict[str, Any]) -> float:
    """Where a row stands on the axis of the blend: its share of the second network; of more networks, the step."""
    return float(row["weights"][1]) if len(found["names"]) == 2 else float(nearest(steps, row))


def _axis(found: dict[str, Any], say: Say) -> str:
    if len(found["names"]) == 2:
        return say(f"share of {found['names'][1]}", f"{found['names'][1]} の割合")
    return say("blends that none beats on val, most robust first", "val で他に劣らない混合 (頑健な順)")


def _plane(found: dict[str, Any], steps: list[dict[str, Any]], start: int, say: Say) -> Any:
    """Robust against clean accuracy on test."""
    rows = [*steps, *(row for row in found["points"] if row["kind"] != "blend")]
    if found["chosen"]["point"] not in [row["point"] for row in rows]:
        rows.append(found["chosen"])
    frame = pd.DataFrame([
        {"step": i if i < len(steps) else -1, "called": row["called"], "kind": row["kind"],
         "chosen": int(row["point"] == found["chosen"]["point"]), **_percent(row, ("test_clean", "test_robust"))}
        for i, row in enumerate(rows)
    ])  # fmt: skip
    ends = [name for key in ("test_clean", "test_robust") for name in (f"{key}_low", f"{key}_high")]
    x = kit.quantity("test_clean", say("right, unchanged, %", "変更なし %"), kit.domain(frame[ends[0]], frame[ends[1]]))
    y = kit.quantity_up("test_robust", say("right under attack, %", "攻撃下 %"),
                        kit.domain(frame[ends[2]], frame[ends[3]]))  # fmt: skip
    tip = kit.tips(called=say("network", "モデル"), test_clean_=say("unchanged, %", "変更なし %"),
                   test_robust_=say("under attack, %", "攻撃下 %"))  # fmt: skip
    base = alt.Chart(kit.data(frame))
    blends = base.transform_filter("datum.step >= 0").encode(x=x, y=y)
    line = blends.mark_line(color="@blue", strokeWidth=1.6).encode(order="step:Q")
    dots = blends.mark_point(filled=True, size=42, color="@blue", opacity=1).encode(tooltip=tip)
    chosen = base.transform_filter("datum.chosen == 1")
    across = chosen.mark_rule(color="@vermillion", strokeWidth=1.6).encode(x=f"{ends[0]}:Q", x2=f"{ends[1]}:Q", y=y)
    up = chosen.mark_rule(color="@vermillion", strokeWidth=1.6).encode(x=x, y=f"{ends[2]}:Q", y2=f"{ends[3]}:Q")
    mark = _mark(chosen, "@vermillion", "diamond", 110).encode(x=x, y=y, tooltip=tip)
    kept = _mark(base.transform_filter("datum.step < 0 && datum.kind != 'blend'"), "@ink", "square", 60)
    ring = base.transform_filter("datum.step == at").mark_point(size=200, color="@ink", strokeWidth=1.6, opacity=1)
    layers = (line, dots, kept.encode(x=x, y=y, tooltip=tip), across, up, mark, ring.encode(x=x, y=y))
    return alt.layer(*layers).add_params(alt.param(name="at", value=start)).properties(height=HEIGHT)


def _along(found: dict[str, Any], steps: list[dict[str, Any]], start: int, keys: tuple[str, ...], say: Say) -> Any:
    """Shares along the blend with their intervals, and the slider's place."""
    accuracies = keys[0] in TITLES
    scale, unit = (100, "%") if accuracies else (1000, "‰")
    words = TITLES if accuracies else RATES
    rows = []
    for key in keys:
        name = f"test_{key}" if accuracies else key
        for i, row in enumerate(steps):
            rows.append({
                "step": i, "t": place(found, steps, row), "hue": key, "called": row["called"],
                "said": say(*words[key]), "value": scale * row[name], "low": scale * row[f"{name}_low"],
                "high": scale * row[f"{name}_high"], "val": scale * row[f"val_{key}"] if accuracies else None,
            })  # fmt: skip
    frame = pd.DataFrame(rows)
    x = kit.quantity("t", _axis(found, say), kit.domain(frame.t, pad=0.02))
    span = (0.0, 100.0) if accuracies else kit.domain(frame.low, frame.high, zero=True)
    y = kit.quantity_up("value", unit, span)
    hue = kit.hue("hue", {key: HUES[key] for key in keys})
    tip = kit.tips(called=say("network", "モデル"), said=say("what", "項目"), value_=unit, low_=say("from", "下限"),
                   high_=say("to", "上限"))  # fmt: skip
    base = alt.Chart(kit.data(frame)).encode(x=x, color=hue)
    band = base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = base.mark_line(strokeWidth=1.6).encode(y=y)
    dots = base.mark_point(filled=True, size=30, opacity=1).encode(y=y, tooltip=tip)
    label = base.transform_filter(f"datum.step == {len(steps) - 1}").mark_text(align="right", dy=-10).encode(
        y=y, text="said:N"
    )  # fmt: skip
    layers = [band, line, dots, label]
    if accuracies:
        layers.append(base.mark_line(strokeWidth=1, strokeDash=[4, 3]).encode(y=alt.Y("val:Q", title=None)))
    here = pd.DataFrame([{"t": place(found, steps, found["chosen"])}])
    layers.append(alt.Chart(kit.data(here)).mark_rule(color="@vermillion", strokeWidth=1.4).encode(x=x))
    layers.append(
        alt.Chart(kit.data(frame))
        .transform_filter("datum.step == at")
        .mark_rule(color="@ink", strokeWidth=1)
        .encode(x=x)
    )
    return alt.layer(*layers).add_params(alt.param(name="at", value=start)).properties(height=HEIGHT)


def losses(folder: Folder, found: dict[str, Any]) -> Figure | None:
    """Cross-entropy on val along the edge with the highest barrier, and the straight line between its ends."""
    say = say_in(folder.lang)
    edge = max(found["barriers"], key=lambda each: each["clean"])
    a, b = (found["names"].index(edge[name]) for name in ("from", "to"))
    rows = [
        row for row in found["points"] if row["kind"] == "blend" and row["weights"][a] + row["weights"][b] > 1 - 1e-9
    ]
    if any(row["val_loss"] is None for row in rows):
        return None
    rows.sort(key=lambda row: row["weights"][b])
    frame = pd.DataFrame([{"t": row["weights"][b], "loss": row["val_loss"], "called": row["called"]} for row in rows])
    x = kit.quantity("t", say(f"share of {edge['to']}", f"{edge['to']} の割合"), (0.0, 1.0))
    y = kit.quantity_up(
        "loss", say("cross-entropy on val, nats", "val の交差エントロピー"), kit.domain(frame.loss, zero=True)
    )
    tip = kit.tips(called=say("network", "モデル"), loss_=say("loss", "損失"))
    base = alt.Chart(kit.data(frame)).encode(x=x, y=y)
    straight = alt.Chart(kit.data(frame.iloc[[0, -1]])).mark_line(color="@muted", strokeDash=[4, 3]).encode(x=x, y=y)
    line, dots = base.mark_line(color="@blue", strokeWidth=1.6), base.mark_point(filled=True, color="@blue", opacity=1)
    return Figure(
        name="losses",
        title=say("Loss on the way", "途中の損失"),
        panels=(Panel(alt.layer(straight, line, dots.encode(tooltip=tip)).properties(height=200)),),
        alt=say(
            f"From {frame.loss.iloc[0]:.3g} to {frame.loss.iloc[-1]:.3g}, at most {frame.loss.max():.3g} on the way.",
            f"{frame.loss.iloc[0]:.3g} から {frame.loss.iloc[-1]:.3g}、途中の最大 {frame.loss.max():.3g}。",
        ),
        caption=say("Dashed: the straight line. What lies above it is the barrier.", "破線: 直線。上に出た分が障壁。"),
    )


def _mark(chart: Any, colour: str, shape: str, size: int) -> Any:
    return chart.mark_point(filled=True, size=size, color=colour, shape=shape, opacity=1)


def _percent(row: dict[str, Any], keys: tuple[str, ...]) -> dict[str, float]:
    return {name: 100 * row[name] for key in keys for name in (key, f"{key}_low", f"{key}_high")}
