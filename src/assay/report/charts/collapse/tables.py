"""What the columns of the collapse study are called, and its table of classes."""

from __future__ import annotations

from math import inf

from assay.report.blocks import Cell, Column, Table
from assay.report.charts.collapse.arms import Arms
from assay.report.charts.measure import Measure
from assay.report.folder import Folder, Frame
from assay.report.numbers import mean_interval, number
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


def measures(folder: Folder) -> dict[str, Measure]:
    """What each column is called, and what it means where the name does not say it."""
    say = say_in(folder.lang)
    probe = say("linear probe on the features", "特徴の線形プローブ")
    called = {
        "fine_accuracy": (say("fine accuracy", "下位クラス正解率"), probe),
        "fine_worst": (say("… in the worst subclass", "… 最も悪い下位クラス"), probe),
        "fine_shifted": (say("… on changed images", "… 変化した画像"), probe),
        "test_accuracy": (say("test accuracy", "テスト正解率"), say("of the classes learned", "学習したクラスの")),
        "transfer_accuracy": (say("on the other data set", "別データ"), probe),
        "transfer_few": (say("… from five items a class", "… 各クラス 5 件"), ""),
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
    return {
        name: Measure(*both, share=name in SHARES, low=0.0, high=1.0 if name in SHARES else inf)
        if name in (*SHARES, *LIE)
        else Measure(*both)
        for name, both in called.items()
    }


def chosen(folder: Folder, *columns: str) -> dict[str, Measure]:
    """Some of the measures, in this order."""
    known = measures(folder)
    return {column: known[column] for column in columns}


def by_class(folder: Folder, found: Arms) -> Table | None:
    """Every class of every setting: how many items it had, what was foretold and what was measured."""
    say, classes, within = say_in(folder.lang), folder.table("classes"), measures(folder)["within_train"]
    if classes.empty or not {"condition", "label", "within_train"} <= set(classes.columns):
        return None
    rows = []
    for i, arm in enumerate(found.arms):
        for label, part in classes[classes.condition == arm.name].groupby("label"):
            mean = within.inside(mean_interval(part.within_train, folder.level))
            if not mean.n:
                continue
            text, interval = within.written(mean, folder.lang)
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
