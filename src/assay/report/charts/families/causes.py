"""What stress causes, what goes with the representation, and the operating rule: each named as what it is."""

from __future__ import annotations

import math
from typing import Any

from assay.maths.statistics import Estimate
from assay.report.blocks import Block, Cell, Column, Section, Table, Text
from assay.report.charts.families.place import colours
from assay.report.folder import Folder, Frame
from assay.report.notes import FIGURES, ruled
from assay.report.numbers import Mean, between, mean_interval, number, probability, with_interval
from assay.report.words import chrome, say_in
from assay.studies.families import cause, confounding, patching
from assay.studies.families.patching import INTO
from assay.studies.families.rule_words import figure, sentence

RUNS = {"design", "status", "stress", "seed", "test_accuracy", "shift_accuracy", "shift_false_reject", "shift_escape"}


def sections(folder: Folder) -> list[Section]:
    """The causes, and the rule; none where the tables are not there."""
    say = say_in(folder.lang)
    found: list[Block] = [table for table in (effects(folder), patched(folder), associated(folder)) if table]
    ruled = rule(folder)
    made = []
    if found:
        title = say("What the stress causes, and what goes with the representation", "ストレスの効果と内部表現の役割")
        made.append(Section("causes", title, tuple(found), lead=_lead(folder), part="more"))
    if ruled:
        made.append(Section("rule", say("An operating rule", "運用ルール"), ruled, part="more"))
    return made


def _lead(folder: Folder) -> str:
    return say_in(folder.lang)(
        "Three tables that say different things. The first is a randomised effect. The second is an intervention on "
        "networks that are trained already: it says where a difference sits. The third is an association: its last "
        "columns say how strong something unknown would have to be to explain it away.",
        "三つの表は意味が異なる。一つ目は無作為化による効果、二つ目は学習済みネットワークへの介入で差がどこにあるかを示し、"
        "三つ目は関連であり、未知の要因がどれだけ強ければ説明できてしまうかを併記する。",
    )


def _runs(folder: Folder) -> Frame | None:
    runs = folder.table("runs")
    return None if runs.empty or not set(runs.columns) >= RUNS else runs


def _outcomes(folder: Folder) -> dict[str, str]:
    say = say_in(folder.lang)
    return {
        "test_accuracy": say("accuracy", "正解率"),
        "shift_accuracy": say("on changed data", "変化後の正解率"),
        "false_detections": say("false detections", "誤検出"),
    }


def effects(folder: Folder) -> Table | None:
    """One row a condition: its average effect on each outcome, in points, with interval and corrected p."""
    runs, conditions = _runs(folder), folder.study.get("conditions") or []
    found: Frame = cause.effects(runs, conditions, 1 - folder.level) if runs is not None else None
    if found is None or found.empty:
        return None
    say, hue = say_in(folder.lang), colours(folder)
    rows = []
    for place, condition in enumerate(folder.conditions):
        own = found[found.condition == condition.name].set_index("outcome")
        if own.empty:
            continue
        cells = []
        for outcome in _outcomes(folder):
            one = own.loc[outcome]
            cells += [_points(one, folder), Cell(probability(one.p_holm), one.p_holm)]
        n, lost = int(own.n.min()), int(own.lost.max())
        count = f"{n}" + (say(f" ({lost} lost)", f" (欠損 {lost})") if lost else "")
        rows.append((Cell(condition.label, place, hue=hue[condition.stress]), *cells, Cell(count, n)))
    columns = [Column(say("condition", "条件"))]
    for title in _outcomes(folder).values():
        columns += [
            Column(say(f"{title}, points", f"{title} (ポイント)"), True),
            Column("p", True, say("corrected for all of the table", "表全体で補正")),
        ]
    columns.append(Column("n", True, say("seeds in which both runs finished", "両方の学習が完了したシード")))
    caption = f"{folder.text(cause.NAME)}: " + say(
        "stressed run minus fork of the same seed and time, mean over seeds",
        "同じシード・時点の分岐との差、シードの平均",
    )
    return Table("effects", caption, tuple(columns), tuple(rows), sortable=True)


def _points(row: Any, folder: Folder) -> Cell:
    if not math.isfinite(row.effect):
        return Cell("–", -1e9)
    text, interval = with_interval(Mean(row.effect, row.low, row.high, row.n), 100, folder.lang)
    return Cell(text, row.effect, note=interval)


def patched(folder: Folder) -> Table | None:
    """One row a layer and kind of stress: the share of the answers, and of the change of accuracy, that moves along."""
    table = folder.table("patches")
    if table.empty or not {"layer", "stress", "direction", "answers", "change", "seed"} <= set(table.columns):
        return None
    say, words, hue = say_in(folder.lang), chrome(folder.lang), colours(folder)
    rows = []
    for (layer, stress), part in table.groupby(["layer", "stress"], sort=False):
        cells = []
        for way in INTO:
            own = part[part.direction == way]
            seeds = own.groupby("seed").answers.mean()
            text, interval = with_interval(mean_interval(seeds, folder.level), 100, folder.lang)
            cells.append(Cell(text, float(seeds.mean()), note=interval))
        change, moved = 100 * part.change.abs().mean(), _of_accuracy(part)
        cells.append(Cell(number(100 * moved, 0) if math.isfinite(moved) else "–", moved))
        cells.append(Cell(number(change, 1), change))
        pairs = part.run.nunique()
        name = words.get(str(stress), str(stress))
        rows.append((Cell(str(layer)), Cell(name, hue=hue.get(str(stress), "")), *cells, Cell(str(pairs), pairs)))
    columns = (
        Column(say("layer", "層")),
        Column(say("stress", "ストレス")),
        Column(say("answers, stressed into unstressed, %", "出力、あり→なし (%)"), True),
        Column(say("answers, unstressed into stressed, %", "出力、なし→あり (%)"), True),
        Column(say("of the change in accuracy, %", "正解率の差のうち (%)"), True, say("both ways", "両方向")),
        Column(say("change in accuracy, points", "正解率の差 (ポイント)"), True, say("mean size", "大きさの平均")),
        Column(say("pairs", "対"), True),
    )
    caption = f"{folder.text(patching.NAME)}: " + say(
        "how much of the difference between twins moves along with a layer's activations",
        "層の活性を入れ替えたとき、双子の差のうち一緒に移る割合",
    )
    return Table("patches", caption, columns, tuple(rows), sortable=True)


