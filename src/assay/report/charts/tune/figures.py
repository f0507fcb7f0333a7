"""The pictures of a search's page: the front, each goal trial by trial, each goal against each setting."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.tune.trials import Trials
from assay.report.folder import Folder
from assay.report.numbers import short
from assay.report.words import Say, say_in

HEIGHT = 250
HUES = {"other": "@muted", "bound": "@faint", "front": "@blue", "chosen": "@vermillion"}
SHAPES = {"other": "circle", "bound": "cross", "front": "circle", "chosen": "diamond"}
MOST_PANELS = 6  # settings shown for a goal: those that matter most where that is known


def front(folder: Folder, found: dict[str, Any], trials: Trials) -> Figure | None:
    """The first goal against each other one; nothing where there is one goal or no finished trial."""
    say, done = say_in(folder.lang), trials.done
    if done.empty or len(trials.goals) < 2:
        return None
    (first, sign), *others = trials.goals
    panels = tuple(Panel(_plane(done, (first, sign), other, say)) for other in others[:3])
    on = done[done["role"].isin(["front", "chosen"])]
    told = [f"{name} {short(on[name].min())} – {short(on[name].max())}" for name, _ in trials.goals] if len(on) else []
    return Figure(
        name="front",
        title=say("What is gained on one goal costs the other", "目標どうしの兼ね合い"),
        panels=panels,
        alt=say(
            f"{len(done)} finished trials, {len(on)} on the front. " + "; ".join(told),
            f"完了 {len(done)} 件、フロント {len(on)} 件。" + "、".join(told),
        ),
        caption=say(
            "Figures on val. Blue: no other trial is better on every goal. Diamond: chosen. Square: the default. "
            "Cross: breaks a bound. Better lies where the arrow in the axis title points.",
            "val の値。青: 全目標で上回る試行がない。菱形: 選択。四角: 既定。十字: 制約違反。軸の矢印の方向が良い。",
        )
        + _beyond(done, [name for name, _ in trials.goals[:4]], say),
        narrowest=300,
    )


def _plane(done: pd.DataFrame, first: tuple[str, str], other: tuple[str, str], say: Say) -> Any:
    names = [first[0], other[0]]
    frame = done[["trial", "role", "is_default", *names]].rename(columns={names[0]: "x", names[1]: "y"})
    x = kit.quantity("x", _titled(*first), _span(done, first[0]))
    y = kit.quantity_up("y", _titled(*other), _span(done, other[0]))
    tip = kit.tips(trial_=say("trial", "試行"), x_=names[0], y_=names[1])
    return _points(frame, x, y, tip).properties(height=HEIGHT)


def along(folder: Folder, found: dict[str, Any], trials: Trials, goal: str) -> Figure | None:
    """A goal's figure trial by trial, and the best so far among trials that keep every bound."""
    say, done = say_in(folder.lang), trials.done.sort_values("trial") if len(trials.done) else trials.done
    if done.empty:
        return None
    sign = dict(trials.goals)[goal]
    frame = done[["trial", "role", "is_default", goal]].rename(columns={goal: "y"})
    best = frame[frame.role != "bound"].assign(best=lambda rows: rows.y.cummax() if sign == "+" else rows.y.cummin())
    x = kit.quantity("trial", say("trial", "試行"), kit.domain(frame.trial, zero=True))
    y = kit.quantity_up("y", _titled(goal, sign), _span(done, goal))
    tip = kit.tips(trial_=say("trial", "試行"), y_=goal)
    layers = [_points(frame, x, y, tip)]
    if len(best):
        line = alt.Chart(kit.data(best[["trial", "best"]])).mark_line(interpolate="step-after", color="@ink")
        layers.insert(0, line.encode(x=x, y=alt.Y("best:Q", title=_titled(goal, sign))))
    reached = short(best.best.iloc[-1]) if len(best) else "–"
    return Figure(
        name=f"along-{goal}",
        title=say(f"{goal} trial by trial", f"{goal} の推移"),
        panels=(Panel(alt.layer(*layers).properties(height=200)),),
        alt=say(f"{len(frame)} finished trials; best {reached}.", f"完了 {len(frame)} 件、最良 {reached}。"),
        caption=say(
            "On val. Line: the best so far that keeps every bound. Diamond: chosen. Square: the default.",
            "val の値。線: 制約を満たす最良値。菱形: 選択。四角: 既定。",
        )
        + _beyond(done, [goal], say),
    )


