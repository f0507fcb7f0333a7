"""The other measures of similarity beside the two that claims rest on: what each says, and whether it can be trusted.

Of representations layer by layer, and of answers: do two models say the same, and do they fail together?

On few models, because some measures cost milliseconds and some a second a pair: of each condition the happiest and the
unhappiest ``per``, each within its family, and each with the model of its place in the next condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.lab.threads import limited
from assay.metrics import METRICS, is_constant
from assay.studies.families.cost import peak, timed
from assay.studies.families.look import Features
from assay.studies.families.trust import COLUMNS as TRUST
from assay.studies.families.trust import NEEDS, decided, trusted
from assay.studies.study import Map

KINDS = ("happy", "unhappy", "between")
MEASURES = ["measure", "layer", *KINDS, *(f"pairs_{kind}" for kind in KINDS)]
ANSWERS = ("disagreement", "jensen_shannon", "error_overlap", "chance_error_overlap", "error_consistency")
COSTS = ("seconds", "pairs", "megabytes")  # differ from day to day: provenance, not tables
Pairs = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class BesideJob:
    """One measure on the chosen pairs, and on models of groups that are known to differ."""

    measure: str
    features: Mapping[str, Features]
    pairs: Pairs
    known: Mapping[str, Features]
    groups: Mapping[str, str]
    threads: int = 1


def measures_beside(
    features: Mapping[str, Features],
    runs: pd.DataFrame,
    known: Mapping[str, Features],
    groups: Mapping[str, str],
    per: int,
    each: Map,
    level: float,
    logits: Mapping[str, np.ndarray] | None = None,
    labels: np.ndarray | None = None,
) -> dict[str, pd.DataFrame]:
    """``measures.csv``, a row a measure and layer: mean similarity of happy models of one condition, of unhappy ones,
    and of models of different conditions; ``trust.csv``, a row a measure: see `trusted`.

    ``runs``: `runs.csv`, of which the family design is used; ``known`` and ``groups``: models with what they were
    trained with; ``per``: models of each family a condition, 0 for none of this. With ``logits`` of the same models and
    the ``labels`` of the probe, rows of the layer `logits` say what the measures of answers (`ANSWERS`) do; trust is
    not asked of them, as they look at nothing inside. Costs are in the attribute ``costs`` of a table: of the first
    what measures of answers take, of the second the others.
    """
    empty = {"measures": pd.DataFrame(columns=MEASURES), "trust": pd.DataFrame(columns=_kept())}
    pairs = chosen(runs[runs.run.isin(features)], per)
    if not per or not any(pairs.values()):
        return empty
    used = {run: features[run] for kind in pairs.values() for pair in kind for run in pair}
    names = [name for name, m in METRICS.items() if m.card.needs == NEEDS]
    jobs = [BesideJob(name, used, pairs, known, groups) for name in names]
    done = dict(each(beside, jobs, "comparing measures"))  # as they come; rows stand in the order of the registry
    found = [done[number] for number in sorted(done)]
    rows = [row for rows, _ in found for row in rows]
    answered = []
    if logits is not None and labels is not None:
        answered = [_answers(name, pairs, logits, labels) for name in ANSWERS]
    made = pd.DataFrame([*rows, *(row for row, _ in answered)], columns=MEASURES)
    made.attrs["costs"] = [cost for _, cost in answered]
    trust = [frame for _, frame in found if len(frame)]
    if not trust:
        return {**empty, "measures": made}
    table = decided(pd.concat(trust, ignore_index=True), level)
    costs = table[["measure", *COSTS]].to_dict("records")
    table = table[_kept()]
    table.attrs["costs"] = costs
    return {"measures": made, "trust": table}


def _answers(
    measure: str, pairs: Pairs, logits: Mapping[str, np.ndarray], labels: np.ndarray
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One measure of two models' answers on the same pairs, and what it cost: see `COSTS`."""
    also = (labels,) if "labels" in METRICS[measure].card.needs else ()

    def of(*two: tuple[str, str]) -> list[float]:
        return [float(METRICS[measure](logits[a], logits[b], *also)) for a, b in two]

    row: dict[str, Any] = {"measure": measure, "layer": "logits"}
    cost: dict[str, Any] = {"measure": measure, "seconds": 0.0, "pairs": 0}
    for kind in KINDS:
        values, seconds = timed(partial(of, *pairs[kind]))
        row |= {kind: float(np.mean(values)) if values else None, f"pairs_{kind}": len(values)}
        cost |= {"seconds": cost["seconds"] + seconds, "pairs": cost["pairs"] + len(values)}
    first = next(pair for kind in KINDS for pair in pairs[kind])
    return row, {**cost, "megabytes": peak(partial(of, first))}


def _kept() -> list[str]:
    return [name for name in TRUST if name not in COSTS]


def chosen(runs: pd.DataFrame, per: int) -> dict[str, list[tuple[str, str]]]:
    """Pairs of models by kind; without families, as of four seeds, only between conditions."""
    own = runs[(runs.design == "family") & (runs.status == "finished")]
    order = ["val_accuracy", "val_cross_entropy"]
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    before: list[str] = []
    for _, models in own.groupby("condition", sort=False):
        ranked = models.sort_values(order, ascending=[False, True], kind="stable")
        happy = ranked[ranked.family == "happy"].run.head(per).tolist()
        unhappy = ranked[ranked.family == "unhappy"].run.tail(per).tolist()
        found["happy"] += combinations(happy, 2)
        found["unhappy"] += combinations(unhappy, 2)
        here = happy + unhappy or ranked.run.head(per).tolist()
        found["between"] += zip(before, here, strict=False)
        before = here
    return found


def beside(job: BesideJob) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """What one measure says of every layer, and the test of the measure."""
    with limited(job.threads):
        layers = list(next(iter(job.features.values())))
        rows = []
        for layer in layers:
            row: dict[str, Any] = {"measure": job.measure, "layer": layer}
            for kind in KINDS:
                values = [v for a, b in job.pairs[kind] if (v := _of(job, a, b, layer)) is not None]
                row |= {kind: float(np.mean(values)) if values else None, f"pairs_{kind}": len(values)}
            rows.append(row)
        try:
            tested = trusted(job.known, job.groups, measures=[job.measure])
        except BadInput:  # too few models of known groups
            tested = pd.DataFrame()
        return rows, tested


def _of(job: BesideJob, a: str, b: str, layer: str) -> float | None:
    x, y = job.features[a][layer], job.features[b][layer]
    if is_constant(x) or is_constant(y):
        return None
    try:
        return float(METRICS[job.measure](x, y))
    except BadInput:
        return None
