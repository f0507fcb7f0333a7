"""What the `generalist` study was not given, so that some claims cannot be judged whatever the runs."""

from __future__ import annotations

import pandas as pd

from assay.studies.gap import Gap
from assay.studies.generalist.design import ALONE, ANCHORED, AVERAGED, POST_HOC, SAME, SUMMED
from assay.studies.generalist.matched import family
from assay.studies.study import text

NEEDED = {
    **{AVERAGED: "averaging", POST_HOC: "post-hoc", ALONE: "hand-back", SUMMED: "two-learners"},
    **{ANCHORED: "anchoring", SAME: "own-settings"},
}


def gaps(alive: pd.DataFrame) -> list[Gap]:
    """What is missing: controls that were left out or whose runs all stopped, and rivals that were not tuned."""
    there = list(dict.fromkeys(alive.condition))
    found = [_without(name, claim) for name, claim in NEEDED.items() if name not in there]
    for kind, claim, arms in (
        ("adversarial", "tuned-adversarial", "averaged, eps"),
        ("trades", "tuned-trades", "trades, betas"),
    ):
        if not family(there, kind):
            found.append(_without(arms, claim))
    return found


def _without(name: str, claim: str) -> Gap:
    return Gap(
        (claim,),
        text(f"'{name}' was left out or stopped.", f"「{name}」がないため判断できません。"),
        text(f"Train it: name {name} in grid.arms.", f"grid.arms に {name} を加えてください。"),
    )
