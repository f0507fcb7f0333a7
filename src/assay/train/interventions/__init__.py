"""Interventions: changes to the training state at a stated share of training."""

from assay.train.interventions.base import Intervention as Intervention
from assay.train.interventions.fork import Fork as Fork
from assay.train.interventions.hot_swap import HotSwap as HotSwap