def _of_accuracy(part: Frame) -> float:
    """sum change * change_moved / sum change^2: the share of the change of accuracy, large changes counting more."""
    size = float((part.change**2).sum())
    return float((part.change * part.change_moved).sum()) / size if size > 0 else math.nan


def associated(folder: Folder) -> Table | None:
    """One row a measure of movement and outcome."""
    runs, conditions = _runs(folder), folder.study.get("conditions") or []
    if runs is None or "val_accuracy" not in runs:
        return None
    found: Frame = confounding.associations(runs, conditions, FIGURES, 1 - folder.level)
    if found.empty:
        return None
    say, outcomes = say_in(folder.lang), _outcomes(folder)
    rows = []
    for one in found.itertuples():
        estimate = Estimate(one.correlation, one.low, one.high, one.p, one.seeds)
        interval = between(one.low, one.high, 2, folder.lang) if estimate.known else ""
        rows.append((
            Cell(folder.text(figure(one.figure))),
            Cell(outcomes[one.outcome]),
            Cell(number(one.correlation, 2), one.correlation, note=interval),
            Cell(probability(one.p_holm), one.p_holm),
            Cell(number(100 * one.robustness, 0), one.robustness),
            Cell(number(100 * one.robustness_p, 0), one.robustness_p),
            Cell(f"{number(100 * one.known_movement, 0)} / {number(100 * one.known_outcome, 0)}", one.known_movement),
        ))  # fmt: skip
    at_equal = say("at equal condition, and equal seed within a time", "条件と、時点ごとのシードを揃えて")
    columns = (
        Column(say("movement by", "移動の指標")),
        Column(say("change of", "変化")),
        Column(say("rank correlation", "順位相関"), True, at_equal),
        Column("p", True, say("corrected for all of the table", "表全体で補正")),
        Column(say("robustness, %", "頑健性 (%)"), True, say(
            "a confounder must explain this share of what is left of both to bring the correlation to nothing",
            "交絡要因が両者の残りのこの割合を説明すれば、相関は消える")),
        Column(say("for p, %", "p について (%)"), True, say(
            "the same to bring p above the level", "p が水準を超える割合")),
        Column(say("val accuracy explains, %", "検証精度の説明率 (%)"), True, say(
            "of movement / of outcome", "移動 / 結果")),
    )  # fmt: skip
    return Table("associations", folder.text(confounding.NAME), columns, tuple(rows))


def rule(folder: Folder) -> tuple[Block, ...]:
    """The sentence, and what every figure's threshold did on the kinds of stress that it was not learnt from."""
    table = ruled(folder)
    if table is None:
        return ()
    say, said = say_in(folder.lang), Text(folder.text(sentence(table)))
    if table.empty:
        return (said,)
    rows = []
    for one in table.itertuples():
        rate = f"{one.rose_above} / {one.above}"
        below = f"{one.rose_below} / {one.below}"
        rows.append((
            Cell(folder.text(figure(one.figure))),
            Cell(number(one.threshold, 3), one.threshold),
            Cell(rate, one.rate, note=between(100 * one.low, 100 * one.high, 0, folder.lang) + " %"),
            Cell(below, one.rose_below / one.below if one.below else -1),
            Cell(number(one.skill, 2), one.skill),
            Cell(probability(one.p_holm), one.p_holm),
            Cell(say("yes", "はい") if one.justified else say("no", "いいえ")),
        ))  # fmt: skip
    columns = (
        Column(say("figure", "指標")),
        Column(say("threshold", "しきい値"), True, say("learnt on all conditions", "全条件で学習")),
        Column(say("rose above", "超えて増加"), True, say(
            "held-out cases in which false detections rose, with the exact binomial interval as if cases were "
            "independent", "検証用の件数。区間は独立とみなした正確二項区間")),
        Column(say("rose below", "以下で増加"), True),
        Column(say("skill", "識別力"), True, say("share of rises found minus share of false alarms", "検出率−誤報率")),
        Column("p", True, say(
            "of whole kinds of stress and seeds permuted, corrected", "種類とシードの並べ替え、補正後")),
        Column(say("justified", "妥当")),
    )  # fmt: skip
    caption = say(
        "thresholds learnt without a kind of stress, at all its times, and applied to it, each in turn",
        "一種類のストレス（全時点）を除いて学習し、それに適用したしきい値",
    )
    return (said, Table("rules", caption, columns, tuple(rows)))
