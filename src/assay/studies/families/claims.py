"""The five claims of the `families` study, and how each is judged from the tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.maths.statistics import paired_effect, place, rank_relation, spread_contrast, within_relation
from assay.studies.claim import ratio, relation, share
from assay.studies.families import words
from assay.studies.families.tables import mean_spread
from assay.studies.phrases import NOTHING, as_ratio, stopped
from assay.studies.study import Judged, Tables, Text, text

CLAIMS = (
    ratio(
        "stress-moves",
        words.CLAIM["stress-moves"],
        "CKA distance at the last hidden layer to the unstressed run of the same seed, stress over fork",
        margin=(0.8, 1.25),
        unit=text("times as far", "倍"),
    ),
    share(
        "places-differ",
        words.CLAIM["places-differ"],
        "share of squared CKA distance between conditions, beyond chance (PERMANOVA)",
        margin=(-0.05, 0.05),
        unit=text("of the variation", "（全変動に占める割合）"),
        design="family",
    ),
    ratio(
        "unhappy-vary-more",
        words.CLAIM["unhappy-vary-more"],
        "spread of the lower third over that of the upper third by validation accuracy, within conditions",
        margin=(0.9, 1 / 0.9),
        unit=text("times as wide", "倍"),
        design="family",
    ),
    relation(
        "worse-is-wider",
        words.CLAIM["worse-is-wider"],
        "rank correlation over conditions of mean test accuracy (paired models) and spread (family models)",
        claimed="below",
    ),
    relation(
        "movers-misjudge",
        words.CLAIM["movers-misjudge"],
        "rank correlation of movement and false detections under shift, at equal test accuracy, in conditions",
        margin=(-0.1, 0.1),
        design="paired",
    ),
)


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"]
    runs = runs.assign(
        status=runs["status"].astype(str), family=runs["family"].astype(object).where(runs["family"].notna(), "")
    )
    alive = runs[(runs.status == "finished") & runs.test_accuracy.notna()]
    level = 1 - about["level"]
    paired, left_out = _complete(alive[alive.design == "paired"], about)
    own, distances = _matrix(alive[alive.design == "family"], tables["pairs"])
    accuracy = alive[alive.design == "paired"].groupby("condition").test_accuracy.mean()
    judged = {
        "stress-moves": stress_moves(paired, about, level),
        "places-differ": places_differ(own, distances, level),
        "unhappy-vary-more": unhappy_vary_more(own, distances, level),
        "worse-is-wider": worse_is_wider(own, distances, accuracy, level),
        "movers-misjudge": movers_misjudge(paired, level),
    }
    unmapped = int((alive.design == "family").sum()) - len(own)
    warnings = [
        *stopped(runs),
        *words.left_out(left_out),
        *words.unmapped(unmapped),
        *words.floor_or_ceiling(alive),
        *words.narrow(about),
    ]
    return judged, warnings


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


def _matrix(own: pd.DataFrame, pairs: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The family models that have distances, and their distance matrix in the same order."""
    known = set(pairs.run_a) | set(pairs.run_b)
    own = own[own.run.isin(known)].reset_index(drop=True)
    place_of = {run: i for i, run in enumerate(own.run)}
    matrix = np.full((len(own), len(own)), np.nan)
    np.fill_diagonal(matrix, 0.0)
    rows = pairs[pairs.run_a.isin(place_of) & pairs.run_b.isin(place_of)]
    i, j = (rows[side].map(place_of).to_numpy(int) for side in ("run_a", "run_b"))
    matrix[i, j] = matrix[j, i] = rows.cka_distance.to_numpy(float)
    missing = int(np.isnan(matrix).sum()) // 2
    if missing:
        raise BadInput(f"asked to judge {len(own)} models; {missing} of their pairs are not in pairs.csv; restore it")
    return own, matrix


LEAST_CONDITIONS = 4
LEAST_SEEDS = 5  # below, a relation over seeds is not even estimated


