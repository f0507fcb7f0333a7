"""What the theory says of a recipe on its data: the forecast beside which a measurement is put."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.data import Dataset
from assay.maths.ssem import Setting, predict, setting_for, variances
from assay.maths.ssem.predict import COLLAPSED
from assay.train import Balanced, Recipe
from assay.train.strategies import Contrastive

NOTHING = {"alpha": None, "temperature": None, "phase": None, "within": None, "alpha_c": None, "tau_c": None}


def foretold(recipe: Recipe, data: Dataset, speaks: bool = True) -> dict[str, Any]:
    """Weight, temperature, phase and within-class variance of each class at the minimum of the recipe's loss.

    ``data`` is what is learned, biases included. All values are None where the loss is not `SupCL` or a balanced batch
    holds some of the classes only; ``within`` is also None where the theory does not speak (``speaks``: wrong labels).
    """
    strategy = recipe.strategy
    if not isinstance(strategy, Contrastive) or strategy.loss is not None:
        return dict(NOTHING)
    batch, _ = recipe.sampler.sizes(data.train.y, recipe.batch)
    balanced = isinstance(recipe.sampler, Balanced)
    if isinstance(recipe.sampler, Balanced) and (recipe.sampler.classes or len(data.classes)) < len(data.classes):
        return dict(NOTHING)
    strategy = strategy.settled(data, batch, balanced)
    alpha, tau = float(strategy.alpha), strategy.temperature
    views, variant, reduction = strategy.views, strategy.variant, strategy.reduction
    m, known = len(data.classes), {"alpha": alpha, "temperature": tau}
    if not balanced:
        counts = np.bincount(data.train.labels, minlength=m).tolist()
        found = variances(setting_for(counts, batch, views, alpha, tau, variant, reduction), quick=True)
        phase = "collapse" if min(found.instances) < COLLAPSED else "spread"
        return NOTHING | known | {"phase": phase, "within": found.within.tolist() if speaks else None}
    # Closed form: what a class holds in the whole data set hardly matters, what it holds in a batch does.
    each = batch // m
    totals = (max(each, len(data.train) // m),) * m
    told = predict(Setting(m, each, views, alpha, tau, variant, reduction, totals))
    within = list(told.within_variance) if speaks else None
    return known | {"phase": told.phase, "within": within, "alpha_c": told.alpha_c, "tau_c": told.tau_c}
