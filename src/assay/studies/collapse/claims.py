"""The claims of the `collapse` study, and how each is judged from its tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from assay.maths.statistics import Estimate, paired_effect, rank_relation
from assay.studies.claim import ratio, relation, share
from assay.studies.collapse import words
from assay.studies.collapse.design import COLLAPSED, FORECAST, IMBALANCED, INSTANCES, NOISY
from assay.studies.collapse.gaps import seen
from assay.studies.gap import said
from assay.studies.phrases import NOTHING, as_ratio, mishaps
from assay.studies.study import Claim, Judged, Tables, Text

CLOSE = 0.01  # a difference of accuracies or of variances smaller than this does not matter
FLOOR = 1e-3  # variances below are noise of the measurement; ratios are taken above it
LEAST_SETTINGS = 6


def _share(name: str, measure: str, claimed: Literal["above", "below"] = "above", bound: float = 0.0) -> Claim:
    margin = (-CLOSE, CLOSE) if bound == 0 else (bound, bound)
    return share(name, words.CLAIM[name], measure, margin=margin, claimed=claimed, threshold=bound)


def _ratio(name: str, measure: str, claimed: Literal["above", "below", "apart"]) -> Claim:
    return ratio(name, words.CLAIM[name], measure, margin=(1 / 1.1, 1.1), claimed=claimed)


def _relation(name: str, measure: str, claimed: Literal["above", "below"]) -> Claim:
    return relation(name, words.CLAIM[name], measure, claimed=claimed)


CLAIMS = (
    _share("free-as-foretold", "distance of free embeddings' within-class variance from the forecast", "below", CLOSE),
    _relation("forecast-orders", "rank correlation over settings of foretold and measured variance", "above"),
    _share("spread-knows-subclasses", "fine accuracy of a linear probe, forecast's weight minus SupCon"),
    _share("spread-transfers", "accuracy of a linear probe on the other data set, forecast's weight minus SupCon"),
    _share("spread-under-shift", "fine accuracy of the probe on shifted images, forecast's weight minus SupCon"),
    _share("middle-is-best", "fine accuracy, forecast's weight minus the better of SupCon and images only"),
    _share("middle-transfers", "accuracy on other data, forecast's weight minus the better of SupCon and images only"),
    _ratio("rare-first", "change of the rarest class's variance by imbalance over that of the commonest", "below"),
    _ratio("noise-moves", "within-class variance with wrong labels over without", "apart"),
    _relation("loss-tells", "rank correlation over settings of training loss and fine accuracy", "below"),
)
# claim: (column, what is compared with what)
DIFFERENCES = {
    "spread-knows-subclasses": "fine_accuracy",
    "spread-transfers": "transfer_accuracy",
    "spread-under-shift": "fine_shifted",
}


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"].assign(status=tables["runs"]["status"].astype(str))
    alive = runs[runs.status == "finished"]
    against = about["base_arm"]
    judged = {
        "free-as-foretold": _free(tables["free"]),
        "forecast-orders": _forecast(alive),
        **{name: _difference(name, alive, column) for name, column in DIFFERENCES.items()},
        "middle-is-best": _middle("middle-is-best", alive, "fine_accuracy"),
        "middle-transfers": _middle("middle-transfers", alive, "transfer_accuracy"),
        "rare-first": _rare(tables["classes"], against),
        "noise-moves": _noise(alive, against),
        "loss-tells": _loss(alive),
    }
    lacking = seen(about, runs)
    return said(judged, lacking), [*mishaps(runs), *(gap.warning for gap in lacking)]


def _free(free: pd.DataFrame) -> Judged:
    off = (free.measured - free.predicted).abs().to_numpy()
    estimate = paired_effect(off, null=CLOSE) if len(off) > 1 else NOTHING
    right = int(((free.measured < 1e-3) == (free.predicted < 1e-3)).sum())
    return Judged(
        estimate, words.optimisations(len(off)), words.free(estimate, right, len(off)), {"phase as foretold": right}
    )


def _wide(alive: pd.DataFrame, column: str) -> pd.DataFrame:
    return alive.dropna(subset=[column]).pivot_table(index="seed", columns="condition", values=column)


def _pair(wide: pd.DataFrame, over: str, under: str) -> np.ndarray:
    if over not in wide or under not in wide:
        return np.empty(0)
    return (wide[over] - wide[under]).dropna().to_numpy()


def _estimate(values: np.ndarray) -> Estimate:
    return paired_effect(values) if len(values) > 1 else NOTHING


def _difference(name: str, alive: pd.DataFrame, column: str) -> Judged:
    estimate = _estimate(_pair(_wide(alive, column), FORECAST, COLLAPSED))
    return Judged(estimate, words.seeds(estimate.n), words.difference(name, estimate))


def _middle(name: str, alive: pd.DataFrame, column: str) -> Judged:
    """An interior optimum is better than both ends: the smaller advantage counts, with the larger p."""
    wide = _wide(alive, column)
    ends = {end: _estimate(_pair(wide, FORECAST, end)) for end in (COLLAPSED, INSTANCES)}
    worst = min(ends.values(), key=lambda each: each.effect if each.known else -np.inf)
    estimate = replace(
        worst,
        low=min(each.low for each in ends.values()),
        high=min(each.high for each in ends.values()),
        p=max(each.p for each in ends.values()) if worst.effect > 0 else worst.p,
    )
    detail = {f"advantage over {end}": each.effect for end, each in ends.items()}
    return Judged(estimate, words.seeds(estimate.n), words.difference(name, estimate), detail)


def _forecast(alive: pd.DataFrame) -> Judged:
    means = alive.groupby("condition", sort=False)[["predicted", "within_train"]].mean().dropna()
    return _over_settings("forecast-orders", means)


def _loss(alive: pd.DataFrame) -> Judged:
    """Only losses of one formula are compared: the settings that the theory speaks about."""
    told = alive.dropna(subset=["predicted", "fine_accuracy"])
    return _over_settings(
        "loss-tells", told.groupby("condition", sort=False)[["train_loss", "fine_accuracy"]].mean().dropna()
    )


def _over_settings(name: str, means: pd.DataFrame) -> Judged:
    if len(means) < LEAST_SETTINGS:
        return Judged(NOTHING, words.settings(len(means)), words.relation(name, NOTHING))
    estimate = rank_relation(means.iloc[:, 0].to_numpy(), means.iloc[:, 1].to_numpy())
    return Judged(estimate, words.settings(len(means)), words.relation(name, estimate))


def _rare(classes: pd.DataFrame, against: str) -> Judged:
    """Difference in differences on a log scale: what imbalance does to the rarest class, over the commonest."""
    imbalanced = classes[classes.condition == IMBALANCED]
    if imbalanced.empty or imbalanced.train_count.nunique() < 2:
        return Judged(NOTHING, words.seeds(0), words.ratio("rare-first", NOTHING))
    counts = imbalanced.groupby("label").train_count.first()
    rare, common = (counts.index[place] for place in (int(counts.argmin()), int(counts.argmax())))
    found = classes[classes.condition.isin([IMBALANCED, against])].dropna(subset=["within_train"])
    logs = found.assign(log=np.log(found.within_train.clip(lower=FLOOR)))
    wide = logs.pivot_table(index="seed", columns=["condition", "label"], values="log")
    try:
        change = {each: wide[(IMBALANCED, each)] - wide[(against, each)] for each in (rare, common)}
    except KeyError:
        return Judged(NOTHING, words.seeds(0), words.ratio("rare-first", NOTHING))
    estimate = _estimate((change[rare] - change[common]).dropna().to_numpy())
    estimate = as_ratio(estimate) if estimate.known else estimate
    return Judged(estimate, words.seeds(estimate.n), words.ratio("rare-first", estimate))


def _noise(alive: pd.DataFrame, against: str) -> Judged:
    logs = alive.assign(log=np.log(alive.within_train.astype(float).clip(lower=FLOOR)))
    estimate = _estimate(_pair(_wide(logs, "log"), NOISY, against))
    estimate = as_ratio(estimate) if estimate.known else estimate
    return Judged(estimate, words.seeds(estimate.n), words.ratio("noise-moves", estimate))
