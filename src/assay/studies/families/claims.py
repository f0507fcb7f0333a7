"""The five claims of the `families` study, and how each is judged from the tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import paired_effect, place, rank_relation, spread_contrast, within_relation
from assay.studies.claim import ratio, relation, share
from assay.studies.families import words
from assay.studies.families.gaps import smallest_order_p
from assay.studies.families.pairs import mean_spread
from assay.studies.phrases import NOTHING, as_ratio
from assay.studies.study import Judged, text

BOTH = "by CKA distance and by Procrustes distance, the less favourable of the two"
CLAIMS = (
    ratio(
        "stress-moves",
        words.CLAIM["stress-moves"],
        "distance at the last hidden layer to the unstressed run of the same seed, stress over fork; " + BOTH,
        margin=(0.8, 1.25),
        unit=text("times as far", "倍"),
    ),
    share(
        "places-differ",
        words.CLAIM["places-differ"],
        "share of squared distance between conditions, beyond chance (PERMANOVA); " + BOTH,
        margin=(-0.05, 0.05),
        unit=text("of the variation", "（全変動に占める割合）"),
        design="family",
    ),
    ratio(
        "unhappy-vary-more",
        words.CLAIM["unhappy-vary-more"],
        "spread of the lower third over that of the upper third by validation accuracy, within conditions; " + BOTH,
        margin=(0.9, 1 / 0.9),
        unit=text("times as wide", "倍"),
        design="family",
    ),
    relation(
        "worse-is-wider",
        words.CLAIM["worse-is-wider"],
        "rank correlation over kinds of stress (a kind's times averaged, forks with the unstressed runs, "
        f"{words.UNITS}) of mean test accuracy (paired models) and spread (family models); " + BOTH,
        claimed="below",
    ),
    relation(
        "movers-misjudge",
        words.CLAIM["movers-misjudge"],
        "rank correlation of movement and false detections under shift, at equal test accuracy, in conditions; " + BOTH,
        margin=(-0.1, 0.1),
        design="paired",
    ),
)


MANY = 8  # kinds, as many as a study with the advised activations has: from here on, more of them is no advice
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


def worse_is_wider(
    own: pd.DataFrame, distances: np.ndarray, accuracy: pd.Series, kinds: Mapping[str, str], level: float
) -> Judged:
    """Over kinds of stress: does the spread fall as the mean test accuracy rises? The kind is the unit.

    Two times of one stress harm and scatter models alike, for whatever reason; taken as two conditions they would show
    one coincidence twice. So a kind has the mean of both figures over its conditions, `by_kind`.

    Spread is that of the family models, accuracy that of the paired ones: of the same models, one bad outlier alone
    would lower the first and widen the second.
    """
    table = by_kind(own, distances, accuracy, kinds)
    if smallest_order_p(len(table)) > 1 - level:
        return Judged(NOTHING, words.kinds(len(table)), words.sentence("worse-is-wider", NOTHING))
    estimate = rank_relation(table.accuracy.to_numpy(), table.width.to_numpy(), level=level)
    lacking = words.MANY if len(table) >= MANY else None
    return Judged(estimate, words.kinds(len(table)), words.sentence("worse-is-wider", estimate), lacking=lacking)


def by_kind(own: pd.DataFrame, distances: np.ndarray, accuracy: pd.Series, kinds: Mapping[str, str]) -> pd.DataFrame:
    """``accuracy``, ``width`` and number of ``conditions`` of each kind of stress: means over its conditions.

    ``own``: models, a row each; ``distances``: between them; ``accuracy``: by condition, of other models; ``kinds``: by
    condition. Conditions without a kind, an accuracy or two models are left out.
    """
    names = [name for name in dict.fromkeys(own.condition) if name in accuracy and name in kinds] if len(own) else []
    widths = {name: mean_spread(distances[np.ix_(at, at)]) for name in names if len(at := _members(own, name)) > 1}
    table = pd.DataFrame({"accuracy": accuracy[list(widths)], "width": widths}, dtype=float)
    grouped = table.groupby([kinds[name] for name in table.index], sort=False)
    return grouped.mean().assign(conditions=grouped.size())


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
