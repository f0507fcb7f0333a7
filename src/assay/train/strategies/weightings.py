"""Rules by which some examples count more than others."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind, Number
from assay.data import Dataset
from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.listing import Listing, column

COLUMN = "weights"  # the name under which a column's weights are remembered


class Weighting(Kind):
    """How much each example counts, as numbers from 0 up; no gradient flows through them."""

    attacked: ClassVar[bool] = False  # needs to know how an attack went

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What the rule needs to remember."""
        return {}

    def weights(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Weights ``(..., n)``."""
        raise NotImplementedError


class MAIL(Weighting):
    """sigmoid(slope (m + bias)), m = max_{k != y} p_k(x') - p_y(x') (Wang et al. 2021, eq. 7): near the border counts.

    For TRADES the paper has slope 2 and bias 0.
    """

    kind: str = "mail"
    slope: Number = 10.0
    bias: Number = -0.5

    def weights(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """By the margin of probabilities on the inputs that are trained on."""
        p, label = outputs["logits"].detach().softmax(-1), batch.y.unsqueeze(-1)
        margin = p.scatter(-1, label, -math.inf).amax(-1) - p.gather(-1, label).squeeze(-1)
        return (self.slope * (margin + self.bias)).sigmoid()


class GAIRAT(Weighting):
    """(1 + tanh(offset + 5 (1 - 2 k / K))) / 2 (Zhang et al. 2021, eq. 6): what the attack breaks early counts more.

    k / K is the share of the attack's looks at which the example was still answered right. Known to mask gradients:
    judge the result by AutoAttack, not by PGD.
    """

    kind: str = "gairat"
    attacked: ClassVar[bool] = True
    offset: Number = -1.0

    def weights(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """By how long each example endured."""
        return (1 + (self.offset + 5 * (1 - 2 * batch.aside["endured"])).tanh()) / 2


class Column(Weighting):
    """The user's own weights: a column of the training split (see `column`), numbers from 0 up."""

    kind: str = "column"
    name: str
    file: Listing = None

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """The column, scaled to a mean of 1 over the training split."""
        values = column(data, self.name, self.file)
        if values.min() < 0 or not values.any():
            raise BadInput(
                f"asked to weight examples by the column '{self.name}' of train; found numbers below 0, or none above "
                "0; give numbers from 0 up"
            )
        return {COLUMN: torch.from_numpy(values / values.mean()).float().to(learner.device)}

    def weights(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """By position in the training split."""
        return memory[COLUMN][batch.index]
