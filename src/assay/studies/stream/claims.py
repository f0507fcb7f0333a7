"""The claims of the `stream` study, and how each is judged from its tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from assay.maths.statistics import Estimate, paired_effect
from assay.studies.claim import share
from assay.studies.overfitting.claims import SMALL
from assay.studies.phrases import NOTHING, mishaps
from assay.studies.remedies.claims import unbelieved
from assay.studies.remedies.words import DOUBT
from assay.studies.stream import words
from assay.studies.stream.design import ADVERSARIAL, BRIEF, FINE, GENERALIST, NO_UPDATE
from assay.studies.stream.tables import ends
from assay.studies.study import Claim, Judged, Tables, Text

ROUGH = 0.1  # a share of the cost by which arms may differ without a word


def _better(name: str, measure: str) -> Claim:
    return share(name, words.CLAIM[name], measure, margin=(-SMALL, SMALL))


def _no_worse(name: str, measure: str) -> Claim:
    """Non-inferiority: the whole interval lies above minus a difference that does not matter."""
    return share(name, words.CLAIM[name], measure, margin=(-SMALL, -SMALL), threshold=-SMALL)


CLAIMS = (
    _better("updating", "accuracy on test under the last shift, at the end of the stream, generalist minus no update"),
    _better(
        "robust",
        "robust accuracy on test under the last shift, at the end, generalist minus fine-tuning; the smaller of this "
        "against fine-tuning of equal cost and of as many epochs",
    ),
    _no_worse(
        "forgets",
        "forgetting of accuracy on the original and earlier shifted test images, fine-tuning minus generalist; the "
        "smaller of this against fine-tuning of equal cost and of as many epochs",
    ),
    _better("clean-control", "accuracy under the last shift at the end, generalist minus adversarial fine-tuning"),
    _no_worse(
        "robust-control", "robust accuracy under the last shift at the end, generalist minus adversarial fine-tuning"
    ),
)
# What each claim compares: the column of `ends`, its sign, and the arms that are all to be met.
COMPARED: dict[str, tuple[str, float, tuple[str, ...]]] = {
    "updating": ("clean", 1.0, (NO_UPDATE,)),
    "robust": ("robust", 1.0, (FINE, BRIEF)),
    "forgets": ("forgotten", -1.0, (FINE, BRIEF)),
    "clean-control": ("clean", 1.0, (ADVERSARIAL,)),
    "robust-control": ("robust", 1.0, (ADVERSARIAL,)),
}


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"].assign(status=tables["runs"]["status"].astype(str))
    stream = tables["stream"]
    found = ends(stream, runs, about["judged"])
    judged = {claim.name: _judged(claim, found) for claim in CLAIMS}
    return judged, [*mishaps(runs), *_warnings(about, stream, found)]


def _judged(claim: Claim, found: pd.DataFrame) -> Judged:
    column, sign, others = COMPARED[claim.name]
    each = {other: against(found, column, other, sign, claim.threshold) for other in others}
    estimate = worst(list(each.values()), claim.threshold)
    own, rivals = found[found.condition == GENERALIST], found[found.condition.isin(others)]
    detail = {f"against {other}": one.effect for other, one in each.items()} if len(each) > 1 else {}
    detail |= {f"generalist, {name}": float(own[name].mean()) for name in ("clean", "robust", "forgotten") if len(own)}
    made = Judged(estimate, words.seeds(estimate.n), words.difference(claim.name, estimate), detail)
    if column == "robust" and own.masked.any():  # at most what it seems
        return replace(made, estimate=unbelieved(estimate), lacking=DOUBT)
    if column == "robust" and rivals.masked.any() and estimate.low <= claim.threshold:  # at least what it seems
        return replace(made, estimate=unbounded(estimate), lacking=DOUBT)
    return made


def unbounded(estimate: Estimate) -> Estimate:
    """What is known where a rival's robust accuracy is overstated: the gain is at least what it seems.

    >>> found = unbounded(Estimate(-0.3, -0.4, -0.2, 0.001, 12))
    >>> found.low, found.high, found.p
    (-0.4, 1.0, 1.0)
    """
    return replace(estimate, high=1.0, p=1.0) if estimate.known else NOTHING


def against(found: pd.DataFrame, column: str, other: str, sign: float, null: float) -> Estimate:
    """The generalist minus another arm with the same seed, tested against ``null``."""
    wide = found.pivot_table(index="seed", columns="condition", values=column)
    if not {GENERALIST, other} <= set(wide):
        return NOTHING
    values = sign * (wide[GENERALIST] - wide[other]).dropna().to_numpy()
    return paired_effect(values, null=null) if len(values) > 1 else NOTHING


def worst(each: Sequence[Estimate], null: float) -> Estimate:
    """Better than each of several: the smallest advantage counts, with the largest p (intersection-union).

    >>> one, two = Estimate(0.3, 0.2, 0.4, 0.01, 9), Estimate(0.1, 0.05, 0.2, 0.001, 9)
    >>> found = worst([one, two], 0.0)
    >>> found.effect, found.low, found.p
    (0.1, 0.05, 0.01)
    """
    if not all(one.known for one in each):
        return NOTHING
    least = min(each, key=lambda one: one.effect)
    if least.effect > null:
        least = replace(least, p=max(one.p for one in each), low=min(one.low for one in each))
    return least


def _warnings(about: Mapping[str, Any], stream: pd.DataFrame, found: pd.DataFrame) -> list[Text]:
    """Nothing to update for, nothing robust to keep, models not to be believed, unequal cost."""
    said = []
    chance = 1 / len(about["data"]["classes"])
    still = stream[(stream.condition == NO_UPDATE) & (stream.chunk == 0)].groupby("level")[["clean", "robust"]].mean()
    if len(still):
        first, last = still.iloc[0], still.iloc[-1]
        said += [words.harmless(first.clean, last.clean)] if first.clean - last.clean < SMALL else []
        said += [words.frail(first.robust)] if first.robust < chance else []
    most = found.groupby("condition").robust.mean().max() if len(found) else 1.0
    said += [words.spent(most)] if most < chance else []
    masked = found[found.masked].groupby("condition", sort=False).size()
    said += [words.masked({str(name): int(n) for name, n in masked.items()})] if len(masked) else []
    costs = {str(arm["name"]): arm["passes"] for arm in about["conditions"] if arm["role"] == "update"}
    own = costs.get(GENERALIST)
    rough = {name: n / own - 1 for name, n in costs.items() if own and name != BRIEF and abs(n / own - 1) > ROUGH}
    return said + ([words.unequal(rough)] if rough else [])
