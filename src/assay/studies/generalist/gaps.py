"""What the `generalist` study was not given, so that some claims cannot be judged whatever the runs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from assay.studies.gap import Gap
from assay.studies.generalist.design import ADVERSARIAL, ALONE, ANCHORED, AVERAGED, POST_HOC, SAME, SUMMED
from assay.studies.generalist.matched import family
from assay.studies.study import text

NEEDED = {
    **{AVERAGED: "averaging", POST_HOC: "post-hoc", ALONE: "hand-back", SUMMED: "two-learners"},
    **{ANCHORED: "anchoring", SAME: "own-settings"},
}
LEARNED = 0.5  # of adversarial training's clean accuracy; a control below has not learned, and is nobody's rival


def gaps(alive: pd.DataFrame) -> list[Gap]:
    """What is missing: controls left out, or whose runs all stopped or learned nothing, and rivals not tuned."""
    found = left_out(list(dict.fromkeys(alive.condition)))
    clean = alive.groupby("condition", sort=False).clean.mean()
    return found + [
        _unlearned(name, NEEDED[name], float(clean[name]))
        for name in NEEDED
        if name in clean and clean[name] < LEARNED * clean.get(ADVERSARIAL, 0.0)
    ]


def left_out(there: Sequence[str]) -> list[Gap]:
    """What is missing whatever the runs, where there are these arms."""
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


def _unlearned(name: str, claim: str, clean: float) -> Gap:
    return Gap(
        (claim,),
        text(
            f"'{name}' did not learn ({clean:.0%} clean), so that beating it says nothing.",
            f"「{name}」は学習できておらず（通常精度{clean:.0%}）、上回っても何も言えません。",
        ),
        text("Train it in other settings: another learning rate, more epochs.", "学習率やエポック数を変えてください。"),
    )
