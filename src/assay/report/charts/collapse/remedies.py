"""What prevents collapse, and at what cost: every remedy against SupCon with the same seed."""

from __future__ import annotations

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts.arm_table import costs_table, differences_table
from assay.report.charts.arms import finished
from assay.report.charts.collapse.arms import EVENED, FORECAST, IMBALANCED, INSTANCES, SUPCON, Arm, Arms
from assay.report.charts.collapse.compared import words
from assay.report.charts.collapse.tables import WORTH, chosen
from assay.report.charts.paired import differences
from assay.report.folder import Folder
from assay.report.words import say_in


def remedies(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Differences to SupCon in fine accuracy, the classes learned, other data and variance; then the table."""
    base = found.of(SUPCON) if found else None
    if found is None or base is None:
        return ()
    shown = [
        arm for arm in found.arms if arm.role == "remedy" or arm.name in (FORECAST, INSTANCES) or _colder(arm, base)
    ]
    say, called, panels, said = say_in(folder.lang), words(folder), [], []
    worth = chosen(folder, *WORTH)
    for column, measure in worth.items():
        chart, middle = differences(folder, found, column, measure, shown, SUPCON, step=27)
        if chart is None or finished(folder, column).empty:
            continue
        panels.append(Panel(chart, called[column]))
        best = middle.loc[middle.value.idxmax()]
        said.append(
            say(
                f"{called[column]}: most for {best.row}, {best.value:+.3g}",
                f"{called[column]}: 最大は {best.row} ({best.value:+.3g})",
            )
        )
    others = [arm for arm in found.arms if arm.role in ("remedy", "control") or arm.name in (FORECAST, INSTANCES)]
    table = differences_table(
        folder,
        found,
        "remedy-table",
        base,
        others,
        worth,
        say("Difference to SupCon with the same seed: mean and interval", "同じシードの SupCon との差: 平均と区間"),
    )
    if not panels:
        return (table,)
    evened = found.named(EVENED)
    for column in ("within_train", "fine_accuracy"):
        chart, middle = differences(folder, found, column, worth[column], evened, IMBALANCED, step=27)
        if chart is not None:
            what = say("against random batches", "無作為バッチとの差")
            panels.append(Panel(chart, f"{called[column]}, {what}"))
            said.append(f"{called[column]}, {what}: {middle.value.iloc[0]:+.3g}")
    figure = Figure(
        name="remedies",
        title=say("What each remedy changes", "各対策の効果"),
        panels=tuple(panels),
        alt=say("Differences to SupCon in rows. ", "SupCon との差。") + "; ".join(said) + ".",
        caption=say(
            "Dots are seeds, large marks their mean with its interval; the line is SupCon itself. Balanced batches are "
            "a remedy for unequal classes: the line is then the same unequal classes in random batches. Other "
            "controls, which have other data or batches, are in the table.",
            "点はシード、大きな印は平均と区間、線は SupCon。均等バッチは不均衡クラスへの対策であり、線は同じデータの"
            "無作為バッチ。データやバッチの異なる他の対照は表にある。",
        ),
        narrowest=300,
    )
    heads = (say("setting", "設定"), say("epochs", "エポック"), say("passes a run, thousands", "1 学習あたり (千回)"))
    return figure, table, costs_table(folder, found, heads)


def _colder(arm: Arm, base: Arm) -> bool:
    """Whether it is a weight of the grid at a lower temperature than SupCon's."""
    return None not in (arm.temperature, base.temperature) and arm.temperature < base.temperature  # type: ignore[operator]
