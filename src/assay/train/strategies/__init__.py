"""Strategies: what one training step optimises."""

from assay.train.strategies.adversarial import Adversarial as Adversarial
from assay.train.strategies.base import Batch as Batch
from assay.train.strategies.base import Strategy as Strategy
from assay.train.strategies.contrastive import Contrastive as Contrastive
from assay.train.strategies.fgsm_rs import FGSMRS as FGSMRS
from assay.train.strategies.mart import Mart as Mart
from assay.train.strategies.standard import Standard as Standard
from assay.train.strategies.trades import Trades as Trades