def slices(folder: Folder, found: dict[str, Any], trials: Trials, goal: str) -> Figure | None:
    """A goal against each setting that varied, one panel a setting."""
    say, done = say_in(folder.lang), trials.done
    shares = (found["importance"].get(goal) or {}).get("shares") or {}
    varied = [axis for axis in trials.axes if len(done) and done[axis].nunique() > 1]
    axes = sorted(varied, key=lambda axis: -shares.get(axis, 0.0))[:MOST_PANELS]
    if not axes:
        return None
    span = _span(done, goal)
    sign = dict(trials.goals)[goal]
    panels = tuple(Panel(_slice(folder, done, axis, goal, sign, span, say), axis) for axis in axes)
    return Figure(
        name=f"slices-{goal}",
        title=say(f"{goal} against each setting", f"{goal} と各設定"),
        panels=panels,
        alt=say(
            f"{goal} of {len(done)} trials against {', '.join(axes)}.",
            f"{len(done)} 試行の {goal} と {'、'.join(axes)}。",
        ),
        caption=say(
            "On val. Colours and shapes as above. "
            + ("The most important settings first." if shares else "")
            + (f" {len(varied) - len(axes)} more settings are in the table." if len(varied) > len(axes) else ""),
            "val の値。色と形は上と同じ。" + ("重要な設定から順に表示。" if shares else ""),
        )
        + _beyond(done, [goal], say),
        narrowest=240,
    )


def _slice(
    folder: Folder, done: pd.DataFrame, axis: str, goal: str, sign: str, span: kit.Domain, say: Say
) -> Any:  # fmt: skip
    about = folder.study["axes"][axis]
    frame = done[["trial", "role", "is_default", axis, goal]].rename(columns={axis: "x", goal: "y"})
    y = kit.quantity_up("y", _titled(goal, sign), span)
    tip = kit.tips(trial_=say("trial", "試行"), x_=axis, y_=goal)
    if "choices" in about:
        frame = frame.assign(x=frame.x.map(_word))
        rows = [_word(choice) for choice in about["choices"] if _word(choice) in set(frame.x)]
        x: Any = alt.X("x:N", title=None, sort=None, scale=alt.Scale(domain=rows), axis=alt.Axis(labelAngle=0))
        tip = kit.tips(trial_=say("trial", "試行"), x=axis, y_=goal)
    else:
        low, high = frame.x.min() / 1.15, frame.x.max() * 1.15
        x = kit.quantity("x", "", (float(f"{low:.3g}"), float(f"{high:.3g}")), _ticks(frame.x), log=True)
    return _points(frame, x, y, tip).properties(height=160)


def _points(frame: pd.DataFrame, x: Any, y: Any, tip: list[alt.Tooltip]) -> Any:
    """Trials by role, the chosen one on top, and a square round the default; what lies outside of the axes is cut."""
    base = alt.Chart(kit.data(frame.assign(is_default=frame.is_default.astype(int)))).encode(x=x, y=y, tooltip=tip)
    hue, form = kit.hue("role", HUES), kit.shape("role", SHAPES)
    dots = [
        base.transform_filter(f"datum.role == '{role}'")
        .mark_point(filled=True, opacity=1, clip=True, size=130 if role == "chosen" else 42)
        .encode(color=hue, shape=form)
        for role in HUES
    ]
    default = base.transform_filter("datum.is_default == 1")
    square = default.mark_point(shape="square", size=150, color="@ink", strokeWidth=1.4, opacity=1, clip=True)
    return alt.layer(*dots, square)


def _span(done: pd.DataFrame, goal: str) -> kit.Domain:
    """The range of the trials that keep every bound; others may lie outside, or nothing else could be seen."""
    kept = done[done.role != "bound"]
    return kit.domain((kept if len(kept) > 1 else done)[goal])


def _outside(done: pd.DataFrame, goals: list[str]) -> int:
    """How many trials lie outside of the range that is drawn."""
    spans = [(done[goal], *_span(done, goal)) for goal in goals]
    beyond = [(values < low) | (values > high) for values, low, high in spans]
    return int(np.logical_or.reduce(beyond).sum())


def _beyond(done: pd.DataFrame, goals: list[str], say: Say) -> str:
    """A sentence about the trials outside, where there are any."""
    n = _outside(done, goals)
    english = f" Outside of what is drawn: {n} trials that break a bound." if n else ""
    return say(english, f" 表示範囲外: 制約違反の試行 {n} 件。" if n else "")


def _ticks(values: pd.Series) -> list[float]:
    """Where a log axis is marked: the values where they are few whole numbers, else powers of ten, else both ends.

    >>> _ticks(pd.Series([1, 2, 2, 3])), _ticks(pd.Series([3e-4, 0.002, 0.05])), _ticks(pd.Series([20, 33, 41, 66]))
    ([1.0, 2.0, 3.0], [0.001, 0.01], [20.0, 66.0])
    """
    distinct = sorted({float(value) for value in values})
    if len(distinct) <= 4 and all(value.is_integer() for value in distinct):
        return distinct if len(distinct) < 4 else [distinct[0], distinct[-1]]
    low, high = distinct[0], distinct[-1]
    powers = [10.0**k for k in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    return powers if len(powers) > 1 else [float(f"{low:.2g}"), float(f"{high:.2g}")]


def _titled(goal: str, sign: str) -> str:
    """A goal with the direction in which it is better."""
    return f"{goal} {'↑' if sign == '+' else '↓'}"


def _word(value: Any) -> str:
    """A choice as a word: numbers as JSON has them, so that 32 and 32.0 are the same.

    >>> _word(32.0), _word(0.0005), _word("relu")
    ('32', '0.0005', 'relu')
    """
    return f"{value:g}" if isinstance(value, int | float | np.number) and not isinstance(value, bool) else str(value)
