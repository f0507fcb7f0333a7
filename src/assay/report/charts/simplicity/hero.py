"""The picture that carries the answer: how complex a setting's answers are, how strongly it reacts to small changes."""

from __future__ import annotations

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.means import means
from assay.report.charts.scatter import Axis, axis, cloud, flags, headroom
from assay.report.charts.simplicity.front import advice
from assay.report.charts.simplicity.grid import Grid, answers, finished, floored
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in

NEAR = 0.97  # of the complexity of the true labels: what lies above is shown closer
HEIGHT = 360


def plane(folder: Folder, grid: Grid | None) -> Figure | None:
    """Complexity against sensitivity; where the good settings lie close together, a second panel shows them closer."""
    say, runs = say_in(folder.lang), finished(folder, "sensitivity")
    if grid is None or runs.empty:
        return None
    dots, points = _points(runs, folder.level)
    at, true = answers(folder), dict(answers(folder)).get(say("true labels", "正解ラベル"))
    top = true if true else float(points.x.max())
    near = points[points.x > NEAR * top]
    split = 3 <= len(near) < len(points)
    whole = axis(say("complexity of the answers, bits →", "答えの複雑さ (ビット) →"), dots.x, [x for _, x in at])
    titles = say("All settings", "全設定"), say("Closer: those near the true labels", "拡大: 正解ラベルに近い設定")
    far = [name for name in points.condition if name not in set(near.condition)] if split else None
    panels = [_panel(grid, folder, points, dots, whole, at, far, titles[0] if split else "")]
    if split:
        inside = dots[dots.x > NEAR * top]
        closer = axis(whole.title, near.x, inside.x, [x for _, x in at if x > NEAR * top])
        panels.append(_panel(grid, folder, near, inside, closer, at, None, titles[1]))
    foot = say(" What does not react at all is drawn at the foot.", "まったく反応しないモデルは最下部。")
    take = advice(folder, grid)
    return Figure(
        name="plane",
        title=say("Complexity against sensitivity", "複雑さと感度"),
        panels=tuple(panels),
        alt=_words(grid, points, at, say),
        caption=say(
            "Small marks are trained models, large marks the mean of a setting, dashed lines what answers without a "
            "model have. Low is steady; far left is a model that no longer tells items apart.",
            "小さな印は学習済みモデル、大きな印は設定の平均、破線はモデルなしの答え。下ほど安定。"
            "左端は品目を区別しないモデル。",
        )
        + (foot if (runs.sensitivity == 0).any() else "")
        + (f" {take.sentence}" if take else ""),
        keys=("activation", "depth"),
        narrowest=420,
    )


def _points(runs: Frame, level: float) -> tuple[Frame, Frame]:
    """Every seed, and the mean of every setting, as x and y on a plane with a log axis upwards."""
    dots = runs.assign(x=runs.complexity, y=floored(runs.sensitivity))[["run", "condition", "x", "y"]]
    found = means(runs, ("complexity", "sensitivity"), level)
    return dots, found.assign(x=found.complexity, y=found.sensitivity.clip(lower=float(dots.y.min())))


def _panel(
    grid: Grid, folder: Folder, points: Frame, dots: Frame, across: Axis, at: list[tuple[str, float]],
    named: list[str] | None, title: str,
) -> Panel:  # fmt: skip
    say = say_in(folder.lang)
    up = axis(say("reaction to small changes ↑", "小さな変化への反応 ↑"), dots.y, points.y, log=True)
    up = up.raised(headroom(at, across.span, HEIGHT))
    tip = kit.tips(
        label=say("setting", "設定"),
        run=say("run", "学習"),
        x_=say("complexity", "複雑さ"),
        y_=say("sensitivity", "感度"),
    )
    below = flags(at, across, HEIGHT)
    points = points[["condition", "x", "y"]]
    least = "any" if named is not None else "half" if title else "wide"
    chart = cloud(grid, points, dots, (across, up), tooltip=tip, height=HEIGHT, least=least, named=named, below=below)
    return Panel(chart, title)


def _words(grid: Grid, points: Frame, at: list[tuple[str, float]], say: Say) -> str:
    drawn = grid.drawn(points)
    calm, wild = drawn.loc[drawn.y.idxmin()], drawn.loc[drawn.y.idxmax()]
    simple = drawn.loc[drawn.x.idxmin()]
    lines = say(", ", "、").join(f"{name} {x:.0f}" for name, x in at)
    return say(
        f"Scatter of {len(drawn)} settings. The least complex is {simple.label} with {simple.x:.0f} bits; the "
        f"steadiest {calm.label} ({calm.sensitivity:.2g}), the liveliest {wild.label} ({wild.sensitivity:.2g}). "
        f"Lines for comparison, in bits: {lines or 'none'}.",
        f"{len(drawn)} 設定の散布図。最も単純なのは {simple.label} ({simple.x:.0f} ビット)、"
        f"最も安定なのは {calm.label} ({calm.sensitivity:.2g})、最も敏感なのは {wild.label} ({wild.sensitivity:.2g})。"
        f"比較の線 (ビット): {lines or 'なし'}。",
    )
