"""How simple is what a model answers: Lempel-Ziv phrases, compressed length, entropy, Boolean probes; real values
and sequences over time by stated quantisation.
"""

from assay.metrics.complexity.boolean import (
    boolean_critical_ratio,
    boolean_inputs,
    boolean_sensitivity,
    boolean_table,
)
from assay.metrics.complexity.compression import COMPRESSORS, SERIALISATIONS, compressed_length
from assay.metrics.complexity.orders import (
    complexity_references,
    output_complexity,
    projection_orders,
    random_orders,
    reference_answers,
)
from assay.metrics.complexity.phrases import c_lz, lempel_ziv, lz78, normalised_c_lz
from assay.metrics.complexity.quantise import quantile_edges, quantise, uniform_edges
from assay.metrics.complexity.series import increment_signs, ordinal_patterns, series_references
from assay.metrics.complexity.shannon import entropy

__all__ = [
    "COMPRESSORS",
    "SERIALISATIONS",
    "boolean_critical_ratio",
    "boolean_inputs",
    "boolean_sensitivity",
    "boolean_table",
    "c_lz",
    "complexity_references",
    "compressed_length",
    "entropy",
    "increment_signs",
    "lempel_ziv",
    "lz78",
    "normalised_c_lz",
    "ordinal_patterns",
    "output_complexity",
    "projection_orders",
    "quantile_edges",
    "quantise",
    "random_orders",
    "reference_answers",
    "series_references",
    "uniform_edges",
]
