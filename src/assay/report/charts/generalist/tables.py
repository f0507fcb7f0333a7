"""What every arm ships, what it does in operation, how the generalist differs from it, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import finished
from assay.report.charts.generalist.arms import Arms
from assay.report.charts.measure import Measure, signed
from assay.report.folder import Folder, Frame
from assay.report.numbers import between, number
from assay.report.words import Say, say_in
from assay.studies.generalist.design import HERO


class Rate(Measure):
    """A share that is read per thousand items."""

    @property
    def scale(self) -> float:
        """Per thousand."""
        return 1000.0

    @property
    def places(self) -> int:
        """A tenth of an item in a thousand."""
        return 1

    def head(self, say: Say, differ: bool = False) -> str:
        """Title and unit."""
        return f"{self.title}, ‰"


def measures(say: Say) -> dict[str, Measure]:
    """What each column is called, and what it means where the name does not say it."""
    worst = say("of the worst class", "最も悪いクラス")
    shares = {
        "clean": (say("clean", "通常"), say("all test images", "全テスト画像")),
        "robust": (say("robust", "頑健"), say("AutoAttack where it was run, else PGD", "AutoAttack（なければ PGD）")),
        "balanced": (say("their mean", "両者の平均"), ""),
        "clean_worst": (say("clean, worst class", "通常・最悪クラス"), worst),
        "robust_worst": (say("robust, worst class", "頑健・最悪クラス"), worst),
    }
    found = {name: Measure(title, help, True, 0.0, 1.0) for name, (title, help) in shares.items()}
    found["ece"] = Measure(
        say("calibration error", "較正誤差"), say("expected, 15 bins", "期待較正誤差、15 区間"), False, 0.0, 1.0
    )
    return found


def rates(say: Say) -> dict[str, Measure]:
    """Errors of inspection on test, its shifts and what came later."""
    where = {
        "": say("test", "テスト"),
        "shift_": say("noise and corruptions", "ノイズと劣化"),
        "production_": say("production", "現場"),
    }
    kinds = {"false_reject": say("false rejects", "過検出"), "escape": say("escapes", "見逃し")}
    return {
        f"{place}{kind}": Rate(f"{said}, {there}", "", True, 0.0, 1.0)
        for place, there in where.items()
        for kind, said in kinds.items()
    }


def shipped(folder: Folder, found: Arms | None) -> Table | None:
    """Every arm: accuracies with their level of trust, calibration, cost."""
    say = say_in(folder.lang)
    caption = say("All arms: means over seeds and intervals on test", "すべての条件: テストでのシード平均と区間")
    shown = {name: measures(say)[name] for name in ("clean", "robust", "balanced", "ece")}
    table = means_table(folder, found, "arms", found.arms, shown, caption) if found else None
    if found is None or table is None:
        return None
    runs, names = finished(folder), {arm.label: arm.name for arm in found.arms}
    best = {str(row["arm"]) for row in _arms(folder) if str(row.get("recommended")) in ("True", "1.0")}
    levels = say("A: best, C: an upper bound, X: not to be believed", "A: 最良、C: 上限、X: 信頼不可")
    trust = Column(say("trust", "信頼水準"), help=levels)
    passed = say("examples through networks, forward and backward, in all", "例を順・逆伝播した回数の合計")
    cost = Column(say("passes, millions", "計算量 (百万回)"), True, passed)
    place = 1 + [column.title for column in table.columns].index(measures(say)["robust"].head(say))
    rows = []
    for cells in table.rows:
        part = runs[runs.condition == names[cells[0].text]]
        first = cells[0]
        if names[first.text] in best:
            first = replace(first, note=say("recommended by val", "val による推奨"))
        rows.append((first, *cells[1:place], Cell(_trust(part, say)), *cells[place:-1], _cost(part), cells[-1]))
    heads = (*table.columns[:place], trust, *table.columns[place:-1], cost, table.columns[-1])
    return replace(table, columns=heads, rows=tuple(rows))


def _arms(folder: Folder) -> list[dict[str, Any]]:
    frame = folder.table("arms")
    return [] if frame.empty or "arm" not in frame else list(frame.to_dict("records"))


def _trust(part: Frame, say: Say) -> str:
    """Levels of trust with how many models have them, the worst last."""
    if "autoattack_level" not in part:
        return say("PGD: upper bound", "PGD (上限)")
    levels = part.autoattack_level.astype(str).value_counts().sort_index()
    levels = levels[[name in "ABCX" and name != "" for name in levels.index]]
    if levels.empty:
        return say("PGD: upper bound", "PGD (上限)")
    if len(levels) == 1:
        return str(levels.index[0])
    return ", ".join(f"{name} × {n}".replace(" ", "\N{NO-BREAK SPACE}") for name, n in levels.items())


def _cost(part: Frame) -> Cell:
    if "passes" not in part or part.passes.isna().all():
        return Cell("–")
    passes = float(part.passes.iloc[0])
    return Cell(number(passes / 1e6, 2), passes)


def worst(folder: Folder, found: Arms | None) -> Table | None:
    """Clean and robust accuracy of every arm's worst class."""
    say = say_in(folder.lang)
    shown = {name: measures(say)[name] for name in ("clean_worst", "robust_worst")}
    caption = say("The worst class of each run", "各学習の最も悪いクラス")
    return means_table(folder, found, "worst", found.arms, shown, caption) if found else None


