"""Rules that turn a wish into goals, and the check whether they hold on runs that exist.

A rule says: to get less of a trouble, prefer models with less (or more) of a figure that is known before the trouble
shows. That is a statement about the world, so it is checked: among runs, did those that the rule prefers have less of
the trouble on test?
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput, nearest
from assay.core.spec import Spec
from assay.maths.statistics import judge, rank_relation
from assay.studies.tune.goals import Goal, parse_goals

MARGIN = 0.1  # a rank correlation smaller than this does not matter
LEAST = 8  # settings below which no relation is looked for


class Rule(Spec):
    """A wish, the goals it becomes, and the relation that this rests on: ``prefers`` should bring ``expects``."""

    wish: str
    words: tuple[str, ...]  # a wish that has one of these is this one
    goals: str
    prefers: str
    expects: str
    because: str


RULES: dict[str, Rule] = {
    "false_alarms": Rule(
        wish="too many false alarms",
        words=("false alarm", "false reject", "overkill", "turned away"),
        goals="val_accuracy, -false_reject, -sensitivity",
        prefers="-sensitivity",
        expects="-false_reject",
        because="a model whose outputs move less under small changes should turn fewer good items away",
    ),
    "misses": Rule(
        wish="must not miss rare events",
        words=("miss", "rare", "escape", "let through"),
        goals="val_accuracy, -escape, +complexity",
        prefers="+complexity",
        expects="-escape",
        because="a model whose answers are too simple should overlook what is rare",
    ),
    "noise": Rule(
        wish="must stand noise",
        words=("noise", "noisy", "unstable", "flicker"),
        goals="val_accuracy, -flip_rate",
        prefers="-flip_rate",
        expects="+shift_accuracy",
        because="answers that do not change under noise should stay right on changed inputs",
    ),
    "time": Rule(
        wish="must train fast",
        words=("fast", "quick", "training time", "seconds"),
        goals="val_accuracy, -seconds",
        prefers="",
        expects="",
        because="training time is measured as it is",
    ),
}


# What `check_rules` said of the rules on the runs under docs/evidence/simplicity (rank correlation over settings).
FOUND: dict[str, str] = {
    "false_alarms": "on mnist it could not be told (-0.25, -0.64 to 0.24), on blood cells it was the other way round "
    "(-0.95, -0.99 to -0.70), because settings that had learned nothing were the steadiest: trust the check on "
    "your own trials alone, or leave sensitivity out (--goal 'val_accuracy, -false_reject')",
    "misses": "on mnist (0.55, 0.09 to 0.81) and on blood cells (0.87, 0.36 to 0.98) it held, which may only say "
    "that accurate settings are better at both",
    "noise": "on mnist it held (0.74, 0.38 to 0.91), on blood cells it could not be told (-0.57, -0.91 to 0.22)",
}


def found_of(name: str, rule: Rule) -> str:
    """What earlier evidence said of a rule; nothing of one whose relation the user has changed."""
    own = RULES.get(name)
    same = own is not None and (own.prefers, own.expects) == (rule.prefers, rule.expects)
    return FOUND.get(name, "") if same else ""


def understand(wish: str, rules: Mapping[str, Rule]) -> str:
    """The name of the rule that a wish stands for; `BadInput` with the known wishes otherwise.

    >>> understand("Too many FALSE alarms!", RULES)
    'false_alarms'
    """
    text = re.sub(r"[^a-z0-9]+", " ", wish.lower())
    found = [name for name, rule in rules.items() if name == wish or any(word in text for word in rule.words)]
    if len(found) == 1:
        return found[0]
    known = {rule.wish: name for name, rule in rules.items()}
    guess = nearest(wish, known)
    what = f"it could be any of {', '.join(found)}" if found else "no rule knows it"
    hint = f"did you mean '{guess}'? " if guess else ""
    raise BadInput(
        f"asked for the wish '{wish}'; {what}; {hint}Known: {', '.join(known)}; or name goals yourself (--goal), "
        "or change the table (--set 'rules.NAME.words=[...]')"
    )


def check_rules(
    runs: pd.DataFrame, rules: Mapping[str, Rule] | None = None, level: float = 0.05
) -> list[dict[str, Any]]:
    """For each rule, whether runs that it prefers had less of the trouble: rank correlation, interval, word, sentence.

    ``runs``: one row a run, with the figure that the rule looks at and the trouble on test (``test_NAME``, or ``NAME``
    where there is no such column). Runs of one setting (column ``condition``) count as one, by their mean. The
    correlation is positive where the rule is right; *supported* when the interval lies above 0, *refuted* when it lies
    below or inside [-0.1, 0.1]. Source of the interval: `assay.maths.statistics.rank_relation`.
    """
    found = []
    for name, rule in (RULES if rules is None else rules).items():
        if not rule.prefers or not rule.expects:
            continue
        prefers, expects = parse_goals(rule.prefers)[0], _expected(rule)
        trouble = f"test_{expects.figure}" if f"test_{expects.figure}" in runs else expects.figure
        found.append({"rule": name, **_check(runs, prefers, expects, trouble, level)})
    return found


def _expected(rule: Rule) -> Goal:
    sign = "-" if rule.expects.startswith("-") else "+"
    return Goal(figure=rule.expects.lstrip("+-"), sign=sign)


def _check(runs: pd.DataFrame, prefers: Goal, expects: Goal, trouble: str, level: float) -> dict[str, Any]:
    head = {"prefers": str(prefers), "expects": f"{expects.sign}{trouble}"}
    missing = [column for column in (prefers.figure, trouble) if column not in runs]
    table = pd.DataFrame() if missing else _settings(runs, [prefers.figure, trouble])
    if missing or len(table) < LEAST:
        why = f"the runs have no column {missing[0]}" if missing else f"{len(table)} settings, {LEAST} are needed"
        none = {"effect": None, "interval": None, "p": None, "n": len(table)}
        return {**head, **none, "word": "undecided", "text": f"cannot be told: {why}"}
    x = [prefers.oriented(value) for value in table[prefers.figure]]
    y = [expects.oriented(value) for value in table[trouble]]
    estimate = rank_relation(x, y, level=1 - level)
    word, direction = judge(estimate, claimed="above", threshold=0.0, margin=(-MARGIN, MARGIN), alpha=level)
    return {
        **head,
        "effect": estimate.effect,
        "interval": [estimate.low, estimate.high],
        "p": estimate.p,
        "n": estimate.n,
        "word": word,
        "text": _sentence(prefers, expects, trouble, estimate, word, direction),
    }


def _settings(runs: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """One row a setting; runs of one setting are not independent evidence about settings."""
    table = runs.dropna(subset=columns)
    if "condition" in table and table["condition"].nunique() >= LEAST:
        return table.groupby("condition", sort=False)[columns].mean()
    return table[columns]


def _sentence(prefers: Goal, expects: Goal, trouble: str, estimate: Any, word: str, direction: str) -> str:
    if not np.isfinite(estimate.effect):
        return "cannot be told: one of the two figures does not vary over these runs"
    says = {"supported": "holds here", "refuted": "does not hold here"}.get(word, "cannot be told from these runs")
    says += " (it is the other way round)" if word == "refuted" and direction == "below" else ""
    less = {"-": "lower", "+": "higher"}
    return (
        f"{says}: {less[prefers.sign]} {prefers.figure} with {less[expects.sign]} {trouble}, "
        f"rank correlation {estimate.effect:.2f} ({estimate.low:.2f} to {estimate.high:.2f}), {estimate.n} settings"
    )
