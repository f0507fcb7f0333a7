"""The learners' risks against the global model's, and how the arms learned."""

from __future__ import annotations

from typing import Any

import altair as alt

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.curves import curves
from assay.report.charts.generalist.arms import MAIN, Arms, rules
from assay.report.charts.overfitting.along import looks
from assay.report.charts.scatter import axis, channels, diagonal
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in
from assay.studies.generalist.claims import dose
from assay.studies.generalist.design import HERO, STANDARD

HEIGHT = 250


def risks(folder: Folder, found: Arms | None) -> Figure | None:
    """Mean risk of the learners at their own tasks against the global model's at both: as it is, and within arms."""
    frame, say = folder.table("learners"), say_in(folder.lang)
    needed = {"condition", "seed", "moment", "network", "clean_loss", "attacked_loss"}
    if found is None or not needed <= set(frame.columns) or frame.empty:
        return None
    table = found.drawn(dose(frame).rename(columns={"learners": "x", "global": "y"}))
    if table.empty:
        return None
    means = table.groupby(["condition", "moment"], sort=False)[["x", "y"]].transform("mean")
    within = table.assign(x=table.x - means.x, y=table.y - means.y)
    tops = [say("As they are", "そのまま"), say("Within arms and moments", "条件と時点の中での差")]
    panels = [Panel(_dots(found, table, say, True), tops[0]), Panel(_dots(found, within, say, False), tops[1])]
    own = table[table.condition == HERO]
    own = own if len(own) else table
    return Figure(
        name="risks",
        title=say("Better learners, better mixture?", "学習器が良ければ混合も良いか"),
        panels=tuple(panels),
        alt=say(
            f"{len(table)} points. Generalist: risk of the learners {number(own.x.min(), 3)} to "
            f"{number(own.x.max(), 3)}, of the global model {number(own.y.min(), 3)} to {number(own.y.max(), 3)} nats.",
            f"{len(table)} 点。ジェネラリスト: 学習器のリスク {number(own.x.min(), 3)}〜{number(own.x.max(), 3)}、"
            f"混合モデル {number(own.y.min(), 3)}〜{number(own.y.max(), 3)} nats。",
        ),
        caption=say(
            "A point is a run three quarters through (hollow) or at the end (filled); diamonds are the generalist, "
            "squares its changed kin. Across: the learners' mean risk, each at its own task; upwards: the global "
            "model's mean risk at both. The claim is about the second panel, where each "
            "arm and moment has its mean at 0: only chance is left. Dashed: both the same.",
            "点は学習の 3/4 (中抜き) または終了時 (塗り) の 1 学習、菱形はジェネラリスト、四角はその変形。"
            "横は各学習器の自分の課題でのリスクの平均、"
            "縦は混合モデルの両課題でのリスクの平均。主張は二つ目の図 (条件と時点の平均を 0 とした差) についてのもの。"
            "破線: 両者が等しい。",
        ),
        narrowest=320,
    )


def _dots(found: Arms, frame: Frame, say: Say, whole: bool) -> Any:
    words = (say("learners' risk, nats →", "学習器のリスク (nats) →"), say("global model's ↑", "混合モデル ↑"))
    if not whole:
        words = (say("less the mean: learners →", "平均との差: 学習器 →"), words[1])
    axes = axis(words[0], frame.x, pad=0.08), axis(words[1], frame.y, pad=0.08)
    tip = kit.tips(full=say("arm", "条件"), moment_=say("share of training", "学習の進み"), seed_=say("seed", "シード"),
                   x_=say("learners", "学習器"), y_=say("global", "混合"))  # fmt: skip
    x, y = channels(axes)
    common: dict[str, Any] = {
        "x": x,
        "y": y,
        "color": kit.hue("hue", found.hues),
        "shape": kit.shape("form", found.shapes),
        "tooltip": tip,
    }
    base = alt.Chart(kit.data(frame[["full", "hue", "form", "seed", "moment", "x", "y"]]))
    marks = [
        base.transform_filter(f"datum.moment {'==' if filled else '<'} 1")
        .mark_point(filled=filled, size=46, opacity=0.85, strokeWidth=1.4)
        .encode(**common)
        for filled in (False, True)
    ]
    return alt.layer(*diagonal(axes), *marks).properties(height=HEIGHT)


def along(folder: Folder, found: Arms | None) -> Figure | None:
    """Clean and robust accuracy on val along training, one arm of each kind."""
    say = say_in(folder.lang)
    frame = looks(folder, MAIN, ["share", "val_accuracy", "val_robust"])
    if found is None or frame.empty:
        return None
    drawn = found.drawn(frame)
    panels, said = [], []
    for column, title in (
        ("val_accuracy", say("Clean accuracy on val, %", "検証の通常の正解率 (%)")),
        ("val_robust", say("Robust accuracy on val, %", "検証の頑健正解率 (%)")),
    ):
        rows = drawn.assign(x=100 * drawn.share, value=100 * drawn[column])
        mean = rows.groupby(["condition", "full", "hue", "x"], sort=False).value.mean().reset_index()
        mean = mean.assign(order=mean.x)
        robust = mean[mean.condition != STANDARD]
        span = kit.domain((robust if len(robust) and column == "val_robust" else mean).value, zero=True)
        how: dict[str, Any] = {"x": "x", "y": "value", "colours": found.hues, "group": "full",
                               "spans": ((0.0, 100.0), span),
                               "titles": (say("share of training, %", "学習の進み (%)"), "")}  # fmt: skip
        own = mean[mean.condition == HERO]
        tip = kit.tips(full=say("arm", "条件"), x_="%", value_="%")
        thin = kit.lines(mean, width=1.5, opacity=0.85, tooltip=tip, **how)
        thick = kit.lines(own, width=3.2, opacity=1.0, **how)
        panels.append(Panel(alt.layer(thin, thick).properties(height=HEIGHT), title))
        last = mean[mean.x == mean.groupby("condition").x.transform("max")]
        said.append(f"{title} " + ", ".join(f"{r.full} {number(r.value, 1)}" for r in last.itertuples()))
    return Figure(
        name="along",
        title=say("Accuracy along training", "学習に沿った正解率"),
        panels=tuple(panels),
        alt=say("At the end: ", "終了時: ") + "; ".join(said) + ".",
        caption=say(
            "Means over seeds, one arm of each kind; the thick line is the generalist. Arms differ in epochs, so that "
            "the axis is the share of training. Nothing is chosen by these looks: the end is judged.",
            "シードの平均、種類ごとに一条件。太線がジェネラリスト。エポック数が異なるため横軸は学習の進み。"
            "判定は終了時のみで行い、途中の値では何も選ばない。",
        ),
        keys=("arm",),
        narrowest=340,
    )


def losses(folder: Folder, found: Arms | None) -> Figure | None:
    """Loss on validation data of all runs, a panel a kind of arm."""
    if found is None:
        return None
    named = rules(say_in(folder.lang))
    panel_of = {arm.name: named[arm.hue] for arm in found.arms}
    return curves(folder, panel_of, {arm.name: arm.hue for arm in found.arms}, found.hues)