def operation(folder: Folder, found: Arms | None) -> Table | None:
    """False rejects and escapes of every arm on test, under its shifts and in production, per thousand items."""
    say = say_in(folder.lang)
    caption = say("In operation: false rejects and escapes per thousand items", "運用時: 過検出と見逃し (千件あたり)")
    return means_table(folder, found, "operation", found.arms, rates(say), caption) if found else None


def differences(folder: Folder, found: Arms | None) -> Table | None:
    """The generalist minus every arm, seed by seed; robust accuracy also with the interval over seeds and images."""
    rows, say = _arms(folder), say_in(folder.lang)
    known = {arm.name: arm for arm in found.arms} if found else {}
    rows = [row for row in rows if row["arm"] in known and row["arm"] != HERO and row.get("clean_gain") is not None]
    if found is None or not rows:
        return None
    wide = "robust_wide_low" in rows[0]
    made = []
    for at, row in enumerate(rows):
        arm = known[str(row["arm"])]
        cells = [_gain(row, name, f"{name}_gain", folder.lang) for name in ("clean", "robust", "balanced")]
        if wide:
            ends = [100 * float(row[f"robust_wide_{end}"]) for end in ("low", "high")]
            cells.append(Cell(between(ends[0], ends[1], 1, folder.lang) if ends[0] == ends[0] else "–", ends[0]))
        made.append((Cell(arm.label, at, hue=found.hues[arm.hue]), *cells))
    images = say("robust, over seeds and images", "頑健（シードと画像）")
    help = say("the interval when the test images, too, are a sample", "テスト画像も標本とみなした区間")
    titles = (
        say("clean, points", "通常 ポイント"),
        say("robust, points", "頑健 ポイント"),
        say("their mean, points", "平均 ポイント"),
    )
    heads = [Column(title, True) for title in titles] + ([Column(images, True, help)] if wide else [])
    columns = (Column(say("generalist minus", "比較対象")), *heads)
    caption = say("What the generalist gains over every arm, seed by seed", "各条件に対する差 (シードごと)")
    return Table("gains", caption, columns, tuple(made), folded=caption, sortable=True)


def _gain(row: Mapping[str, Any], name: str, value: str, lang: str) -> Cell:
    mean, low, high = (100 * float(row[key]) for key in (value, f"{name}_low", f"{name}_high"))
    if mean != mean:
        return Cell("–", -1e9)
    return Cell(signed(number(mean, 1)), mean, note=between(low, high, 1, lang))


def costs(folder: Folder, found: Arms | None) -> Table | None:
    """How equal cost was reached: epochs, passes an example, and those of the model that an arm begins with."""
    say = say_in(folder.lang)
    told = {str(each["name"]): each for each in folder.study.get("conditions") or [] if "passes" in each}
    shown = [arm for arm in found.arms if arm.name in told] if found else []
    if found is None or not shown:
        return None
    before = say("passes before it begins, millions", "開始前の計算量 (百万回)")
    values: tuple[tuple[str, str, float, int], ...] = (
        (say("epochs", "エポック"), "epochs", 1, 0),
        (say("forward passes an example", "1 例あたり順伝播"), "passes_forward", 1, 2),
        (say("backward passes an example", "1 例あたり逆伝播"), "passes_backward", 1, 2),
        (before, "passes_before", 1e6, 2),
    )
    rows = []
    for at, arm in enumerate(shown):
        cells = [Cell(number(told[arm.name][key] / unit, n), told[arm.name][key]) for _, key, unit, n in values]
        rows.append((Cell(arm.label, at, hue=found.hues[arm.hue]), *cells))
    caption = say("How equal cost was reached: epochs and passes through networks", "等しい計算量: エポックと伝播")
    heads = [Column(title, True) for title, *_ in values]
    return Table("costs", caption, (Column(say("arm", "条件")), *heads), tuple(rows))
