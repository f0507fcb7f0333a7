"""The page of a search: what was chosen and whether it beats the default, the front, the settings, every trial."""

from __future__ import annotations

from typing import Any

from assay.core.files import read_json
from assay.report.blocks import Block, Section, Story, Text
from assay.report.charts.tune import figures, tables
from assay.report.charts.tune.cards import cards
from assay.report.charts.tune.trials import Trials
from assay.report.folder import Folder
from assay.report.words import say_in


def story(folder: Folder) -> Story:
    """Everything that the page of a search shows."""
    say, found = say_in(folder.lang), read_json(folder.path / "result.json")
    trials = Trials.of(folder, found)
    several = len(trials.goals) > 1
    choice = _there(tables.compared(folder, found), tables.settings(folder, found))
    chosen = Section("claim-chosen", say("The choice", "選択"), choice, _once(folder, found))
    goals = []
    for goal, sign in trials.goals:
        way = figures.along(folder, found, trials, goal) if several else None  # of one goal it is the page's hero
        blocks = _there(way, tables.importance(folder, found, goal), figures.slices(folder, found, trials, goal))
        goals.append(Section(f"claim-{sign}{goal}", goal, blocks, _confounded(folder)))
    table = _there(tables.trials(folder, trials))
    every = Section("trials", say("Every trial", "全試行"), table, _counted(folder, found))
    after = Section("next", say("The next step", "次の一手"), (Text(found["next"], code=True),), part="more")
    sections = [chosen, *(each for each in goals if each.blocks), every, after]
    hero = figures.front(folder, found, trials) if several else figures.along(folder, found, trials, trials.goals[0][0])
    return Story(hero=hero, sections=tuple(sections), cards=cards(folder, found), terms=tables.terms(folder, found))


def _there(*blocks: Block | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block)


def _once(folder: Folder, found: dict[str, Any]) -> str:
    goals = ", ".join(map(str, found["goals"]))
    return say_in(folder.lang)(
        f"Chosen on val alone for {goals}; the first goal leads. Test was looked at once, afterwards.",
        f"選択は val のみで {goals} について行い、先頭の目標を優先した。test は選択後に一度だけ見た。",
    )


def _counted(folder: Folder, found: dict[str, Any]) -> str:
    counts: dict[str, int] = found["trials"]
    names = ("finished", "given up", "stopped", "failed", "running")
    japanese = dict(zip(names, ("完了", "打ち切り", "停止", "失敗", "実行中"), strict=True))
    there = [name for name in names if counts[name]]
    return say_in(folder.lang)(
        f"{counts['all']} trials: " + ", ".join(f"{counts[name]} {name}" for name in there) + ".",
        f"試行 {counts['all']} 件: " + "、".join(f"{japanese[name]} {counts[name]}" for name in there) + "。",
    )


def _confounded(folder: Folder) -> str:
    return say_in(folder.lang)(
        "Each point is a finished trial; trials differ in all settings at once, and the search tries more of what did "
        "well. So these show where it looked, not what one setting does by itself.",
        "各点は完了した試行。試行は全設定が同時に異なり、良かった領域ほど多く試される。個々の設定だけの効果ではない。",
    )
