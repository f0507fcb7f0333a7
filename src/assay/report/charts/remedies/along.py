"""Robust accuracy along training, a remedy beside plain adversarial training."""

from __future__ import annotations

from typing import Any

import altair as alt

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.overfitting.along import looks
from assay.report.charts.remedies.arms import Arms
from assay.report.folder import Folder, Frame
from assay.report.words import say_in
from assay.studies.overfitting.design import BASELINE

HEIGHT = 200


def along(folder: Folder, found: Arms | None, name: str) -> Figure | None:
    """Robust accuracy on test against the share of training; of early stopping, the looks that were shipped."""
    say, arm = say_in(folder.lang), found.of(name) if found else None
    frame = looks(folder, [BASELINE, name], ["test_robust", "share"])
    if found is None or arm is None or found.base is None or frame.empty:
        return None
    pair = found.only([found.base, arm])
    rows = pair.drawn(frame).assign(x=100 * frame.share, value=100 * frame.test_robust)
    middle = _mean(rows)
    spans = ((0.0, 100.0), kit.domain(rows.value, pad=0.08))
    titles = (say("share of training, %", "学習の進み (%)"), "")
    tip = kit.tips(full=say("arm", "条件"), run=say("run", "学習"), x_="%", value_="%")
    how: dict[str, Any] = {"x": "x", "y": "value", "colours": pair.hues, "spans": spans, "titles": titles}
    slim = rows[["run", "full", "hue", "x", "value"]].assign(order=rows.x)
    layers = [
        kit.lines(slim, group="run", width=0.7, opacity=0.22, tooltip=tip, **how),
        kit.lines(middle, group="full", width=2.3, opacity=1.0, **how),
    ]
    best = rows[rows.condition == BASELINE].merge(_best(folder), on="run") if name == "early stopping" else rows[:0]
    best = best[best.epoch == best.best_epoch] if len(best) else best
    if len(best):
        at = alt.Chart(kit.data(best[["run", "full", "x", "value"]])).mark_point(size=40, color="@vermillion")
        layers.append(
            at.encode(x=kit.quantity("x", titles[0], spans[0]), y=kit.quantity_up("value", "", spans[1]), tooltip=tip)
        )
    ends = middle[middle.x == middle.groupby("full").x.transform("max")]
    each = "; ".join(f"{r.full} {r.value:.1f}" for r in ends.itertuples())
    return Figure(
        name=f"along-{name}".replace(" ", "-"),
        title=say("Along training", "学習に沿って"),
        panels=(Panel(alt.layer(*layers).properties(height=HEIGHT), say("Robust accuracy, %", "頑健正解率 (%)")),),
        alt=say(f"Robust accuracy at the end, %: {each}.", f"終了時の頑健正解率 (%): {each}。"),
        caption=say(
            "PGD on test images; thick lines are means, thin ones seeds"
            + ("; rings are the looks that validation chose." if len(best) else "."),
            "テスト画像への PGD。太い線は平均、細い線はシード" + ("、輪は検証で選ばれた時点。" if len(best) else "。"),
        ),
        keys=("arm",),
    )


def _mean(rows: Frame) -> Frame:
    """Means over the seeds of an arm; seeds of an arm are looked at together."""
    table = rows.groupby(["full", "hue", "x"], sort=False).value.mean().reset_index()
    return table.assign(order=table.x)


def _best(folder: Folder) -> Frame:
    runs = folder.table("runs")
    return runs[["run", "best_epoch"]] if "best_epoch" in runs else runs.assign(best_epoch=None)[["run", "best_epoch"]]
