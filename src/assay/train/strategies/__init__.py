"""Strategies: what one training step optimises."""

from assay.train.strategies.base import Batch as Batch
from assay.train.strategies.base import Strategy as Strategy
from assay.train.strategies.contrastive import Contrastive as Contrastive
from assay.train.strategies.standard import Standard as Standard
