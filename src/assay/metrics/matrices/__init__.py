"""All pairs of many representations at once, and what such a matrix says about the measure that filled it."""

from assay.metrics.matrices.identify import Identification, layer_identification
from assay.metrics.matrices.minibatch import minibatch_cka
from assay.metrics.matrices.pairs import PASSES, Pairs, all_pairs, ordered_pairs, pairwise
from assay.metrics.matrices.separate import Separation, separation

__all__ = [
    "PASSES",
    "Identification",
    "Pairs",
    "Separation",
    "all_pairs",
    "layer_identification",
    "minibatch_cka",
    "ordered_pairs",
    "pairwise",
    "separation",
]
