"""Between the learners: the loss on the straight path from one to the other, and how alike they are layer by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Cell, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.arm_table import means_table
from assay.report.charts.generalist.arms import Arms
from assay.report.charts.measure import Measure
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in
from assay.studies.generalist.design import ALONE, HERO, POST_HOC

HEIGHT = 210
SHOWN = (HERO, ALONE, POST_HOC)  # the arms whose paths are drawn; all are in the table
LOSSES = {"clean_loss": ("clean", "通常"), "attacked_loss": ("attacked", "攻撃下")}
PAIRS = (("global", "adversarial"), ("global", "standard"), ("adversarial", "standard"))


def path(folder: Folder, found: Arms | None) -> Figure | None:
    """Cross-entropy on clean and on attacked images at eleven points of the path, a panel an arm."""
    frame, say = folder.table("path"), say_in(folder.lang)
    if found is None or not {"condition", "weight", *LOSSES} <= set(frame.columns):
        return None
    arms = [arm for arm in found.named(*SHOWN) if (frame.condition == arm.name).any()]
    if not arms:
        return None
    drawn = frame[frame.condition.isin([arm.name for arm in arms])]
    by = ["condition", "run", "weight"]
    long = drawn.melt(by, list(LOSSES), "kind", "value").dropna(subset=["value"])
    span = kit.domain(long.value, zero=True)
    panels = [Panel(_path(found, arm, long[long.condition == arm.name], span, say), arm.label) for arm in arms]
    said = [f"{arm.label}: {_rises(drawn[drawn.condition == arm.name], say)}" for arm in arms]
    return Figure(
        name="path",
        title=say("Loss on the way from one learner to the other", "二つの学習器を結ぶ経路上の損失"),
        panels=tuple(panels),
        alt=say("Mean loss, from end to end and at most: ", "平均損失 (両端と最大): ") + "; ".join(said) + ".",
        caption=say(
            "Left the standard learner, right the adversarial one (of what is interpolated afterwards: the tuned and "
            "the adversarial model). Solid: attacked images, dashed: clean ones; thin lines are seeds. Grey: the "
            "straight line between the ends; what lies above it is the barrier.",
            "左端が通常、右端が敵対側の学習器 (学習後の補間では追加学習後と敵対的モデル)。実線: 攻撃下、破線: 通常。"
            "細線はシード、灰色は両端を結ぶ直線で、その上に出た分が障壁。",
        ),
        narrowest=270,
    )


def _rises(part: Frame, say: Say) -> str:
    told = []
    for column, words in LOSSES.items():
        mean = part.groupby("weight")[column].mean()
        ends = f"{number(mean.iloc[0], 2)} – {number(mean.iloc[-1], 2)}"
        told.append(f"{say(*words)} {ends} ({number(mean.max(), 2)})")
    return ", ".join(told)


def _path(found: Arms, arm: Any, long: Frame, span: kit.Domain, say: Say) -> Any:
    x = kit.quantity("weight", say("weight of the adversarial learner →", "敵対側の重み →"), (0.0, 1.0))
    y = kit.quantity_up("value", say("cross-entropy, nats", "交差エントロピー"), span)
    dash = alt.StrokeDash("kind:N", scale=alt.Scale(domain=list(LOSSES), range=[[5, 3], [1, 0]]), legend=None)
    mean = long.groupby(["kind", "weight"], sort=False).value.mean().reset_index()
    ends = mean[mean.weight.isin([mean.weight.min(), mean.weight.max()])]
    hue = found.hues[arm.hue]
    names = ends[ends.weight == mean.weight.max()]
    names = names.assign(name=names.kind.map({kind: say(*words) for kind, words in LOSSES.items()}))
    rising = {kind: bool(part.value.iloc[-1] >= part.value.iloc[0]) for kind, part in mean.groupby("kind")}
    return alt.layer(
        alt.Chart(kit.data(ends)).mark_line(color="@faint", strokeWidth=1.2).encode(x=x, y=y, detail="kind:N"),
        alt.Chart(kit.data(long.drop(columns="condition"))).mark_line(color=hue, strokeWidth=0.7, opacity=0.3).encode(
            x=x, y=y, strokeDash=dash, detail="run:N"),
        alt.Chart(kit.data(mean)).mark_line(color=hue, strokeWidth=2.4).encode(x=x, y=y, strokeDash=dash),
        *(  # above a line that rises, below one that falls
            alt.Chart(kit.data(part)).mark_text(align="right", dx=-4, dy=-10 if rising[kind] else 14, color=hue).encode(
                x=x, y=y, text="name:N")
            for kind, part in names.groupby("kind")
        ),
    ).properties(height=HEIGHT)  # fmt: skip


def barriers(folder: Folder, found: Arms | None) -> Table | None:
    """The barriers of all arms with two networks."""
    say = say_in(folder.lang)
    shown = {
        "barrier_clean": Measure(say("barrier, clean, nats", "障壁（通常）"), "", False, 0.0),
        "barrier_attacked": Measure(say("barrier, attacked, nats", "障壁（攻撃下）"), "", False, 0.0),
        "chosen_weight": Measure(
            say("weight chosen by val", "val が選んだ重み"),
            say("of the adversarial model", "敵対的モデルの"),
            False,
            0.0,
            1.0,
        ),
    }
    runs = folder.table("runs")
    if found is None or "barrier_clean" not in runs:
        return None
    there = [arm for arm in found.arms if runs[runs.condition == arm.name].barrier_clean.notna().any()]
    caption = say("Barriers: how far the loss rises above the straight line", "障壁: 直線からの損失の上昇")
    table = means_table(folder, found, "barriers", there, shown, caption)
    if table is None:
        return None
    empty = "–"  # a weight is chosen by one arm alone
    rows = tuple(tuple(Cell(empty) if cell.text == empty else cell for cell in row) for row in table.rows)
    return replace(table, rows=rows)


def layers(folder: Folder, found: Arms | None) -> Figure | None:
    """Debiased CKA of the generalist's networks: layers by moments, a panel a pair."""
    frame, say = folder.table("similarity"), say_in(folder.lang)
    if found is None or not {"condition", "moment", "layer", "depth", "first", "second", "cka"} <= set(frame.columns):
        return None
    own = frame[frame.condition == HERO].dropna(subset=["cka"])
    if own.empty:
        return None
    order = own.sort_values("depth").layer.drop_duplicates().tolist()
    moments = sorted(own.moment.unique(), key=float)
    when = {moment: f"{100 * float(moment):.0f} %" for moment in moments}
    mean = own.groupby(["first", "second", "layer", "moment"], sort=False).cka.mean().reset_index()
    low = min(0.9, float(mean.cka.min()))
    called = {
        "global": say("global model", "混合モデル"),
        "adversarial": say("adversarial learner", "敵対側"),
        "standard": say("standard learner", "通常側"),
    }
    panels, said = [], []
    for first, second in PAIRS:
        here = mean[(mean["first"] == first) & (mean["second"] == second)]
        if here.empty:
            continue
        cells = pd.DataFrame({"row": here.layer, "column": here.moment.map(when), "value": here.cka})
        tip = kit.tips(row=say("layer", "層"), column=say("share of training", "学習の進み"), value_="CKA")
        chart = kit.heat(
            cells, rows=order, columns=list(when.values()), span=(low, 1.0), title="CKA", tooltip=tip, step=34
        )
        title = f"{called[first]} – {called[second]}"
        panels.append(Panel(chart, title[:1].upper() + title[1:]))
        last = here[here.moment == moments[-1]]
        said.append(f"{title} " + ", ".join(f"{r.layer} {number(r.cka, 2)}" for r in last.itertuples()))
    return Figure(
        name="layers",
        title=say("How alike the networks are, layer by layer", "層ごとのネットワークの類似"),
        panels=tuple(panels),
        alt=say("Similarity at the end: ", "終了時の類似度: ") + "; ".join(said) + ".",
        caption=say(
            "Debiased CKA on test images over the share of training, mean over the generalist's seeds. 1: the same up "
            "to rotation and scale. Rows are layers, the first on top.",
            "テスト画像での補正 CKA (ジェネラリストのシード平均)。1 は回転と尺度を除き同一。行は層 (上が入力側)、"
            "列は学習の進み。",
        ),
        narrowest=250,
    )
