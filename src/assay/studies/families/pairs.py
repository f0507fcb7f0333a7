"""How far models of the family design lie from one another: every pair, and conditions by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.maths.statistics import pcoa, spread
from assay.metrics import METRICS, is_constant, pairwise
from assay.studies.families.agree import LOGITS, PRIMARY
from assay.studies.families.look import Look
from assay.studies.study import Planned

DISTANCES = [m.name for m in (*PRIMARY, *LOGITS)]
PAIRS = ["run_a", "run_b", "layer", *DISTANCES, "debiased_cka", "disagreement"]
LAYERS = ["condition_a", "condition_b", "layer", "cka", "spread"]


def pairs_and_layers(
    planned: Mapping[str, Planned], looks: Look, layers: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every pair of models of the family design at the primary layer; mean similarity of conditions at each layer."""
    primary = layers[-1]
    runs = [run for run in planned if run in looks.features]
    alive = [run for run in runs if not is_constant(looks.features[run][primary])]
    condition = np.array([planned[run].tags["condition"] for run in alive])
    if len(alive) < 2:
        return pd.DataFrame(columns=PAIRS), pd.DataFrame(columns=LAYERS)
    at = [looks.features[run][primary] for run in alive]
    answers = [looks.logits[run] for run in alive]
    distances, similar = pairwise(at, "cka_distance"), debiased(at)
    columns = [distances, pairwise(at, "procrustes_distance"), *(_of_answers(answers, m.name) for m in PRIMARY)]
    columns += [similar, pairwise(answers, "disagreement")]
    upper = list(zip(*np.triu_indices(len(alive), 1), strict=True))
    rows = [(alive[i], alive[j], primary, *(column[i, j] for column in columns)) for i, j in upper]
    between = []
    for layer in layers:
        live = np.array([not is_constant(looks.features[run][layer]) for run in alive])
        each = [looks.features[run][layer] for run, lives in zip(alive, live, strict=True) if lives]
        if len(each) > 1:
            d = distances if layer == primary else pairwise(each, "cka_distance")
            s = similar if layer == primary else debiased(each)
            between += _by_condition(condition[live], layer, d, s)
    return pd.DataFrame(rows, columns=PAIRS), pd.DataFrame(between, columns=LAYERS)


def debiased(features: Sequence[np.ndarray]) -> np.ndarray:
    """Debiased CKA of all pairs, (m, m), the diagonal 1; NaN for pairs with a model of which it is 0/0.

    That is a model in which one sample alone differs from all others, as where a layer is nearly dead: one of them must
    not undo what is known of the rest.

    >>> corners, side, lone = [[1, 1], [1, -1], [-1, 1], [-1, -1]], [[1], [1], [-1], [-1]], [[1], [0], [0], [0]]
    >>> debiased([corners, side, lone]).round(6).tolist()
    [[1.0, 0.5, nan], [0.5, 1.0, nan], [nan, nan, 1.0]]
    """
    known = [i for i, each in enumerate(features) if _has_debiased(each)]
    table = np.full((len(features), len(features)), np.nan)
    np.fill_diagonal(table, 1.0)
    if known:
        table[np.ix_(known, known)] = pairwise([features[i] for i in known], "debiased_cka")
    return table


def _has_debiased(features: np.ndarray) -> bool:
    try:
        METRICS["debiased_cka"](features, features)
    except BadInput:
        return False
    return True


def _of_answers(logits: Sequence[np.ndarray], measure: str) -> np.ndarray:
    """Distances between logits; none to a model that answers everything alike."""
    found = np.full((len(logits), len(logits)), np.nan)
    live = [i for i, each in enumerate(logits) if not is_constant(each)]
    if len(live) > 1:
        found[np.ix_(live, live)] = pairwise([logits[i] for i in live], measure)
    return found


def _by_condition(condition: np.ndarray, layer: str, d: np.ndarray, s: np.ndarray) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(condition))
    rows = []
    for i, a in enumerate(names):
        for b in names[i:]:
            at_a, at_b = np.flatnonzero(condition == a), np.flatnonzero(condition == b)
            block = s[np.ix_(at_a, at_b)]
            if a == b:
                block = block[np.triu_indices(len(at_a), 1)]
            block = block[np.isfinite(block)]
            rows.append(
                {
                    "condition_a": a,
                    "condition_b": b,
                    "layer": layer,
                    "cka": float(block.mean()) if block.size else None,
                    "spread": mean_spread(d[np.ix_(at_a, at_a)]) if a == b else None,
                }
            )
    return rows


def mean_spread(distances: np.ndarray) -> float | None:
    """Mean distance of models to their own centre, from their distances; None for fewer than two models."""
    if len(distances) < 2:
        return None
    placed = pcoa(distances)
    return float(spread(placed.points, placed.signs, placed.points.mean(0), adjust=True).mean())
