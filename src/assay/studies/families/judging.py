"""From tables to the estimates of all claims, under each primary measure and in agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.studies.families import words
from assay.studies.families.agree import PRIMARY, Primary, agreed
from assay.studies.families.claims import (
    CLAIMS,
    by_kind,
    movers_misjudge,
    places_differ,
    stress_moves,
    unhappy_vary_more,
    worse_is_wider,
)
from assay.studies.families.design import units
from assay.studies.families.gaps import gaps
from assay.studies.families.patched import left_out
from assay.studies.families.robust import told
from assay.studies.gap import said
from assay.studies.phrases import mishaps
from assay.studies.study import Judged, Tables, Text


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate under both measures, from the tables alone, and what must be known to read them."""
    runs = tables["runs"]
    runs = runs.assign(
        status=runs["status"].astype(str), family=runs["family"].astype(object).where(runs["family"].notna(), "")
    )
    alive = _alive(runs)
    names = about.get("measures", [PRIMARY[0].name])  # studies from before the second measure have one
    found = {m.name: by_one(m, alive, tables["pairs"], about) for m in PRIMARY if m.name in names}
    judged = {
        claim.name: agreed(claim, {name: claims[claim.name] for name, (claims, _, _) in found.items()})
        for claim in CLAIMS
    }
    _, gone, unmapped = found[PRIMARY[0].name]
    warnings = [
        *mishaps(runs),
        *words.left_out(gone),
        *words.unmapped(unmapped),
        *words.floor_or_ceiling(alive),
        *words.narrow(about),
        *words.one_measure(list(found)),
        *words.other_units(about),
        *words.unproven(_unproven(tables.get("trust"), list(found), about["level"])),
        *left_out(tables.get("patches"), about.get("layers", ()), alive),
        *told(runs),
    ]
    return said(judged, gaps(about["conditions"], about["level"])), warnings


def _unproven(trust: pd.DataFrame | None, names: Sequence[str], level: float) -> list[Text]:
    """The primary measures that were tested on these models and did not prove themselves.

    Of one hidden layer none can be found; of few models no p is small enough for eighteen measures. Neither is the
    measure's failure, so what counts here is a test that could be made, and its p alone.
    """
    if trust is None or trust.empty:
        return []
    tested = trust[trust["identification"].notna() & trust["p"].notna()]
    failed = tested[(tested["identification_low"] <= tested["chance"]) | (tested["p"] > level)]
    return [measure.said for measure in PRIMARY if measure.name in names and measure.name in set(failed["measure"])]


def _alive(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[(runs.status.astype(str) == "finished") & runs.test_accuracy.notna()]


def kinds_seen(about: Mapping[str, Any], runs: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """What `worse-is-wider` compares, by the first primary measure: `by_kind` of the study's tables."""
    alive = _alive(runs)
    own, distances = models_and_distances(alive[alive.design == "family"], pairs, PRIMARY[0].name)
    return by_kind(own, distances, *_harm(about, alive, own))


def by_one(
    measure: Primary, alive: pd.DataFrame, pairs: pd.DataFrame, about: Mapping[str, Any]
) -> tuple[dict[str, Judged], list[str], int]:
    """All claims under one measure; the conditions left out of the paired ones, and how many models have no place."""
    level = 1 - about["level"]
    alive = alive.assign(movement=alive[measure.movement])
    paired, left_out = _complete(alive[alive.design == "paired"], about)
    own, distances = models_and_distances(alive[alive.design == "family"], pairs, measure.name)
    judged = {
        "stress-moves": stress_moves(paired, about, level),
        "places-differ": places_differ(own, distances, level),
        "unhappy-vary-more": unhappy_vary_more(own, distances, level),
        "worse-is-wider": worse_is_wider(own, distances, *_harm(about, alive, own), level),
        "movers-misjudge": movers_misjudge(paired, level),
    }
    return judged, left_out, int((alive.design == "family").sum()) - len(own)


def _harm(about: Mapping[str, Any], alive: pd.DataFrame, own: pd.DataFrame) -> tuple[pd.Series, dict[str, str]]:
    """Mean test accuracy of the paired models by condition, and the kind of each condition that may be compared.

    Left out are conditions in which more than a third of the models stopped or have no place, in either design: what
    is left of those are the models that stood the stress.
    """
    paired = alive[alive.design == "paired"].groupby("condition")
    there = (paired.seed.nunique(), own.groupby("condition").size() if len(own) else pd.Series(dtype=int))
    kinds = {
        name: kind
        for name, kind in units(about["conditions"]).items()
        if min(counts.get(name, 0) for counts in there) >= 2 / 3 * about["seeds"]
    }
    return paired.test_accuracy.mean(), kinds


def _complete(paired: pd.DataFrame, about: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """The paired runs as a full table of conditions by seeds.

    A condition in which more than a third of the runs stopped is left out; of the rest, the seeds that all have.
    """
    moved = paired[paired.movement.notna()]
    counts = moved.groupby("condition", sort=False).seed.nunique()
    left = [c["name"] for c in about["conditions"] if counts.get(c["name"], 0) < 2 / 3 * about["seeds"]]
    moved = moved[~moved.condition.isin(left)]
    having = moved.groupby("seed").condition.nunique()
    everywhere = having.index[having == moved.condition.nunique()]
    return moved[moved.seed.isin(everywhere)], left


def models_and_distances(own: pd.DataFrame, pairs: pd.DataFrame, measure: str) -> tuple[pd.DataFrame, np.ndarray]:
    """The family models that have distances, and their distance matrix in the same order."""
    known = set(pairs.run_a) | set(pairs.run_b)
    own = own[own.run.isin(known)].reset_index(drop=True)
    place_of = {run: i for i, run in enumerate(own.run)}
    matrix = np.full((len(own), len(own)), np.nan)
    np.fill_diagonal(matrix, 0.0)
    rows = pairs[pairs.run_a.isin(place_of) & pairs.run_b.isin(place_of)]
    i, j = (rows[side].map(place_of).to_numpy(int) for side in ("run_a", "run_b"))
    matrix[i, j] = matrix[j, i] = rows[measure].to_numpy(float)
    missing = int(np.isnan(matrix).sum()) // 2
    if missing:
        raise BadInput(f"asked to judge {len(own)} models; {missing} of their pairs are not in pairs.csv; restore it")
    return own, matrix
