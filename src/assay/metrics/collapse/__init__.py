"""Class collapse: how much spread is left inside classes, how classes lie, and whether a head agrees with them."""

from assay.metrics.collapse.classes import Classes, on_sphere
from assay.metrics.collapse.neural import etf_distance, nc1, nc2_equiangular, nc2_equinorm, nc3, nc4, nearest_mean
from assay.metrics.collapse.pairs import (
    cdnv,
    cdnv_matrix,
    directional_cdnv,
    directional_cdnv_matrix,
    variance_quotient,
)
from assay.metrics.collapse.rank import (
    class_effective_ranks,
    effective_rank,
    participation_ratio,
    within_effective_rank,
)
from assay.metrics.collapse.share import class_shares, within_share
from assay.metrics.collapse.variance import between_variance, class_variances, total_variance, within_variance
from assay.metrics.collapse.views import view_variance

__all__ = [
    "Classes",
    "between_variance",
    "cdnv",
    "cdnv_matrix",
    "class_effective_ranks",
    "class_shares",
    "class_variances",
    "directional_cdnv",
    "directional_cdnv_matrix",
    "effective_rank",
    "etf_distance",
    "nc1",
    "nc2_equiangular",
    "nc2_equinorm",
    "nc3",
    "nc4",
    "nearest_mean",
    "on_sphere",
    "participation_ratio",
    "total_variance",
    "variance_quotient",
    "view_variance",
    "within_effective_rank",
    "within_share",
    "within_variance",
]
