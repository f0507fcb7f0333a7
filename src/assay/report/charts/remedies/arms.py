"""The arms of the study as its charts see them: a hue for a kind of remedy, and what every arm ships, seed by seed."""

from __future__ import annotations

import pandas as pd

from assay.report.charts import arms as charts
from assay.report.charts.arms import Arm, finished
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE
from assay.studies.remedies.ranking import shipped

Arms = charts.Arms[Arm]

KINDS = {
    "base": (BASELINE,),
    "stop": ("early stopping",),
    "images": ("more data", "augmentation"),
    "easy": ("harder attack", "augmix", "left out"),
    "weights": ("awp", "ema", "swa", "combination"),
    "losses": ("label smoothing", "mail", "consistency", "distillation", "feature anchoring"),
}
HUES = {
    **{"base": "@ink", "stop": "@vermillion", "images": "@orange", "easy": "@green", "weights": "@blue"},
    **{"losses": "@purple", "masked": "@faint"},
}
SHAPES = {"base": "diamond", "remedy": "circle"}


def arms(folder: Folder) -> Arms | None:
    """The baseline and the remedies; those with models that are not to be believed have a hue of their own."""
    say, kinds = say_in(folder.lang), {name: kind for kind, names in KINDS.items() for name in names}
    masked, found = set(_masked(folder)), []
    for told in folder.study.get("conditions") or []:
        name, role = str(told["name"]), str(told.get("role"))
        if role not in SHAPES:
            continue
        short = folder.text(told.get("label")) or name
        label = say(f"{short} (not to be believed)", f"{short}（信頼不可）") if name in masked else short
        found.append(Arm(name, label, short, role, "masked" if name in masked else kinds.get(name, "losses")))
    if not found:
        return None
    return Arms(tuple(found), next((arm for arm in found if arm.name == BASELINE), None), HUES, SHAPES)


def _masked(folder: Folder) -> list[str]:
    table = folder.table("ranking")
    return list(table[table.masked > 0].arm) if {"arm", "masked"} <= set(table.columns) else []


def keys(found: Arms, say: Say) -> dict[str, list[tuple[str, str, str]]]:
    """What the hues mean, for the page."""
    words = {
        "base": say("adversarial training", "敵対的学習"),
        "stop": say("early stopping", "早期終了"),
        "images": say("more or changed images", "画像の追加・変更"),
        "easy": say("easy images treated", "易しい画像の扱い"),
        "weights": say("weights averaged or perturbed", "重みの平均・摂動"),
        "losses": say("another loss", "損失の変更"),
        "masked": say("not to be believed", "信頼不可"),
    }
    return {"arm": [(words[hue], token, "circle") for hue, token in found.hues.items()]}


def ships(folder: Folder, found: Arms) -> Frame:
    """What every arm ships, seed by seed: condition, run, seed, robust, clean, gap_attacked, masked."""
    runs = finished(folder)
    needed = {"images", "drop_corrected", "clean_last"}
    if runs.empty or not needed <= set(runs.columns):
        return pd.DataFrame()
    table = shipped(runs, [arm.name for arm in found.arms], int(folder.study.get("judged") or 0))
    return table.rename(columns={"arm": "condition"})


def ranking(folder: Folder, found: Arms) -> Frame:
    """The arms in order, with a column ``condition``; empty where the table is missing."""
    table = folder.table("ranking")
    if table.empty or not {"arm", "effect", "low", "high", "robust", "clean"} <= set(table.columns):
        return pd.DataFrame()
    return found.drawn(table.assign(condition=table.arm.astype(str)))
