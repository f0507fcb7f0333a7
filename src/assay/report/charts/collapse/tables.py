"""Tables of settings: means with intervals over seeds, and differences to another setting seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.collapse.arms import Arm, Arms, against, finished
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, between, decimals, mean_interval, number
from assay.report.words import say_in

SHARES = ("fine_accuracy", "fine_worst", "fine_shifted", "test_accuracy", "transfer_accuracy", "transfer_few")
LIE = (
    "within_train",
    "within",
    "nc1",
    "quotient",
    "cdnv",
    "directional_cdnv",
    "etf_distance",
    "view_variance",
    "rank",
    "rank_within",
)
WORTH = ("fine_accuracy", "test_accuracy", "transfer_accuracy", "within_train")
POINTS = {name: 100.0 for name in SHARES}


def titles(folder: Folder) -> dict[str, tuple[str, str]]:
    """What each column is called, and what it means where the name does not say it."""
    say = say_in(folder.lang)
    probe = say("linear probe on the features", "特徴の線形プローブ")
    return {
        "fine_accuracy": (say("fine accuracy, %", "下位クラス正解率 %"), probe),
        "fine_worst": (say("… in the worst subclass, %", "… 最も悪い下位クラス %"), probe),
        "fine_shifted": (say("… on changed images, %", "… 変化した画像 %"), probe),
        "test_accuracy": (say("test accuracy, %", "テスト正解率 %"), say("of the classes learned", "学習したクラスの")),
        "transfer_accuracy": (say("on the other data set, %", "別データ %"), probe),
        "transfer_few": (say("… from five items a class, %", "… 各クラス 5 件 %"), ""),
        "train_loss": (say("training loss", "学習損失"), ""),
        "predicted": (say("foretold", "予測"), say("variance within classes", "クラス内分散")),
        "within_train": (say("variance within classes", "クラス内分散"), say("on training items", "学習データ")),
        "within": (say("… on test items", "… テスト"), ""),
        "nc1": ("NC1", say("no detector of collapse: see the text", "崩壊の検出には使えない")),
        "quotient": (say("within over between", "内 / 間"), ""),
        "cdnv": ("CDNV", ""),
        "directional_cdnv": (say("directional CDNV", "方向別 CDNV"), ""),
        "etf_distance": (say("distance to a simplex", "単体からの距離"), ""),
        "view_variance": (say("variance between views", "ビュー間の分散"), ""),
        "rank": (say("effective rank", "実効ランク"), say("of the features", "特徴の")),
        "rank_within": (say("… within classes", "… クラス内"), ""),
    }


def written(mean: Mean, column: str, lang: str = "en") -> tuple[str, str]:
    """A mean and its interval as texts; never more decimals than a point's tenth or a variance's thousandth is worth.

    >>> written(Mean(0.95556, 0.955559, 0.955561, 2), "fine_accuracy"), written(Mean(0.31, 0.25, 0.37, 6), "within")
    (('95.56', '95.56 to 95.56'), ('0.31', '0.25 to 0.37'))
    """
    most, value = (2 if column in SHARES else 3), scale_of(column) * mean.mean
    low, high = (scale_of(column) * end for end in (mean.low, mean.high))
    if not isfinite(low) or not isfinite(high):
        return number(value, min(most, 2)), ""
    places = min(most, decimals(low, high))
    return number(value, places), between(low, high, places, lang)


def signed(text: str) -> str:
    """A difference with its sign.

    >>> signed("1.5"), signed("−2"), signed("0.0")
    ('+1.5', '−2', '0.0')
    """
    return f"+{text}" if text[:1].isdigit() and text.strip("0.") else text


def inside(mean: Mean, column: str) -> Mean:
    """An accuracy or a variance has no interval below zero, an accuracy none above one."""
    if column not in (*SHARES, *LIE):
        return mean
    most = 1.0 if column in SHARES else float("inf")
    return mean._replace(low=max(0.0, mean.low), high=min(most, mean.high))


def scale_of(column: str) -> float:
    """By what a column is multiplied to be read."""
    return POINTS.get(column, 1.0)


def settings_table(
    folder: Folder, found: Arms, name: str, settings: Sequence[Arm], columns: Sequence[str], caption: str = ""
) -> Table | None:
    """Mean and interval over seeds of some columns for some settings; folded unless it has a caption."""

    def cell(part: Frame, column: str) -> Mean:
        return inside(mean_interval(part[column], folder.level), column)

    say, runs = say_in(folder.lang), finished(folder)
    there = [c for c in columns if c in runs and runs[c].notna().any()]
    folded = "" if caption else say("The numbers behind it: {} settings", "元の数値: {} 設定")
    caption = caption or say("Mean and interval over seeds", "シードの平均と区間")
    return _table(folder, found, name, settings, there, runs, cell, caption, folded)


def differences_table(
    folder: Folder, found: Arms, name: str, other: Arm, settings: Sequence[Arm], caption: str
) -> Table | None:
    """How settings differ from another with the same seed: mean and interval, in points for accuracies."""
    runs = finished(folder)
    there = [c for c in WORTH if c in runs and runs[c].notna().any()]
    table = {column: against(runs, column, other.name) for column in there}

    def cell(part: Frame, column: str) -> Mean:
        each = table[column]
        return mean_interval(each[each.condition.isin(set(part.condition))].value, folder.level)

    return _table(folder, found, name, settings, there, runs, cell, caption, "", differ=True)


def _table(
    folder: Folder,
    found: Arms,
    name: str,
    settings: Sequence[Arm],
    columns: Sequence[str],
    runs: Frame,
    cell: Callable[[Frame, str], Mean],
    caption: str,
    folded: str,
    differ: bool = False,
) -> Table | None:
    say, named, rows = say_in(folder.lang), titles(folder), []
    for i, arm in enumerate(found.arms):
        part = runs[runs.condition == arm.name] if len(runs) else runs
        if arm not in settings or part.empty:
            continue
        cells = []
        for column in columns:
            mean = cell(part, column)
            text, interval = written(mean, column, folder.lang)
            text = signed(text) if differ else text
            fewer = f" (n {mean.n})" if 0 < mean.n < len(part) else ""
            cells.append(Cell(text if mean.n else "–", mean.mean, note=interval + fewer))
        rows.append((Cell(arm.label, i, hue=found.hues[arm.hue]), *cells, Cell(str(len(part)), len(part))))
    if not rows or not columns:
        return None
    heads = [Column(_points(named[c][0], differ, folder), number=True, help=named[c][1]) for c in columns]
    last = Column("n", number=True, help=say("finished runs", "完了した学習"))
    columns_ = (Column(say("setting", "設定")), *heads, last)
    return Table(name, caption, columns_, tuple(rows), folded=folded.format(len(rows)), sortable=True)


def _points(title: str, differ: bool, folder: Folder) -> str:
    """A difference of percentages is in points."""
    return title.replace(", %", say_in(folder.lang)(", points", "")).replace(" %", " ポイント") if differ else title


def by_class(folder: Folder, found: Arms) -> Table | None:
    """Every class of every setting: how many items it had, what was foretold and what was measured."""
    say, classes = say_in(folder.lang), folder.table("classes")
    if classes.empty or not {"condition", "label", "within_train"} <= set(classes.columns):
        return None
    rows = []
    for i, arm in enumerate(found.arms):
        for label, part in classes[classes.condition == arm.name].groupby("label"):
            mean = inside(mean_interval(part.within_train, folder.level), "within_train")
            if not mean.n:
                continue
            text, interval = written(mean, "within_train", folder.lang)
            test = mean_interval(part.within, folder.level).mean if "within" in part else float("nan")
            told = float(part.predicted.iloc[0]) if "predicted" in part else float("nan")
            count = float(part.train_count.iloc[0]) if "train_count" in part else float("nan")
            rows.append(
                (
                    Cell(arm.label, i, hue=found.hues[arm.hue]),
                    Cell(class_of(folder, part, label), label),
                    Cell(number(count, 0), count),
                    Cell(number(told, 3), told),
                    Cell(text, mean.mean, note=interval),
                    Cell(number(test, 3), test),
                )
            )
    columns = (
        Column(say("setting", "設定")),
        Column(say("class", "クラス")),
        Column(say("items to learn from", "学習件数"), number=True),
        Column(say("foretold", "予測"), number=True),
        Column(say("measured, training", "実測 (学習)"), number=True),
        Column(say("measured, test", "実測 (テスト)"), number=True),
    )
    folded = say(f"The table: {len(rows)} classes of settings", f"表: {len(rows)} 行 (設定とクラス)")
    caption = say("Variance within each class, foretold and measured", "クラスごとのクラス内分散: 予測と実測")
    return Table("by-class", caption, columns, tuple(rows), folded=folded, sortable=True) if rows else None


def class_of(folder: Folder, part: Frame, label: float) -> str:
    """The name of a class in a table of classes."""
    names = (folder.study.get("data") or {}).get("classes") or []
    if "name" in part and str(part["name"].iloc[0]):
        return str(part["name"].iloc[0])
    return str(names[int(label)]) if 0 <= int(label) < len(names) else f"{label:g}"
