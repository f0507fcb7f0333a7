"""Settings with the same seed: what each seed gained or lost, and how far every setting is from SupCon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts import kit
from assay.report.charts.collapse.arms import COMPARED, NOISY, SUPCON, Arm, Arms, against, finished, there
from assay.report.charts.collapse.tables import scale_of, settings_table, signed, titles, written
from assay.report.charts.means import means_of
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval, number
from assay.report.words import Say, say_in

# claim: the figure that is judged, and one that stands beside it
FIGURES = {
    "spread-knows-subclasses": ("fine_accuracy", "fine_worst"),
    "spread-transfers": ("transfer_accuracy", "transfer_few"),
    "spread-under-shift": ("fine_shifted", "fine_accuracy"),
}


def words(folder: Folder) -> dict[str, str]:
    """What the figures are called above a panel."""
    say = say_in(folder.lang)
    other = str(folder.study.get("transfer") or say("the other data set", "別データ"))
    return {
        "fine_accuracy": say("Fine accuracy, %", "下位クラス正解率 (%)"),
        "fine_worst": say("… in the worst subclass, %", "最も悪い下位クラス (%)"),
        "fine_shifted": say("Fine accuracy on changed images, %", "変化した画像の下位クラス正解率 (%)"),
        "test_accuracy": say("Accuracy in the classes learned, %", "学習したクラスの正解率 (%)"),
        "transfer_accuracy": say(f"Accuracy on {other}, %", f"{other} の正解率 (%)"),
        "transfer_few": say("… from five items a class, %", "各クラス 5 件から (%)"),
        "within_train": say("Variance within classes, training items", "クラス内分散 (学習データ)"),
        "within": say("… test items", "クラス内分散 (テスト)"),
    }


def claim(folder: Folder, found: Arms | None, name: str) -> tuple[Block | None, ...]:
    """The pictures of a claim about SupCon's weight and the forecast's: by seed, then all settings, then the table."""
    judged, beside = FIGURES[name]
    runs = finished(folder, judged)
    if found is None or runs.empty:
        return ()
    table = settings_table(folder, found, f"{name}-table", there(found, runs), (judged, beside, "within_train"))
    return (
        slopes(folder, found, name, found.named(*COMPARED), (judged, beside)),
        strip(folder, found, name, judged),
        table,
    )


def noise(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """What wrong labels do to the variance within classes."""
    if found is None or found.base is None:
        return ()
    pair = [found.base, *found.named(NOISY)]
    columns = ("within_train", "within")
    return (
        slopes(folder, found, "noise-moves", pair, columns),
        settings_table(folder, found, "noise-table", pair, (*columns, "fine_accuracy", "test_accuracy")),
    )


def slopes(folder: Folder, found: Arms, name: str, shown: Sequence[Arm], columns: Sequence[str]) -> Figure | None:
    """A line a seed through some settings, a panel a figure; the means stand large, with interval and number."""
    runs, say, called = finished(folder), say_in(folder.lang), words(folder)
    panels, said = [], []
    for column in columns:
        if column not in runs or len(shown) < 2:
            continue
        dots = found.drawn(runs[runs.condition.isin([a.name for a in shown])].dropna(subset=[column]))
        arms = there(found, dots, [a.name for a in shown])
        if len(arms) < 2:
            continue
        dots = dots.assign(
            value=scale_of(column) * dots[column], order=dots.condition.map({a.name: i for i, a in enumerate(arms)})
        )
        middle = means_of(dots, ["label", "hue", "order"], folder.level).sort_values("order")
        low = middle.low.clip(lower=0.0)  # neither accuracies nor variances are negative
        middle = middle.assign(low=low, text=[number(v, 1 if scale_of(column) == 100 else 3) for v in middle.value])
        panels.append(Panel(_slopes(found, dots, middle, arms, say), called[column]))
        said.append(f"{called[column]}: " + say(", ", "、").join(f"{r.label} {r.text}" for r in middle.itertuples()))
    if not panels:
        return None
    title = say("Seed by seed", "シードごと")
    return Figure(
        name=f"{name}-seeds",
        title=title,
        panels=tuple(panels),
        alt=say("Lines through settings, one a seed. Means: ", "シードごとの線。平均: ") + "; ".join(said) + ".",
        caption=say(
            "Every thin line is one seed: the same data order and the same first weights, only the setting differs. "
            "Large dots are means with intervals.",
            "細い線は 1 シード (データ順と初期値は同じで設定のみ異なる)。大きな点は平均と区間。",
        ),
        narrowest=360,
    )


def _slopes(found: Arms, dots: Frame, middle: Frame, arms: Sequence[Arm], say: Say) -> Any:
    names = [arm.short if arm.role == "grid" else arm.label for arm in arms]
    short = dict(zip([a.short for a in arms], names, strict=True))
    dots, middle = (f.assign(label=f.label.map(short)) for f in (dots, middle))
    x = alt.X(
        "label:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=names),
        axis=alt.Axis(grid=False, labelAngle=0, labelColor="@ink", labelPadding=8),
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


def strip(
    folder: Folder, found: Arms, name: str, column: str, shown: Sequence[Arm] | None = None, other: str = SUPCON
) -> Figure | None:
    """How far every setting is from another with the same seed: dots of seeds, means with intervals, a line at none."""
    panel, middle = differences(folder, found, column, shown, other)
    base = found.of(other)
    if panel is None or base is None or middle.empty:
        return None
    say, called = say_in(folder.lang), words(folder)[column]
    best, worst = middle.loc[middle.value.idxmax()], middle.loc[middle.value.idxmin()]
    return Figure(
        name=f"{name}-strip",
        title=say(f"Every setting against {base.short}", f"全設定と {base.short} の差"),
        panels=(Panel(panel),),
        alt=say(
            f"{called}: differences of {len(middle)} settings to {base.short} with the same seed. Largest gain "
            f"{best.value:+.3g} ({best.row}), lowest {worst.value:+.3g} ({worst.row}).",
            f"{called}: 同じシードの {base.short} との差、{len(middle)} 設定。最大 {best.value:+.3g} ({best.row})、"
            f"最小 {worst.value:+.3g} ({worst.row})。",
        ),
        caption=say(
            f"To the right of the line is better than {base.short}. Dots are seeds, large marks their mean with its "
            "interval.",
            f"線の右は {base.short} より良い。点はシード、大きな印は平均と区間。",
        ),
    )


def differences(
    folder: Folder, found: Arms, column: str, shown: Sequence[Arm] | None, other: str, step: int = 23
) -> tuple[Any, Frame]:
    """The chart of differences to another setting, and the means that it draws: row, hue, value, low, high."""
    runs, say = finished(folder, column), say_in(folder.lang)
    dots = against(runs, column, other) if len(runs) else runs
    if dots.empty:
        return None, pd.DataFrame()
    dots = found.drawn(dots)
    dots = dots.assign(row=dots["full"], value=scale_of(column) * dots.value)
    rows = [a.label for a in (shown if shown is not None else found.arms) if a.label in set(dots.row)]
    dots = dots[dots.row.isin(rows)]
    if dots.empty:
        return None, pd.DataFrame()
    middle = means_of(dots, ["row", "hue"], folder.level)
    unit = say("points", "ポイント") if scale_of(column) == 100 else say("variance", "分散")
    title = say(f"difference with the same seed, {unit} →", f"同じシードでの差 ({unit}) →")
    span = kit.domain(
        dots.value,
        middle.low.clip(lower=dots.value.min() - _air(dots)),
        middle.high.clip(upper=dots.value.max() + _air(dots)),
        [0.0],
    )
    chart = kit.dots_in_rows(
        dots[["row", "hue", "value", "run"]],
        _cut(middle, span),
        rows=rows,
        title=title,
        colours=found.hues,
        span=span,
        tooltip=kit.tips(row=say("setting", "設定"), value_=say("difference", "差"), run=say("run", "学習")),
        step=step,
    )
    zero = alt.Chart(kit.data(pd.DataFrame({"value": [0.0]}))).mark_rule(color="@muted", strokeWidth=1)
    return (chart + zero.encode(x=alt.X("value:Q", title=title))).properties(height=step * len(rows)), middle


def _air(dots: Frame) -> float:
    """How far an interval may reach beyond the seeds before it is cut: two seeds have intervals without end."""
    return 0.6 * float(dots.value.max() - dots.value.min() or 1.0)


def _cut(middle: Frame, span: kit.Domain) -> Frame:
    """Intervals cut at the ends of the axis."""
    return middle.assign(low=middle.low.clip(lower=span[0]), high=middle.high.clip(upper=span[1]))


def difference_words(folder: Folder, name: str, column: str, other: str) -> str:
    """The paired difference of a figure to another setting in words; empty where there is none."""
    runs = finished(folder, column)
    dots = against(runs, column, other) if len(runs) else runs
    dots = dots[dots.condition == name] if len(dots) else dots
    if dots.empty:
        return ""
    mean = mean_interval(dots.value, folder.level)
    text, interval = written(mean, column, folder.lang)
    title = titles(folder)[column][0].replace(", %", "").replace(" %", "")
    unit = say_in(folder.lang)(" points", " ポイント") if scale_of(column) == 100 else ""
    return f"{title} {signed(text)}{unit}" + (f" ({interval})" if interval else "")
