"""Floor 1: data sets, splits, loading and shifts."""

from assay.data.dataset import Dataset, Split
from assay.data.load import available, load_data
from assay.data.shifts import SHIFTS, Shift, shifts_for

__all__ = ["SHIFTS", "Dataset", "Shift", "Split", "available", "load_data", "shifts_for"]
