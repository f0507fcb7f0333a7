"""Probes: what can be read out of frozen features. Arrays in, an accuracy (and how it came about) out."""

from assay.metrics.probes.coarse import CoarseToFine, SubclassRecovery, coarse_to_fine, subclass_recovery
from assay.metrics.probes.common import Probed
from assay.metrics.probes.few import FewShot, few_shot_probe
from assay.metrics.probes.linear import REGULARISERS, linear_probe
from assay.metrics.probes.neighbours import K_GRID, knn_probe
from assay.metrics.probes.worst import Group, group_accuracies, worst_group

__all__ = [
    "K_GRID",
    "REGULARISERS",
    "CoarseToFine",
    "FewShot",
    "Group",
    "Probed",
    "SubclassRecovery",
    "coarse_to_fine",
    "few_shot_probe",
    "group_accuracies",
    "knn_probe",
    "linear_probe",
    "subclass_recovery",
    "worst_group",
]
