"""The claims of the `remedies` study, one a remedy, and how each is judged from its tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from assay.maths.statistics import Estimate
from assay.studies.claim import share
from assay.studies.overfitting.claims import SMALL
from assay.studies.overfitting.design import BASELINE
from assay.studies.overfitting.readings import broken, weak
from assay.studies.phrases import NOTHING, mishaps
from assay.studies.remedies import words
from assay.studies.remedies.design import NAMES
from assay.studies.remedies.ranking import chosen, effect, shipped
from assay.studies.study import Judged, Tables, Text

MEASURE = "robust accuracy on test of what is shipped, this remedy minus plain adversarial training"
CLAIMS = tuple(share(name, words.CLAIM[name], MEASURE, margin=(-SMALL, SMALL)) for name in NAMES)


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"].assign(status=tables["runs"]["status"].astype(str))
    alive = runs[runs.status == "finished"]
    names = [str(arm["name"]) for arm in about["conditions"] if arm["role"] != "teacher"]
    ships = shipped(alive, names, about["judged"])
    judged = {name: _gain(ships, name) for name in names if name != BASELINE}
    masked = {str(name): int(n) for name, n in ships.groupby("arm", sort=False).masked.sum().items() if n}
    base = alive[alive.condition == BASELINE]
    warnings = [
        _recommended(ships, judged),
        *words.absent(about["absent"]),
        *mishaps(runs),
        *words.masked(masked),
        *broken(alive),
        *(weak(base, about) if len(base) else []),
    ]
    return judged, warnings


def _gain(ships: pd.DataFrame, arm: str) -> Judged:
    estimate, clean = effect(ships, arm), effect(ships, arm, "clean")
    own = ships[ships.arm == arm]
    detail = {
        "clean accuracy, difference": clean.effect,
        "train-test gap of attacked features closed": effect(ships, arm, "gap_attacked", -1.0).effect,
        "train-test gap of clean features closed": effect(ships, arm, "gap_clean", -1.0).effect,
        "models not to be believed": float(own.masked.sum()) if len(own) else 0.0,
    }
    found = Judged(estimate, words.seeds(estimate.n), words.gained(estimate, clean.effect), detail)
    if not len(own) or not own.masked.any():
        return found
    doubt = words.doubtful(estimate, int(own.masked.sum()))
    return replace(found, estimate=unbelieved(estimate), sentence=doubt, lacking=words.DOUBT)


def unbelieved(estimate: Estimate) -> Estimate:
    """What is known where robust accuracy is overstated: the gain is at most what it seems, and may be any loss.

    >>> found = unbelieved(Estimate(0.3, 0.2, 0.4, 0.001, 12))
    >>> found.low, found.high, found.p
    (-1.0, 0.4, 1.0)
    """
    return replace(estimate, low=-1.0, p=1.0) if estimate.known else NOTHING


def _recommended(ships: pd.DataFrame, judged: Mapping[str, Judged]) -> Text:
    """The arm that val chooses, with what test then says of it."""
    table = ships.groupby("arm", sort=False).agg(val=("val", "mean"), masked=("masked", "sum")).reset_index()
    val = table.set_index("arm").val
    name, base = chosen(table), float(val.get(BASELINE, float("nan")))
    if name is None or not judged[name].estimate.known:
        return words.recommended(None, base, base, None)
    return words.recommended(name, float(val[name]), base, judged[name].estimate)
