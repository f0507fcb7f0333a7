"""How much a model's outputs react to its inputs: finite noise, the input Jacobian, flipped predictions."""

from assay.metrics.sensitivity.critical import critical_sample_ratio
from assay.metrics.sensitivity.finite import margin_sensitivity, sensitivity, sigma_sweep
from assay.metrics.sensitivity.flips import flip_curve, flip_rate
from assay.metrics.sensitivity.jacobian import jacobian_norm

__all__ = [
    "critical_sample_ratio",
    "flip_curve",
    "flip_rate",
    "jacobian_norm",
    "margin_sensitivity",
    "sensitivity",
    "sigma_sweep",
]
