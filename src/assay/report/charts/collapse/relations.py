"""Whether two figures go together over settings: what is left inside classes, what features know, the loss."""

from __future__ import annotations

from assay.report.blocks import Block, Figure, Panel, Text
from assay.report.charts import relation
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import finished
from assay.report.charts.collapse.arms import Arms
from assay.report.charts.collapse.compared import words
from assay.report.charts.collapse.tables import LIE, chosen, measures
from assay.report.folder import Folder
from assay.report.words import say_in


def middle(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """What features know of subclasses, and are worth on other data, against the variance within classes."""
    if found is None:
        return ()
    say, known, called, panels, said = say_in(folder.lang), measures(folder), words(folder), [], []
    left = say("variance within classes, training items →", "クラス内分散 (学習データ) →")
    for column in ("fine_accuracy", "transfer_accuracy"):
        drawn = relation.panel(folder, found, "within_train", column, known, (left, f"{called[column]} ↑"))
        if drawn is None:
            continue
        panel, points = drawn
        panels.append(panel)
        top = found.drawn(points.loc[[points.y.idxmax()]])
        most = found.drawn(points.loc[[points.x.idxmax()]])
        said += [
            say(
                f"{called[column]}: highest {a.y:.3g} for {a.full} at a variance of {a.x:.2g}; where variance is most "
                f"({b.full}, {b.x:.2g}) it is {b.y:.3g}",
                f"{called[column]}: 最高は {a.full} の {a.y:.3g} (分散 {a.x:.2g})。"
                f"分散最大の {b.full} ({b.x:.2g}) では {b.y:.3g}",
            )
            for a, b in zip(top.itertuples(), most.itertuples(), strict=False)
        ]
    if not panels:
        return ()
    figure = Figure(
        name="middle",
        title=say("What features know against what is left inside classes", "特徴の知識とクラス内の違い"),
        panels=tuple(panels),
        alt=say("Scatter of settings. ", "設定の散布図。") + "; ".join(said) + ".",
        caption=say(
            "Small dots are seeds, large marks the means of settings with intervals both ways. A hill would say that "
            "the middle is best; a slope, that more is. A name such as 0.5 at 0.1 is a weight and a temperature.",
            "小さな点はシード、大きな印は平均と区間。山型なら中程度が最良、傾きなら大きいほど良い。「0.5、0.1」は重みと温度。",
        ),
        keys=("arm",),
        narrowest=420,
    )
    columns = ("within_train", "fine_accuracy", "fine_worst", "transfer_accuracy", "transfer_few")
    return figure, means_table(folder, found, "middle-table", found.arms, chosen(folder, *columns))


def loss(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Training loss against fine accuracy over the settings with one formula of the loss: as measured, and as ranks."""
    runs = finished(folder, "predicted", "train_loss", "fine_accuracy")
    if found is None or runs.empty:
        return ()
    say, known, called = say_in(folder.lang), measures(folder), words(folder)["fine_accuracy"]
    own = found.only(found.there(runs))
    titles = (say("training loss →", "学習損失 →"), f"{called} ↑")
    flat = (say("rank of the loss →", "損失の順位 →"), say("rank of fine accuracy ↑", "下位クラス正解率の順位 ↑"))
    values = relation.panel(folder, own, "train_loss", "fine_accuracy", known, titles)
    ordered = relation.panel(folder, own, "train_loss", "fine_accuracy", known, flat, ranks=True)
    if values is None or ordered is None:
        return ()
    points = values[1]
    rho = float(points.x.rank().corr(points.y.rank()))
    low = own.drawn(points.loc[[points.x.idxmin()]]).iloc[0]
    figure = Figure(
        name="loss",
        title=say("Training loss and fine accuracy", "学習損失と下位クラス正解率"),
        panels=(Panel(values[0].chart, say("As measured", "測定値")), Panel(ordered[0].chart, say("As ranks", "順位"))),
        alt=say(
            f"Scatter of {len(points)} settings with a rank correlation of {rho:.2f}. The lowest loss is that of "
            f"{low.full} ({low.x:.3g}), with a fine accuracy of {low.y:.3g} %.",
            f"{len(points)} 設定。順位相関 {rho:.2f}。損失最小は {low.full} ({low.x:.3g})、正解率 {low.y:.3g} %。",
        ),
        caption=say(
            "Only settings whose loss is the same formula are compared; a loss also depends on weight and temperature, "
            "so that a low one is no praise. Right: the order alone, which is what is tested.",
            "同じ式の損失を持つ設定のみ。損失は重みと温度にもよるため、低さは良さではない。右は順位 (検定の対象)。",
        ),
        keys=("arm",),
        narrowest=420,
    )
    return figure, means_table(
        folder, own, "loss-table", own.arms, chosen(folder, "train_loss", "fine_accuracy", "within_train")
    )


def nc1(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """NC1 beside the variance within classes, with what NC1 cannot see; then how classes lie, in numbers."""
    if found is None:
        return ()
    say, known = say_in(folder.lang), measures(folder)
    left = say("variance within classes, training items →", "クラス内分散 (学習データ) →")
    drawn = relation.panel(folder, found, "within_train", "nc1", known, (left, "NC1 ↑"), log=True)
    table = means_table(folder, found, "lie-table", found.arms, chosen(folder, *LIE))
    if drawn is None:
        return (table,)
    points = drawn[1]
    rho = float(points.x.rank().corr(points.y.rank()))
    figure = Figure(
        name="nc1",
        title=say("NC1 against the variance within classes", "NC1 とクラス内分散"),
        panels=(drawn[0],),
        alt=say(
            f"Scatter of {len(points)} settings; variance within classes and NC1 have a rank correlation of {rho:.2f}. "
            f"NC1 goes from {points.y.min():.2g} to {points.y.max():.2g}.",
            f"{len(points)} 設定の散布図。クラス内分散と NC1 の順位相関 {rho:.2f}。"
            f"NC1 は {points.y.min():.2g}〜{points.y.max():.2g}。",
        ),
        caption=say("NC1 on test items. Dots are seeds.", "NC1 はテストデータ。点はシード。"),
        keys=("arm",),
    )
    warning = Text(
        say(
            "NC1 does not detect the collapse of classes: at every minimum of the contrastive loss it is 0, collapsed "
            "or not, because what is left inside a class stands at right angles to the directions between classes. "
            "Read the variance within classes.",
            "NC1 ではクラスの崩壊を検出できません。対照損失の最小点では、崩壊の有無によらず NC1 は常に 0 です "
            "(クラス内に残る違いはクラス間の方向と直交するため)。クラス内分散を見てください。",
        )
    )
    return warning, figure, table
