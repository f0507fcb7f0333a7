"""Metrics: named arrays in, a number out, each with a card that says what may be expected of it."""

from assay.metrics.acceptance import Counts, threshold
from assay.metrics.arrays import is_constant
from assay.metrics.card import ARGUMENTS, INVARIANCES, METRICS, Card, Metric, metric
from assay.metrics.complexity import (
    COMPRESSORS,
    SERIALISATIONS,
    boolean_critical_ratio,
    boolean_inputs,
    boolean_sensitivity,
    boolean_table,
    c_lz,
    complexity_references,
    compressed_length,
    entropy,
    lempel_ziv,
    lz78,
    normalised_c_lz,
    output_complexity,
    projection_orders,
    random_orders,
)
from assay.metrics.functional import accuracy, cross_entropy, disagreement, gap
from assay.metrics.geometry import class_correlation, sample_correlation, sample_density
from assay.metrics.matrix import pairwise
from assay.metrics.rates import (
    Detection,
    detection,
    escape_interval,
    escape_rate,
    false_reject_interval,
    false_reject_rate,
)
from assay.metrics.similarity import angular_shape, cka_distance, debiased_cka, linear_cka, similarity_warning

__all__ = [
    "ARGUMENTS",
    "COMPRESSORS",
    "INVARIANCES",
    "METRICS",
    "SERIALISATIONS",
    "Card",
    "Counts",
    "Detection",
    "Metric",
    "accuracy",
    "angular_shape",
    "boolean_critical_ratio",
    "boolean_inputs",
    "boolean_sensitivity",
    "boolean_table",
    "c_lz",
    "cka_distance",
    "class_correlation",
    "complexity_references",
    "compressed_length",
    "cross_entropy",
    "debiased_cka",
    "detection",
    "disagreement",
    "entropy",
    "escape_interval",
    "escape_rate",
    "false_reject_interval",
    "false_reject_rate",
    "gap",
    "is_constant",
    "lempel_ziv",
    "linear_cka",
    "lz78",
    "metric",
    "normalised_c_lz",
    "output_complexity",
    "pairwise",
    "projection_orders",
    "random_orders",
    "sample_correlation",
    "sample_density",
    "similarity_warning",
    "threshold",
]
