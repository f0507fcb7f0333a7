"""Settings with the same seed: what each seed gained or lost, and how far every setting is from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from assay.core.files import to_json
from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arms import Arm, Arms, against, finished
from assay.report.charts.means import means_of
from assay.report.charts.measure import Measure, signed
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval, number
from assay.report.words import Say, say_in


def slopes(
    folder: Folder,
    found: Arms[Any],
    name: str,
    shown: Sequence[Arm],
    measures: Mapping[str, Measure],
    called: Mapping[str, str],
) -> Figure | None:
    """A line a seed through some settings, a panel a figure; the means stand large, with interval and number.

    ``called`` says what stands above each panel; only its columns are drawn.
    """
    runs, say = finished(folder), say_in(folder.lang)
    panels, said = [], []
    for column, title in called.items():
        if column not in runs or len(shown) < 2:
            continue
        measure = measures[column]
        dots = found.drawn(runs[runs.condition.isin([a.name for a in shown])].dropna(subset=[column]))
        arms = [arm for arm in shown if arm.name in set(dots.condition)]
        if len(arms) < 2:
            continue
        dots = dots.assign(
            value=measure.scale * dots[column], order=dots.condition.map({a.name: i for i, a in enumerate(arms)})
        )
        middle = means_of(dots, ["label", "hue", "order"], folder.level).sort_values("order")
        low = middle.low.clip(lower=measure.scale * measure.low)
        middle = middle.assign(low=low, text=[number(v, 1 if measure.share else 3) for v in middle.value])
        panels.append(Panel(_slopes(found, dots, middle, arms, say), title))
        said.append(f"{title}: " + say(", ", "、").join(f"{r.label} {r.text}" for r in middle.itertuples()))
    if not panels:
        return None
    return Figure(
        name=f"{name}-seeds",
        title=say("Seed by seed", "シードごと"),
        panels=tuple(panels),
        alt=say("Lines through settings, one a seed. Means: ", "シードごとの線。平均: ") + "; ".join(said) + ".",
        caption=say(
            "Every thin line is one seed: the same data order and the same first weights, only the setting differs. "
            "Large dots are means with intervals.",
            "細い線は 1 シード (データ順と初期値は同じで設定のみ異なる)。大きな点は平均と区間。",
        ),
        narrowest=360,
    )


def _slopes(found: Arms[Any], dots: Frame, middle: Frame, arms: Sequence[Arm], say: Say) -> Any:
    x = alt.X(
        "label:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=[arm.short for arm in arms]),
        axis=alt.Axis(
            grid=False, labelAngle=0, labelColor="@ink", labelPadding=8, labelExpr=_broken([arm.short for arm in arms])
        ),
    )
    span = kit.domain(dots.value, middle.value, pad=0.1)
    y = kit.quantity_up("value", "", span)
    thin = alt.Chart(kit.data(dots[["run", "seed", "label", "order", "value"]]))
    tip = kit.tips(
        label=say("setting", "設定"), seed_=say("seed", "シード"), value_=say("value", "値"), run=say("run", "学習")
    )
    large = alt.Chart(kit.data(middle)).encode(x=x)
    return alt.layer(
        thin.mark_line(color="@faint", strokeWidth=1, opacity=0.8, clip=True).encode(
            x=x, y=y, detail="seed:N", order="order:Q"
        ),
        thin.mark_point(filled=True, color="@muted", size=15, opacity=0.75, clip=True).encode(x=x, y=y, tooltip=tip),
        large.mark_rule(strokeWidth=7, opacity=0.24, clip=True).encode(
            y=kit.quantity_up("low", "", span), y2="high:Q", color=kit.hue("hue", found.hues)
        ),
        large.mark_point(filled=True, size=95, opacity=1, stroke="@ground", strokeWidth=1.2).encode(
            y=y, color=kit.hue("hue", found.hues), tooltip=tip[:1] + tip[2:3]
        ),
        large.mark_text(align="left", dx=11, fontSize=12, fontWeight=600).encode(
            y=y, text="text:N", color=alt.value("@ink")
        ),
    ).properties(height=230)


PARTICLES = "はをのに、"  # after which a Japanese label may be broken


def _broken(names: Sequence[str], room: int = 150) -> str:
    """An expression that breaks labels in two near their middle where they have too little room."""
    lines = {}
    for name in names:
        ends = [i + 1 for i, letter in enumerate(name[:-1]) if letter == " " or letter in PARTICLES]
        middle = min(ends, key=lambda i: abs(i - len(name) / 2), default=len(name))
        lines[name] = [part.strip() for part in (name[:middle], name[middle:]) if part]
    return f"width < {room * len(names)} ? ({to_json(lines)})[datum.label] : datum.label"


def differences(
    folder: Folder,
    found: Arms[Any],
    column: str,
    measure: Measure,
    shown: Sequence[Arm] | None,
    other: str,
    step: int = 23,
) -> tuple[Any, Frame]:
    """The chart of differences to another setting, and the means that it draws: row, hue, value, low, high."""
    runs, say = finished(folder, column), say_in(folder.lang)
    dots = against(runs, column, other) if len(runs) else runs
    if dots.empty:
        return None, pd.DataFrame()
    dots = found.drawn(dots)
    dots = dots.assign(row=dots["full"], value=measure.scale * dots.value)
    rows = [a.label for a in (shown if shown is not None else found.arms) if a.label in set(dots.row)]
    dots = dots[dots.row.isin(rows)]
    if dots.empty:
        return None, pd.DataFrame()
    middle = means_of(dots, ["row", "hue"], folder.level)
    unit = say("points", "ポイント") if measure.share else measure.title
    title = say(f"difference with the same seed, {unit} →", f"同じシードでの差 ({unit}) →")
    span = kit.domain(
        dots.value,
        middle.low.clip(lower=dots.value.min() - _air(dots)),
        middle.high.clip(upper=dots.value.max() + _air(dots)),
        [0.0],
    )
    chart = kit.dots_in_rows(
        dots[["row", "hue", "value", "run"]],
        cut(middle, span),
        rows=rows,
        title=title,
        colours=found.hues,
        span=span,
        tooltip=kit.tips(row=say("setting", "設定"), value_=say("difference", "差"), run=say("run", "学習")),
        step=step,
    )
    return with_zero(chart, title, step * len(rows)), middle


def with_zero(chart: Any, title: str, height: int) -> Any:
    """A chart of rows with an upright line where there is no difference."""
    zero = alt.Chart(kit.data(pd.DataFrame({"value": [0.0]}))).mark_rule(color="@muted", strokeWidth=1)
    return (chart + zero.encode(x=alt.X("value:Q", title=title))).properties(height=height)


def _air(dots: Frame) -> float:
    """How far an interval may reach beyond the seeds before it is cut: two seeds have intervals without end."""
    return 0.6 * float(dots.value.max() - dots.value.min() or 1.0)


def cut(middle: Frame, span: kit.Domain) -> Frame:
    """Intervals cut at the ends of the axis."""
    return middle.assign(low=middle.low.clip(lower=span[0]), high=middle.high.clip(upper=span[1]))


def difference_words(folder: Folder, name: str, column: str, measure: Measure, other: str) -> str:
    """The paired difference of a figure to another setting in words; empty where there is none."""
    runs = finished(folder, column)
    dots = against(runs, column, other) if len(runs) else runs
    dots = dots[dots.condition == name] if len(dots) else dots
    if dots.empty:
        return ""
    text, interval = measure.written(mean_interval(dots.value, folder.level), folder.lang)
    unit = say_in(folder.lang)(" points", " ポイント") if measure.share else ""
    return f"{measure.title} {signed(text)}{unit}" + (f" ({interval})" if interval else "")
