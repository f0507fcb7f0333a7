"""Kind and time of stress: what each does to clean, shifted and robust accuracy, against the unstressed twin."""

from __future__ import annotations

from assay.maths.statistics import paired_effect
from assay.report.blocks import Cell, Column, Table
from assay.report.charts.families.place import colours
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, chrome, say_in
from assay.studies.families.robust import by_kind_and_time

ATTACKS = {"quick": "APGD-CE + APGD-T", "standard": "AutoAttack"}
STRESSED = ("activation", "loss", "both")


def kind_by_time(folder: Folder) -> Table | None:
    """One row a kind of stress, one column a figure and time; all stressed ones together in front."""
    say, words = say_in(folder.lang), chrome(folder.lang)
    runs = folder.table("runs")
    figures = {
        "test_accuracy": say("clean", "通常"),
        "shift_accuracy": say("changed data", "変化後"),
        "robust": say("attacked", "攻撃後"),
    }
    if runs.empty or not {"design", "seed", "stress"} <= set(runs):
        return None
    known = folder.study.get("conditions") or []
    found = by_kind_and_time(runs, known, [name for name in figures if name in runs])
    if found.empty:
        return None
    times = sorted(found["at"].unique())
    shown = [name for name in figures if (found.figure == name).any()]
    rows = []
    for kind in (None, *dict.fromkeys((c["stress"], c["kind"]) for c in known if c["stress"] != "none")):
        of = found.stress.isin(STRESSED) if kind is None else (found.stress == kind[0]) & (found.kind == kind[1])
        here = found[of]
        if here.empty:
            continue
        name = say("any stress", "ストレス全体") if kind is None else f"{words.get(kind[0], kind[0])} {kind[1]}".strip()
        cells = [_cell(here[(here.figure == f) & (here["at"] == t)], folder.level) for f in shown for t in times]
        rows.append((Cell(name, hue="" if kind is None else colours(folder)[kind[0]]), *cells, *_trust(runs, kind)))
    columns = [Column(say("stress", "ストレス"))]
    columns += [Column(f"{figures[f]}, {100 * t:.0f} %", number=True) for f in shown for t in times]
    columns += [Column(say("trust in robust accuracy", "ロバスト精度の信頼度"))] if "robust_level" in runs else []
    return Table("kind-by-time", _caption(folder, say), tuple(columns), tuple(rows))


def _caption(folder: Folder, say: Say) -> str:
    settings = folder.study.get("settings") or {}
    attack = ""
    if settings.get("robust"):
        by, eps = ATTACKS.get(settings.get("suite", ""), ""), settings.get("eps")
        attack = say(
            f"; attacked: {by} within {eps} (Linf) on {settings['robust']} test inputs",
            f"。攻撃後: {by}、Linf {eps}、テスト {settings['robust']} 件",
        )
    return (
        say(
            "change against the unstressed run of the same seed, points of accuracy, by time of stress",
            "同じシードのストレスなしの学習との正解率の差 (ポイント)、ストレスの時点ごと",
        )
        + attack
    )


def _cell(frame: Frame, level: float) -> Cell:
    values = 100 * frame.groupby("seed").difference.mean()
    if len(values) < 2:
        return Cell("–")
    effect = paired_effect(values.to_numpy(), level=1 - level)
    return Cell(number(effect.effect, 1), effect.effect, note=f"{number(effect.low, 1)} – {number(effect.high, 1)}")


def _trust(runs: Frame, kind: tuple[str, str] | None) -> tuple[Cell, ...]:
    """How many models have each level of trust."""
    if "robust_level" not in runs:
        return ()
    part = runs[runs.stress.isin(STRESSED)] if kind is None else runs[runs.stress == kind[0]]
    if kind is not None and kind[1]:
        part = part[part.condition.str.contains(f":{kind[1]}@", regex=False)]
    levels = part.robust_level.dropna().value_counts().sort_index()
    return (Cell(", ".join(f"{level} {count}" for level, count in levels.items()) or "–"),)
