"""How much each searched setting matters for each goal (fANOVA), said only where the settings explain the goal at all.

Importances are shares of explained spread and add up to 1 even where nothing is explained. So a random forest is asked
first whether it can predict trials that it has not seen (out of bag).
Source: Hutter, Hoos, Leyton-Brown 2014, ICML (fANOVA), as Optuna computes it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from optuna.study import Study

LEAST = 20  # finished trials
EXPLAINED = 0.1  # share of a goal's spread that a forest must predict on unseen trials


def importances(study: Study, figures: Sequence[str], axes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """For each goal: ``shares`` by setting, largest first, or None; ``explained`` out of bag; ``text``."""
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState

    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    found: dict[str, dict[str, Any]] = {}
    for number, figure in enumerate(figures):
        if len(done) < LEAST:
            text = f"cannot be told from {len(done)} finished trials; {LEAST} are needed"
            found[figure] = {"shares": None, "explained": None, "text": text}
            continue
        target = np.array([trial.values[number] for trial in done], dtype=float)
        explained = _explained([trial.params for trial in done], target, axes)
        if not explained >= EXPLAINED:
            text = "cannot be told: the settings do not predict it on trials that the forest has not seen"
            found[figure] = {"shares": None, "explained": explained, "text": text}
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shares = get_param_importances(
                study,
                evaluator=FanovaImportanceEvaluator(seed=0),
                target=lambda trial, number=number: trial.values[number],  # type: ignore[misc]
            )
        most = ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:3])
        text = f"{most} (settings explain {explained:.0%} of its spread on unseen trials)"
        found[figure] = {"shares": shares, "explained": explained, "text": text}
    return found


def _explained(params: Sequence[Mapping[str, Any]], target: np.ndarray, axes: Mapping[str, Any]) -> float:
    """The share of a goal's spread that a random forest predicts out of bag (R^2; 0 or less: nothing)."""
    from sklearn.ensemble import RandomForestRegressor

    if target.std() == 0 or not np.isfinite(target).all():
        return 0.0
    columns: list[list[float]] = []
    for name, axis in axes.items():
        if "choices" in axis:
            columns += [[float(p[name] == choice) for p in params] for choice in axis["choices"]]
        else:
            columns.append([float(np.log(p[name])) for p in params])
    forest = RandomForestRegressor(200, oob_score=True, random_state=0).fit(np.array(columns).T, target)
    return float(forest.oob_score_)
