"""What users of a model notice: accuracy and its gap by condition, false rejects and escapes by shift."""

from __future__ import annotations

import pandas as pd

from assay.report.blocks import Cell, Column, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.families.place import colours, labels
from assay.report.charts.means import means_of
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, per_thousand, with_interval
from assay.report.words import say_in


def measures(folder: Folder) -> list[tuple[str, str]]:
    """The columns of ``runs.csv`` that belong in front of everybody, with their titles; only those that are there."""
    say = say_in(folder.lang)
    runs = folder.table("runs")
    known = [
        ("test_accuracy", say("accuracy on test", "テスト正解率")),
        ("gap", say("gap: train less test", "差: 学習 − テスト")),
        ("shift_accuracy", say("accuracy on changed data", "変化したデータの正解率")),
        ("production_accuracy", say("accuracy in production", "現場データの正解率")),
    ]
    return [(name, title) for name, title in known if name in runs and runs[name].notna().any()]


def independent(runs: Frame) -> Frame:
    """The finished runs in which every model has a seed of its own; all finished ones where there are none."""
    if runs.empty:
        return runs
    finished = runs[runs.status == "finished"] if "status" in runs else runs
    family = finished[finished.design == "family"] if "design" in finished else finished
    return family if len(family) else finished


def by_condition(folder: Folder) -> Figure | None:
    """Accuracy, gap and shifted accuracy: a panel a measure, a row a condition, a dot a model."""
    say = say_in(folder.lang)
    runs, named, panels, said = independent(folder.table("runs")), labels(folder), [], []
    tip = kit.tips(row=say("condition", "条件"), value_=say("value", "値"), run=say("run", "学習"))
    for name, title in measures(folder)[:3]:
        dots = runs[runs[name].notna()]
        if dots.empty:  # every run stopped
            continue
        dots = pd.DataFrame(
            {"row": dots.condition.map(named), "hue": dots.stress, "value": 100 * dots[name], "run": dots.run}
        )
        means = means_of(dots, ["row", "hue"], folder.level)
        best, worst = means.loc[means.value.idxmax()], means.loc[means.value.idxmin()]
        said.append(say(
            f"{title}: highest {best.value:.1f} % ({best.row}), lowest {worst.value:.1f} % ({worst.row})",
            f"{title}: 最高 {best.value:.1f} % ({best.row})、最低 {worst.value:.1f} % ({worst.row})",
        ))  # fmt: skip
        chart = kit.dots_in_rows(
            dots, means, rows=list(named.values()), title="%", colours=colours(folder), tooltip=tip,
            span=kit.domain(dots.value, means.low, means.high),
        )  # fmt: skip
        panels.append(Panel(chart, title))
    if not panels:
        return None
    return Figure(
        name="accuracy",
        title=say("Accuracy by condition", "条件ごとの正解率"),
        panels=tuple(panels),
        alt=". ".join(said) + ".",
        caption=say(
            "Models with a seed of their own; small dots are models, large dots their means, pale bars "
            f"{100 * (1 - folder.level):.0f} % intervals of the mean.",
            "シードの異なるモデル。小さな点はモデル、大きな点は平均、"
            f"淡い帯は平均の {100 * (1 - folder.level):.0f} % 区間。",
        ),
        narrowest=330,
        shared=True,
        keys=("stress",),
    )


def condition_table(folder: Folder) -> Table | None:
    """Kind of stress by time against accuracy, gap and shifted accuracy: mean, interval, number of models."""
    say = say_in(folder.lang)
    runs, found = independent(folder.table("runs")), measures(folder)
    if runs.empty or not found:
        return None
    hue, rows = colours(folder), []
    for c in folder.conditions:
        part = runs[runs.condition == c.name]
        if part.empty:
            continue
        when = Cell("–" if c.at is None else f"{100 * c.at:.0f} %", -1.0 if c.at is None else c.at)
        cells = [_percent(mean_interval(part[name], folder.level), folder.lang) for name, _ in found]
        rows.append((Cell(c.label, hue=hue[c.stress]), when, *cells, Cell(str(len(part)), len(part))))
    columns = (
        Column(say("condition", "条件")),
        Column(say("swapped at", "交換時期"), number=True),
        *(Column(f"{title}, %", number=True) for _, title in found),
        Column("n", number=True, help=say("models", "モデル数")),
    )
    return Table(
        "conditions", say("Mean and interval by condition", "条件ごとの平均と区間"), columns, tuple(rows),
        folded=say(f"The numbers behind it: {len(rows)} conditions", f"元の数値: {len(rows)} 条件"), sortable=True,
    )  # fmt: skip


def _percent(mean: Mean, lang: str) -> Cell:
    text, note = with_interval(mean, 100, lang)
    return Cell(text, mean.mean, note=note)


def rates(folder: Folder) -> list[tuple[str, str]]:
    """False rejects and escapes where the study knows which class is good; errors otherwise."""
    say = say_in(folder.lang)
    shifts = folder.table("shifts")
    if (folder.study.get("data") or {}).get("ok") is None:
        turns = say("mean over classes, each the good one in turn", "各クラスを順に良品とみなした平均")
        two = [
            ("false_reject", f"{say('False rejects', '過検出')}: {turns}"),
            ("escape", f"{say('Escapes', '見逃し')}: {turns}"),
        ]
    else:
        two = [
            ("false_reject", say("False rejects: good items turned away", "過検出: 良品を不良とした")),
            ("escape", say("Escapes: faulty items let through", "見逃し: 不良品を良品とした")),
        ]
    there = [(name, title) for name, title in two if name in shifts and shifts[name].notna().any()]
    return there or ([("error", say("Errors", "誤り"))] if "accuracy" in shifts else [])


