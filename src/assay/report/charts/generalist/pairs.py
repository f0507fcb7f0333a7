"""The pictures of claims that compare two arms: what each seed gains."""

from __future__ import annotations

from dataclasses import replace

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts.generalist.arms import Arms
from assay.report.charts.generalist.tables import measures
from assay.report.charts.measure import signed
from assay.report.charts.paired import differences, slopes
from assay.report.folder import Folder
from assay.report.numbers import between, number
from assay.report.words import say_in
from assay.studies.generalist.claims import AGAINST
from assay.studies.generalist.design import ADVERSARIAL, HERO

FIGURES = {"cleaner": "clean", "as-robust": "robust"}


def pair(folder: Folder, found: Arms | None, claim: str) -> list[Block | None]:
    """The picture behind a claim: all arms against adversarial training, or the generalist beside one control."""
    if found is None:
        return []
    if claim in FIGURES:
        return [_all(folder, found, FIGURES[claim])]
    shown = found.named(AGAINST[claim], HERO) if claim in AGAINST else []
    if len(shown) < 2:
        return []
    say = say_in(folder.lang)
    called = {
        "clean": say("Clean accuracy, %", "通常の正解率 (%)"),
        "robust": say("Robust accuracy, %", "頑健正解率 (%)"),
        "balanced": say("Their mean, %", "両者の平均 (%)"),
    }
    figure = slopes(folder, found, claim, shown, measures(say), called)
    return [replace(figure, narrowest=250)] if figure else []


def _all(folder: Folder, found: Arms, column: str) -> Figure | None:
    """How all arms differ from adversarial training with the same seed."""
    say = say_in(folder.lang)
    measure = measures(say)[column]
    chart, middle = differences(folder, found, column, measure, None, ADVERSARIAL)
    if chart is None:
        return None
    each = [
        f"{r.row} {signed(number(r.value, 1))}" + (f" ({between(r.low, r.high, 1, folder.lang)})" if r.n > 1 else "")
        for r in middle.itertuples()
    ]
    what = say(f"{measure.title} accuracy", f"{measure.title}の正解率")
    return Figure(
        name=f"against-{column}",
        title=say(f"{what[:1].upper()}{what[1:]} against adversarial training", f"敵対的学習との{what}の差"),
        panels=(Panel(chart),),
        alt=say(f"{what}, points gained: ", f"{what}の差 (ポイント): ") + "; ".join(each) + ".",
        caption=say(
            "Seed by seed: dots are seeds, large marks means, bars their intervals, cut at the edge of the drawing.",
            "シードごとの差。点はシード、大きな印は平均、帯は区間 (図の端で切る)。",
        ),
    )
