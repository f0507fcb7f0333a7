"""Class collapse as theory: the simplex-to-simplex embeddings that minimise the supervised contrastive loss.

From classes, instances, views, the mix alpha and the temperature it follows, before any training, whether classes
collapse and how much variance remains inside each. `predict` is the front door. Source: Lee, Oh, Lee, Sohn 2025, "A
Theoretical Framework for Preventing Class Collapse in Supervised Contrastive Learning" (AISTATS), for the family of
minimisers; the closed forms follow from the loss by stationarity on that family.
"""

from assay.maths.ssem.balanced import (
    alpha_of_within,
    best_temperature,
    optimal_within,
    temperatures_of_within,
    view_similarity,
)
from assay.maths.ssem.choose import alpha_for, alpha_of, setting_for
from assay.maths.ssem.embedding import embeddings, gram_values, simplex
from assay.maths.ssem.family import loss_of_gram, loss_on_family
from assay.maths.ssem.predict import Phase, Prediction, Variances, predict, predict_random, variances
from assay.maths.ssem.setting import AnySetting, RandomSetting, Reduction, Setting, Variant
from assay.maths.ssem.thresholds import alpha_c, alpha_view, supcon_alpha, tau_c

__all__ = [
    "AnySetting",
    "Phase",
    "Prediction",
    "RandomSetting",
    "Reduction",
    "Setting",
    "Variances",
    "Variant",
    "alpha_c",
    "alpha_for",
    "alpha_of",
    "alpha_of_within",
    "alpha_view",
    "best_temperature",
    "embeddings",
    "gram_values",
    "loss_of_gram",
    "loss_on_family",
    "optimal_within",
    "predict",
    "predict_random",
    "setting_for",
    "simplex",
    "supcon_alpha",
    "tau_c",
    "temperatures_of_within",
    "variances",
    "view_similarity",
]
