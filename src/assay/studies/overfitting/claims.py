"""The claims of the `overfitting` study, and how each is judged from its tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import Estimate, paired_effect, rank_relation
from assay.studies.claim import relation, share
from assay.studies.gap import said
from assay.studies.overfitting import readings, words
from assay.studies.overfitting.design import BASELINE, DROP, NARROWED, PERTURBATION, RANDOM, WRONG, fewer
from assay.studies.overfitting.gaps import gaps
from assay.studies.overfitting.risk import risk
from assay.studies.phrases import NOTHING, mishaps
from assay.studies.study import Claim, Judged, Tables, Text

SMALL = 0.02  # a difference of robust accuracies or of gaps smaller than this does not matter
LEAST_ARMS = 6


def _share(name: str, measure: str) -> Claim:
    return share(name, words.CLAIM[name], measure, margin=(-SMALL, SMALL))


CLAIMS = (
    _share("occurs", "robust accuracy on test, at the look that val chose minus at the end, less what choosing gives"),
    _share(
        "natural-data",
        "robust accuracy at the end, easy images left out minus baseline; the smaller of this and against as many "
        "left out at random",
    ),
    _share("not-perturbation", "robust accuracy at the end, easy images left out minus only their attack left out"),
    _share(
        "perturbation-features",
        "train-test gap of a probe on clean features at the end, baseline minus easy images not attacked",
    ),
    relation(
        "gap-with-drop",
        words.CLAIM["gap-with-drop"],
        "rank correlation over arms of the mean gap of a probe on attacked features and the mean drop",
    ),
    _share("less-data", "corrected drop, fewest images minus baseline"),
    _share("wrong-labels", "corrected drop, a tenth of the labels wrong minus baseline"),
    _share("narrow", "corrected drop, half of the images in one lighting minus as many in all"),
)


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"].assign(status=tables["runs"]["status"].astype(str))
    alive = runs[runs.status == "finished"]
    end = "autoattack_last" if about["judged"] else "robust_last"
    robust, drop = _wide(alive, end), _wide(alive, "drop_corrected")
    gap = _wide(alive, "gap_clean_last")
    fewest = fewer(min(about["sizes"], default=1.0))
    judged = {
        "occurs": _occurs(alive, drop),
        "natural-data": _worst("natural-data", robust, DROP, (BASELINE, RANDOM)),
        "not-perturbation": _difference("not-perturbation", robust, DROP, PERTURBATION),
        "perturbation-features": _difference("perturbation-features", gap, BASELINE, PERTURBATION),
        "gap-with-drop": _together(alive),
        "less-data": _difference("less-data", drop, fewest, BASELINE),
        "wrong-labels": _difference("wrong-labels", drop, WRONG, BASELINE),
        "narrow": _difference("narrow", drop, NARROWED, fewer(0.5)),
    }
    warnings = [*mishaps(runs), *readings.untrusted(alive), *readings.broken(alive), *readings.weak(alive, about)]
    return said(judged, gaps(runs)), [*warnings, *risk(about, alive).warnings]


def _wide(alive: pd.DataFrame, column: str) -> pd.DataFrame:
    """Seeds by arms."""
    if column not in alive:
        return pd.DataFrame()
    return alive.dropna(subset=[column]).pivot_table(index="seed", columns="condition", values=column)


def _pairs(wide: pd.DataFrame, over: str, under: str) -> np.ndarray:
    return (wide[over] - wide[under]).dropna().to_numpy() if {over, under} <= set(wide) else np.empty(0)


def _estimate(values: np.ndarray) -> Estimate:
    return paired_effect(values) if len(values) > 1 else NOTHING


def _occurs(alive: pd.DataFrame, drop: pd.DataFrame) -> Judged:
    estimate = _estimate(drop[BASELINE].dropna().to_numpy() if BASELINE in drop else np.empty(0))
    base = alive[alive.condition == BASELINE]
    detail = {
        "drop before correction": float(base["drop"].mean()),
        "what choosing alone gives": float(base["drop_flat"].mean()),
        "robust accuracy at best": float(base.robust_best.mean()),
    }
    return Judged(estimate, words.seeds(estimate.n), words.occurs(estimate, detail), detail)


def _difference(name: str, wide: pd.DataFrame, over: str, under: str) -> Judged:
    estimate = _estimate(_pairs(wide, over, under))
    return Judged(estimate, words.seeds(estimate.n), words.difference(name, estimate))


def _worst(name: str, wide: pd.DataFrame, over: str, under: Sequence[str]) -> Judged:
    """Better than each of several: the smallest advantage counts, with the largest p (intersection-union)."""
    each = {other: _estimate(_pairs(wide, over, other)) for other in under}
    if not all(one.known for one in each.values()):
        return Judged(NOTHING, words.seeds(0), words.difference(name, NOTHING))
    worst = min(each.values(), key=lambda one: one.effect)
    if worst.effect > 0:
        worst = replace(worst, p=max(one.p for one in each.values()), low=min(one.low for one in each.values()))
    detail = {f"more than {other}": one.effect for other, one in each.items()}
    return Judged(worst, words.seeds(worst.n), words.difference(name, worst), detail)


def _together(alive: pd.DataFrame) -> Judged:
    """Over arms that train adversarially from the first step to the last or are treated from the onset on."""
    means = alive.dropna(subset=["drop_corrected", "gap_attacked_last"])
    means = means.groupby("condition", sort=False)[["gap_attacked_last", "drop_corrected"]].mean()
    if len(means) < LEAST_ARMS:
        return Judged(NOTHING, words.arms(len(means)), words.relation(NOTHING))
    estimate = rank_relation(means.gap_attacked_last.to_numpy(), means.drop_corrected.to_numpy())
    return Judged(estimate, words.arms(len(means)), words.relation(estimate))
