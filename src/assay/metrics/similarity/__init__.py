"""How alike two models are: in their representations of the same samples, and in their answers."""

from assay.metrics.similarity.answers import chance_error_overlap, error_consistency, error_overlap, jensen_shannon
from assay.metrics.similarity.cca import cca_r2, linear_regression_r2, mean_cca, pwcca, svcca
from assay.metrics.similarity.cka import cka_distance, debiased_cka, linear_cka
from assay.metrics.similarity.common import FLAT, SHAPE, debias, overlap, reduced, squares
from assay.metrics.similarity.distances import debiased_distance_correlation, distance_correlation, rsa
from assay.metrics.similarity.kernels import debiased_rbf_cka, rbf_cka
from assay.metrics.similarity.neighbours import knn_jaccard, mutual_knn
from assay.metrics.similarity.procrustes import aligned_cosine, angular_shape, procrustes_distance
from assay.metrics.similarity.warning import similarity_warning

__all__ = [
    "FLAT",
    "SHAPE",
    "aligned_cosine",
    "angular_shape",
    "cca_r2",
    "chance_error_overlap",
    "cka_distance",
    "debias",
    "debiased_cka",
    "debiased_distance_correlation",
    "debiased_rbf_cka",
    "distance_correlation",
    "error_consistency",
    "error_overlap",
    "jensen_shannon",
    "knn_jaccard",
    "linear_cka",
    "linear_regression_r2",
    "mean_cca",
    "mutual_knn",
    "overlap",
    "procrustes_distance",
    "pwcca",
    "rbf_cka",
    "reduced",
    "rsa",
    "similarity_warning",
    "squares",
    "svcca",
]
