"""The arms of the study as its charts see them: a hue for a rule of training, a shape for the mixture and its kin."""

from __future__ import annotations

import pandas as pd

from assay.report.charts import arms as charts
from assay.report.charts.arms import Arm, finished
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in
from assay.studies.generalist.design import (
    ADVERSARIAL,
    ALONE,
    ANCHORED,
    AVERAGED,
    HERO,
    POST_HOC,
    SAME,
    STANDARD,
    STEP,
    SUMMED,
    TRADES,
)
from assay.studies.generalist.matched import KINDS

Arms = charts.Arms[Arm]

FLOOR = "floor "  # how the names of arms with another final weight begin
HUES = {
    **{HERO: "@vermillion", ADVERSARIAL: "@ink", AVERAGED: "@blue", TRADES: "@orange", ANCHORED: "@purple"},
    **{POST_HOC: "@green", SUMMED: "@sky", STANDARD: "@muted", "masked": "@faint"},
}
SHAPES = {"hero": "diamond", "changed": "square", "other": "circle"}
MAIN = (HERO, ADVERSARIAL, AVERAGED, TRADES, ANCHORED, POST_HOC, SUMMED, STANDARD)  # one arm of each hue


def arms(folder: Folder) -> Arms | None:
    """All arms but teachers; those with models that are not to be believed have a hue of their own."""
    say, masked, found = say_in(folder.lang), _masked(folder), []
    for told in folder.study.get("conditions") or []:
        name, role = str(told["name"]), str(told.get("role"))
        if role == "teacher":
            continue
        label = folder.text(told.get("label")) or name
        if name in masked:
            label = say(f"{label} (not to be believed)", f"{label}（信頼不可）")
        hue = "masked" if name in masked else _hue(name)
        form = "hero" if name == HERO else "changed" if _hue(name) == HERO else "other"
        found.append(Arm(name, label, _short(name, say), form, hue))
    if not found:
        return None
    return Arms(tuple(found), next((arm for arm in found if arm.name == ADVERSARIAL), None), HUES, SHAPES)


def _masked(folder: Folder) -> set[str]:
    runs = finished(folder)
    if "autoattack_level" not in runs:
        return set()
    return set(runs[runs.autoattack_level == "X"].condition)


def _hue(name: str) -> str:
    """What is trained by the same rule has the same hue: what is swept that of its usual arm."""
    for usual, swept in KINDS.values():
        if name.startswith(swept):
            return usual
    return HERO if name in (ALONE, SAME, STEP) or name.startswith(FLOOR) else name if name in HUES else SUMMED


def _short(name: str, say: Say) -> str:
    """A name of one or two words, for marks in a plane."""
    words = {
        **{HERO: ("generalist", "ジェネラリスト"), ADVERSARIAL: ("adversarial", "敵対的")},
        **{AVERAGED: ("averaged", "敵対的＋平均"), TRADES: ("TRADES", "TRADES"), STANDARD: ("standard", "通常")},
        **{POST_HOC: ("afterwards", "学習後の補間"), ALONE: ("no hand-back", "還元なし")},
        **{SUMMED: ("one network", "単一"), SAME: ("same settings", "同じ設定"), STEP: ("every step", "毎ステップ")},
        ANCHORED: ("anchored", "特徴固定"),
    }
    if name in words:
        return say(*words[name])
    amount = name.rsplit(" ", 1)[-1]
    if name.startswith(FLOOR):
        return say(f"weight {amount}", f"重み {amount}")
    if name.startswith(KINDS["adversarial"][1]):
        return say(f"radius × {amount}", f"半径 × {amount}")
    return say(f"beta {amount}", f"ベータ {amount}") if name.startswith(KINDS["trades"][1]) else name


def rules(say: Say) -> dict[str, str]:
    """What each hue means."""
    return {
        HERO: say("generalist", "ジェネラリスト"),
        ADVERSARIAL: say("adversarial training", "敵対的学習"),
        AVERAGED: say("averaged, also in smaller radii", "平均（小さい半径も）"),
        TRADES: say("TRADES", "TRADES"),
        ANCHORED: say("anchored features", "特徴の固定"),
        POST_HOC: say("interpolated afterwards", "学習後の補間"),
        SUMMED: say("one network, summed loss", "単一ネットワーク"),
        STANDARD: say("standard training", "通常の学習"),
        "masked": say("not to be believed", "信頼不可"),
    }


def keys(found: Arms, say: Say) -> dict[str, list[tuple[str, str, str]]]:
    """What hues and shapes mean, for the page."""
    words = rules(say)
    shown = [(words[hue], token, "diamond" if hue == HERO else "circle") for hue, token in found.hues.items()]
    if "changed" in found.shapes:
        shown.insert(1, (say("… changed", "… の変形"), HUES[HERO], "square"))
    return {"arm": shown}


def weight(folder: Folder, name: str) -> float | None:
    """How much the adversarial learner counts at the end of a mixture that is swept; None for any other arm."""
    if name == HERO:
        given = folder.study.get("floor")
        return float(given) if isinstance(given, int | float) else None
    return float(name[len(FLOOR) :]) if name.startswith(FLOOR) else None


def judged(folder: Folder, *columns: str) -> Frame:
    """The finished runs of arms with clean and robust accuracy and these columns; empty where there are none."""
    runs = finished(folder, "clean", "robust", *columns)
    return runs if len(runs) else pd.DataFrame()
