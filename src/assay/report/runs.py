"""All runs as one sortable table, the best and the strangest marked."""

from __future__ import annotations

from typing import Any

import pandas as pd

from assay.report.blocks import Cell, Column, Table
from assay.report.charts import theme
from assay.report.folder import Folder
from assay.report.numbers import per_thousand, short
from assay.report.words import chrome, say_in

# Columns of runs.csv with what they are called, and whether they are shares to be shown in percent.
_RUNS: tuple[tuple[str, str, str, bool], ...] = (
    ("test_accuracy", "test accuracy, %", "テスト正解率 %", True),
    ("gap", "gap, %", "差 %", True),
    ("shift_accuracy", "accuracy on changed data, %", "変化したデータ %", True),
    ("production_accuracy", "production accuracy, %", "現場データ %", True),
    ("false_reject", "false rejects, ‰", "過検出 ‰", True),
    ("escape", "escapes, ‰", "見逃し ‰", True),
    ("val_cross_entropy", "validation loss", "検証損失", False),
    ("movement", "movement", "移動", False),
    ("complexity", "complexity, bits", "複雑さ (ビット)", False),
    ("sensitivity", "sensitivity", "感度", False),
    ("within_train", "variance within classes", "クラス内分散", False),
    ("fine_accuracy", "fine accuracy, %", "下位クラス正解率 %", True),
    ("transfer_accuracy", "on the other data set, %", "別データ %", True),
    ("robust_best", "robust at best, %", "頑健 (最良時) %", True),
    ("robust_last", "robust at the end, %", "頑健 (終了時) %", True),
    ("autoattack_last", "AutoAttack, %", "AutoAttack %", True),
    ("drop_corrected", "loss of robustness, points", "頑健性の低下、ポイント", True),
    ("gap_attacked_last", "feature gap under attack, points", "攻撃下の特徴の差、ポイント", True),
    ("density", "density", "密度", False),
    ("correlation", "correlation", "相関", False),
)


def run_table(folder: Folder) -> Table | None:
    """All runs as a sortable table; the best and the strangest are marked."""
    say, words = say_in(folder.lang), chrome(folder.lang)
    runs = folder.table("runs")
    if runs.empty:
        return None
    there = [column for column in _RUNS if column[0] in runs and runs[column[0]].notna().any()]
    notes = remarkable(folder)
    curves = set(folder.table("curves").get("run", ()))
    designs, families = (runs[name].nunique() > 1 if name in runs else False for name in ("design", "family"))
    telling = (True, True, designs, True, families, True)

    def head(row: dict[str, Any]) -> tuple[Cell, ...]:
        return _run_head(folder, row, curves, notes.get(str(row["run"]), ""))

    rows = [
        (
            *(cell for cell, told in zip(head(row), telling, strict=True) if told),
            *(_run_cell(row[name], name, share) for name, _, _, share in there),
        )
        for row in runs.to_dict("records")
    ]
    titles = (
        words["run"],
        words["condition"],
        say("design", "計画"),
        say("seed", "シード"),
        say("generalises", "汎化"),
        say("status", "状態"),
    )
    columns = (
        *(Column(title, number=i == 3) for i, title in enumerate(titles) if telling[i]),
        *(Column(say(english, japanese), number=True) for _, english, japanese, _ in there),
    )
    folded = say(
        f"{len(rows)} runs, one a row, with {len(there)} figures each",
        f"{len(rows)} 件 (1 行 1 件、数値 {len(there)} 列)",
    )
    return Table("all-runs", words["runs"], columns, tuple(rows), folded=folded, sortable=True)


def _run_head(folder: Folder, row: dict[str, Any], curves: set[str], note: str) -> tuple[Cell, ...]:
    """What a run is, before its figures: name, condition, design, seed, how well it generalises, how it ended."""
    say, words = say_in(folder.lang), chrome(folder.lang)
    run, seed, name = str(row["run"]), row.get("seed"), str(row.get("condition", ""))
    place = next((i for i, c in enumerate(folder.conditions) if c.name == name), None)
    c = None if place is None else folder.conditions[place]
    hue = theme.hues(each.stress for each in folder.conditions)[c.stress] if c else ""
    design = {"paired": say("paired", "対"), "family": say("own seed", "独立")}.get(str(row.get("design")), "")
    status = str(row.get("status", ""))
    return (
        Cell(run, href="#curves" if run in curves else "", note=note),
        Cell(c.label if c else name, place, hue=hue),
        Cell(design),
        Cell(f"{seed:.0f}" if isinstance(seed, float) and seed == seed else "–", seed),
        Cell(words.get(str(row.get("family")), "–")),
        Cell(words["finished"] if status == "finished" else status),
    )


def _run_cell(value: Any, name: str, share: bool) -> Cell:
    if not share:
        return Cell(f"{value:.3f}" if abs(value) < 100 else short(value), value)
    text = (
        per_thousand(value) if name in ("false_reject", "escape") else ("–" if value != value else f"{100 * value:.1f}")
    )
    return Cell(text, value)


def remarkable(folder: Folder) -> dict[str, str]:
    """Runs worth looking at: the best on validation, and the farthest from its condition's mean in its own spreads."""
    say, runs = say_in(folder.lang), folder.table("runs")
    if runs.empty or "val_accuracy" not in runs or runs.val_accuracy.notna().sum() < 3:
        return {}
    found = {}
    own = runs.groupby("condition").val_accuracy
    odd = ((runs.val_accuracy - own.transform("mean")) / own.transform("std")).abs()
    for index in odd[pd.notna(odd)].sort_values(ascending=False, kind="stable").index[:3]:
        found[str(runs.run[index])] = say("strange for its condition", "条件の中で異例")
    found[str(runs.run[runs.val_accuracy.idxmax()])] = say("best on validation", "検証で最良")
    return found
