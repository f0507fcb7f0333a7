"""Floor 1: data sets, splits, loading and shifts."""

from assay.data.dataset import Dataset, Split
from assay.data.load import load_data

__all__ = ["Dataset", "Split", "load_data"]
