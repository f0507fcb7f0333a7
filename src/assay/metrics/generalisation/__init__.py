"""Feature generalisation: what frozen features can do on images that were trained on, and on new ones."""

from assay.metrics.generalisation.channels import channel_gaps, channel_separation
from assay.metrics.generalisation.common import ClassGap, FeatureGap
from assay.metrics.generalisation.means import class_mean_gap, class_mean_gaps
from assay.metrics.generalisation.memory import Memorisation, memorisation, memorised
from assay.metrics.generalisation.probe import probe_gap, probe_gaps
from assay.metrics.generalisation.shifts import ClassShift, ShiftSimilarity, shift_similarities, shift_similarity

__all__ = [
    "ClassGap",
    "ClassShift",
    "FeatureGap",
    "Memorisation",
    "ShiftSimilarity",
    "channel_gaps",
    "channel_separation",
    "class_mean_gap",
    "class_mean_gaps",
    "memorisation",
    "memorised",
    "probe_gap",
    "probe_gaps",
    "shift_similarities",
    "shift_similarity",
]
