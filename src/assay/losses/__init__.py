"""Floor 1: per-example losses. Each is its own configuration and can be used in any training loop."""

from assay.losses.classification import CrossEntropy as CrossEntropy
from assay.losses.classification import Focal as Focal
from assay.losses.classification import LabelSmoothed as LabelSmoothed
from assay.losses.classification import Loss as Loss
from assay.losses.classification import MultiMargin as MultiMargin
from assay.losses.classification import SquaredError as SquaredError
