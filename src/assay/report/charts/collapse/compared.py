"""What each seed gained or lost with a weight of its own, and how far every setting is from SupCon."""

from __future__ import annotations

from collections.abc import Sequence

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import finished
from assay.report.charts.collapse.arms import COMPARED, NOISY, SUPCON, Arm, Arms
from assay.report.charts.collapse.tables import chosen, measures
from assay.report.charts.paired import differences, slopes
from assay.report.folder import Folder
from assay.report.words import say_in

# claim: the figure that is judged, and one that stands beside it
FIGURES = {
    "spread-knows-subclasses": ("fine_accuracy", "fine_worst"),
    "spread-transfers": ("transfer_accuracy", "transfer_few"),
    "middle-transfers": ("transfer_accuracy", "transfer_few"),
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
    shown = chosen(folder, judged, beside, "within_train")
    table = means_table(folder, found, f"{name}-table", found.there(runs), shown)
    return (
        slopes(folder, found, name, found.named(*COMPARED), shown, _called(folder, judged, beside)),
        strip(folder, found, name, judged),
        table,
    )


def noise(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """What wrong labels do to the variance within classes."""
    if found is None or found.base is None:
        return ()
    pair = [found.base, *found.named(NOISY)]
    shown = chosen(folder, "within_train", "within", "fine_accuracy", "test_accuracy")
    return (
        slopes(folder, found, "noise-moves", pair, shown, _called(folder, "within_train", "within")),
        means_table(folder, found, "noise-table", pair, shown),
    )


def _called(folder: Folder, *columns: str) -> dict[str, str]:
    """Some of the words, in this order."""
    called = words(folder)
    return {column: called[column] for column in columns}


def strip(
    folder: Folder, found: Arms, name: str, column: str, shown: Sequence[Arm] | None = None, other: str = SUPCON
) -> Figure | None:
    """How far every setting is from another with the same seed: dots of seeds, means with intervals, a line at none."""
    panel, middle = differences(folder, found, column, measures(folder)[column], shown, other)
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
