"""Tables of settings: the seven rows with every figure, and what stands behind a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.report.blocks import Block, Cell, Column, Table
from assay.report.charts.simplicity.grid import Grid, answers, finished
from assay.report.folder import Folder
from assay.report.numbers import Mean, mean_interval, short, with_interval
from assay.report.words import say_in

# The tables of the seven rows: their columns, each with the factor by which it is read.
PERFORMANCE = (
    "train_loss",
    "train_accuracy",
    "val_accuracy",
    "test_accuracy",
    "gap",
    "shift_accuracy",
    "robust_accuracy",
)
COMPLEXITIES = ("complexity", "complexity_along", "zlib_probs", "zlib_logits")
SENSITIVITIES = ("sensitivity", "sensitivity_probs", "sensitivity_margin", "flip_rate")
FUNCTION = (*COMPLEXITIES, *SENSITIVITIES)
ALARMS = (
    *("false_reject", "escape", "shift_false_reject", "shift_escape"),
    *("production_false_reject", "production_escape"),
)
PERCENT = {
    *("train_accuracy", "val_accuracy", "test_accuracy", "gap", "shift_accuracy", "production_accuracy"),
    "robust_accuracy",
}
PER_THOUSAND = {"flip_rate", "shift_wrong", *ALARMS}


def titles(folder: Folder) -> dict[str, tuple[str, str]]:
    """What each column is called, and what it means where the name does not say it."""
    say = say_in(folder.lang)
    test, shift, later = say("test", "テスト"), say("changed data", "変化"), say("production", "現場")
    rejects, escapes = say("false rejects", "過検出"), say("escapes", "見逃し")
    return {
        "train_loss": (say("training loss", "学習損失"), ""),
        "train_accuracy": (say("training accuracy, %", "学習正解率 %"), ""),
        "val_accuracy": (say("validation accuracy, %", "検証正解率 %"), ""),
        "test_accuracy": (say("test accuracy, %", "テスト正解率 %"), ""),
        "gap": (say("gap, points", "差 (ポイント)"), say("training less test accuracy", "学習 − テスト")),
        "shift_accuracy": (say("accuracy on changed data, %", "変化したデータ %"), ""),
        "robust_accuracy": (
            say("accuracy under a short attack, %", "短い攻撃の下で %"),
            say("PGD, 20 steps, 8/255: trust level C, an upper bound", "PGD 20 歩、8/255。信頼度 C（上限）"),
        ),
        "shift_wrong": (say("false detections on changed data, ‰", "変化したデータの誤検出 ‰"), ""),
        "complexity": (say("complexity, bits", "複雑さ (ビット)"), say("of the predicted labels", "予測ラベルの")),
        "complexity_along": (
            say("… along the inputs, bits", "… 入力に沿った (ビット)"),
            say("the same over orders in which like inputs are neighbours", "似た入力が隣り合う順序での値"),
        ),
        "zlib_probs": (
            say("zlib of probabilities, bytes", "確率の zlib (バイト)"),
            say("an input, probabilities rounded to 2 decimals", "入力あたり、小数 2 桁に丸めた確率"),
        ),
        "zlib_logits": (say("zlib of logits, bytes", "ロジットの zlib (バイト)"), say("an input", "入力あたり")),
        "sensitivity": (say("sensitivity", "感度"), say("of the logits", "ロジットの")),
        "sensitivity_probs": (say("… of probabilities", "… 確率の"), ""),
        "sensitivity_margin": (
            say("… by margin", "… マージン比"),
            say("logits over their margin", "ロジットとマージンの比"),
        ),
        "flip_rate": (say("flips, ‰", "反転 ‰"), say("answers that noise changes", "ノイズで変わる答え")),
        "false_reject": (f"{rejects}, {test} ‰", ""),
        "escape": (f"{escapes}, {test} ‰", ""),
        "shift_false_reject": (f"{rejects}, {shift} ‰", ""),
        "shift_escape": (f"{escapes}, {shift} ‰", ""),
        "production_false_reject": (f"{rejects}, {later} ‰", ""),
        "production_escape": (f"{escapes}, {later} ‰", ""),
    }  # fmt: skip


def scale_of(column: str) -> float:
    """By what a column is multiplied to be read."""
    return 100 if column in PERCENT else 1000 if column in PER_THOUSAND else 1


def seven_rows(folder: Folder, grid: Grid | None) -> tuple[Block | None, ...]:
    """The seven rows: how well they do, what kind of function they are, what false detections they make."""
    if grid is None:
        return ()
    say, rows = say_in(folder.lang), [s.name for s in grid.rows]
    parts = (
        ("seven-accuracy", PERFORMANCE, say("How well they learn and generalise", "学習と汎化")),
        ("seven-function", FUNCTION, say("How simple and how steady they are", "単純さと安定性")),
        ("seven-alarms", ALARMS, say("False rejects and escapes, per thousand items", "過検出と見逃し (千件あたり)")),
    )
    return tuple(settings_table(folder, grid, name, rows, columns, caption) for name, columns, caption in parts)


def references(folder: Folder) -> Table | None:
    """What the complexities are of answers that need no model, to be read beside the seven rows."""
    say, named = say_in(folder.lang), titles(folder)
    known = {name: found for name in COMPLEXITIES if (found := dict(answers(folder, name)))}
    if not known:
        return None
    rows = [
        (Cell(label, i), *(Cell(short(found.get(label)), found.get(label)) for found in known.values()))
        for i, label in enumerate(dict.fromkeys(label for found in known.values() for label in found))
    ]
    caption = say("The same complexities of answers that need no model, given as certain", "モデルなしの答えの複雑さ")
    heads = [Column(named[name][0], number=True, help=named[name][1]) for name in known]
    return Table("seven-references", caption, (Column(say("answers", "答え")), *heads), tuple(rows), sortable=True)


def settings_table(
    folder: Folder, grid: Grid, name: str, settings: Sequence[str], columns: Sequence[str], caption: str = "",
    notes: Mapping[str, str] | None = None,
) -> Table | None:  # fmt: skip
    """Mean and interval over seeds of some columns for some settings; folded unless it has a caption."""
    say, named, runs = say_in(folder.lang), titles(folder), finished(folder)
    there = [c for c in columns if c in runs and runs[c].notna().any()]
    if runs.empty or not there:
        return None
    rows = []
    for i, s in enumerate(grid.settings):
        part = runs[runs.condition == s.name]
        if s.name not in settings or part.empty:
            continue
        cells = []
        for column in there:
            mean = mean_interval(part[column], folder.level)
            text, interval = with_interval(_inside(mean, column), scale_of(column), folder.lang)
            fewer = f" (n {mean.n})" if 0 < mean.n < len(part) else ""
            cells.append(Cell(text, mean.mean, note=interval + fewer))
        note = (notes or {}).get(s.name, "")
        rows.append((Cell(s.label, i, hue=grid.hues[s.hue], note=note), *cells, Cell(str(len(part)), len(part))))
    if not rows:
        return None
    heads = [Column(named[c][0], number=True, help=named[c][1]) for c in there]
    last = Column("n", number=True, help=say("finished runs", "完了した学習"))
    folded = "" if caption else say(f"The numbers behind it: {len(rows)} settings", f"元の数値: {len(rows)} 設定")
    caption = caption or say("Mean and interval over seeds", "シードの平均と区間")
    first = Column(say("setting", "設定"))
    return Table(name, caption, (first, *heads, last), tuple(rows), folded=folded, sortable=True)


def _inside(mean: Mean, column: str) -> Mean:
    """A share lies between nothing and all, and so do the ends of its interval; a gap may be negative."""
    if column not in (PERCENT | PER_THOUSAND) - {"gap"}:
        return mean
    return mean._replace(low=max(0.0, mean.low), high=min(1.0, mean.high))
