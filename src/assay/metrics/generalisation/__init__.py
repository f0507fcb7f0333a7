"""Feature generalisation: what frozen features can do on images that were trained on, and on new ones."""

from assay.metrics.generalisation.common import ClassGap, FeatureGap
from assay.metrics.generalisation.means import class_mean_gap, class_mean_gaps
from assay.metrics.generalisation.probe import probe_gap, probe_gaps

__all__ = ["ClassGap", "FeatureGap", "class_mean_gap", "class_mean_gaps", "probe_gap", "probe_gaps"]
