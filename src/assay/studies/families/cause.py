"""The effect of the stress (randomised): what stress in training does to generalisation, by kind and time.

In the paired design every seed is given every condition, and a fork is its unstressed twin with other draws from the
same moment on. So a difference has no other cause than the stress, and if the stress did nothing, the stressed run and
the fork would be two draws of one thing: each difference as likely as its mirror image, which is what the test assumes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import holm, paired_effect
from assay.studies.study import text

STRESSED = ("activation", "loss", "both")
OUTCOMES = ("test_accuracy", "shift_accuracy", "false_detections")
EFFECTS = ["condition", "stress", "kind", "at", "outcome", "effect", "low", "high", "p", "p_holm", "n", "lost"]
NAME = text("effect of the stress (randomised)", "ストレスの効果（無作為化）")


def false_detections(runs: pd.DataFrame) -> pd.Series:
    """The mean of false-reject rate and escape rate over the shifts, in [0, 1]; NaN where one is not known.

    >>> float(false_detections(pd.DataFrame({"shift_false_reject": [0.25], "shift_escape": [0.75]}))[0])
    0.5
    """
    return (runs["shift_false_reject"].astype(float) + runs["shift_escape"].astype(float)) / 2


def against_forks(
    runs: pd.DataFrame, conditions: Sequence[Mapping[str, Any]], outcomes: Sequence[str] = OUTCOMES
) -> pd.DataFrame:
    """One row a stressed run and outcome: its value minus that of the fork of the same seed and time.

    ``runs``: rows of ``runs.csv``, of which the paired ones are used; ``conditions``: of ``study.json`` (name, stress,
    kind, at). Columns condition, seed, outcome, difference; NaN where one of the two stopped.
    """
    paired = runs[runs["design"] == "paired"]
    alive = paired["status"].astype(str) == "finished"
    table = paired.assign(false_detections=false_detections(paired)).set_index(["condition", "seed"])
    table = table[list(outcomes)].astype(float)
    table.loc[~alive.to_numpy(bool)] = np.nan
    fork_at = {c["at"]: c["name"] for c in conditions if c["stress"] == "fork"}
    rows = []
    for condition in conditions:
        fork = fork_at.get(condition["at"])
        if condition["stress"] not in STRESSED or fork is None:
            continue
        for seed in sorted(set(paired["seed"][paired["condition"] == condition["name"]])):
            for outcome in outcomes:
                pair = [_at(table[outcome], name, seed) for name in (condition["name"], fork)]
                row = {"condition": condition["name"], "seed": seed, "outcome": outcome}
                rows.append(row | {"difference": pair[0] - pair[1]})
    return pd.DataFrame(rows, columns=["condition", "seed", "outcome", "difference"])


def _at(column: pd.Series, condition: str, seed: Any) -> float:
    return float(column.get((condition, seed), np.nan))


def effects(
    runs: pd.DataFrame,
    conditions: Sequence[Mapping[str, Any]],
    level: float = 0.95,
    outcomes: Sequence[str] = OUTCOMES,
) -> pd.DataFrame:
    """The average treatment effect of each kind of stress at each time on generalisation.

        effect = mean over seeds of (outcome of the stressed run - outcome of the fork of its seed and time)

    ``outcomes``: columns of ``runs``, or ``false_detections``; by default ``test_accuracy`` and ``shift_accuracy``
    (above 0: stress helps), and ``false_detections`` under shift (above 0: stress harms); all are shares, effects lie
    in [-1, 1]. ``low``, ``high`` and ``p``: sign flips over seeds (`paired_effect`), for the stress of that row;
    ``p_holm``: corrected for all rows. ``n``: seeds in which both runs finished; ``lost``: seeds that were planned and
    in which one of them stopped: the effect is then of those that do not stop, and no longer randomised. Rows with
    fewer than two seeds have no effect (NaN).

    >>> conditions = [{"name": "fork@0.5", "stress": "fork", "kind": "", "at": 0.5},
    ...               {"name": "loss:mse@0.5", "stress": "loss", "kind": "mse", "at": 0.5}]
    >>> rows = [{"condition": c, "seed": s, "design": "paired", "status": "finished", "test_accuracy": a,
    ...          "shift_accuracy": a, "shift_false_reject": 1 - a, "shift_escape": 1 - a}
    ...         for c, a in (("fork@0.5", 0.75), ("loss:mse@0.5", 0.5)) for s in (0, 1)]
    >>> effects(pd.DataFrame(rows), conditions)[["outcome", "effect", "n"]].values.tolist()
    [['test_accuracy', -0.25, 2], ['shift_accuracy', -0.25, 2], ['false_detections', 0.25, 2]]

    Source: Rubin 1974, Journal of Educational Psychology 66:688-701 (causal effects in randomised pairs).
    """
    differences = against_forks(runs, conditions, outcomes)
    rows = []
    for condition in conditions:
        own = differences[differences["condition"] == condition["name"]]
        for outcome in outcomes:
            every = own[own["outcome"] == outcome]["difference"].to_numpy(float)
            known = every[np.isfinite(every)]
            row = {**{k: condition[k] for k in ("stress", "kind", "at")}, "outcome": outcome, "n": len(known)}
            row |= {"condition": condition["name"], "lost": len(every) - len(known)}
            if len(known) > 1:
                found = paired_effect(known, level=level)
                row |= {"effect": found.effect, "low": found.low, "high": found.high, "p": found.p}
            if len(every):
                rows.append(row)
    table = pd.DataFrame(rows, columns=EFFECTS)
    tested = table["p"].notna()
    table.loc[tested, "p_holm"] = holm(table.loc[tested, "p"].astype(float).tolist())
    return table
