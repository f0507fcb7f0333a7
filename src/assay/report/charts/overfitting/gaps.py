"""The gap of features between images that were trained on and new ones, by arm, and whether it goes with the loss."""

from __future__ import annotations

from collections.abc import Sequence

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts import relation
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import Arm
from assay.report.charts.overfitting.arms import Arms, later
from assay.report.charts.overfitting.rows import STEP, by_moment, kinds, lanes, said, strip
from assay.report.charts.overfitting.tables import chosen
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in

GAPS = ("gap_clean", "gap_attacked")


def gaps(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """The claim about the attack of easy images: the gap of a probe by arm, at the best look and at the end."""
    if found is None:
        return ()
    shown = later(found)
    table = means_table(
        folder, found, "gaps-table", found.arms, chosen(folder, *(f"{g}_{m}" for g in GAPS for m in ("last", "best")))
    )
    return (by_arm(folder, found, shown, "gaps"), table) if table else ()


def by_arm(folder: Folder, found: Arms, shown: Sequence[Arm], name: str) -> Figure | None:
    """The train-test gap of a probe, a row an arm: best look and end, a panel each for clean and attacked images."""
    say = say_in(folder.lang)
    parts = {kind: by_moment(folder, found, f"gap_{kind}", shown) for kind in kinds(say)}
    parts = {kind: part for kind, part in parts.items() if len(part)}
    if not parts:
        return None
    there = {row for part in parts.values() for row in part.row}
    rows = [arm.label for arm in shown if arm.label in there]
    panels, told = [], []
    for kind, part in parts.items():
        title = kinds(say)[kind]
        unit = say("points, train less test →", "ポイント、学習 − テスト →")
        chart, middle = strip(folder, part, rows, unit, found.hues, zero=True, shapes=lanes(say), step=STEP)
        panels.append(Panel(chart, say(f"Feature gap on {title}", f"特徴の差、{title}")))
        told.append(said(middle.assign(row=middle.row + " · " + middle.lane), title, say, say(" points", " ポイント")))
    return Figure(
        name=name,
        title=say(
            "What a probe reads off the features: training images against new ones",
            "プローブで読む特徴: 学習画像と新しい画像",
        ),
        panels=tuple(panels),
        alt=say("Gaps in rows. ", "差を行ごとに表示。") + "; ".join(told) + ".",
        caption=say(
            "How much more often a linear probe is right on held-out training images than on test images; it is fitted "
            "on clean features. Zero: features serve new images as well. Small marks are seeds, large ones means with "
            "intervals.",
            "線形プローブが、テスト画像よりも学習画像で正解する割合の差 (プローブは通常の特徴で学習)。0 "
            "なら新しい画像でも同じく役立つ。小さな印はシード、大きな印は平均と区間。",
        ),
        keys=("later", "moment"),
        narrowest=330,
        shared=True,
    )


def together(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """The gap of attacked features against the loss of robustness, over arms: as measured and as ranks."""
    if found is None:
        return ()
    say, pair = say_in(folder.lang), ("gap_attacked_last", "drop_corrected")
    measures = chosen(folder, *pair)
    titles = (
        say("feature gap under attack at the end, points →", "終了時の攻撃下の特徴の差 (ポイント) →"),
        say("loss of robustness, points ↑", "頑健性の低下 (ポイント) ↑"),
    )
    flat = (say("rank of the gap →", "差の順位 →"), say("rank of the loss ↑", "低下の順位 ↑"))
    values = relation.panel(folder, found, *pair, measures, titles)
    ranks = relation.panel(folder, found, *pair, measures, flat, ranks=True)
    if values is None or ranks is None:
        return ()
    points = values[1]
    rho = float(points.x.rank().corr(points.y.rank()))
    top = found.drawn(points.loc[[points.y.idxmax()]]).iloc[0]
    figure = Figure(
        name="gap-drop",
        title=say("Feature gap and loss of robustness, arm by arm", "特徴の差と頑健性の低下"),
        panels=(Panel(values[0].chart, say("As measured", "測定値")), Panel(ranks[0].chart, say("As ranks", "順位"))),
        alt=say(
            f"Scatter of {len(points)} arms with a rank correlation of {number(rho, 2)}. Most is lost by {top.full}: "
            f"{number(top.y, 1)} points at a gap of {number(top.x, 1)}.",
            f"{len(points)} 条件の散布図。順位相関 {number(rho, 2)}。低下が最大なのは {top.full}: 差 "
            f"{number(top.x, 1)} で {number(top.y, 1)} ポイント。",
        ),
        caption=say(
            "Small dots are seeds, large marks the means of arms with intervals both ways. Right: the order alone, "
            "which is what is tested. Arms differ in many things, so that going together is not yet a cause.",
            "小さな点はシード、大きな印は平均と区間。右は順位 (検定の対象)。条件は多くの点で異なるため、"
            "相関は原因を意味しない。",
        ),
        keys=("arm",),
        narrowest=420,
    )
    return figure, means_table(folder, found, "gap-drop-table", found.arms, measures)
