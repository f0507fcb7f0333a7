"""Floor 1: data sets, splits, loading, shifts, and biases put into training images on purpose."""

from assay.data.biases import Bias as Bias
from assay.data.biases import Fewer as Fewer
from assay.data.biases import Imbalance as Imbalance
from assay.data.biases import LabelNoise as LabelNoise
from assay.data.biases import Narrow as Narrow
from assay.data.biases import Part as Part
from assay.data.biases import Shifted as Shifted
from assay.data.biases import biased as biased
from assay.data.biases import relabelled as relabelled
from assay.data.biases import true_labels as true_labels
from assay.data.dataset import Dataset as Dataset
from assay.data.dataset import Split as Split
from assay.data.load import available as available
from assay.data.load import load_data as load_data
from assay.data.shifts import SHIFTS as SHIFTS
from assay.data.shifts import Shift as Shift
from assay.data.shifts import shifts_for as shifts_for
