"""The claims of the `simplicity` study, and how each is judged from the table of runs. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any, Literal

import numpy as np
import pandas as pd

from assay.maths.statistics import Estimate, paired_effect, rank_relation
from assay.studies.claim import ratio, relation
from assay.studies.phrases import NOTHING, as_ratio, mishaps
from assay.studies.simplicity import words
from assay.studies.simplicity.design import RELU_KINDS, SATURATING
from assay.studies.study import Claim, Judged, Tables, Text

STEADY = 1.1  # a ratio of complexities nearer to 1 than this is taken as no change
LEAST_SETTINGS = 6  # below, a relation over settings is not even estimated
# name of the relation: (figure, with what, which side is claimed)
RELATIONS: dict[str, tuple[str, str, Literal["above", "below"]]] = {
    "complexity-and-gap": ("complexity", "gap", "above"),
    "complexity-and-shift": ("complexity", "shift_accuracy", "above"),
    "complexity-and-alarms": ("complexity", "shift_wrong", "below"),
    "sensitivity-and-weakness": ("sensitivity", "robust_accuracy", "below"),
    "sensitivity-and-shift": ("sensitivity", "shift_accuracy", "below"),
    "sensitivity-and-alarms": ("sensitivity", "shift_wrong", "above"),
}


def _ratio(name: str, measure: str, claimed: Literal["above", "below"], bound: float = 1.0) -> Claim:
    margin = (1 / STEADY, STEADY) if bound == 1.0 else (bound, bound)
    return ratio(name, words.CLAIM[name], measure, margin=margin, claimed=claimed, threshold=bound)


def _relation(name: str) -> Claim:
    a, b, claimed = RELATIONS[name]
    measure = f"rank correlation over settings of mean {a} and mean {b}"
    return relation(name, words.CLAIM[name], measure, claimed=claimed)


CLAIMS = (
    _ratio("too-high-collapses", "complexity of the predicted labels, learning rate too high over base", "below"),
    _ratio(
        "otherwise-steady",
        "complexity of the predicted labels, the other rows over base: the largest change in either direction",
        "below",
        STEADY,
    ),
    _ratio("relu-sensitive", "sensitivity of the logits, ReLU kinds over tanh and sigmoid", "above"),
    _ratio("depth-sensitive", "sensitivity of the logits, deepest over base", "above"),
    *(_relation(name) for name in RELATIONS),
)


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"]
    runs = runs.assign(status=runs["status"].astype(str))
    runs["shift_wrong"] = (runs.shift_false_reject + runs.shift_escape) / 2
    alive = runs[(runs.status == "finished") & runs.complexity.notna()]
    rows = [condition for condition in about["conditions"] if condition["row"]]
    base, high = rows[0], rows[-1]
    deepest = max((row for row in rows[:-1]), key=lambda row: row["depth"])
    others = [row["name"] for row in rows[1:-1]]
    kinds = {row["activation"]: row["name"] for row in rows[:-1] if row["depth"] == base["depth"]}
    logs = {name: _wide(alive, name) for name in ("complexity", "sensitivity")}
    judged = {
        "too-high-collapses": _paired("too-high-collapses", logs["complexity"], [high["name"]], [base["name"]]),
        "otherwise-steady": _steady(logs["complexity"], others, base["name"]),
        "relu-sensitive": _paired(
            "relu-sensitive",
            logs["sensitivity"],
            [kinds[name] for name in RELU_KINDS if name in kinds],
            [kinds[name] for name in SATURATING if name in kinds],
        ),
        "depth-sensitive": _paired("depth-sensitive", logs["sensitivity"], [deepest["name"]], [base["name"]]),
    }
    judged |= {name: _over_settings(name, alive) for name in RELATIONS}
    return judged, [*mishaps(runs), *words.dead(alive)]


def _wide(alive: pd.DataFrame, figure: str) -> pd.DataFrame:
    """Logarithms of a figure, seeds by settings; a figure of 0 (nothing moves) has none."""
    values = alive[alive[figure] > 0]
    wide = values.pivot_table(index="seed", columns="condition", values=figure)
    return wide.apply(np.log)


def _contrast(wide: pd.DataFrame, over: Sequence[str], under: Sequence[str]) -> np.ndarray:
    """One number a seed: mean log figure of some settings minus that of others, where a seed has all of them."""
    if not over or not under or any(name not in wide for name in (*over, *under)):
        return np.empty(0)
    complete = wide[[*over, *under]].dropna()
    return (complete[list(over)].mean(axis=1) - complete[list(under)].mean(axis=1)).to_numpy()


def _paired(name: str, wide: pd.DataFrame, over: Sequence[str], under: Sequence[str]) -> Judged:
    values = _contrast(wide, over, under)
    estimate = as_ratio(paired_effect(values)) if len(values) > 1 else NOTHING
    return Judged(estimate, words.seeds(len(values)), words.sentence(name, estimate))


def _steady(wide: pd.DataFrame, rows: Sequence[str], base: str) -> Judged:
    """The largest change of any row, as a ratio above 1; supported only if every row stays within the margin.

    Equivalence of each row by two tests against the two ends of the margin; of all rows by the worst of them
    (intersection-union), so no correction for the number of rows is needed.
    """
    bound, found = log(STEADY), []
    for row in rows:
        values = _contrast(wide, [row], [base])
        if len(values) < 2:
            return Judged(NOTHING, words.seeds(0), words.sentence("otherwise-steady", NOTHING))
        estimate = paired_effect(values)
        ends = (paired_effect(values, null=-bound).p, paired_effect(values, null=bound).p)
        low = max(estimate.low, -estimate.high, 0.0)
        high = max(-estimate.low, estimate.high)
        p = max(ends) if abs(estimate.effect) < bound else min(1.0, min(ends) * len(rows))
        found.append((abs(estimate.effect), low, high, p, row, estimate.n))
    worst = max(found)
    inside = worst[0] < bound
    estimate = Estimate(
        effect=exp(worst[0]),
        low=exp(max(each[1] for each in found)),
        high=exp(max(each[2] for each in found)),
        p=max(each[3] for each in found) if inside else worst[3],
        n=min(each[5] for each in found),
        level=0.95,
        detail={},
    )
    detail = {f"largest change: {row}": exp(size) for size, _, _, _, row, _ in found}
    return Judged(estimate, words.seeds(estimate.n), words.sentence("otherwise-steady", estimate), detail)


def _over_settings(name: str, alive: pd.DataFrame) -> Judged:
    """A rank correlation over settings; the setting is the unit, its figure the mean over seeds."""
    a, b, _ = RELATIONS[name]
    if a not in alive or b not in alive:  # tables from before this figure was taken
        return Judged(NOTHING, words.settings(0), words.sentence(name, NOTHING))
    means = alive.groupby("condition", sort=False)[[a, b]].mean().dropna()
    if len(means) < LEAST_SETTINGS:
        return Judged(NOTHING, words.settings(len(means)), words.sentence(name, NOTHING))
    estimate = rank_relation(means[a].to_numpy(), means[b].to_numpy())
    return Judged(estimate, words.settings(len(means)), words.sentence(name, estimate))