def shift_means(folder: Folder, rate: str) -> Frame:
    """Columns row (condition), column (shift), value, low, high, n: the mean of ``rate`` over independent models."""
    shifts = independent(folder.table("shifts"))
    value = 1 - shifts.accuracy if rate == "error" else shifts[rate]
    frame = pd.DataFrame({"row": shifts.condition, "column": shifts["shift"], "value": value}).dropna()
    return means_of(frame, ["row", "column"], folder.level)


def false_detections(folder: Folder) -> Figure | None:
    """False rejects and escapes per thousand items, conditions by shifts."""
    say = say_in(folder.lang)
    if folder.table("shifts").empty:
        return None
    named, shown = labels(folder), shift_names(folder)
    tables = {title: shift_means(folder, name) for name, title in rates(folder)}
    tables = {title: frame for title, frame in tables.items() if len(frame)}
    if not tables:
        return None
    span = kit.domain(*(1000 * frame.value for frame in tables.values()), zero=True, pad=0)
    tip = kit.tips(
        row=say("condition", "条件"),
        column=say("data", "データ"),
        value_=say("per thousand", "千件あたり"),
        low_=say("from", "下限"),
        high_=say("to", "上限"),
    )
    panels, said = [], []
    for title, frame in tables.items():
        scaled = frame.assign(**{name: 1000 * frame[name] for name in ("value", "low", "high")})
        scaled = scaled.assign(row=scaled.row.map(named), column=scaled.column.map(shown))
        worst = scaled.loc[scaled.value.idxmax()]
        said.append(say(
            f"{title}: highest {worst.value:.0f} in a thousand, {worst.row} on {worst.column}",
            f"{title}: 最大は千件あたり {worst.value:.0f} 件 ({worst.row}、{worst.column})",
        ))  # fmt: skip
        chart = kit.heat(
            scaled, rows=list(named.values()), columns=[s for s in shown.values() if s in set(scaled.column)],
            span=span, title=say("per thousand items", "千件あたり"), tooltip=tip, form=".0f", angle=-45,
        )  # fmt: skip
        panels.append(Panel(chart, title))
    return Figure(
        name="false-detections",
        title=say("False detections on changed data", "変化したデータでの誤検出"),
        panels=tuple(panels),
        alt=". ".join(said) + ".",
        caption=say(
            "Mean over models of the count in a thousand items of that sort.", "該当する千件あたりの件数のモデル平均。"
        ),
        narrowest=440,
        shared=True,
    )


def shift_names(folder: Folder) -> dict[str, str]:
    """Shifts in the order of the table, with the words that people read."""
    say = say_in(folder.lang)
    words = {"none": say("as tested", "そのまま"), "production": say("production", "現場")}
    return {name: words.get(name, name.replace("_", " ")) for name in dict.fromkeys(folder.table("shifts")["shift"])}


def shift_table(folder: Folder) -> Table | None:
    """The same with intervals and the number of items behind each rate."""
    say = say_in(folder.lang)
    shifts = independent(folder.table("shifts"))
    if shifts.empty:
        return None
    named, shown, hue = {c.name: c for c in folder.conditions}, shift_names(folder), colours(folder)
    found, counts = rates(folder), _item_counts(folder)
    means = [shift_means(folder, name).set_index(["row", "column"]) for name, _ in found]
    rows = []
    for (condition, shift), part in shifts.groupby(["condition", "shift"], sort=False):
        c = named.get(condition)
        head = (Cell(c.label, hue=hue[c.stress]) if c else Cell(condition), Cell(shown[shift]))
        accuracy = _percent(mean_interval(part.accuracy, folder.level), folder.lang)
        cells = [_thousand(frame, (condition, shift), folder.lang) for frame in means]
        items = [Cell(f"{part[name].iloc[0]:.0f}", part[name].iloc[0]) for name, _ in counts]
        rows.append((*head, accuracy, *cells, *items, Cell(str(len(part)), len(part))))
    per_thousand_items = say("per thousand items", "千件あたり")
    columns = (
        Column(say("condition", "条件")),
        Column(say("data", "データ")),
        Column(say("accuracy, %", "正解率 %"), number=True),
        *(Column(f"{title.split(':')[0]}, ‰", number=True, help=per_thousand_items) for _, title in found),
        *(Column(title, number=True) for _, title in counts),
        Column("n", number=True, help=say("models", "モデル数")),
    )
    caption = say("Rates by condition and data, with intervals", "条件とデータごとの率と区間")
    folded = say(f"The numbers behind it: {len(rows)} rows", f"元の数値: {len(rows)} 行")
    return Table("shifts", caption, columns, tuple(rows), folded=folded, sortable=True)


def _item_counts(folder: Folder) -> list[tuple[str, str]]:
    """The columns that say how many items stand behind a rate."""
    say, shifts = say_in(folder.lang), folder.table("shifts")
    good_known = (folder.study.get("data") or {}).get("ok") is not None
    known = [("n_ok", say("good items", "良品数")), ("n_faulty", say("faulty items", "不良数"))]
    if not good_known:
        known = [("n_ok", say("items", "件数"))]
    return [(name, title) for name, title in known if name in shifts and shifts[name].notna().all()]


def _thousand(frame: Frame, key: tuple[str, str], lang: str) -> Cell:
    if key not in frame.index:
        return Cell("–")
    row = frame.loc[key]
    low, high = float(row.low), float(row.high)
    text, note = with_interval(Mean(float(row.value), low, high, int(row.n)), 1000, lang)
    return Cell(text if note else per_thousand(float(row.value)), float(row.value), note=note)