def stress_moves(paired: pd.DataFrame, about: Mapping[str, Any], level: float) -> Judged:
    """One number a seed: the mean log ratio of a stressed run's movement to that of the fork at the same time."""
    at = {c["name"]: c["at"] for c in about["conditions"]}
    table = paired.assign(at=paired.condition.map(at))
    forks = table[table.stress == "fork"].set_index(["seed", "at"]).movement
    stressed = table[table.stress.isin(["activation", "loss", "both"])]
    if forks.empty or stressed.empty:
        return Judged(NOTHING, words.seeds(0), words.sentence("stress-moves", NOTHING))
    stressed = stressed.assign(fork=forks.reindex(pd.MultiIndex.from_frame(stressed[["seed", "at"]])).to_numpy(float))
    stressed = stressed[(stressed.movement > 0) & (stressed.fork > 0)]
    ratio = np.log(stressed.movement.to_numpy(float) / stressed.fork.to_numpy(float))
    by_seed = pd.Series(ratio, index=stressed.seed.to_numpy()).groupby(level=0).mean()
    if len(by_seed) < 2:
        return Judged(NOTHING, words.seeds(len(by_seed)), words.sentence("stress-moves", NOTHING))
    estimate = as_ratio(paired_effect(by_seed.to_numpy(), level=level))
    kinds = pd.Series(ratio, index=stressed.condition.to_numpy()).groupby(level=0, sort=False).mean()
    detail = {f"times as far: {name}": float(np.exp(value)) for name, value in kinds.items()}
    return Judged(estimate, words.seeds(estimate.n), words.sentence("stress-moves", estimate), detail)


def places_differ(own: pd.DataFrame, distances: np.ndarray, level: float) -> Judged:
    """PERMANOVA over models with seeds of their own: the share of variation between conditions, beyond chance."""
    sizes = own.groupby("condition").size() if len(own) else pd.Series(dtype=int)
    if len(sizes) < 2 or sizes.min() < 2:
        return Judged(NOTHING, words.models(len(own), len(sizes)), words.sentence("places-differ", NOTHING))
    estimate = place(distances, own.condition.to_numpy(), level=level)
    return Judged(estimate, words.models(len(own), len(sizes)), words.sentence("places-differ", estimate))


def unhappy_vary_more(own: pd.DataFrame, distances: np.ndarray, level: float) -> Judged:
    """Within each condition, the spread of the lower third over that of the upper third."""
    kept = own.family.isin(["happy", "unhappy"]).to_numpy() if len(own) else np.zeros(0, bool)
    n = int(kept.sum())
    if not n:
        return Judged(NOTHING, words.per_family(0), words.sentence("unhappy-vary-more", NOTHING))
    own, distances = own[kept], distances[np.ix_(kept, kept)]
    estimate = spread_contrast(distances, own.condition.to_numpy(), own.family.to_numpy(), level=level)
    return Judged(estimate, words.per_family(n), words.sentence("unhappy-vary-more", estimate))


def worse_is_wider(own: pd.DataFrame, distances: np.ndarray, accuracy: pd.Series, level: float) -> Judged:
    """Over conditions: does the spread fall as the mean test accuracy rises? The condition is the unit.

    Spread is that of the family models, accuracy that of the paired ones: of the same models, one bad outlier alone
    would lower the first and widen the second.
    """
    names = [name for name in dict.fromkeys(own.condition) if name in accuracy.index] if len(own) else []
    widths = {name: mean_spread(distances[np.ix_(at, at)]) for name in names if len(at := _members(own, name)) > 1}
    if len(widths) < LEAST_CONDITIONS:
        return Judged(NOTHING, words.conditions(len(widths)), words.sentence("worse-is-wider", NOTHING))
    estimate = rank_relation(accuracy[list(widths)].to_numpy(float), np.array(list(widths.values())), level=level)
    return Judged(estimate, words.conditions(len(widths)), words.sentence("worse-is-wider", estimate))


def _members(own: pd.DataFrame, name: str) -> np.ndarray:
    return np.flatnonzero((own.condition == name).to_numpy())


def movers_misjudge(paired: pd.DataFrame, level: float) -> Judged:
    """Within conditions and at equal test accuracy: do runs that moved more make more false detections under shift?

    False detections: the mean of false-reject rate and escape rate over the shifts. Whole seeds are permuted, because
    a seed's runs share their start and their order.
    """
    stressed = paired[paired.stress.isin(["activation", "loss", "both"])]
    wrong = (stressed.shift_false_reject + stressed.shift_escape) / 2
    seeds = stressed.seed.nunique()
    if seeds < LEAST_SEEDS or wrong.isna().any():
        return Judged(NOTHING, words.seeds(seeds), words.sentence("movers-misjudge", NOTHING))
    estimate = within_relation(
        stressed.movement.to_numpy(float),
        wrong.to_numpy(float),
        stressed.test_accuracy.to_numpy(float),
        stressed.seed.to_numpy(),
        stressed.condition.to_numpy(),
        level=level,
    )
    return Judged(estimate, words.seeds(estimate.n), words.sentence("movers-misjudge", estimate))
