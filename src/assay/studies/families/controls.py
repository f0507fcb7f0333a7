"""Controls: the same tests where what should matter is taken away, or what should not matter is changed.

They are no claims. Each says what it should show if the claim means what it says; the report puts them side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from assay.core.rng import numpy_rng
from assay.lab.threads import limited
from assay.maths.statistics import Estimate, place, spread_contrast
from assay.metrics import is_constant, pairwise
from assay.studies.families.agree import LOGITS, PRIMARY, Primary
from assay.studies.families.claims import places_differ, unhappy_vary_more
from assay.studies.families.judging import by_one, models_and_distances
from assay.studies.families.look import Features
from assay.studies.families.references import SHARES, UNTRAINED
from assay.studies.families.sorting import families, matched
from assay.studies.study import Map

COLUMNS = ["control", "claim", "measure", "effect", "low", "high", "p", "n"]
REFERENCES = ["run_a", "run_b", "kind_a", "kind_b", *(measure.name for measure in PRIMARY)]
SPREAD, PLACE = "unhappy-vary-more", "places-differ"
GAP = {"gap_on_val": True, "val_cross_entropy": True}
RULES: Mapping[str, dict[str, Any]] = {"halves": {"parts": 2}, "quartiles": {"parts": 4}, "by gap": {"by": GAP}}
DRAWS = 99  # of permuted labels
Found = Iterator[tuple[str, str, Estimate]]


@dataclass(frozen=True, eq=False)
class ControlJob:
    """All controls under one primary measure, and the same measure on logits."""

    measure: Primary
    answers: Primary
    runs: pd.DataFrame
    pairs: pd.DataFrame
    references: pd.DataFrame
    about: Mapping[str, Any]


def controls(
    runs: pd.DataFrame, pairs: pd.DataFrame, references: pd.DataFrame, about: Mapping[str, Any], each: Map
) -> pd.DataFrame:
    """``controls.csv``: a row a control, claim and primary measure, with the claim itself in front.

    ``runs``, ``pairs``: the study's tables; ``references``: distances of models that learned nothing or labels drawn
    at random, `against_references`; ``about``: level, seeds and conditions, as in `study.json`. What a control cannot
    be taken of has no row. For permuted labels the interval holds the middle 95 % of permutations, and p is unknown.
    """
    jobs = [ControlJob(*two, runs, pairs, references, about) for two in zip(PRIMARY, LOGITS, strict=True)]
    return pd.DataFrame([row for _, rows in each(control, jobs, "testing controls") for row in rows], columns=COLUMNS)


def control(job: ControlJob) -> list[list[Any]]:
    """The rows of one measure."""
    with limited(1):
        found = [*_inside(job.runs, job.pairs, job.measure, job.about)]
        found += _of_answers(job.runs, job.pairs, job.answers, job.about)
        found += of_references(job.references, job.measure, job.about)
    return [[name, claim, job.measure.name, e.effect, e.low, e.high, e.p, e.n] for name, claim, e in found if e.known]


def against_references(features: Mapping[str, Features], kinds: Mapping[str, str], layer: str) -> pd.DataFrame:
    """``references.csv``: distances at the primary layer between unstressed models, untrained ones, and models of
    random labels, all with seeds of their own. Dead ones are left out.
    """
    alive = [run for run in kinds if run in features and not is_constant(features[run][layer])]
    if len(alive) < 2:
        return pd.DataFrame(columns=REFERENCES)
    at = [features[run][layer] for run in alive]
    distances = [pairwise(at, measure.name) for measure in PRIMARY]
    rows = [
        (alive[i], alive[j], kinds[alive[i]], kinds[alive[j]], *(d[i, j] for d in distances))
        for i, j in zip(*np.triu_indices(len(alive), 1), strict=True)
    ]
    return pd.DataFrame(rows, columns=REFERENCES)


def _inside(runs: pd.DataFrame, pairs: pd.DataFrame, measure: Primary, about: Mapping[str, Any]) -> Found:
    """The claims on families as judged, by other rules, on a mixture, and with labels permuted."""
    level = 1 - about["level"]
    runs = runs.assign(gap_on_val=runs.train_accuracy - runs.val_accuracy)
    own, distances = models_and_distances(_own(runs), pairs, measure.name)
    if not len(own):
        return
    mixed = own.assign(condition="all")
    sorted_otherwise = {
        "as judged": own,
        **{name: own.assign(family=families(own, **rule)) for name, rule in RULES.items()},
        "matched on training loss": own.assign(family=matched(own)),
        "mixture of conditions": mixed.assign(family=families(mixed)),
    }
    for name, models in sorted_otherwise.items():
        yield name, SPREAD, unhappy_vary_more(models, distances, level).estimate
    yield "as judged", PLACE, places_differ(own, distances, level).estimate
    yield from _permuted(own, distances, level)


def _permuted(own: pd.DataFrame, distances: np.ndarray, level: float) -> Found:
    draw = numpy_rng(0, "families controls")
    kept = np.flatnonzero(own.family.isin(["happy", "unhappy"]))
    block, label = own.condition.to_numpy()[kept], own.family.to_numpy()[kept].copy()
    ratios = []
    for _ in range(DRAWS if len(kept) else 0):
        for name in dict.fromkeys(block):
            at = np.flatnonzero(block == name)
            label[at] = draw.permutation(label[at])
        ratios.append(spread_contrast(distances[np.ix_(kept, kept)], block, label, permutations=19).effect)
    yield "permuted labels", SPREAD, _middle(ratios, len(kept), level)
    sizes = own.groupby("condition").size()
    if len(sizes) > 1 and sizes.min() > 1:
        group = own.condition.to_numpy()
        shares = [place(distances, draw.permutation(group), permutations=1).effect for _ in range(DRAWS)]
        yield "permuted labels", PLACE, _middle(shares, len(own), level)


def _middle(values: list[float], n: int, level: float) -> Estimate:
    if not values:
        return Estimate(np.nan, np.nan, np.nan, np.nan, n, level)
    low, middle, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Estimate(float(middle), float(low), float(high), float("nan"), n, level)


def _of_answers(runs: pd.DataFrame, pairs: pd.DataFrame, measure: Primary, about: Mapping[str, Any]) -> Found:
    """All claims with distances between logits in the place of those between representations."""
    alive = runs[(runs.status == "finished") & runs.test_accuracy.notna()]
    judged, _, _ = by_one(measure, alive, pairs.dropna(subset=[measure.name]), about)
    for claim, found in judged.items():
        yield "logits", claim, found.estimate


def of_references(references: pd.DataFrame, measure: Primary, about: Mapping[str, Any]) -> Found:
    """The spread of models that learned nothing, or labels drawn at random, over that of unstressed ones."""
    sides = [references[[f"run_{side}", f"kind_{side}"]].set_axis(["run", "kind"], axis=1) for side in "ab"]
    models = pd.concat(sides).drop_duplicates("run").reset_index(drop=True)
    if not len(models):
        return
    models, distances = models_and_distances(models, references, measure.name)
    for kind in (UNTRAINED, *SHARES):
        here = np.flatnonzero(models.kind.isin(["none", kind]))
        part = models.iloc[here]
        if part.kind.value_counts().reindex(["none", kind], fill_value=0).min() >= 2:
            estimate = spread_contrast(
                distances[np.ix_(here, here)], ["all"] * len(here), part.kind, wider=kind, tighter="none",
                level=1 - about["level"],
            )  # fmt: skip
            yield kind, "spread", estimate


def _own(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[(runs.design == "family") & (runs.status == "finished") & runs.test_accuracy.notna()]
