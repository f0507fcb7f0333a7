"""Importances of settings on planted trials: one setting decides a goal, nothing decides another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.studies.tune.importance import EXPLAINED, LEAST, importances

optuna = pytest.importorskip("optuna", reason="optuna is not installed: pip install 'assay[tune]'")

AXES = {
    "lr": {"low": 1e-4, "high": 1e-1},
    "width": {"low": 4, "high": 64},
    "activation": {"choices": ["relu", "tanh"]},
}
GOALS = ("val_accuracy", "flip_rate", "seconds")


def planted(trials: int) -> Any:
    """The learning rate alone decides accuracy, the activation alone flips; seconds are chance."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["maximize", "minimize", "minimize"])
    spaces = {
        "lr": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
        "width": optuna.distributions.IntDistribution(4, 64, log=True),
        "activation": optuna.distributions.CategoricalDistribution(("relu", "tanh")),
    }
    draw = np.random.default_rng(1)
    for _ in range(trials):
        params = {
            "lr": float(10 ** draw.uniform(-4, -1)),
            "width": int(draw.integers(4, 65)),
            "activation": ["relu", "tanh"][draw.integers(2)],
        }
        values = [-abs(np.log10(params["lr"]) + 2.5), float(params["activation"] == "relu"), draw.random()]
        study.add_trial(optuna.trial.create_trial(params=params, distributions=spaces, values=values))
    return study


def test_what_decides_a_goal_is_named_first_and_chance_is_not_explained() -> None:
    found = importances(planted(40), GOALS, AXES)
    for goal, setting in (("val_accuracy", "lr"), ("flip_rate", "activation")):
        shares = found[goal]["shares"]
        assert next(iter(shares)) == setting and shares[setting] > 0.8
        assert sum(shares.values()) == pytest.approx(1) and found[goal]["explained"] > 0.5
        assert found[goal]["text"].startswith(f"{setting} {shares[setting]:.0%}, ")
        assert f"settings explain {found[goal]['explained']:.0%} of its spread" in found[goal]["text"]
    assert found["seconds"]["shares"] is None and found["seconds"]["explained"] < EXPLAINED
    assert found["seconds"]["text"].startswith("cannot be told: the settings do not predict it")


def test_one_trial_too_few_tells_nothing_and_the_next_does() -> None:
    few, enough = (importances(planted(n), GOALS, AXES)["flip_rate"] for n in (LEAST - 1, LEAST))
    assert few == {"shares": None, "explained": None, "text": "cannot be told from 19 finished trials; 20 are needed"}
    assert next(iter(enough["shares"])) == "activation"


def test_a_goal_that_does_not_vary_is_not_explained() -> None:
    study = planted(0)
    for trial in planted(LEAST).trials:
        study.add_trial(
            optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, values=[0.5, 0.5, 0.5])
        )
    found = importances(study, GOALS, AXES)["val_accuracy"]
    assert (found["shares"], found["explained"]) == (None, 0.0)
