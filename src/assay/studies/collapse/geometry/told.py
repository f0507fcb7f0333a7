"""What the forecast says of the recipe by which a run was trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.data import Dataset, LabelNoise
from assay.losses import SupCon
from assay.maths.ssem import supcon_alpha
from assay.studies.collapse.foretold import foretold
from assay.train import Balanced, Recipe
from assay.train.strategies import Contrastive


def told(recipe: Recipe | None, data: Dataset) -> dict[str, Any] | None:
    """The forecast for a run's recipe with the mean over classes; None where the theory does not speak.

    It does not of other losses (SupCon in balanced batches is one weight of the same family), of cross-entropy beside
    the contrastive loss, of wrong labels.
    """
    if recipe is None or not isinstance(recipe.strategy, Contrastive) or recipe.strategy.cross_entropy:
        return None
    if any(isinstance(bias, LabelNoise) for bias in recipe.biases):
        return None
    strategy = recipe.strategy
    if isinstance(strategy.loss, SupCon) and isinstance(recipe.sampler, Balanced):
        each = recipe.sampler.sizes(data.train.y, recipe.batch)[0] // len(data.classes)
        weight = {"alpha": supcon_alpha(strategy.views, each), "temperature": strategy.loss.temperature}
        recipe = recipe.with_(strategy=strategy.with_(loss=None, variant="excl", **weight))
    found = foretold(recipe, data)
    return found | {"mean": float(np.mean(found["within"]))} if found["within"] else None
